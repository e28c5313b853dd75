//! `denoise`, `deband`, `sharpen` and `grain` on shots: held to their twins over several frames, the same wherever a shot is
//! split, and what each does to a picture, measured.

use crate::common::{
    codes, flat, frame, layout, noise, picture, psnr, reached, recording, render_range, software_gpu, steps, twin_range,
};
use shotfarm_shared::media::{Extent, FrameLayout, PixelFormat};
use shotfarm_worker::gpu::shaders::Shader;
use shotfarm_worker::gpu::{Gpu, Recording, reach_rows};

/// A shot through steps that keep size and format.
fn finish(gpu: &Gpu, text: &str, layout: &FrameLayout, shot: &[Vec<u8>]) -> Vec<Vec<u8>> {
    render_range(gpu, &recording(text, layout, layout), shot, 0..shot.len())
}

fn luma(layout: &FrameLayout, bytes: &[u8]) -> Vec<u16> {
    codes(layout, bytes)[..layout.extent.pixels() as usize].to_vec()
}

fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
    sum / count
}

fn deviation(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    mean(values.iter().map(|value| (value - middle).powi(2))).sqrt()
}

/// Numbers of a bell curve with deviation 1, the same for the same seed: sums of twelve even ones.
fn bell(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut even = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    move || (0..12).map(|_| even()).sum::<f64>() - 6.0
}

/// The frame with noise of so many codes on every plane.
fn noisy(layout: &FrameLayout, clean: &[u8], deviation: f64, seed: u64) -> Vec<u8> {
    let mut bell = bell(seed);
    let peak = f64::from((1_u32 << layout.format.bits()) - 1);
    let noisy =
        codes(layout, clean).into_iter().map(|code| (f64::from(code) + deviation * bell()).round().clamp(0.0, peak) as u16);
    frame(layout, &noisy.collect::<Vec<_>>())
}

const FINISHES: [&str; 8] = [
    "denoise strength=1 frames=0",
    "denoise strength=0.5",
    "denoise strength=0.3 frames=2",
    "deband strength=0.9 range=7",
    "deband | upscale 1.5x filter=ewa-lanczos | deband strength=0.7 range=64",
    "sharpen strength=1 | grain strength=1 size=3.7 seed=7",
    "grain strength=0.4 size=1 | denoise strength=0.9 frames=1 | upscale 1.5x filter=lanczos | sharpen",
    "denoise frames=1 | denoise frames=2 | grain",
];

#[test]
fn shots_hold_to_their_twins() {
    let gpu = software_gpu();
    for text in FINISHES {
        for (format, (width, height)) in [(PixelFormat::Yuv420p, (33, 19)), (PixelFormat::Yuv422p10le, (26, 21))] {
            let input = layout(width, height, format);
            let output = reached(text, &input, format);
            let recording = recording(text, &input, &output);
            let shot = (0..4).map(|seed| if seed == 2 { noise(&input, 2) } else { noisy(&input, &picture(&input), 4.0, seed) });
            let shot = shot.collect::<Vec<_>>();
            let found = render_range(&gpu, &recording, &shot, 0..4);
            let expected = twin_range(&recording, &shot, 0..4);
            assert_eq!((found.len(), expected.len()), (4, 4));
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                crate::twins::agrees(&output, found, expected).unwrap_or_else(|what| panic!("`{text}`, frame {index}: {what}"));
            }
        }
    }
}

