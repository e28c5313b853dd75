//! What the GPU tests share: layouts, pictures, the software device.

use std::ops;

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::{Step, read_steps};
use shotfarm_worker::gpu::{Gpu, GpuChoice, Graph, Recording, record, twins};
use shotfarm_worker::net::Models;

pub(crate) fn software_gpu() -> Gpu {
    Gpu::open(GpuChoice::Software).unwrap_or_else(|error| panic!("these tests need a software Vulkan device: {error}"))
}

pub(crate) fn layout(width: u32, height: u32, format: PixelFormat) -> FrameLayout {
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    FrameLayout { extent: Extent::new(width, height), format, colour }
}

pub(crate) fn steps(text: &str) -> Vec<Step> {
    if text.is_empty() { Vec::new() } else { read_steps(text).unwrap_or_else(|error| panic!("{text}: {error}")) }
}

/// The layout that `text` leads to from `input`, in another pixel format.
pub(crate) fn reached(text: &str, input: &FrameLayout, format: PixelFormat) -> FrameLayout {
    let extent = steps(text).iter().fold(input.extent, |extent, step| step.extent(extent));
    FrameLayout { extent, format, colour: input.colour.clone() }
}

pub(crate) fn recording(text: &str, input: &FrameLayout, output: &FrameLayout) -> Recording {
    record(&steps(text), input, output, &Models::new()).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// One frame through a device.
pub(crate) fn render(gpu: &Gpu, recording: &Recording, frame: &[u8]) -> Vec<u8> {
    let mut graph = Graph::new(gpu, recording).unwrap_or_else(|error| panic!("{error}"));
    graph.submit(frame, 0).unwrap_or_else(|error| panic!("{error}"));
    let mut out = Vec::new();
    graph.next(&mut out).unwrap_or_else(|error| panic!("{error}"));
    out
}

/// A frame as its codes, plane after plane.
pub(crate) fn codes(layout: &FrameLayout, frame: &[u8]) -> Vec<u16> {
    match layout.format.sample_bytes() {
        1 => frame.iter().copied().map(u16::from).collect(),
        _ => frame.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]])).collect(),
    }
}

/// The inverse of [`codes`].
pub(crate) fn frame(layout: &FrameLayout, codes: &[u16]) -> Vec<u8> {
    match layout.format.sample_bytes() {
        1 => codes.iter().map(|&code| code as u8).collect(),
        _ => codes.iter().flat_map(|code| code.to_le_bytes()).collect(),
    }
}

/// A frame of one colour.
pub(crate) fn flat(layout: &FrameLayout, values: [u16; 3]) -> Vec<u8> {
    let planes = layout.format.planes(layout.extent);
    let codes = planes.iter().zip(values).flat_map(|(plane, value)| vec![value; plane.pixels() as usize]);
    frame(layout, &codes.collect::<Vec<_>>())
}

/// Noise over all codes of a layout, the same for the same seed (Marsaglia's xorshift).
pub(crate) fn noise(layout: &FrameLayout, seed: u32) -> Vec<u8> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let samples = layout.frame_bytes() / layout.format.sample_bytes();
    let next = |_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u16 & ((1 << layout.format.bits()) - 1)
    };
    frame(layout, &(0..samples).map(next).collect::<Vec<_>>())
}

/// A picture with what scaling is judged by: a zone plate, a dark disc, slanted and hard edges, thin lines, a coloured ramp.
pub(crate) fn picture(layout: &FrameLayout) -> Vec<u8> {
    let depth = f64::from(1_u32 << (layout.format.bits() - 8));
    let sub = layout.format.subsampling();
    let planes = layout.format.planes(layout.extent);
    let (width, height) = (f64::from(layout.extent.width), f64::from(layout.extent.height));
    let mut codes = Vec::new();
    for (index, plane) in planes.iter().enumerate() {
        let (step_x, step_y) = if index == 0 { (1.0, 1.0) } else { (f64::from(1 << sub.log2_x), f64::from(1 << sub.log2_y)) };
        for row in 0..plane.height {
            for column in 0..plane.width {
                let (x, y) = ((f64::from(column) + 0.5) * step_x / width, (f64::from(row) + 0.5) * step_y / height);
                let ycc = picture_at(x, y, width, height);
                let code = if index == 0 { 16.0 + 219.0 * ycc[0] } else { 128.0 + 224.0 * ycc[index] };
                codes.push((code * depth).round().clamp(0.0, 255.0 * depth) as u16);
            }
        }
    }
    frame(layout, &codes)
}

