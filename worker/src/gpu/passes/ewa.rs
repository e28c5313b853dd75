//! The polar filters, in linear light, bent by a sigmoid when enlarging (haasn/libplacebo).

use shotfarm_shared::media::{Extent, Matrix};
use shotfarm_shared::recipe::Polar;

use super::colour::Coefficients;
use super::frame_table::FrameTable;
use super::kernel::PolarKernel;
use super::places::{BlockPlaces, blocks, padded, widened};
use super::planes::{Planes, Sampling};
use super::rgb::{Light, to_rgb};
use super::view::{Along, View};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, ewa};

/// Most texels along an axis that a shared table covers: beyond it the written-out kernel would take long to compile.
const SHARED_TEXELS_MAX: u32 = ewa::SHARED_ROWS_MAX;

/// Records the filter from planes to planes with chroma at full size. When either axis shrinks in any frame, the kernel is widened along
/// it and the work is done in linear light, where the mean of a bright and a dark texel is what an eye far away would see; the
/// anti-ringing is for enlarging alone.
pub(super) fn record(
    recorder: &mut Recorder,
    planes: &Planes,
    view: &View,
    target: Extent,
    matrix: Matrix,
    (filter, antiring): (Polar, f64),
) -> Planes {
    let enlarging = view.pitches_max(target).iter().all(|pitch| *pitch <= 1.0);
    let light = if enlarging { Light::Sigmoid } else { Light::Linear };
    let antiring = if enlarging { antiring } else { 0.0 };
    let rgb = to_rgb(recorder, planes, matrix, light);

    let kernel = PolarKernel::of(filter);
    let Blocks { width, columns, rows, shared } = Blocks::of(kernel, view, target);
    let (columns, rows) = (columns.record(recorder, "columns"), rows.record(recorder, "rows"));
    let params = params(kernel, planes.extent, target, matrix);
    let params = ewa::Params { columns: columns.texels, rows: rows.texels, antiring: antiring as f32, ..params };
    let reads = [
        columns.firsts,
        rows.firsts,
        columns.offsets,
        rows.offsets,
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
    let groups = [target.width.div_ceil(width).div_ceil(side_x), target.height.div_ceil(ewa::BLOCK_HEIGHT).div_ceil(side_y), 1];
    recorder.dispatch(Shader::Ewa, &constants, &params, &reads, &values, groups);
    Planes { extent: target, sampling: Sampling::FULL, values }
}

/// How the outputs lie among the texels.
struct Blocks {
    width: u32,
    columns: Places,
    rows: Places,
    /// The weights of every block, where all are alike: for each texel four outputs of the upper row, then of the lower.
    shared: Option<Vec<[f32; 4]>>,
}

/// How outputs lie among the texels along one axis.
enum Places {
    /// Alike in every frame: places, outputs of a block, offsets that the kernel reads for each, and how far it is widened.
    Still(BlockPlaces, u32, u32, f64),
    /// In each frame otherwise, and how many texels a block reads.
    Moving(FrameTable, u32),
}

/// The tables of an axis in buffers, and how many texels a block reads.
struct RecordedPlaces {
    firsts: Proxy,
    offsets: Proxy,
    texels: u32,
}

impl Places {
    fn of(along: &Along, target: u32, (block, lanes): (u32, u32), radius: f64) -> Self {
        match along {
            Along::Still(span) => {
                let widened = widened(*span, target);
                Self::Still(blocks(*span, target, block, radius * widened), block, lanes, widened)
            }
            Along::Moving(spans) => {
                let (table, texels) = FrameTable::places(spans, target, (block, lanes), radius);
                Self::Moving(table, texels)
            }
        }
    }

    fn record(&self, recorder: &mut Recorder, label: &str) -> RecordedPlaces {
        match self {
            Self::Still(places, block, lanes, widened) => RecordedPlaces {
                firsts: recorder.table("first texels", &places.firsts),
                offsets: recorder.table(label, &padded(&places.offsets, *block, *lanes, *widened)),
                texels: places.texels,
            },
            Self::Moving(table, texels) => {
                let buffers = recorder.frame_table(label, table);
                RecordedPlaces { firsts: buffers[0], offsets: buffers[1], texels: *texels }
            }
        }
    }

    /// The offsets of every block and how many texels it reads, where all blocks of all frames lie alike among them.
    fn shared(&self) -> Option<(&[f32], u32)> {
        match self {
            Self::Still(places, block, ..) => places.shared(*block).map(|offsets| (offsets, places.texels)),
            Self::Moving(..) => None,
        }
    }
}

impl Blocks {
    /// Four outputs wide; three where that makes all blocks alike.
    fn of(kernel: PolarKernel, view: &View, target: Extent) -> Self {
        let [across, down] = &view.along;
        let of_width = |width| {
            let columns = Places::of(across, target.width, (width, ewa::BLOCK_WIDTH_MAX), kernel.radius());
            let rows = Places::of(down, target.height, (ewa::BLOCK_HEIGHT, ewa::BLOCK_HEIGHT), kernel.radius());
            let alike = columns.shared().zip(rows.shared());
            let small = alike.filter(|((_, columns), (_, rows))| columns.max(rows) <= &SHARED_TEXELS_MAX);
            let shared = small.map(|((across_offsets, columns), (down_offsets, rows))| {
                let widen = (widened(across.longest(), target.width), widened(down.longest(), target.height));
                let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
                let of_place = |place| down_offsets.iter().map(move |&y| weights(kernel, widen, place, across_offsets, y));
                normalised(&places.flat_map(of_place).collect::<Vec<_>>())
            });
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

/// All parameters that do not depend on the blocks.
fn params(kernel: PolarKernel, source: Extent, target: Extent, matrix: Matrix) -> ewa::Params {
    let [c0, c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12] = kernel.polynomial().map(|power| power as f32);
    let of = Coefficients::of(matrix);
    ewa::Params {
        source_width: source.width,
        source_height: source.height,
        target_width: target.width,
        target_height: target.height,
        columns: 0,
        rows: 0,
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