/// To the byte, on the device and in the twins: what a frame becomes is a matter of the frames around it alone.
#[test]
fn a_shot_is_the_same_wherever_it_is_split() {
    let gpu = software_gpu();
    let text =
        "denoise strength=0.6 frames=2 | upscale 1.5x filter=lanczos | grain size=2 | denoise frames=1 | deband | grain seed=3";
    let input = layout(24, 14, PixelFormat::Yuv420p);
    let recording = recording(text, &input, &reached(text, &input, PixelFormat::Yuv420p));
    assert_eq!((recording.context_frames, recording.delay_frames), (3, 3));
    let shot = (0..7).map(|seed| noisy(&input, &picture(&input), 6.0, seed)).collect::<Vec<_>>();
    let whole = render_range(&gpu, &recording, &shot, 0..7);
    let twin = twin_range(&recording, &shot, 0..7);
    assert_eq!((whole.len(), twin.len()), (7, 7));
    for cut in [1, 3, 6] {
        let split = [0..cut, cut..7].map(|range| render_range(&gpu, &recording, &shot, range)).concat();
        assert!(split == whole, "cut at {cut}: the device's frames differ");
        let split = [0..cut, cut..7].map(|range| twin_range(&recording, &shot, range)).concat();
        assert!(split == twin, "cut at {cut}: the twins' frames differ");
    }
    assert!(twin.windows(2).all(|pair| pair[0] != pair[1]), "frames that are all alike prove nothing");
}

/// Rows beyond the stated reach are replaced by noise, and the row does not change; within it, some row matters.
#[test]
fn rows_depend_on_the_rows_within_reach_alone() {
    let (width, height, row) = (20, 48, 20);
    for text in ["denoise strength=1 frames=1", "deband strength=1 range=9", "deband strength=1 range=1", "sharpen strength=1"] {
        let input = layout(width, height, PixelFormat::Yuv420p);
        let shot = (0..3).map(|seed| noisy(&input, &flat(&input, [120, 128, 128]), 2.0, seed)).collect::<Vec<_>>();
        let reach = reach_rows(&steps(text)[0]).expect("a step that keeps the size");
        let recording = recording(text, &input, &input);
        let made = |kept: u32| {
            let shot = shot.iter().map(|frame| beyond(&input, frame, (row - kept, row + 1 + kept))).collect::<Vec<_>>();
            rows_of(&input, &twin_range(&recording, &shot, 1..2)[0], row)
        };
        assert_eq!(made(reach), made(row), "`{text}` looks farther than {reach} rows");
        assert_ne!(made(0), made(row), "`{text}` looks nowhere");
    }
}

/// The luma row and, where it is of the upper of a pair, the chroma rows.
fn rows_of(layout: &FrameLayout, bytes: &[u8], row: u32) -> Vec<u16> {
    let planes = layout.format.planes(layout.extent);
    let (mut first, mut found, codes) = (0, Vec::new(), codes(layout, bytes));
    for plane in planes {
        let begin = first + (row * plane.height / layout.extent.height * plane.width) as usize;
        found.extend_from_slice(&codes[begin..begin + plane.width as usize]);
        first += plane.pixels() as usize;
    }
    found
}

/// The frame with noise of all codes but in these rows of luma and the chroma of them.
fn beyond(layout: &FrameLayout, bytes: &[u8], (begin, end): (u32, u32)) -> Vec<u8> {
    let (mut first, mut found, kept) = (0, codes(layout, &noise(layout, 5)), codes(layout, bytes));
    for plane in layout.format.planes(layout.extent) {
        let (rows, of) = (plane.height, layout.extent.height);
        let place = |row: u32| first + (row * plane.width) as usize;
        let (from, to) = (place(begin * rows / of), place((end * rows).div_ceil(of)));
        found[from..to].copy_from_slice(&kept[from..to]);
        first += plane.pixels() as usize;
    }
    frame(layout, &found)
}

#[test]
fn strength_zero_changes_nothing_and_needs_nothing() {
    let gpu = software_gpu();
    let text = "denoise strength=0 frames=2 | deband strength=0 | sharpen strength=0 | grain strength=0";
    for format in [PixelFormat::Yuv420p, PixelFormat::Yuv444p10le] {
        let input = layout(21, 13, format);
        let recording = recording(text, &input, &input);
        assert_eq!((recording.context_frames, recording.delay_frames), (0, 0));
        let shot = [noise(&input, 4)];
        assert_eq!(render_range(&gpu, &recording, &shot, 0..1), shot);
    }
}

