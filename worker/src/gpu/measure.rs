//! What a device can do at most, and what the filters make of it: `gpu bench`.
//!
//! Figures are rates on this device, now; ratios between figures of one run are what may be compared.

use std::sync::Arc;
use std::time::Duration;

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::Step;
use shotfarm_shared::track::Track;

use super::recording::{Recorder, Recording, Table};
use super::shaders::{Shader, bench_arithmetic, bench_matrix};
use super::twins::half;
use super::{AdapterKind, Executor, Gpu, GpuError, Graph, Means, RecordError, record_for};
use crate::net::Models;

/// A pass is measured once it takes this long: well above what a timestamp resolves.
const PASS_MILLIS_MIN: u64 = 4;
/// Rounds are raised by this factor until it does, and at most so often.
const ROUNDS_FACTOR: u32 = 8;
/// See [`ROUNDS_FACTOR`].
const RAISES_MAX: u32 = 6;
/// Runs whose median counts.
const RUNS: u32 = 5;
/// Bytes that are copied to measure the memory: beyond every cache that we know.
const COPY_BYTES: u64 = 256 << 20;
/// The same on the software device, whose memory is the machine's own.
const COPY_BYTES_SOFTWARE: u64 = 64 << 20;
/// Times that the copy is made.
const COPIES: u32 = 8;
/// Workgroups of the arithmetic kernels: enough to fill any device many times over, few enough for the software one.
const GROUPS: u32 = 8_192;
/// See [`GROUPS`].
const GROUPS_SOFTWARE: u32 = 64;
/// Rounds to begin with.
const ROUNDS: u32 = 64;
/// Words of the sums of one subgroup: four matrices of 16 by 16.
const MATRIX_SUMS: u32 = 4 * 16 * 16;

/// What a device can do at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DeviceRates {
    /// Bytes read and bytes written in a second by a copy within its memory, together.
    pub copy_bytes: f64,
    /// Products and sums of 32-bit floats in a second.
    pub f32_operations: f64,
    /// The same of 16-bit floats, where it has them.
    pub f16_operations: Option<f64>,
    /// The same of its matrix units, halves summed in 32 bits, where it has them.
    pub matrix_operations: Option<f64>,
}

/// Measures a device.
///
/// # Errors
/// When the device fails.
pub fn device_rates(gpu: &Gpu) -> Result<DeviceRates, GpuError> {
    let groups = if gpu.facts().kind == AdapterKind::Cpu { GROUPS_SOFTWARE } else { GROUPS };
    let lanes = u64::from(Shader::BenchArithmetic.facts().workgroup[0]);
    let scalar = lanes * u64::from(bench_arithmetic::ARITHMETIC_ROUND_OPERATIONS);
    let measured = |shader: Shader, operations: u64, record: &dyn Fn(u32) -> Recording| {
        let has = gpu.features().lacking(shader).is_none();
        has.then(|| kernel_rate(gpu, u64::from(groups) * operations, record)).transpose()
    };
    let f32_operations =
        kernel_rate(gpu, u64::from(groups) * scalar, &|rounds| arithmetic(Shader::BenchArithmetic, groups, rounds))?;
    let half = Shader::BenchArithmeticF16;
    Ok(DeviceRates {
        copy_bytes: copy_rate(gpu)?,
        f32_operations,
        f16_operations: measured(half, scalar, &|rounds| arithmetic(half, groups, rounds))?,
        matrix_operations: measured(Shader::BenchMatrix, bench_matrix::MATRIX_ROUND_OPERATIONS.into(), &|rounds| {
            matrix(groups, rounds)
        })?,
    })
}

/// Sums of eight chains in each invocation. Their values come out exact in either element type.
pub(crate) fn arithmetic(shader: Shader, groups: u32, rounds: u32) -> Recording {
    let facts = shader.facts();
    let bytes = (groups * facts.workgroup[0]) as usize * if facts.needs.f16 { size_of::<u16>() } else { size_of::<f32>() };
    let params = bench_arithmetic::Params { rounds, factor: 0.5, addend: 0.25 };
    Recorder::new(size_of::<u32>()).finish(bytes, |recorder, output| {
        recorder.dispatch(shader, &[], &params, &[], &[output], [groups, 1, 1]);
    })
}

/// Sums of products of two fixed matrices of small whole numbers over 8, which come out exact.
pub(crate) fn matrix(groups: u32, rounds: u32) -> Recording {
    let factors = (0..2 * 16 * 16_u16).flat_map(|place| half::from_f32(f32::from(place * 7 % 5) / 8.0).to_le_bytes());
    let factors = Table::new(factors.collect::<Arc<[u8]>>());
    let params = bench_matrix::Params { rounds, stride: MATRIX_SUMS };
    let bytes = (groups * MATRIX_SUMS) as usize * size_of::<f32>();
    Recorder::new(size_of::<u32>()).finish(bytes, |recorder, output| {
        let factors = recorder.table_bytes("factors", &factors);
        recorder.dispatch(Shader::BenchMatrix, &[], &params, &[factors], &[output], [groups, 1, 1]);
    })
}

/// Operations in a second of a kernel that does `operations` in each round.
fn kernel_rate(gpu: &Gpu, operations: u64, record: &dyn Fn(u32) -> Recording) -> Result<f64, GpuError> {
    let mut rounds = ROUNDS;
    for _ in 0..RAISES_MAX {
        if time(gpu, &record(rounds), 1)? >= Duration::from_millis(PASS_MILLIS_MIN) {
            break;
        }
        rounds *= ROUNDS_FACTOR;
    }
    Ok(operations as f64 * f64::from(rounds) / time(gpu, &record(rounds), RUNS)?.as_secs_f64())
}