/// Y'CbCr at a place of the picture, x and y from 0 to 1.
fn picture_at(x: f64, y: f64, width: f64, height: f64) -> [f64; 3] {
    let aspect = width / height;
    let from = |cx: f64, cy: f64| ((x - cx) * aspect).hypot(y - cy);
    // The zone plate grows finer outwards, to a quarter of the sampling rate at its rim.
    let rings = from(0.3, 0.5);
    let plate_radius = 0.4;
    let turns = rings * rings * height / (8.0 * plate_radius) * std::f64::consts::TAU;
    let mut luma = if rings < plate_radius { 0.5 + 0.35 * turns.cos() } else { 0.5 + 0.2 * (3.0 * x).sin() };
    let (mut blue, mut red) = (0.15 * (2.0 * x - 1.0), 0.15 * (1.0 - 2.0 * y));
    let disc = from(0.75, 0.3);
    let soft = |distance: f64| 0.5 - 0.5 * (distance * height / 1.5).tanh();
    luma += (0.05 - luma) * soft(disc - 0.18);
    red += (0.3 - red) * soft(disc - 0.10);
    blue += (-0.1 - blue) * soft(disc - 0.10);
    // A slanted hard edge, and lines two pixels wide.
    if y > 0.62 && x > 0.6 && (x - 0.6) * aspect > 0.35 * (y - 0.62) && x < 0.78 {
        luma = 0.95;
    }
    if x > 0.8 && y > 0.6 && ((y * height / 6.0) as i64) % 2 == 0 {
        luma = 0.1;
    }
    [luma, blue, red]
}

/// Line art as it is inked: dark strokes of a steady width along circles and slanted lines on a light ground, anti-aliased.
pub(crate) fn line_art(layout: &FrameLayout) -> Vec<u8> {
    let (width, height) = (f64::from(layout.extent.width), f64::from(layout.extent.height));
    let planes = layout.format.planes(layout.extent);
    let depth = 1 << (layout.format.bits() - 8);
    // How far a place is from the nearest stroke, in pixels.
    let distance = |x: f64, y: f64| {
        let circle = |cx: f64, cy: f64, radius: f64| ((x - cx * width).hypot(y - cy * height) - radius * height).abs();
        let line = |px: f64, py: f64, angle: f64| ((x - px * width) * angle.sin() - (y - py * height) * angle.cos()).abs();
        let circles =
            circle(0.3, 0.5, 0.35).min(circle(0.33, 0.45, 0.2)).min(circle(0.7, 0.5, 0.42)).min(circle(0.72, 0.55, 0.11));
        circles.min(line(0.5, 0.5, 0.4)).min(line(0.55, 0.5, 1.3)).min(line(0.2, 0.1, -0.7)).min(line(0.9, 0.2, 2.0))
    };
    let mut codes = Vec::new();
    for y in 0..planes[0].height {
        for x in 0..planes[0].width {
            // The ink of a stroke three pixels wide, one pixel soft.
            let ink = (2.0 - distance(f64::from(x) + 0.5, f64::from(y) + 0.5)).clamp(0.0, 1.0);
            codes.push((220.0 - 190.0 * ink).round() as u16 * depth);
        }
    }
    codes.resize(planes.iter().map(|plane| plane.pixels() as usize).sum(), 128 * depth);
    frame(layout, &codes)
}

/// Peak signal to noise ratio of two planes in dB, without a border of `border` samples on each side.
pub(crate) fn psnr(left: &[u16], right: &[u16], extent: Extent, border: u32, peak: f64) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for y in border..extent.height - border {
        for x in border..extent.width - border {
            let i = (y * extent.width + x) as usize;
            sum += (f64::from(left[i]) - f64::from(right[i])).powi(2);
            count += 1.0;
        }
    }
    10.0 * (peak * peak * count / f64::max(sum, 1e-9)).log10()
}

/// Frames `range` of a shot as a worker submits them: with those around them, the ends repeated, each with its tail.
pub(crate) fn submissions(recording: &Recording, shot: &[Vec<u8>], range: &ops::Range<usize>) -> (i64, Vec<Vec<u8>>) {
    let (context, delay) = (i64::from(recording.context_frames), i64::from(recording.delay_frames));
    let first = range.start as i64 - context;
    let with_tail = |number: i64| {
        let mut frame = shot[number.clamp(0, shot.len() as i64 - 1) as usize].clone();
        recording.tail.append(&mut frame, number);
        frame
    };
    (first, (first..range.end as i64 + delay).map(with_tail).collect())
}

pub(crate) fn kept(recording: &Recording, mut out: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    out.split_off((recording.context_frames + recording.delay_frames) as usize)
}

pub(crate) fn render_range(gpu: &Gpu, recording: &Recording, shot: &[Vec<u8>], range: ops::Range<usize>) -> Vec<Vec<u8>> {
    let (first, frames) = submissions(recording, shot, &range);
    let mut graph = Graph::new(gpu, recording).unwrap_or_else(|error| panic!("{error}"));
    let render = |(number, frame): (i64, &Vec<u8>)| {
        let mut out = Vec::new();
        graph.submit(frame, number).unwrap_or_else(|error| panic!("{error}"));
        graph.next(&mut out).unwrap_or_else(|error| panic!("{error}"));
        out
    };
    kept(recording, (first..).zip(&frames).map(render).collect())
}

pub(crate) fn twin_range(recording: &Recording, shot: &[Vec<u8>], range: ops::Range<usize>) -> Vec<Vec<u8>> {
    let (first, frames) = submissions(recording, shot, &range);
    kept(recording, twins::run_numbered(recording, &frames, first))
}