#[test]
fn flat_stays_flat_and_grey_stays_grey() {
    let gpu = software_gpu();
    for text in ["denoise strength=1 frames=2", "deband strength=1 range=64", "sharpen strength=1", "denoise | deband | sharpen"]
    {
        for (format, values) in [(PixelFormat::Yuv420p, [3, 128, 128]), (PixelFormat::Yuv422p10le, [517, 333, 1020])] {
            let input = layout(18, 10, format);
            let shot = [flat(&input, values), flat(&input, values)];
            assert_eq!(finish(&gpu, text, &input, &shot), shot, "{text}");
        }
    }
    let input = layout(48, 26, PixelFormat::Yuv420p);
    let mut grey = codes(&input, &noisy(&input, &picture(&input), 5.0, 1));
    grey[input.extent.pixels() as usize..].fill(128);
    for text in ["denoise strength=1", "deband strength=1", "sharpen strength=1", "grain strength=1"] {
        let found = finish(&gpu, text, &input, &[frame(&input, &grey)]).remove(0);
        assert!(codes(&input, &found)[input.extent.pixels() as usize..].iter().all(|&code| code == 128), "{text} tints grey");
    }
}

/// Codes by which neighbours of a clean frame differ where there is an edge.
const EDGE_CODES: u16 = 24;

/// PSNR of luma, over all and where there are edges.
fn quality(layout: &FrameLayout, clean: &[u8], found: &[u8]) -> (f64, f64) {
    let (clean, found) = (luma(layout, clean), luma(layout, found));
    let width = layout.extent.width as usize;
    let is_edge = |i: usize| [1, width].iter().any(|&step| clean[i].abs_diff(clean[i - step]) > EDGE_CODES);
    let edges = (width + 1..clean.len()).filter(|&i| is_edge(i)).collect::<Vec<_>>();
    assert!(edges.len() > 200, "there are too few edges to measure");
    let error = mean(edges.iter().map(|&i| (f64::from(clean[i]) - f64::from(found[i])).powi(2)));
    (psnr(&clean, &found, layout.extent, 0, 255.0), 10.0 * (255.0_f64.powi(2) / error).log10())
}

/// Noise of 10 codes on a drawn frame that stands still: at least 2 dB in space alone and 4 dB with a frame on either side, and
/// edges that are no worse than they were.
#[test]
fn noise_falls_and_edges_stay() {
    let gpu = software_gpu();
    let input = layout(160, 96, PixelFormat::Yuv420p);
    let clean = picture(&input);
    let shot = (0..3).map(|seed| noisy(&input, &clean, 10.0, seed)).collect::<Vec<_>>();
    let before = quality(&input, &clean, &shot[1]);
    println!("noisy: {:.2} dB, at edges {:.2} dB", before.0, before.1);
    for (frames, gain_min) in [(0, 2.0), (1, 4.0)] {
        let found = finish(&gpu, &format!("denoise strength=0.5 frames={frames}"), &input, &shot);
        let after = quality(&input, &clean, &found[1]);
        println!("denoise frames={frames}: {:.2} dB, at edges {:.2} dB", after.0, after.1);
        assert!(after.0 >= before.0 + gain_min, "frames={frames} gains {:.2} dB", after.0 - before.0);
        assert!(after.1 >= before.1, "frames={frames}: edges lose {:.2} dB", before.1 - after.1);
    }
}

/// A frame of one grey with a square of another.
fn square(layout: &FrameLayout, left: usize, grey: u16) -> Vec<u8> {
    let mut values = codes(layout, &flat(layout, [90, 128, 128]));
    for row in 20..36 {
        let begin = row * layout.extent.width as usize + left;
        values[begin..begin + 16].fill(grey);
    }
    frame(layout, &values)
}

