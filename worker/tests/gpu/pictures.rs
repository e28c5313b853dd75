//! What the passes do to pictures that people would notice: greys stay grey, flat stays flat, nothing shifts, and Lanczos is
//! ffmpeg's.

use std::process::Command;

use crate::common::{codes, frame, layout, picture, psnr, reached, recording, render, software_gpu};
use shotfarm_shared::media::{ChromaSite, Extent, FrameLayout, PixelFormat, Range};
use shotfarm_shared::recipe::Filter;
use shotfarm_worker::gpu::{Graph, twins};

/// One filter for every way that pictures take through the passes.
const FILTERS: [&str; 6] = ["lanczos", "mitchell", "area", "ewa-lanczos", "ewa-lanczos4sharpest", "fsr"];

fn flat(layout: &FrameLayout, values: [u16; 3]) -> Vec<u8> {
    let planes = layout.format.planes(layout.extent);
    let codes = planes.iter().zip(values).flat_map(|(plane, value)| vec![value; plane.pixels() as usize]);
    frame(layout, &codes.collect::<Vec<_>>())
}

#[test]
fn a_flat_field_stays_flat_to_the_code() {
    let gpu = software_gpu();
    for filter in Filter::names() {
        for (format, values) in [
            (PixelFormat::Yuv420p, [[16, 128, 128], [81, 90, 240], [235, 128, 128], [60, 140, 110], [129, 120, 133]]),
            (PixelFormat::Yuv422p10le, [[64, 512, 512], [325, 361, 900], [940, 512, 512], [241, 561, 441], [517, 481, 533]]),
        ] {
            let input = layout(18, 10, format);
            let text = format!("upscale 1.5x filter={filter}");
            let output = reached(&text, &input, format);
            let mut graph = Graph::new(&gpu, &recording(&text, &input, &output)).expect("compiles");
            for values in values {
                // FSR is made for 0..1 in R'G'B', which pure BT.601-like red leaves; it is held to the others.
                if filter == "fsr" && (values[2] == 240 || values[2] == 900) {
                    continue;
                }
                let mut found = Vec::new();
                graph.submit(&flat(&input, values), 0).and_then(|()| graph.next(&mut found)).expect("a frame");
                assert_eq!(codes(&output, &found), codes(&output, &flat(&output, values)), "{filter} {values:?}");
            }
        }
    }
}

#[test]
fn super_whites_and_footroom_survive() {
    let gpu = software_gpu();
    for filter in ["lanczos", "mip", "ewa-lanczos"] {
        for luma in [2, 9, 240, 253] {
            let input = layout(18, 10, PixelFormat::Yuv420p);
            let text = format!("upscale 2x filter={filter}");
            let output = reached(&text, &input, PixelFormat::Yuv420p);
            let found = render(&gpu, &recording(&text, &input, &output), &flat(&input, [luma, 128, 128]));
            assert_eq!(codes(&output, &found), codes(&output, &flat(&output, [luma, 128, 128])), "{filter}");
        }
    }
}

#[test]
fn grey_stays_grey() {
    let gpu = software_gpu();
    let input = layout(48, 27, PixelFormat::Yuv420p);
    let mut grey = codes(&input, &picture(&input));
    let luma_samples = input.extent.pixels() as usize;
    grey[luma_samples..].fill(128);
    for filter in FILTERS {
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv444p] {
            let text = format!("upscale 1.5x filter={filter}");
            let output = reached(&text, &input, format);
            let found = codes(&output, &render(&gpu, &recording(&text, &input, &output), &frame(&input, &grey)));
            let chroma = &found[output.extent.pixels() as usize..];
            assert!(chroma.iter().all(|&code| code == 128), "{filter} tints grey");
        }
    }
}

#[test]
fn a_frame_without_steps_comes_back_byte_for_byte() {
    let gpu = software_gpu();
    for format in PixelFormat::ALL {
        for range in [Range::Limited, Range::Full] {
            let mut input = layout(21, 13, format);
            input.colour.range = range;
            let frame = crate::common::noise(&input, 9);
            assert_eq!(render(&gpu, &recording("", &input, &input), &frame), frame, "{} {range:?}", format.name());
        }
    }
}

#[test]
fn ten_bits_become_eight_with_the_mean_kept() {
    let gpu = software_gpu();
    let input = layout(32, 16, PixelFormat::Yuv420p10le);
    let output = reached("", &input, PixelFormat::Yuv420p);
    for code in [400, 401, 402, 403] {
        let found = codes(&output, &render(&gpu, &recording("", &input, &output), &flat(&input, [code, 512, 512])));
        let luma = &found[..512];
        let mean = luma.iter().copied().map(f64::from).sum::<f64>() / 512.0;
        assert!((mean - f64::from(code) / 4.0).abs() < 0.01, "{code}: {mean}");
        assert_eq!(luma.iter().any(|&code| code != luma[0]), code % 4 != 0, "dithers exactly where it must");
    }
}

/// Codes of Cb for each luma sample along the ramp: half a sample astray is three codes.
const RAMP_CODES: f64 = 6.0;
/// The source and the result are rounded to codes, and a filter in bent light bends the ramp a little.
const RAMP_TOLERANCE_CODES: f64 = 1.6;

/// Cb at a luma coordinate of the source.
fn ramp(luma_place: f64) -> f64 {
    512.0 + RAMP_CODES * (luma_place - 32.0)
}

