//! One plane from size to size, from wherever its samples are to wherever they shall be: in one pass where a block's texels
//! fit, else across and then down.

use shotfarm_shared::media::FrameLayout;

use super::colour::{Codes, code_max};
use super::frame_table::FrameTable;
use super::kernel::Kernel;
use super::planes::PlacedPlane;
use super::tables::{Axis, BlockTable, LineTable, line};
use super::view::{Along, View};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, resample_across, resample_down, scale as shader};

/// Most rows that a block of the one-pass kernel reads. With more the rows that neighbouring blocks both read are few, and
/// reading each row once for a pass of its own costs less.
const ROWS_MAX: u32 = 64;

/// From where to where one plane is resampled: along x, then along y.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) source: [Axis; 2],
    pub(super) view: View,
    pub(super) target: [Axis; 2],
}

impl Change {
    /// The weights of an axis. `None` where every sample stays as it is.
    fn weights(&self, axis: usize, kernel: Kernel) -> Option<Weights<LineTable>> {
        let (source, target) = (self.source[axis], self.target[axis]);
        match &self.view.along[axis] {
            Along::Still(span) => line(&source, *span, &target, kernel).map(Weights::Still),
            Along::Moving(spans) => {
                let (table, taps) = FrameTable::line(spans, source, target, kernel);
                Some(Weights::Moving(table, taps))
            }
        }
    }

    /// The weights of an axis for blocks of so many outputs that begin at whole steps. `None` where the source is shorter than
    /// what a block reads.
    fn blocks(&self, axis: usize, kernel: Kernel, (block, step): (u32, u32)) -> Option<Weights<BlockTable>> {
        let (source, target) = (self.source[axis], self.target[axis]);
        match &self.view.along[axis] {
            Along::Still(span) => {
                let table = line(&source, *span, &target, kernel).unwrap_or_else(|| LineTable::unchanged(source.length));
                table.blocks(source.length, block as usize, step).map(Weights::Still)
            }
            Along::Moving(spans) => {
                let (table, samples) = FrameTable::blocks(spans, (source, target), kernel, (block, step))?;
                Some(Weights::Moving(table, samples))
            }
        }
    }
}

/// Weights along an axis that are the same in every frame, or others in each; then with how many samples weigh in.
enum Weights<T> {
    Still(T),
    Moving(FrameTable, u32),
}

impl Weights<LineTable> {
    /// Firsts and weights as buffers, and taps.
    fn record(&self, recorder: &mut Recorder) -> (Vec<Proxy>, u32) {
        match self {
            Self::Still(table) => {
                (vec![recorder.table("first taps", &table.firsts), recorder.table("weights", &table.weights)], table.taps)
            }
            Self::Moving(table, taps) => (recorder.frame_table("taps of the frame", table), *taps),
        }
    }
}

impl Weights<BlockTable> {
    fn samples(&self) -> u32 {
        match self {
            Self::Still(table) => table.samples,
            Self::Moving(_, samples) => *samples,
        }
    }

    /// Firsts, counted in steps, and weights as buffers.
    fn record(&self, recorder: &mut Recorder, step: u32) -> Vec<Proxy> {
        match self {
            Self::Still(table) => {
                let firsts = table.firsts.iter().map(|first| first / step).collect::<Vec<_>>();
                vec![recorder.table("first samples", &firsts), recorder.table("weights", &table.weights)]
            }
            Self::Moving(table, _) => recorder.frame_table("blocks of the frame", table),
        }
    }
}

/// Where the samples of a plane are.
#[derive(Clone, Copy)]
pub(super) struct Samples {
    buffer: Proxy,
    first_word: u32,
    /// Words of a row.
    stride: u32,
    /// 32 for f32.
    bits: u32,
    /// What is there stands for `(value - zero) / span`.
    codes: Codes,
    code_max: f64,
}

impl Samples {
    /// f32 in a buffer of their own.
    pub(super) fn plane(buffer: Proxy, width: u32) -> Self {
        Self { buffer, first_word: 0, stride: width, bits: 32, codes: Codes { zero: 0.0, span: 1.0 }, code_max: f64::MAX }
    }

    /// Codes in a raw frame, where every row of them is whole blocks of whole words.
    pub(super) fn codes(frame: Proxy, placed: &PlacedPlane, layout: &FrameLayout) -> Option<Self> {
        let bits = 8 * layout.format.sample_bytes() as u32;
        let per_word = 32 / bits;
        let whole = placed.first_sample.is_multiple_of(per_word) && placed.width.is_multiple_of(shader::BLOCK_WIDTH);
        whole.then(|| Self {
            buffer: frame,
            first_word: placed.first_sample / per_word,
            stride: placed.width / per_word,
            bits,
            codes: placed.codes,
            code_max: code_max(layout.format),
        })
    }