/// The largest trails of a square of `grey` that jumps by its own width with every frame: how far the mean of the background is
/// off where the square was or will be, and how far one sample is, in codes.
fn trails(gpu: &Gpu, recording: &Recording, layout: &FrameLayout, grey: u16) -> (f64, f64) {
    let frame = |index: usize| noisy(layout, &square(layout, 8 + 16 * index, grey), TRAIL_NOISE_CODES, index as u64);
    let shot = (0..5).map(frame).collect::<Vec<_>>();
    let (mut mean_worst, mut worst) = (0.0_f64, 0.0_f64);
    for (index, frame) in render_range(gpu, recording, &shot, 0..5).iter().enumerate() {
        let values = luma(layout, frame);
        for other in (0..5).filter(|other| *other != index) {
            let left = 8 + 16 * other;
            let places = (20..36).flat_map(|y| (left..left + 16).map(move |x| y * layout.extent.width as usize + x));
            let apart = places.map(|i| f64::from(values[i]) - 90.0).collect::<Vec<_>>();
            mean_worst = mean_worst.max(mean(apart.iter().copied()).abs());
            worst = apart.iter().fold(worst, |worst, apart| worst.max(apart.abs()));
        }
    }
    (mean_worst, worst)
}

const TRAIL_NOISE_CODES: f64 = 6.0;
/// A code, and the standard error of a mean of 16 x 16 samples of that noise.
const TRAIL_CODES_MAX: f64 = 1.0 + TRAIL_NOISE_CODES / 16.0;

/// Light and dark, near and far from the background. When the weights are made to end nowhere, the same measure sees a trail.
#[test]
fn what_moves_leaves_no_trail() {
    let gpu = software_gpu();
    let input = layout(96, 56, PixelFormat::Yuv420p);
    for (frames, grey) in [(1, 200), (2, 60), (2, 120)] {
        let recording = recording(&format!("denoise strength=0.3 frames={frames}"), &input, &input);
        let (mean, worst) = trails(&gpu, &recording, &input, grey);
        println!("frames={frames}, a square of {grey}: a trail of {mean:.2} codes, {worst} in one sample");
        assert!(mean < TRAIL_CODES_MAX && worst < 4.5 * TRAIL_NOISE_CODES, "frames={frames}, {grey}: {mean:.2}, {worst} codes");
    }
    let mut blind = recording("denoise strength=0.3 frames=1", &input, &input);
    let distance_max = 4 * size_of::<u32>();
    for pass in blind.passes_mut().filter(|pass| pass.shader == Shader::Denoise) {
        pass.params[distance_max..distance_max + 4].copy_from_slice(&1e9_f32.to_le_bytes());
    }
    assert!(trails(&gpu, &blind, &input, 200).0 > 10.0, "the measure does not see a trail");
}

/// On either side of a cut a frame is as good as if its scene were alone.
#[test]
fn nothing_bleeds_over_a_cut() {
    let gpu = software_gpu();
    let input = layout(96, 56, PixelFormat::Yuv420p);
    let scene = picture(&input);
    let mut other = codes(&input, &scene);
    let size = input.extent.pixels() as usize;
    other[..size].iter_mut().for_each(|code| *code = 251 - *code);
    let other = frame(&input, &other);
    let clean = [&scene, &scene, &scene, &other, &other, &other];
    let shot = clean.iter().zip(0..).map(|(clean, seed)| noisy(&input, clean, 6.0, seed)).collect::<Vec<_>>();
    let text = "denoise strength=0.3 frames=2";
    let found = finish(&gpu, text, &input, &shot);
    let halves = [finish(&gpu, text, &input, &shot[..3]), finish(&gpu, text, &input, &shot[3..])].concat();
    for index in 0..6 {
        let quality = |found: &[u8]| quality(&input, clean[index], found);
        let (with, alone) = (quality(&found[index]), quality(&halves[index]));
        println!("frame {index}: {with:.2?} dB with the cut, {alone:.2?} dB alone");
        assert!(with.0 > alone.0 - 0.3 && with.1 > alone.1 - 0.3, "frame {index}: {with:?} dB, alone {alone:?} dB");
    }
}

