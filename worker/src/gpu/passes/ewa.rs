//! The polar filters, in linear light, bent by a sigmoid when enlarging (haasn/libplacebo).

use shotfarm_shared::media::{Extent, Matrix};
use shotfarm_shared::recipe::Polar;

use super::colour::Coefficients;
use super::kernel::PolarKernel;
use super::places::{BlockPlaces, blocks};
use super::planes::{Planes, Sampling};
use super::rgb::{Light, to_rgb};
use super::window::Window;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, ewa};

/// Most texels along an axis that a shared table covers: beyond it the written-out kernel would take long to compile.
const SHARED_TEXELS_MAX: u32 = ewa::SHARED_ROWS_MAX;

/// Records the filter from planes to planes with chroma at full size. When either axis shrinks, the kernel is widened along
/// it and the work is done in linear light, where the mean of a bright and a dark texel is what an eye far away would see; the
/// anti-ringing is for enlarging alone.
pub(super) fn record(
    recorder: &mut Recorder,
    planes: &Planes,
    window: Window,
    target: Extent,
    matrix: Matrix,
    (filter, antiring): (Polar, f64),
) -> Planes {
    let [pitch_x, pitch_y] = pitches(window, target);
    let enlarging = pitch_x <= 1.0 && pitch_y <= 1.0;
    let light = if enlarging { Light::Sigmoid } else { Light::Linear };
    let antiring = if enlarging { antiring } else { 0.0 };
    let rgb = to_rgb(recorder, planes, matrix, light);

    let kernel = PolarKernel::of(filter);
    let Blocks { width, columns, rows, shared } = Blocks::of(kernel, window, target);
    let params = params(kernel, planes.extent, window, target, matrix);
    let params = ewa::Params { columns: columns.texels, rows: rows.texels, antiring: antiring as f32, ..params };
    let reads = [
        recorder.table("first columns", &columns.firsts),
        recorder.table("first rows", &rows.firsts),
        recorder.table("columns", &padded(&columns.offsets, width)),
        recorder.table("rows", &rows.offsets),
        recorder.table("shared weights", shared.as_deref().unwrap_or(&[[0.0; 4]])),
        rgb[0],
        rgb[1],
        rgb[2],
    ];
    let values = ["luma", "Cb", "Cr"].map(|label| recorder.plane(label, target.pixels()));
    let mut constants = vec![
        ("ANTIRING", f64::from(u8::from(antiring > 0.0))),
        ("CURVE", f64::from(light.code())),
        ("BLOCK_WIDTH", f64::from(width)),
    ];
    if shared.is_some() {
        constants.extend([("SHARED_COLUMNS", f64::from(columns.texels)), ("SHARED_ROWS", f64::from(rows.texels))]);
    }
    let [side_x, side_y, _] = Shader::Ewa.facts().workgroup;
    let groups = |blocks: usize, side: u32| (blocks as u32).div_ceil(side);
    let groups = [groups(columns.firsts.len(), side_x), groups(rows.firsts.len(), side_y), 1];
    recorder.dispatch(Shader::Ewa, &constants, &params, &reads, &values, groups);
    Planes { extent: target, sampling: Sampling::FULL, values }
}

/// Source texels that an output spans along each axis.
fn pitches(window: Window, target: Extent) -> [f64; 2] {
    let [across, down] = window.spans();
    [across.pitch(target.width), down.pitch(target.height)]
}

/// How the outputs lie among the texels.
struct Blocks {
    width: u32,
    columns: BlockPlaces,
    rows: BlockPlaces,
    /// The weights of every block, where all are alike: for each texel four outputs of the upper row, then of the lower.
    shared: Option<Vec<[f32; 4]>>,
}

