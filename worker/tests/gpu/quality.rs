//! The figures of `worker::quality` beside those of ffmpeg's own filters, on the same frames.

use std::path::Path;
use std::process::Command;

use crate::common::{layout, picture, reached, recording};
use shotfarm_shared::media::{FrameLayout, PixelFormat};
use shotfarm_worker::gpu::twins;
use shotfarm_worker::quality::{Plane, psnr, ssim};

/// What an ffmpeg filter that compares two inputs says of `name` in its summary line.
fn ffmpeg_says(filter: &str, name: &str, layout: &FrameLayout, files: [&Path; 2]) -> f64 {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-nostdin", "-loglevel", "info"]);
    for file in files {
        command.args(["-f", "rawvideo", "-pix_fmt", layout.format.name(), "-s", &layout.extent.to_string(), "-i"]).arg(file);
    }
    let run = command.args(["-lavfi", filter, "-f", "null", "-"]).output().expect("this test compares with ffmpeg; install it");
    let words = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "ffmpeg: {words}");
    let value = words.rsplit_once(name).and_then(|(_, rest)| rest.split_whitespace().next());
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("ffmpeg says no {name}: {words}"))
}

#[test]
fn psnr_is_ffmpegs_and_ssim_goes_with_it() {
    let large = layout(160, 96, PixelFormat::Yuv420p);
    let original = picture(&large);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (left, right) = (folder.path().join("original.yuv"), folder.path().join("result.yuv"));
    std::fs::write(&left, &original).expect("written");
    for factor in ["0.5x", "0.25x"] {
        let down = format!("upscale {factor} filter=lanczos");
        let small = reached(&down, &large, PixelFormat::Yuv420p);
        let shrunk = twins::run(&recording(&down, &large, &small), &original);
        let result = twins::run(&recording("upscale 160x96 filter=lanczos", &small, &large), &shrunk);
        std::fs::write(&right, &result).expect("written");
        let planes = [&original, &result].map(|frame| Plane::luma(&large, frame));
        let (ours, theirs) = (psnr(&planes[0], &planes[1]), ffmpeg_says("psnr", "PSNR y:", &large, [&left, &right]));
        println!("{factor}: {ours:.3} dB, ffmpeg's psnr {theirs:.3} dB");
        assert!((ours - theirs).abs() < 1e-3, "{factor}: {ours} is not {theirs}");
        // ffmpeg's filter averages over flat 8x8 windows in steps of 4, so the figure is another; it must lie near.
        let (ours, theirs) = (ssim(&planes[0], &planes[1]), ffmpeg_says("ssim", "SSIM Y:", &large, [&left, &right]));
        println!("{factor}: {ours:?}, ffmpeg's ssim {theirs}");
        assert!(ours.is_some_and(|ours| (ours - theirs).abs() < 0.03), "{factor}: {ours:?} is far from {theirs}");
    }
}