/// A slow gradient of so many codes over the whole picture, in 8-bit codes that are not rounded.
fn gradient(extent: Extent, codes: f64) -> Vec<f64> {
    let of = |i: u64| {
        let (x, y) = (i % u64::from(extent.width), i / u64::from(extent.width));
        60.0 + codes * (0.8 * x as f64 / f64::from(extent.width) + 0.2 * y as f64 / f64::from(extent.height))
    };
    (0..extent.pixels()).map(of).collect()
}

/// What an eye makes of fine dither: means over 5x5 samples.
fn seen(values: &[f64], extent: Extent) -> Vec<f64> {
    let (width, height) = (extent.width as usize, extent.height as usize);
    let around = |at: usize, length: usize| at.saturating_sub(2)..(at + 3).min(length);
    let at =
        |i: usize| mean(around(i / width, height).flat_map(|y| around(i % width, width).map(move |x| values[y * width + x])));
    (0..values.len()).map(at).collect()
}

fn rms(left: &[f64], right: &[f64]) -> f64 {
    mean(left.iter().zip(right).map(|(left, right)| (left - right).powi(2))).sqrt()
}

#[test]
fn bands_become_the_gradient_again() {
    let gpu = software_gpu();
    let eight = layout(240, 64, PixelFormat::Yuv420p);
    let truth = gradient(eight.extent, 14.0);
    let mut banded = codes(&eight, &flat(&eight, [0, 128, 128]));
    banded.iter_mut().zip(&truth).for_each(|(code, truth)| *code = truth.round() as u16);
    let shot = [frame(&eight, &banded)];
    let truth = seen(&truth, eight.extent);
    let shown = |layout: &FrameLayout, bytes: &[u8]| {
        let scale = f64::from(1_u32 << (layout.format.bits() - 8));
        seen(&luma(layout, bytes).into_iter().map(|code| f64::from(code) / scale).collect::<Vec<_>>(), layout.extent)
    };
    let before = rms(&shown(&eight, &shot[0]), &truth);
    for format in [PixelFormat::Yuv420p, PixelFormat::Yuv420p10le] {
        let output = reached("", &eight, format);
        let recording = recording("deband", &eight, &output);
        let after = rms(&shown(&output, &render_range(&gpu, &recording, &shot, 0..1)[0]), &truth);
        println!("{}: {before:.3} codes off with bands, {after:.3} without", format.name());
        assert!(after < 0.5 * before, "{}: {after:.3} codes off, {before:.3} with bands", format.name());
    }
}

/// Letters are lines: dark strokes, one to three samples wide, on an even ground.
#[test]
fn lines_outlive_deband() {
    let gpu = software_gpu();
    let input = layout(64, 40, PixelFormat::Yuv420p);
    let mut values = codes(&input, &flat(&input, [180, 128, 128]));
    for (i, value) in values[..64 * 40].iter_mut().enumerate() {
        let (x, y) = (i % 64, i / 64);
        if x % 13 < 1 + x / 22 || (y % 11 == 4 && x > 30) || x == y {
            *value = 40;
        }
    }
    let found = finish(&gpu, "deband strength=1 range=32", &input, &[frame(&input, &values)]).remove(0);
    let worst = values.iter().zip(codes(&input, &found)).map(|(before, after)| before.abs_diff(after)).max();
    assert!(worst.is_some_and(|worst| worst <= 1), "{worst:?} codes");
}

