//! How fast a network runs on a device: as a step on frames of a size, pass by pass.

use std::sync::Arc;
use std::time::Duration;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::model::ModelRef;
use shotfarm_shared::recipe::{Filter, Step, Target, Upscale};

use super::facts::{Purpose, multiply_adds};
use super::passes::{Tables, recording, supported};
use super::{Dim, Models, Network};
use crate::gpu::recording::{Pass, Recording};
use crate::gpu::shaders::net_conv_plain::Params as ConvParams;
use crate::gpu::{Executor, Gpu, GpuError, Graph, Means, RecordError, record_for};

/// Runs that are measured, after one that warms up.
const RUNS: u32 = 3;

/// One pass of a measured network.
#[derive(Clone, Debug, PartialEq)]
pub struct PassTime {
    /// Its kernel.
    pub kernel: &'static str,
    /// What it works on, for a convolution: channels in and out, and pixels.
    pub what: String,
    /// The time of one run; the median of a few.
    pub time: Duration,
    /// Multiplications and additions of one run, with those on lanes that only fill up; 0 where the pass does none worth counting.
    pub operations: u64,
}

/// A measured network.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// What it ran on.
    pub extent: Extent,
    /// The element type.
    pub real: &'static str,
    /// The time of one frame: all passes, without the way of frames into the device and out of it.
    pub time: Duration,
    /// Multiplications and additions that the network's own definition asks for; none for an upscaler in tiles or of more runs.
    pub operations: Option<u64>,
    /// Every pass in order, those of the step around the network included.
    pub passes: Vec<PassTime>,
}

/// Why a network could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// It cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It cannot be shaped or run at this size.
    #[error("{0}")]
    Network(String),
    /// The device failed.
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// Runs a network on pictures of a size: an upscaler as a step on frames of 4:2:0, any other network by itself.
///
/// # Errors
/// When it cannot be run at this size, or the device fails.
pub fn bench(gpu: &Gpu, network: &Network, extent: Extent, executor: &Executor) -> Result<Measured, BenchError> {
    let (recording, operations) = match network.facts().purpose {
        Purpose::Upscaler(upscaler) => {
            let macs = network.facts().multiply_adds_per_pixel;
            (as_step(network, extent, upscaler.factor, executor)?, macs.map(|macs| 2 * macs * extent.pixels()))
        }
        Purpose::FaceDetector(_) | Purpose::Other => by_itself(network, extent, executor)?,
    };
    let mut graph = Graph::new(gpu, &recording)?;
    graph.run_ops(1)?;
    let mut time = Duration::MAX;
    for _ in 0..RUNS {
        time = time.min(graph.run_ops(1)?);
    }
    let timings = graph.timings(RUNS)?;
    let mut passes = recording.passes();
    let passes = timings.into_iter().filter(|timing| timing.name != "copy").zip(&mut passes).map(|(timing, pass)| {
        let (what, operations) = work(pass);
        PassTime { kernel: timing.name, what, time: timing.median, operations }
    });
    let real = executor.options.real.name();
    Ok(Measured { extent, real, time, operations, passes: passes.collect() })
}

/// A step with the network's own factor.
fn as_step(network: &Network, extent: Extent, factor: u32, executor: &Executor) -> Result<Recording, RecordError> {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let input = FrameLayout { extent, format: PixelFormat::Yuv420p, colour };
    let output = FrameLayout { extent: Extent::new(extent.width * factor, extent.height * factor), ..input.clone() };
    let digest = Digest([0; 32]);
    let name = "bench".parse().expect("a plain word");
    let model = Some(ModelRef { name, digest: Some(digest) });
    let target = Target::Size(output.extent);
    let step = Step::Upscale(Upscale { target, model, filter: Filter::LANCZOS, check_hundredths: None });
    let models = Models::from([(digest, Arc::new(network.clone()))]);
    record_for(&[step], &input, &output, Means::new(&models, executor))
}

/// The network alone, its free sizes those of the picture.
fn by_itself(network: &Network, extent: Extent, executor: &Executor) -> Result<(Recording, Option<u64>), BenchError> {
    let free = [1, 3, extent.height as usize, extent.width as usize];
    let shapes = network.inputs.iter().map(|input| {
        let sizes = input.shape.as_ref().map_or_else(
            || free.to_vec(),
            |dims| {
                let size = |(axis, dim): (usize, &Dim)| match dim {
                    Dim::Fixed(size) => *size as usize,
                    Dim::Free(_) => free.get(axis).copied().unwrap_or(1),
                };
                dims.iter().enumerate().map(size).collect::<Vec<_>>()
            },
        );
        (input.name.as_str(), sizes)
    });
    let shapes = shapes.collect::<Vec<_>>();
    let sizes = shapes.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>();
    let shaped = network.at(&sizes).map_err(|error| BenchError::Network(error.to_string()))?;
    supported(&shaped).map_err(|error| BenchError::Network(error.to_string()))?;
    let options = super::passes::Options { real: executor.options.real.suits(&shaped), ..executor.options.clone() };
    Ok((recording(&shaped, &options, &mut Tables::default()), Some(2 * multiply_adds(&shaped))))
}

/// What a pass works on, and its operations.
fn work(pass: &Pass) -> (String, u64) {
    let name = pass.shader.facts().name;
    if !name.starts_with("net_conv") {
        return (String::new(), 0);
    }
    let params: ConvParams = bytemuck::pod_read_unaligned(&pass.params);
    let side = |name: &str| pass.constants.iter().find(|(constant, _)| *constant == name).map_or(3, |(_, value)| *value as u64);
    let taps = side("KERNEL_WIDTH") * side("KERNEL_HEIGHT");
    let (channels, out) = (4 * u64::from(params.in_blocks), 4 * u64::from(params.out_blocks));
    let pixels = u64::from(params.batch) * u64::from(params.out_width) * u64::from(params.out_height);
    let each = if name.starts_with("net_conv_depthwise") { 1 } else { channels };
    let what = format!("{channels} to {out}, {} taps, {}x{}", taps, params.out_width, params.out_height);
    (what, 2 * taps * each * out * pixels)
}
