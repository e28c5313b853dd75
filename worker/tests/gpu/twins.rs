//! Every pass against its CPU twin on the software device: random frames, odd sizes, several ratios, every pixel format.
//!
//! Tolerances. Between passes, values are f32 of about 1; device and twin take the same steps in the same order, but a device
//! may fuse a multiplication with an addition and divide to 2.5 ulp, and sums of 40 terms and the curves carry that on: 2e-5 of
//! the range bounds it with room, and is a fiftieth of a 10-bit code. After rounding to codes a value that lies on the line
//! between two may fall either way: at most 1 code, in at most 1 sample of 1,000.

use crate::common::{codes, layout, noise, picture, reached, recording, render, software_gpu};
use shotfarm_shared::media::{ChromaSite, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_worker::gpu::{Gpu, twins};

/// See above.
const PLANE_TOLERANCE: f32 = 2e-5;
/// See above.
const CODES_APART_ONE_IN: usize = 1_000;

/// How two frames differ: the largest difference in codes, and how many samples differ.
fn difference(layout: &FrameLayout, left: &[u8], right: &[u8]) -> (u16, usize) {
    assert_eq!(left.len(), right.len());
    let (left, right) = (codes(layout, left), codes(layout, right));
    let apart = left.iter().zip(&right).map(|(left, right)| left.abs_diff(*right));
    (apart.clone().max().unwrap_or(0), apart.filter(|&codes| codes > 0).count())
}

fn agrees(layout: &FrameLayout, found: &[u8], expected: &[u8]) -> Result<(), String> {
    let (worst, count) = difference(layout, found, expected);
    let samples = found.len() / layout.format.sample_bytes();
    if worst <= 1 && count <= samples.div_ceil(CODES_APART_ONE_IN) {
        Ok(())
    } else {
        Err(format!("{count} of {samples} samples differ, by up to {worst} codes"))
    }
}

fn hold_to_twin(gpu: &Gpu, text: &str, input: &FrameLayout, output: &FrameLayout, frame: &[u8]) {
    let recording = recording(text, input, output);
    let found = render(gpu, &recording, frame);
    let expected = twins::run(&recording, frame);
    agrees(output, &found, &expected).unwrap_or_else(|what| {
        panic!("`{text}` from {} {} to {} {}: {what}", input.extent, input.format.name(), output.extent, output.format.name())
    });
}

/// Every pass of a chain, as f32 planes before they are packed.
fn hold_every_pass_to_its_twin(gpu: &Gpu, text: &str, input: &FrameLayout, output: &FrameLayout, frame: &[u8]) {
    let whole = recording(text, input, output);
    let planes = whole.ops.iter().position(|op| op.writes().contains(&whole.output)).unwrap_or(whole.ops.len());
    for length in 1..=planes {
        let cut = whole.until(length);
        let name = cut.ops[length - 1].name();
        let found = render(gpu, &cut, frame);
        let expected = twins::run(&cut, frame);
        let values = |bytes: &[u8]| bytemuck::pod_collect_to_vec::<u8, f32>(bytes);
        let (found, expected) = (values(&found), values(&expected));
        let range = expected.iter().fold(1.0_f32, |range, value| range.max(value.abs()));
        for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
            let apart = (found - expected).abs();
            assert!(
                apart <= PLANE_TOLERANCE * range,
                "`{text}` from {}, pass {length} `{name}`, sample {i}: {found} is not {expected}",
                input.extent
            );
        }
    }
}

/// Every kernel of every filter, and every ratio that makes another kernel of it.
const RECIPES: [&str; 24] = [
    "upscale 2x filter=lanczos",
    "upscale 1.5x filter=lanczos",
    "upscale 0.5x filter=lanczos",
    "upscale 0.1x filter=lanczos",
    "upscale 66x26 filter=lanczos",
    "upscale 2x filter=bilinear",
    "upscale 1.3x filter=mitchell",
    "upscale 0.7x filter=b-spline",
    "upscale 0.3x filter=area",
    "upscale 66x26 filter=area",
    "upscale 0.3x filter=mip",
    "upscale 2x filter=mip",
    "upscale 2x filter=ewa-lanczos",
    "upscale 1.5x filter=ewa-lanczos",
    "upscale 1.3x filter=ewa-lanczos",
    "upscale 0.5x filter=ewa-lanczos",
    "upscale 66x26 filter=ewa-lanczos",
    "upscale 2x filter=ewa-lanczossharp antiring=0.5",
    "upscale 3x filter=ewa-lanczossharp",
    "upscale 2x filter=ewa-lanczos4sharpest",
    "upscale 1.3x filter=ewa-lanczos4sharpest",
    "upscale 2x filter=fsr",
    "upscale 1.5x filter=fsr sharpness=0",
    "upscale 66x26 filter=fsr sharpness=2",
];