#[test]
fn sharpening_steepens_edges_without_halos() {
    let gpu = software_gpu();
    let input = layout(64, 16, PixelFormat::Yuv420p);
    let mut values = codes(&input, &flat(&input, [0, 128, 128]));
    for (i, value) in values[..64 * 16].iter_mut().enumerate() {
        let place = (i % 64) as f64 - 31.5;
        *value = (120.0 + 60.0 * (place / 2.0).tanh()).round() as u16;
    }
    let before = values[8 * 64..9 * 64].to_vec();
    let found = finish(&gpu, "sharpen strength=1", &input, &[frame(&input, &values)]).remove(0);
    let after = luma(&input, &found)[8 * 64..9 * 64].to_vec();
    assert!(after[32] - after[31] > before[32] - before[31] + 4, "{} and {}", after[32] - after[31], before[32] - before[31]);
    let (low, high) = (after.iter().min().copied(), after.iter().max().copied());
    assert!(low >= Some(60 - 3) && high <= Some(180 + 3), "{low:?} to {high:?}");
    assert_eq!(codes(&input, &found)[64 * 16..], values[64 * 16..], "chroma is left alone");
}

/// Grain of a flat grey, as differences from it.
fn grain_of(gpu: &Gpu, text: &str, grey: u16, frames: usize) -> Vec<Vec<f64>> {
    let input = layout(96, 64, PixelFormat::Yuv420p10le);
    let shot = vec![flat(&input, [grey, 512, 512]); frames];
    let found = finish(gpu, text, &input, &shot);
    found.iter().map(|frame| luma(&input, frame).iter().map(|&code| f64::from(code) - f64::from(grey)).collect()).collect()
}

fn correlation(left: &[f64], right: &[f64]) -> f64 {
    let (left_mean, right_mean) = (mean(left.iter().copied()), mean(right.iter().copied()));
    let product = mean(left.iter().zip(right).map(|(left, right)| (left - left_mean) * (right - right_mean)));
    product / (deviation(left) * deviation(right))
}

/// Strength 0.5 is a standard deviation of 8 of 255 codes at the middle, which is 8 * 876 / 255 of 10-bit codes in limited range.
#[test]
fn grain_has_the_mean_and_the_variance_that_are_stated() {
    let gpu = software_gpu();
    let stated = 8.0 * 876.0 / 255.0;
    for size in ["1", "2", "4"] {
        let found = grain_of(&gpu, &format!("grain strength=0.5 size={size}"), 502, 4).concat();
        let (middle, spread) = (mean(found.iter().copied()), deviation(&found));
        println!("size {size}: mean {middle:.2}, deviation {spread:.2}, stated {stated:.2}");
        // Larger grains are fewer, and their mean and variance less sure.
        assert!(middle.abs() < 0.08 * stated && (spread / stated - 1.0).abs() < 0.06, "size {size}: {middle:.2} {spread:.2}");
    }
    let spread = |grey| deviation(&grain_of(&gpu, "grain strength=0.5", grey, 1).concat());
    let (dark, middle, light) = (spread(152), spread(502), spread(852));
    assert!(dark < 0.5 * middle && light < 0.5 * middle, "{dark:.2} {middle:.2} {light:.2}");
    assert_eq!((spread(64), spread(940)), (0.0, 0.0), "black and white have none");
}

#[test]
fn grain_is_another_in_every_frame_and_for_every_seed_and_as_coarse_as_asked() {
    let gpu = software_gpu();
    let fields = grain_of(&gpu, "grain strength=1 size=1", 502, 3);
    let other = grain_of(&gpu, "grain strength=1 size=1 seed=1", 502, 3);
    let chance = 5.0 / (fields[0].len() as f64).sqrt();
    for (left, right) in [(&fields[0], &fields[1]), (&fields[0], &fields[2]), (&fields[0], &other[0]), (&fields[1], &other[0])] {
        let found = correlation(left, right);
        assert!(found.abs() < chance, "{found:.3}");
    }
    let next = |field: &[f64]| correlation(&field[..field.len() - 1], &field[1..]);
    let coarse = grain_of(&gpu, "grain strength=1 size=4", 502, 1);
    println!("correlation of neighbours: size 1 {:.2}, size 4 {:.2}", next(&fields[0]), next(&coarse[0]));
    assert!(next(&fields[0]) < 0.3 && next(&coarse[0]) > 0.8);
}
