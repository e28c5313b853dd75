//! One plane from size to size, from wherever its samples are to wherever they shall be: in one pass where a block's texels
//! fit, else across and then down.

use shotfarm_shared::media::FrameLayout;

use super::colour::{Codes, code_max};
use super::kernel::Kernel;
use super::planes::PlacedPlane;
use super::tables::{Axis, BlockTable, LineTable, line};
use super::window::Span;
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, resample_across, resample_down, scale as shader};

/// Most rows that a block of the one-pass kernel reads. With more the rows that neighbouring blocks both read are few, and
/// reading each row once for a pass of its own costs less.
const ROWS_MAX: u32 = 64;

/// From where to where one plane is resampled: along x, then along y.
#[derive(Clone, Copy)]
pub(super) struct Change {
    pub(super) source: [Axis; 2],
    pub(super) window: [Span; 2],
    pub(super) target: [Axis; 2],
}

impl Change {
    fn lines(&self, kernel: Kernel) -> [Option<LineTable>; 2] {
        [0, 1].map(|axis| line(&self.source[axis], self.window[axis], &self.target[axis], kernel))
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
    let [across, down] = change.lines(kernel);
    if across.is_none() && down.is_none() {
        return false;
    }
    let table = |axis: usize, found: Option<LineTable>, block: u32, step: u32| {
        let length = change.source[axis].length;
        found.unwrap_or_else(|| LineTable::unchanged(length)).blocks(length, block as usize, step)
    };
    let across = table(0, across, shader::BLOCK_WIDTH, source.per_word()).filter(|table| table.samples <= shader::COLUMNS_MAX);
    let down = table(1, down, shader::BLOCK_HEIGHT, 1).filter(|table| table.samples <= ROWS_MAX);
    let Some((across, down)) = across.zip(down) else { return false };
    dispatch(recorder, source, (&across, &down), change, target, dither);
    true
}

fn dispatch(
    recorder: &mut Recorder,
    source: Samples,
    (across, down): (&BlockTable, &BlockTable),
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
        rows: down.samples,
        factor: factor as f32,
        addend: (target.codes.zero - source.codes.zero * factor) as f32,
        code_max: target.code_max as f32,
    };
    let first_words = across.firsts.iter().map(|first| first / source.per_word()).collect::<Vec<_>>();
    let reads = [
        recorder.table("first words", &first_words),
        recorder.table("first rows", &down.firsts),
        recorder.table("weights across", &across.weights),
        recorder.table("weights down", &down.weights),
        source.buffer,
    ];
    let constants = [
        ("SOURCE_BITS", f64::from(source.bits)),
        ("TARGET_BITS", f64::from(target.bits)),
        ("COLUMNS", f64::from(across.samples)),
        ("DITHER", f64::from(u8::from(dither))),
    ];
    let [side_x, side_y, _] = Shader::Scale.facts().workgroup;
    let groups = [(across.firsts.len() as u32).div_ceil(side_x), (down.firsts.len() as u32).div_ceil(side_y), 1];
    let guard = recorder.guard();
    recorder.dispatch(Shader::Scale, &constants, &params, &reads, &[target.buffer, guard], groups);
}

/// Records the resampling of a plane of f32 into another; an axis that stays as it is costs nothing.
pub(super) fn resample_plane(recorder: &mut Recorder, label: &str, plane: Proxy, change: &Change, kernel: Kernel) -> Proxy {
    let [across, down] = change.lines(kernel);
    if across.is_none() && down.is_none() {
        return plane;
    }
    let [width, height] = change.target.map(|axis| axis.length);
    let target = recorder.plane(label, u64::from(width) * u64::from(height));
    let (from, to) = (Samples::plane(plane, change.source[0].length), Samples::plane(target, width));
    if scale(recorder, from, change, kernel, to, false) {
        return target;
    }
    let (mut plane, height) = (plane, change.source[1].length);
    if let Some(table) = across {
        let params =
            resample_across::Params { source_width: change.source[0].length, target_width: width, height, taps: table.taps };
        plane = resample_line(recorder, Shader::ResampleAcross, &params, (label, &table), plane, (width, height));
    }
    if let Some(table) = down {
        let target_height = change.target[1].length;
        let params = resample_down::Params { width, target_height, taps: table.taps };
        plane = resample_line(recorder, Shader::ResampleDown, &params, (label, &table), plane, (width, target_height));
    }
    plane
}

fn resample_line(
    recorder: &mut Recorder,
    shader: Shader,
    params: &impl bytemuck::Pod,
    (label, table): (&str, &LineTable),
    source: Proxy,
    size: (u32, u32),
) -> Proxy {
    let firsts = recorder.table("first taps", &table.firsts);
    let weights = recorder.table("weights", &table.weights);
    let target = recorder.plane(label, u64::from(size.0) * u64::from(size.1));
    recorder.grid(shader, params, &[firsts, weights, source], &[target], size);
    target
}