/// A ramp that is straight in luma coordinates must stay where it is, whatever siting and subsampling it passes through.
#[test]
fn chroma_does_not_shift() {
    let gpu = software_gpu();
    for filter in ["mitchell", "area", "ewa-lanczos", "fsr"] {
        for (site, first_column, first_row) in
            [(ChromaSite::Left, 0.5, 1.0), (ChromaSite::Center, 1.0, 1.0), (ChromaSite::TopLeft, 0.5, 0.5)]
        {
            for across in [true, false] {
                let mut input = layout(64, 64, PixelFormat::Yuv420p10le);
                input.colour.site = site;
                let text = format!("upscale 2x filter={filter}");
                let output = reached(&text, &input, PixelFormat::Yuv444p10le);
                let mut values = codes(&input, &flat(&input, [500, 512, 512]));
                for (i, value) in values[64 * 64..][..32 * 32].iter_mut().enumerate() {
                    let (x, y) = ((i % 32) as f64, (i / 32) as f64);
                    let place = if across { x * 2.0 + first_column } else { y * 2.0 + first_row };
                    *value = ramp(place).round() as u16;
                }
                let found = codes(&output, &render(&gpu, &recording(&text, &input, &output), &frame(&input, &values)));
                for step in 16..112 {
                    let place = if across { 128 * 64 + step } else { 128 * step + 64 };
                    let (code, expected) = (f64::from(found[128 * 128 + place]), ramp((step as f64 + 0.5) / 2.0));
                    let apart = (code - expected).abs();
                    assert!(apart <= RAMP_TOLERANCE_CODES, "{filter} {site:?} across={across} {step}: {code} is not {expected}");
                }
            }
        }
    }
}

/// Luma of one frame through ffmpeg's scaler.
fn ffmpeg_lanczos(input: &FrameLayout, output: Extent, frame: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (from, to) = (folder.path().join("in.yuv"), folder.path().join("out.yuv"));
    std::fs::write(&from, frame).expect("the frame is written");
    let filter = format!("scale={}:{}:flags=lanczos+accurate_rnd+full_chroma_int+bitexact:param0=3", output.width, output.height);
    let run = Command::new("ffmpeg")
        .args(["-v", "error", "-f", "rawvideo", "-pix_fmt", input.format.name(), "-s", &input.extent.to_string(), "-i"])
        .arg(&from)
        .args(["-vf", &filter, "-f", "rawvideo", "-pix_fmt", input.format.name()])
        .arg(&to)
        .output()
        .expect("this test compares with ffmpeg; install it");
    assert!(run.status.success(), "ffmpeg: {}", String::from_utf8_lossy(&run.stderr));
    std::fs::read(&to).expect("ffmpeg wrote a frame")
}

/// Samples at each side that are not compared: ffmpeg treats edges in its own way.
const BORDER: u32 = 8;
/// Below this, two renderings of Lanczos differ by more than rounding (66 dB and more are seen).
const FFMPEG_PSNR_MIN: f64 = 60.0;

#[test]
fn lanczos_is_ffmpegs_lanczos() {
    let gpu = software_gpu();
    for factor in ["2x", "1.5x", "0.5x"] {
        let input = layout(160, 96, PixelFormat::Yuv420p);
        let text = format!("upscale {factor} filter=lanczos");
        let output = reached(&text, &input, PixelFormat::Yuv420p);
        let frame = picture(&input);
        let ours = render(&gpu, &recording(&text, &input, &output), &frame);
        let theirs = ffmpeg_lanczos(&input, output.extent, &frame);
        let found = psnr(&codes(&output, &ours), &codes(&output, &theirs), output.extent, BORDER, 255.0);
        println!("lanczos {factor} against ffmpeg: {found:.2} dB");
        assert!(found > FFMPEG_PSNR_MIN, "lanczos {factor} is {found:.2} dB from ffmpeg's");
    }
}

/// Shrinks a picture to a half and enlarges it again: every filter must beat repeating pixels by far.
#[test]
fn enlarging_brings_back_what_a_smaller_picture_still_holds() {
    let large = layout(160, 96, PixelFormat::Yuv420p);
    let original = picture(&large);
    let small = reached("upscale 0.5x filter=lanczos", &large, PixelFormat::Yuv420p);
    let shrunk = twins::run(&recording("upscale 0.5x filter=lanczos", &large, &small), &original);
    let small_luma = codes(&small, &shrunk);
    let repeated = (0..96 * 160).map(|i| small_luma[(i / 160 / 2) * 80 + i % 160 / 2]).collect::<Vec<_>>();
    let original = codes(&large, &original);
    let floor = psnr(&original, &repeated, large.extent, BORDER, 255.0);
    println!("repeated pixels: {floor:.2} dB");
    // The area of a pixel that is enlarged is the pixel again.
    for filter in FILTERS.into_iter().filter(|filter| *filter != "area") {
        let text = format!("upscale 2x filter={filter}");
        let found = codes(&large, &twins::run(&recording(&text, &small, &large), &shrunk));
        let found = psnr(&original, &found, large.extent, BORDER, 255.0);
        println!("{filter}: {found:.2} dB");
        assert!(found > floor + 1.0, "{filter}: {found:.2} dB, and repeated pixels {floor:.2} dB");
    }
}