/// The median time of a recording's one operation.
fn time(gpu: &Gpu, recording: &Recording, runs: u32) -> Result<Duration, GpuError> {
    let timings = Graph::new(gpu, recording)?.timings(runs)?;
    Ok(timings.iter().map(|timing| timing.median).sum::<Duration>().max(Duration::from_nanos(1)))
}

fn copy_rate(gpu: &Gpu) -> Result<f64, GpuError> {
    let most = if gpu.facts().kind == AdapterKind::Cpu { COPY_BYTES_SOFTWARE } else { COPY_BYTES };
    let bytes = most.min(gpu.limits().buffer_bytes_max) & !3;
    let mut recorder = Recorder::new(size_of::<u32>());
    let (input, from, to) = (recorder.input(), recorder.scratch("from", bytes), recorder.scratch("to", bytes));
    recorder.copy((input, 0), (from, 0), 4);
    recorder.copy((from, 0), (to, 0), bytes);
    let recording = recorder.finish(size_of::<u32>(), |recorder, output| recorder.copy((to, 0), (output, 0), 4));
    let mut graph = Graph::new(gpu, &recording)?;
    let copy = 1;
    // The first run pays for pages that nobody has touched yet.
    graph.run_op(copy, 1)?;
    let took = graph.run_op(copy, COPIES)?;
    Ok(2.0 * bytes as f64 * f64::from(COPIES) / took.as_secs_f64())
}

/// What one operation of a recording does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OpRate {
    /// Its name.
    pub name: &'static str,
    /// How long it takes.
    pub time: Duration,
    /// Bytes of the buffers that it binds or moves, each once: what it cannot read and write less than, by its own shape.
    pub bytes: u64,
}

/// What some steps make of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct StepsRate {
    /// Every operation of a frame.
    pub ops: Vec<OpRate>,
    /// Bytes of a frame that comes in and of one that goes out: what no way of doing it can read and write less than.
    pub frame_bytes: u64,
}

impl StepsRate {
    /// The time of all operations of a frame.
    #[must_use]
    pub fn time(&self) -> Duration {
        self.ops.iter().map(|op| op.time).sum()
    }

    /// The bytes of all operations of a frame.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.ops.iter().map(|op| op.bytes).sum()
    }
}

/// Why steps could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// They do not suit the frames.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The device.
    #[error(transparent)]
    Gpu(#[from] GpuError),
}

/// The source that a device is measured with: 1080p, or a quarter of its sides on the software device.
#[must_use]
pub fn bench_source(kind: AdapterKind) -> Extent {
    if kind == AdapterKind::Cpu { Extent::new(480, 270) } else { Extent::new(1_920, 1_080) }
}

/// Measures the operations of `steps` on 8-bit frames of `source`, with the track that a reframe among them follows.
///
/// # Errors
/// When the steps do not suit the frames or the device fails.
pub fn steps_rate(
    gpu: &Gpu,
    steps: &[Step],
    source: Extent,
    track: Option<&Track>,
    runs: u32,
) -> Result<StepsRate, MeasureError> {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let input = FrameLayout { extent: source, format: PixelFormat::Yuv420p, colour };
    let extent = steps.iter().fold(source, |extent, step| step.extent(extent));
    let (models, executor) = (Models::new(), Executor::default());
    let means = Means::new(&models, &executor).with_track(track);
    let recording = record_for(steps, &input, &FrameLayout { extent, ..input.clone() }, means)?;
    let mut graph = Graph::new(gpu, &recording)?;
    let mut frame: Vec<u8> = (0..recording.frame_bytes).map(|at| (at * 7 % 220) as u8 + 16).collect();
    recording.tail.append(&mut frame, 0);
    let mut out = Vec::new();
    // The first frame pays for what the driver compiles late, and gives the operations something to work on.
    graph.submit(&frame, 0)?;
    graph.next(&mut out)?;
    let timings = graph.timings(runs)?;
    let ops = recording.ops.iter().zip(timings).map(|(op, timing)| OpRate {
        name: timing.name,
        time: timing.median,
        bytes: recording.op_bytes(op),
    });
    Ok(StepsRate { ops: ops.collect(), frame_bytes: (recording.input_bytes + recording.output_bytes) as u64 })
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::recipe::read_steps;

    use super::*;
    use crate::gpu::testing::software;

    #[test]
    fn the_software_device_has_rates_in_reason() {
        let gpu = software();
        let rates = device_rates(&gpu).expect("measures");
        // A processor of any kind: between a hundred million and a hundred million million.
        let within = |rate: f64| (1e8..1e14).contains(&rate);
        assert!(within(rates.copy_bytes) && within(rates.f32_operations), "{rates:?}");
        assert_eq!(rates.f16_operations.is_some(), gpu.features().f16);
    }

    #[test]
    fn every_operation_of_some_steps_is_measured() {
        let gpu = software();
        let rate = steps_rate(&gpu, &read_steps("upscale 2x filter=lanczos").expect("steps"), Extent::new(64, 36), None, 1)
            .expect("runs");
        assert!(rate.time() > Duration::ZERO);
        assert_eq!(rate.frame_bytes, 64 * 36 * 3 / 2 * 5);
        assert!(rate.bytes() >= rate.frame_bytes, "every byte in and out is touched at least once");
    }
}
