//! What a device is checked with: small recordings that together run every shader.

use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::read_steps;
use shotfarm_shared::track::{Camera, Layout, Stretch, Track, Window};

use super::networks;
use crate::gpu::measure::{arithmetic, matrix};
use crate::gpu::passes::{Fit, record_in};
use crate::gpu::recording::Recording;
use crate::gpu::shaders::Shader;
use crate::gpu::{Executor, FaceInput, Means, RecordError, record, record_face_input, record_for, record_look};
use crate::net::Models;
use crate::reframe::Look;

/// The side of the check's frames: small enough for the software device, larger than one workgroup.
const SIDE: u32 = 16;
/// The side where a filter shall read more samples than its kernel takes at once.
const LONG_SIDE: u32 = 80;

/// Frames of a side, and steps, that together reach every shader of the recipes. A new step, or a filter with a shader of its
/// own, adds a line.
const STEPS: [(u32, &str); 13] = [
    (SIDE, "upscale 2x filter=lanczos"),
    (SIDE, "upscale 0.5x filter=lanczos"),
    (SIDE, "upscale 2x filter=ewa-lanczos"),
    (SIDE, "upscale 0.75x filter=ewa-lanczos"),
    (SIDE, "upscale 1.3x filter=ewa-lanczos4sharpest"),
    (SIDE, "upscale 8x filter=bilinear | upscale 0.1x filter=area"),
    (SIDE, "upscale 2x filter=fsr"),
    (SIDE, "upscale 1.5x filter=fsr"),
    (LONG_SIDE, "upscale 0.1x filter=lanczos"),
    (SIDE, "denoise strength=1 frames=0"),
    (SIDE, "deband strength=0.7 range=5"),
    (SIDE, "sharpen strength=1"),
    (SIDE, "grain strength=1"),
];

/// A reframe, with a track in which every layout occurs.
const REFRAME: &str = "reframe 18x32 filter=ewa-lanczos";

/// A size of which neither rows nor planes are whole words, and which has two bands.
const ODD_SIDES: (u32, u32) = (15, 37);

/// Workgroups and rounds with which the kernels of `gpu bench` are checked.
const BENCH_GROUPS: u32 = 2;
const BENCH_ROUNDS: u32 = 5;

/// One recording, and how it is called.
pub(super) struct Check {
    pub(super) name: String,
    pub(super) recording: Recording,
}

/// All of them. What no recipe records (kernels of networks, of `gpu bench`) is recorded here by hand.
///
/// # Errors
/// When a step of the list cannot be recorded.
pub(super) fn checks() -> Result<Vec<Check>, RecordError> {
    let mut checks = Vec::new();
    for (side, text) in STEPS {
        checks.push(Check { name: text.to_owned(), recording: steps(side, text)? });
    }
    checks.push(Check { name: REFRAME.to_owned(), recording: reframe()? });
    checks.push(Check { name: "an odd size in bands".to_owned(), recording: odd_bands()? });
    checks.push(Check { name: "a look".to_owned(), recording: look() });
    checks.push(Check { name: "a look for faces".to_owned(), recording: look_for_faces() });
    for shader in [Shader::BenchArithmetic, Shader::BenchArithmeticF16] {
        checks.push(Check { name: shader.facts().name.to_owned(), recording: arithmetic(shader, BENCH_GROUPS, BENCH_ROUNDS) });
    }
    checks.extend(networks::checks(&layout(Extent::new(SIDE, SIDE)))?);
    checks.push(Check { name: Shader::BenchMatrix.facts().name.to_owned(), recording: matrix(BENCH_GROUPS, BENCH_ROUNDS) });
    Ok(checks)
}

/// Windows that come with the frame. The frame that is checked is the first one.
fn reframe() -> Result<Recording, RecordError> {
    let stretch = |first: u64, layout, windows: [[f64; 4]; 2], second: &[[f64; 4]]| Stretch {
        first,
        end: first + 2,
        camera: Camera::Follow,
        layout,
        why: String::new(),
        windows: windows.map(Window::from).to_vec(),
        second: second.iter().copied().map(Window::from).collect(),
    };
    let stretches = vec![
        stretch(0, Layout::Split, [[0.3, 1.0, 9.0, 8.0], [0.5, 1.0, 9.0, 8.0]], &[[6.2, 7.1, 9.0, 8.0]]),
        stretch(2, Layout::Fit, [[0.0, 0.0, 16.0, 16.0], [0.0, 2.0, 16.0, 12.0]], &[]),
        stretch(4, Layout::Crop, [[1.5, 0.0, 9.0, 16.0], [6.0, 0.0, 9.0, 16.0]], &[]),
    ];
    let track = Track { stretches, ..Track::empty() };
    let steps = read_steps(REFRAME).expect("a valid step: the list's test reads it");
    let input = layout(Extent::new(SIDE, SIDE));
    let output = FrameLayout { extent: steps.iter().fold(input.extent, |extent, step| step.extent(extent)), ..input.clone() };
    let (models, executor) = (Models::new(), Executor::default());
    record_for(&steps, &input, &output, Means::new(&models, &executor).with_track(Some(&track)))
}

/// Rows that begin and end within words.
fn odd_bands() -> Result<Recording, RecordError> {
    let frame = layout(Extent::new(ODD_SIDES.0, ODD_SIDES.1));
    record_in(Fit { band_rows: Some(1) }, &[], &frame, &frame, Means::new(&Models::new(), &Executor::default()))
}

/// A frame of several cells, whose sides are no multiples of theirs.
fn look() -> Recording {
    let frame = layout(Extent::new(ODD_SIDES.0, ODD_SIDES.1));
    let rate = FrameRate::new(24, 1).expect("24 frames in a second are a rate");
    record_look(&Look::of(frame.extent, rate, 1), &frame)
}

/// What a network that finds faces is fed, of another shape than the frame.
fn look_for_faces() -> Recording {
    let frame = layout(Extent::new(LONG_SIDE, SIDE));
    let (picture, tensor) = (Extent::new(LONG_SIDE / 2, SIDE / 2), Extent::new(LONG_SIDE, SIDE));
    record_face_input(&frame, &FaceInput { picture, tensor, blue_first: true, scale: 2.0, addend: -1.0, around: 0.5 })
}

fn steps(side: u32, text: &str) -> Result<Recording, RecordError> {
    let steps = read_steps(text).expect("the list above holds valid steps: its test reads them");
    let input = layout(Extent::new(side, side));
    let extent = steps.iter().fold(input.extent, |extent, step| step.extent(extent));
    record(&steps, &input, &FrameLayout { extent, ..input.clone() }, &Models::new())
}

fn layout(extent: Extent) -> FrameLayout {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    FrameLayout { extent, format: PixelFormat::Yuv420p, colour }
}
