//! A picture made in bands is the picture made whole, up to the rounding of what lies between two codes.

use crate::common::{codes, layout, noise, picture, reached, render, software_gpu, steps};
use shotfarm_shared::media::{ChromaSite, FrameLayout, PixelFormat, Range};
use shotfarm_worker::gpu::passes::{Fit, record_in};
use shotfarm_worker::gpu::{Executor, Gpu, Means, Recording};
use shotfarm_worker::net::Models;

/// Samples of which at most one may fall on the other side of a rounding.
const SAMPLES_APART_ONE_IN: usize = 1_000;

fn recorded(text: &str, input: &FrameLayout, output: &FrameLayout, band_rows: Option<u32>) -> Recording {
    let found = record_in(Fit { band_rows }, &steps(text), input, output, Means::new(&Models::new(), &Executor::default()));
    found.unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn hold_to_whole(gpu: &Gpu, text: &str, input: &FrameLayout, output: &FrameLayout, band_rows: u32) {
    for frame in [noise(input, band_rows), picture(input)] {
        let whole = codes(output, &render(gpu, &recorded(text, input, output, None), &frame));
        let bands = recorded(text, input, output, Some(band_rows));
        let found = codes(output, &render(gpu, &bands, &frame));
        let apart = whole.iter().zip(&found).map(|(whole, found)| whole.abs_diff(*found));
        let (worst, count) = (apart.clone().max().unwrap_or(0), apart.filter(|&apart| apart > 0).count());
        assert!(
            worst <= 1 && count <= whole.len().div_ceil(SAMPLES_APART_ONE_IN),
            "`{text}` from {} {} in bands of {band_rows}: {count} of {} differ, by up to {worst}",
            input.extent,
            input.format.name(),
            whole.len()
        );
        assert!(bands.ops.iter().any(|op| op.name() == "copy"), "{text}: these are no bands");
    }
}

const STEPS: [&str; 13] = [
    "upscale 2x filter=lanczos",
    "upscale 0.5x filter=lanczos",
    "upscale 1.3x filter=mitchell",
    "upscale 2x filter=ewa-lanczos",
    "upscale 0.6x filter=ewa-lanczos",
    "upscale 1.5x filter=ewa-lanczos4sharpest",
    "upscale 2x filter=fsr",
    "upscale 0.7x filter=area",
    "upscale 0.3x filter=mip",
    "denoise strength=0.5 frames=2 | sharpen strength=1",
    "deband strength=1 range=20 | grain strength=1 size=2",
    "upscale 1.5x filter=lanczos | denoise | deband | grain",
    "upscale 1.5x filter=fsr | upscale 0.8x filter=lanczos | upscale 1.25x filter=ewa-lanczos",
];

#[test]
fn every_step_makes_the_same_in_bands() {
    let gpu = software_gpu();
    for text in STEPS {
        let input = layout(28, 190, PixelFormat::Yuv420p);
        let output = reached(text, &input, PixelFormat::Yuv420p);
        for band_rows in [32, 96] {
            hold_to_whole(&gpu, text, &input, &output, band_rows);
        }
    }
}

/// Rows and planes that begin within words, chroma of every kind at every place, dither, and formats that change on the way.
#[test]
fn odd_sizes_formats_and_sites_make_the_same_in_bands() {
    let gpu = software_gpu();
    for (from, to) in [
        (PixelFormat::Yuv420p, PixelFormat::Yuv420p),
        (PixelFormat::Yuv422p10le, PixelFormat::Yuv420p),
        (PixelFormat::Yuv444p, PixelFormat::Yuv420p10le),
        (PixelFormat::Yuv420p10le, PixelFormat::Yuv444p),
    ] {
        for (site, range) in [(ChromaSite::Left, Range::Full), (ChromaSite::TopLeft, Range::Limited)] {
            for (text, width, height) in
                [("", 21, 101), ("upscale 1.7x filter=lanczos", 13, 83), ("upscale 2x filter=fsr", 7, 67)]
            {
                let mut input = layout(width, height, from);
                (input.colour.site, input.colour.range) = (site, range);
                hold_to_whole(&gpu, text, &input, &reached(text, &input, to), 32);
            }
        }
    }
}

#[test]
fn bands_take_less_memory() {
    let input = layout(64, 1_024, PixelFormat::Yuv420p);
    let text = "upscale 2x filter=ewa-lanczos";
    let output = reached(text, &input, PixelFormat::Yuv420p);
    let whole = recorded(text, &input, &output, None).device_bytes();
    let bands = recorded(text, &input, &output, Some(128)).device_bytes();
    let frames = (input.frame_bytes() + output.frame_bytes()) as u64;
    assert!(bands - frames < (whole - frames) / 6, "{bands} of {whole} bytes, {frames} of them frames");
}