    fn per_word(self) -> u32 {
        32 / self.bits
    }
}

/// Records the resampling into another buffer in one pass. `false`, and nothing is recorded, where that cannot be done: a block
/// would read too much, or the plane is smaller than what a block reads.
pub(super) fn scale(
    recorder: &mut Recorder,
    source: Samples,
    change: &Change,
    kernel: Kernel,
    target: Samples,
    dither: bool,
) -> bool {
    if (0..2).all(|axis| change.weights(axis, kernel).is_none()) {
        return false;
    }
    let across = change.blocks(0, kernel, (shader::BLOCK_WIDTH, source.per_word()));
    let across = across.filter(|table| table.samples() <= shader::COLUMNS_MAX);
    let down = change.blocks(1, kernel, (shader::BLOCK_HEIGHT, 1)).filter(|table| table.samples() <= ROWS_MAX);
    let Some((across, down)) = across.zip(down) else { return false };
    dispatch(recorder, source, (&across, &down), change, target, dither);
    true
}

fn dispatch(
    recorder: &mut Recorder,
    source: Samples,
    (across, down): (&Weights<BlockTable>, &Weights<BlockTable>),
    change: &Change,
    target: Samples,
    dither: bool,
) {
    let factor = target.codes.span / source.codes.span;
    let params = shader::Params {
        source_first: source.first_word,
        source_stride: source.stride,
        target_first: target.first_word,
        target_stride: target.stride,
        target_width: change.target[0].length,
        target_height: change.target[1].length,
        rows: down.samples(),
        factor: factor as f32,
        addend: (target.codes.zero - source.codes.zero * factor) as f32,
        code_max: target.code_max as f32,
    };
    let (across_tables, down_tables) = (across.record(recorder, source.per_word()), down.record(recorder, 1));
    let reads = [across_tables[0], down_tables[0], across_tables[1], down_tables[1], source.buffer];
    let constants = [
        ("SOURCE_BITS", f64::from(source.bits)),
        ("TARGET_BITS", f64::from(target.bits)),
        ("COLUMNS", f64::from(across.samples())),
        ("DITHER", f64::from(u8::from(dither))),
    ];
    let [side_x, side_y, _] = Shader::Scale.facts().workgroup;
    let [blocks_across, blocks_down] =
        [change.target[0].length.div_ceil(shader::BLOCK_WIDTH), change.target[1].length.div_ceil(shader::BLOCK_HEIGHT)];
    let groups = [blocks_across.div_ceil(side_x), blocks_down.div_ceil(side_y), 1];
    let guard = recorder.guard();
    recorder.dispatch(Shader::Scale, &constants, &params, &reads, &[target.buffer, guard], groups);
}

/// Records the resampling of a plane of f32 into another; an axis that stays as it is costs nothing.
pub(super) fn resample_plane(recorder: &mut Recorder, label: &str, plane: Proxy, change: &Change, kernel: Kernel) -> Proxy {
    let [across, down] = [0, 1].map(|axis| change.weights(axis, kernel));
    if across.is_none() && down.is_none() {
        return plane;
    }
    let [width, height] = change.target.map(|axis| axis.length);
    let target = recorder.plane(label, u64::from(width) * u64::from(height));
    let (from, to) = (Samples::plane(plane, change.source[0].length), Samples::plane(target, width));
    if scale(recorder, from, change, kernel, to, false) {
        return target;
    }
    let (mut plane, rows) = (plane, change.source[1].length);
    if let Some(weights) = across {
        let (tables, taps) = weights.record(recorder);
        let params = resample_across::Params { source_width: change.source[0].length, target_width: width, height: rows, taps };
        plane = resample_line(recorder, Shader::ResampleAcross, &params, (label, &tables), plane, (width, rows));
    }
    if let Some(weights) = down {
        let (tables, taps) = weights.record(recorder);
        let params = resample_down::Params { width, target_height: height, taps };
        plane = resample_line(recorder, Shader::ResampleDown, &params, (label, &tables), plane, (width, height));
    }
    plane
}

fn resample_line(
    recorder: &mut Recorder,
    shader: Shader,
    params: &impl bytemuck::Pod,
    (label, tables): (&str, &[Proxy]),
    source: Proxy,
    size: (u32, u32),
) -> Proxy {
    let target = recorder.plane(label, u64::from(size.0) * u64::from(size.1));
    recorder.grid(shader, params, &[tables[0], tables[1], source], &[target], size);
    target
}
