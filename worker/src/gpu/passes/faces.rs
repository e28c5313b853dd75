//! How a frame is shown to a network that finds faces: a small copy of it in a corner of what the network takes, the network's own
//! passes, and all its outputs one after the other as what comes out.

use shotfarm_shared::media::{Extent, FrameLayout};

use super::colour::Coefficients;
use super::look::shrink;
use crate::gpu::recording::{Proxy, Recorder, Recording};
use crate::gpu::shaders::{Shader, face_input};
use crate::net::passes::{INPUT_BYTES, Options, Tables, record as record_network};
use crate::net::{Port, Shaped};

/// What a network takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FaceInput {
    /// The size of the copy of the frame.
    pub picture: Extent,
    /// The size of the tensor, no smaller.
    pub tensor: Extent,
    /// Whether blue comes first.
    pub blue_first: bool,
    /// What a value from 0 to 1 is multiplied by, and then added.
    pub scale: f64,
    /// See `scale`.
    pub addend: f64,
    /// The grey around the picture, from 0 to 1.
    pub around: f64,
}

/// Records how raw frames of `input` go through a network that finds faces. What comes out are the elements of its outputs, f32
/// in plain order, one output after the other.
#[must_use]
pub fn record_faces(input: &FrameLayout, shown: &FaceInput, net: &Shaped, options: &Options) -> Recording {
    let mut recorder = Recorder::new(input.frame_bytes());
    let tensor = record_input(&mut recorder, input, shown);
    let made = record_network(net, &mut recorder, &[tensor], options, &mut Tables::default());
    let bytes = |port: &Port| net.elements(port.value) as u64 * size_of::<f32>() as u64;
    let all = net.outputs().iter().map(bytes).sum::<u64>();
    recorder.finish(all as usize, |recorder, output| {
        let mut begin = 0;
        for (buffer, port) in made.iter().zip(net.outputs()) {
            recorder.copy((*buffer, 0), (output, begin), bytes(port));
            begin += bytes(port);
        }
    })
}

/// What a network is fed, alone: for the check of a device.
pub(crate) fn record_face_input(input: &FrameLayout, shown: &FaceInput) -> Recording {
    let mut recorder = Recorder::new(input.frame_bytes());
    let tensor = record_input(&mut recorder, input, shown);
    let bytes = 3 * shown.tensor.pixels() * size_of::<f32>() as u64;
    recorder.finish(bytes as usize, |recorder, output| recorder.copy((tensor, 0), (output, 0), bytes))
}

fn record_input(recorder: &mut Recorder, input: &FrameLayout, shown: &FaceInput) -> Proxy {
    let look = shrink(recorder, input, shown.picture);
    let of = Coefficients::of(input.colour.matrix);
    let params = face_input::Params {
        width: shown.picture.width,
        height: shown.picture.height,
        tensor_width: shown.tensor.width,
        tensor_height: shown.tensor.height,
        blue_first: u32::from(shown.blue_first),
        red_from_cr: of.red_from_cr as f32,
        green_from_cb: of.green_from_cb as f32,
        green_from_cr: of.green_from_cr as f32,
        blue_from_cb: of.blue_from_cb as f32,
        scale: shown.scale as f32,
        addend: shown.addend as f32,
        around: shown.around as f32,
    };
    let bytes = 3 * shown.tensor.pixels() * size_of::<f32>() as u64;
    let tensor = recorder.scratch("network input", bytes.next_multiple_of(INPUT_BYTES as u64));
    recorder.grid(Shader::FaceInput, &params, &[look], &[tensor], (shown.tensor.width, shown.tensor.height));
    tensor
}
