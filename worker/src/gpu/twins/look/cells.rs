//! Twins of what is done cell by cell or for the frame: `look_cells`, `look_features`, `look_brightest`, `look_histogram`.

use super::{Bound, bytes, cell_pixels};
use crate::gpu::shaders::look_brightest::Params as BrightestParams;
use crate::gpu::shaders::look_cells::Params as CellsParams;
use crate::gpu::shaders::look_features::{CHROMA_WEIGHT, NEAR, Params as FeaturesParams, WIDE};
use crate::gpu::shaders::look_histogram::{BINS, CHROMA_BINS, CHROMA_STEP, LUMA_BITS, Params as HistogramParams};
use crate::gpu::twins::values_mut;

/// Farther than any cell.
const WHOLE: i32 = 1 << 16;

pub(super) fn look_cells(params: CellsParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (look, marks) = (bound.read::<u32>(0), bound.read::<u32>(1));
    let cells: &mut [[u32; 2]] = values_mut(&mut writes[0]);
    for (index, cell) in (0..).zip(&mut cells[..(params.columns * params.rows) as usize]) {
        let pixels = cell_pixels(index, params.columns, (params.width, params.height));
        let count = pixels.len() as i32;
        let mean = |words: &[u32]| {
            let places = pixels.iter().map(|(x, y)| (*y as u32 * params.width + *x as u32) as usize);
            let sum = places.fold([0; 4], |sum: [i32; 4], at| [0, 1, 2, 3].map(|k| sum[k] + bytes(words[at])[k]));
            sum.map(|sum| ((sum + count / 2) / count) as u8)
        };
        let [luma, blue, red, _] = mean(look);
        *cell = [u32::from_le_bytes([luma, blue, red, count as u8]), u32::from_le_bytes(mean(marks))];
    }
    bound.writes = writes;
}

/// How far a cell's colour is, on average, from those within a reach.
fn apart(params: &FeaturesParams, cells: &[[u32; 2]], (column, row): (i32, i32), reach: i32) -> i32 {
    let own = bytes(cells[(row * params.columns as i32 + column) as usize][0]);
    let (mut sum, mut count) = (0, 0);
    for y in (row - reach).max(0)..=(row + reach).min(params.rows as i32 - 1) {
        for x in (column - reach).max(0)..=(column + reach).min(params.columns as i32 - 1) {
            let found = bytes(cells[(y * params.columns as i32 + x) as usize][0]);
            let d = [0, 1, 2].map(|k| (own[k] - found[k]).abs());
            sum += d[0] + CHROMA_WEIGHT * (d[1] + d[2]);
            count += 1;
        }
    }
    sum / count
}

pub(super) fn look_features(params: FeaturesParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (cells, moved) = (bound.read::<[u32; 2]>(0), bound.read::<[u32; 2]>(1));
    let features: &mut [[u32; 4]] = values_mut(&mut writes[0]);
    for (index, feature) in (0..).zip(&mut features[..(params.columns * params.rows) as usize]) {
        let place = ((index % params.columns) as i32, (index / params.columns) as i32);
        let [found, marks] = cells[index as usize];
        let [way, sums] = moved[index as usize];
        let [luma, blue, red, count] = found.to_le_bytes();
        let contrast = [NEAR, WIDE, WHOLE].map(|reach| apart(&params, cells, place, reach)).iter().sum::<i32>() / 3;
        let mean = |sum: u32| ((sum + u32::from(count) / 2) / u32::from(count)).min(255) as u8;
        let [across, _, down, _] = way.to_le_bytes();
        *feature = [
            u32::from_le_bytes([luma, blue, red, contrast.min(255) as u8]),
            marks,
            u32::from_le_bytes([across, down, mean(sums & 0xffff), mean(sums >> 16)]),
            sums,
        ];
    }
    bound.writes = writes;
}

pub(super) fn look_brightest(params: BrightestParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let look = bound.read::<u32>(0);
    let luma = |x: u32, y: u32| look[(y * params.width + x) as usize] as u8;
    let rows = (0..params.height).map(|y| (0..params.width).map(|x| luma(x, y)).max().unwrap_or(0)).collect::<Vec<_>>();
    let columns = (0..params.width).map(|x| (0..params.height).map(|y| luma(x, y)).max().unwrap_or(0)).collect::<Vec<_>>();
    let words = rows.chunks(4).chain(columns.chunks(4)).map(|bytes| {
        let byte = |k: usize| bytes.get(k).copied().unwrap_or(0);
        u32::from_le_bytes([byte(0), byte(1), byte(2), byte(3)])
    });
    for (at, word) in (params.first_word as usize..).zip(words) {
        writes[0][at] = word;
    }
    bound.writes = writes;
}

pub(super) fn look_histogram(params: HistogramParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (look, before) = (bound.read::<u32>(0), bound.read::<u32>(1));
    let [features, counts] = writes.as_mut_slice() else { unreachable!("the recorder holds a pass to its shader's buffers") };
    counts[..BINS as usize].fill(0);
    let chroma = |value: i32| ((value - 128 + CHROMA_STEP * CHROMA_BINS / 2) / CHROMA_STEP).clamp(0, CHROMA_BINS - 1) as usize;
    for pixel in &look[..(params.width * params.height) as usize] {
        let [luma, blue, red, _] = bytes(*pixel);
        counts[((luma as usize >> (8 - LUMA_BITS)) * 8 + chroma(blue)) * 8 + chroma(red)] += 1;
    }
    let apart = counts.iter().zip(before).take(BINS as usize).map(|(now, then)| now.saturating_sub(*then));
    features[params.word as usize] = apart.sum();
    bound.writes = writes;
}
