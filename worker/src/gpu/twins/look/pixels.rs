//! Twins of what is done pixel by pixel: `look_shrink`, `look_quarter`, `look_marks`.

use super::{Bound, Picture, bytes};
use crate::gpu::shaders::look::LOOK_QUARTER;
use crate::gpu::shaders::look_marks::{
    EDGE_MIN, Params as MarksParams, SKIN_BLUE, SKIN_BLUE_MIN, SKIN_COS, SKIN_LUMA_MAX, SKIN_LUMA_MIN, SKIN_RED, SKIN_RED_MIN,
    SKIN_SIN, STILL_SHARE, STROKE_MIN, STROKE_REACH,
};
use crate::gpu::shaders::look_quarter::Params as QuarterParams;
use crate::gpu::shaders::look_shrink::Params as ShrinkParams;

/// Which samples a pixel covers, and how much of each, in parts of a `parts`-th of a sample.
fn covered(pixel: u32, samples: u32, parts: u32) -> impl Iterator<Item = (u32, u32)> {
    let (begin, end) = (pixel * samples, (pixel + 1) * samples);
    let indices = begin / parts..end.div_ceil(parts);
    indices.map(move |index| (index, end.min((index + 1) * parts) - begin.max(index * parts)))
}

pub(super) fn look_shrink(params: ShrinkParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let (frame, look) = (bound.read::<u32>(0), &mut writes[0]);
    let samples = 1 << params.word_log2;
    let code = |sample: u32| (frame[(sample / samples) as usize] >> (32 / samples * (sample % samples))) & params.code_mask;
    for y in 0..params.height {
        for x in 0..params.width {
            let across = |row: u32| {
                let first = params.first_sample + row * params.source_width;
                let samples = covered(x, params.source_width, params.width);
                let sum: u32 = samples.map(|(index, part)| part * code(first + index)).sum();
                (64 * sum + params.source_width / 2) / params.source_width
            };
            let rows = covered(y, params.source_height, params.height);
            let sum: u32 = rows.map(|(row, part)| part * across(row)).sum();
            let mean = ((sum + params.source_height / 2) / params.source_height) as i32;
            let span = params.code_span;
            let place = 255 * (mean - params.code_zero) + params.byte_zero * span + span / 2;
            let byte = ((place.clamp(0, 255 * span) / span) as u32) << params.byte_bit;
            let pixel = &mut look[(y * params.width + x) as usize];
            *pixel = if params.byte_bit > 0 { *pixel | byte } else { byte };
        }
    }
    bound.writes = writes;
}

pub(super) fn look_quarter(params: QuarterParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let look = Picture { words: bound.read(0), width: params.width, height: params.height };
    let side = LOOK_QUARTER as i32;
    for y in 0..params.quarter_height as i32 {
        for x in 0..params.quarter_width as i32 {
            let pixels = (0..side * side).map(|k| look.luma(side * x + k % side, side * y + k / side));
            writes[0][(y as u32 * params.quarter_width + x as u32) as usize] = pixels.sum::<i32>() as u32;
        }
    }
    bound.writes = writes;
}

fn edge(picture: &Picture<'_>, x: i32, y: i32) -> [i32; 2] {
    [picture.luma(x + 1, y) - picture.luma(x - 1, y), picture.luma(x, y + 1) - picture.luma(x, y - 1)]
}

fn strength([across, down]: [i32; 2]) -> i32 {
    across.abs() + down.abs()
}

/// How far luma at a pixel stands above, or below, luma on both sides of it along x.
fn stroke(look: &Picture<'_>, x: i32, y: i32) -> i32 {
    let own = look.luma(x, y);
    let side = |towards: i32| (0..=STROKE_REACH).map(move |away| look.luma(x + towards * away, y));
    let least = |towards| side(towards).min().unwrap_or(own);
    let most = |towards| side(towards).max().unwrap_or(own);
    (own - least(-1).max(least(1))).max(most(-1).min(most(1)) - own)
}

fn is_skin(pixel: u32) -> bool {
    let [luma, blue, red, _] = bytes(pixel);
    let coloured = 900 * (128 - blue) >= 1024 * SKIN_BLUE_MIN && 900 * (red - 128) >= 1024 * SKIN_RED_MIN;
    let blue = 900 * (blue - 128) + 1024 * (128 - SKIN_BLUE);
    let red = 900 * (red - 128) + 1024 * (128 - SKIN_RED);
    let along = (SKIN_COS * (blue / 64) + SKIN_SIN * (red / 64)) / 1024 - 26;
    let across = (SKIN_COS * (red / 64) - SKIN_SIN * (blue / 64)) / 1024 - 39;
    let (u, v) = (along * 256 / 406, across * 256 / 224);
    u * u + v * v <= 256 * 256 && coloured && (SKIN_LUMA_MIN..=SKIN_LUMA_MAX).contains(&luma)
}

pub(super) fn look_marks(params: MarksParams, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let picture = |words| Picture { words, width: params.width, height: params.height };
    let (look, before) = (picture(bound.read(0)), picture(bound.read(1)));
    for y in 0..params.height as i32 {
        for x in 0..params.width as i32 {
            let (now, then) = (edge(&look, x, y), edge(&before, x, y));
            let strong = strength(now);
            let stands = strong >= EDGE_MIN && STILL_SHARE * strength([now[0] - then[0], now[1] - then[1]]) <= strong;
            let high = stroke(&look, x, y);
            let edges = strong.min(255) as u8;
            let mark = [
                edges,
                if is_skin(look.at(x, y)) { 255 } else { 0 },
                if stands { edges } else { 0 },
                if high >= STROKE_MIN { high as u8 } else { 0 },
            ];
            writes[0][(y as u32 * params.width + x as u32) as usize] = u32::from_le_bytes(mark);
        }
    }
    bound.writes = writes;
}