impl Blocks {
    /// Four outputs wide; three where that makes all blocks alike.
    fn of(kernel: PolarKernel, window: Window, target: Extent) -> Self {
        let ([across, down], [pitch_x, pitch_y]) = (window.spans(), pitches(window, target));
        let widen = (pitch_x.max(1.0), pitch_y.max(1.0));
        let of_width = |width| {
            let columns = blocks(across, target.width, width, kernel.radius() * widen.0);
            let rows = blocks(down, target.height, ewa::BLOCK_HEIGHT, kernel.radius() * widen.1);
            let small = columns.texels.max(rows.texels) <= SHARED_TEXELS_MAX;
            let alike = columns.shared(width).zip(rows.shared(ewa::BLOCK_HEIGHT)).filter(|_| small);
            let shared = alike.map(|(across, down)| {
                let places = (0..rows.texels).flat_map(|row| (0..columns.texels).map(move |column| (column, row)));
                places.flat_map(|place| down.iter().map(move |&y| weights(kernel, widen, place, across, y))).collect::<Vec<_>>()
            });
            let shared = shared.map(|weights| normalised(&weights));
            Self { width, columns, rows, shared }
        };
        let widest = of_width(ewa::BLOCK_WIDTH_MAX);
        if widest.shared.is_some() {
            return widest;
        }
        let narrower = of_width(ewa::BLOCK_WIDTH_MAX - 1);
        if narrower.shared.is_some() { narrower } else { widest }
    }
}

/// What a texel weighs in the outputs of one row.
fn weights(kernel: PolarKernel, widen: (f64, f64), (column, row): (u32, u32), across: &[f32], y: f32) -> [f64; 4] {
    let dy = (f64::from(row) - f64::from(y)) / widen.1;
    let weight = |x: &f32| kernel.weight(dy.hypot((f64::from(column) - f64::from(*x)) / widen.0));
    std::array::from_fn(|output| across.get(output).map_or(0.0, weight))
}

/// Each output's weights divided by their sum; outputs take turns of [`ewa::BLOCK_HEIGHT`] rows.
fn normalised(weights: &[[f64; 4]]) -> Vec<[f32; 4]> {
    let turns = ewa::BLOCK_HEIGHT as usize;
    let sum = |turn: usize, output: usize| weights[turn..].iter().step_by(turns).map(|four| four[output]).sum::<f64>();
    let sums = (0..turns).map(|turn| std::array::from_fn::<_, 4, _>(|output| sum(turn, output))).collect::<Vec<_>>();
    let divide = |(place, four): (usize, &[f64; 4])| {
        let sums = sums[place % turns];
        std::array::from_fn(|output| if sums[output] == 0.0 { 0.0 } else { (four[output] / sums[output]) as f32 })
    };
    weights.iter().enumerate().map(divide).collect()
}

/// Blocks of fewer than four outputs, with the last one repeated up to four.
fn padded(offsets: &[f32], width: u32) -> Vec<[f32; 4]> {
    let four = |block: &[f32]| std::array::from_fn(|output| block[output.min(block.len() - 1)]);
    offsets.chunks(width as usize).map(four).collect()
}

/// All parameters that do not depend on the blocks.
fn params(kernel: PolarKernel, source: Extent, window: Window, target: Extent, matrix: Matrix) -> ewa::Params {
    let [pitch_x, pitch_y] = pitches(window, target);
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12] = kernel.polynomial().map(|power| power as f32);
    let of = Coefficients::of(matrix);
    ewa::Params {
        source_width: source.width,
        source_height: source.height,
        target_width: target.width,
        target_height: target.height,
        columns: 0,
        rows: 0,
        shrink_x: (1.0 / pitch_x.max(1.0)) as f32,
        shrink_y: (1.0 / pitch_y.max(1.0)) as f32,
        radius_squared: kernel.radius().powi(2) as f32,
        unit: (2.0 / kernel.radius().powi(2)) as f32,
        antiring: 0.0,
        antiring_radius_squared: kernel.first_zero().powi(2) as f32,
        luma_from_red: of.luma_from_red as f32,
        luma_from_blue: of.luma_from_blue as f32,
        cb_scale: (1.0 / of.blue_from_cb) as f32,
        cr_scale: (1.0 / of.red_from_cr) as f32,
        c0,
        c1,
        c2,
        c3,
        c4,
        c5,
        c6,
        c7,
        c8,
        c9,
        c10,
        c11,
        c12,
    }
}