#[test]
fn every_pass_holds_to_its_twin_before_packing() {
    let gpu = software_gpu();
    for text in RECIPES {
        for (seed, (width, height)) in [(1, (44, 26)), (2, (33, 19))] {
            let input = layout(width, height, PixelFormat::Yuv420p);
            let output = reached(text, &input, PixelFormat::Yuv420p);
            hold_every_pass_to_its_twin(&gpu, text, &input, &output, &noise(&input, seed));
        }
    }
}

#[test]
fn every_recipe_holds_to_its_twins_after_packing() {
    let gpu = software_gpu();
    for text in RECIPES {
        let input = layout(64, 24, PixelFormat::Yuv420p);
        let output = reached(text, &input, PixelFormat::Yuv420p);
        hold_to_twin(&gpu, text, &input, &output, &noise(&input, 3));
        hold_to_twin(&gpu, text, &input, &output, &picture(&input));
    }
}

#[test]
fn every_format_holds_to_its_twins_whatever_it_becomes() {
    let gpu = software_gpu();
    for (seed, from) in (10..).zip(PixelFormat::ALL) {
        for to in PixelFormat::ALL {
            let input = layout(21, 13, from);
            hold_to_twin(&gpu, "", &input, &reached("", &input, to), &noise(&input, seed));
            let text = "upscale 1.5x filter=lanczos";
            hold_to_twin(&gpu, text, &input, &reached(text, &input, to), &noise(&input, seed + 10));
        }
    }
}

#[test]
fn every_range_site_and_matrix_holds_to_its_twins() {
    let gpu = software_gpu();
    for range in [Range::Limited, Range::Full] {
        for site in [ChromaSite::Left, ChromaSite::Center, ChromaSite::TopLeft] {
            for matrix in [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020] {
                let mut input = layout(20, 14, PixelFormat::Yuv420p);
                input.colour = shotfarm_shared::media::Colour { matrix, range, site, ..input.colour };
                let text = "upscale 1.5x filter=ewa-lanczos";
                hold_to_twin(&gpu, text, &input, &reached(text, &input, PixelFormat::Yuv420p), &noise(&input, 5));
            }
        }
    }
}

#[test]
fn mixed_chains_hold_to_their_twins() {
    let gpu = software_gpu();
    for text in [
        "upscale 2x filter=lanczos | upscale 0.75x filter=lanczos",
        "upscale 2x filter=fsr | upscale 0.5x filter=ewa-lanczos | upscale 1.5x filter=lanczos",
        "upscale 1.5x filter=lanczos | upscale 1.5x filter=ewa-lanczos | upscale 1.2x filter=fsr",
    ] {
        let input = layout(24, 18, PixelFormat::Yuv422p10le);
        hold_to_twin(&gpu, text, &input, &reached(text, &input, PixelFormat::Yuv420p), &picture(&input));
    }
}

#[test]
fn a_wrong_picture_does_not_pass_for_right() {
    let gpu = software_gpu();
    let input = layout(32, 18, PixelFormat::Yuv420p);
    let output = reached("upscale 2x", &input, PixelFormat::Yuv420p);
    let frame = picture(&input);
    let twin = recording("upscale 2x filter=ewa-lanczos", &input, &output);
    let mut wrong = twin.clone();
    let ewa = wrong.passes_mut().find(|pass| pass.shader.facts().name == "ewa").expect("an ewa pass");
    let source_width = 0;
    ewa.params[source_width..source_width + 4].copy_from_slice(&30_u32.to_le_bytes());
    let expected = twins::run(&twin, &frame);
    agrees(&output, &render(&gpu, &twin, &frame), &expected).expect("the right picture passes");
    agrees(&output, &render(&gpu, &wrong, &frame), &expected).expect_err("a source two texels narrower must not pass");
}
