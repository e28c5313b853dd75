//! Each scaler beside libplacebo's of the same name: raw 4:2:0 frames through a pipe into a process and back, twice as large.
//!
//! Both are child processes, fed and read by the same code, on the same device, in turn. Clocked is the time from the first frame
//! that comes back to the last: the start of the process and the compilation of shaders are left out on both sides, the way
//! through the pipes, upload and readback are counted on both.

use std::process::Command;
use std::time::Instant;

use serde_json::json;
use shotfarm_shared::media::{Extent, PixelFormat};

use super::spread::Spread;
use super::{Bar, Plan, Section, clip};
use crate::error::GaugeError;
use crate::peers::{Peer, exchange, finish, start};
use crate::progress::Progress;
use crate::table;
use crate::ycbcr::layout;

/// Ours, and libplacebo's name for the same filter; for FSR, which libplacebo does not have, its best of the same kind.
const PAIRS: [(&str, &str); 7] = [
    ("bilinear", "bilinear"),
    ("catmull-rom", "catmull_rom"),
    ("mitchell", "mitchell"),
    ("lanczos", "lanczos"),
    ("ewa-lanczos", "ewa_lanczos"),
    ("ewa-lanczossharp", "ewa_lanczos"),
    ("fsr", "ewa_lanczos"),
];
/// How much faster every scaler is to be on a software device.
const RATIO_ASKED: f64 = 1.5;

struct Row {
    ours: &'static str,
    theirs: &'static str,
    ours_fps: Spread,
    theirs_fps: Spread,
    ratio: Spread,
}

pub(super) fn measure(plan: &Plan) -> Result<Section, GaugeError> {
    let frames = clip::frames(plan.size)?;
    let pairs = PAIRS;
    let mut progress = Progress::new(f64::from(plan.rounds) * pairs.len() as f64);
    let mut figures = vec![(Vec::new(), Vec::new(), Vec::new()); pairs.len()];
    for round in 1..=plan.rounds {
        for ((ours, theirs), (ours_fps, theirs_fps, ratios)) in pairs.iter().zip(&mut figures) {
            progress.begin(&format!("round {round}: {ours} beside libplacebo's {theirs}"));
            let their_rate =
                rate(Peer::Libplacebo(theirs).command(&input(plan), target(plan), &plan.vulkan), theirs, plan, &frames)?;
            let our_rate = rate(our_command(plan, ours)?, ours, plan, &frames)?;
            ours_fps.push(our_rate);
            theirs_fps.push(their_rate);
            ratios.push(our_rate / their_rate);
            progress.end(1.0);
        }
    }
    let rows = pairs.into_iter().zip(figures).filter_map(|((ours, theirs), (ours_fps, theirs_fps, ratio))| {
        let (ours_fps, theirs_fps, ratio) = (Spread::of(ours_fps)?, Spread::of(theirs_fps)?, Spread::of(ratio)?);
        Some(Row { ours, theirs, ours_fps, theirs_fps, ratio })
    });
    Ok(section(plan, &rows.collect::<Vec<_>>()))
}

fn input(plan: &Plan) -> shotfarm_shared::media::FrameLayout {
    layout(plan.size, PixelFormat::Yuv420p)
}

fn target(plan: &Plan) -> Extent {
    Extent::new(plan.size.width * 2, plan.size.height * 2)
}

/// This program itself, as a process between two pipes.
fn our_command(plan: &Plan, filter: &str) -> Result<Command, GaugeError> {
    let this = std::env::current_exe().map_err(|source| GaugeError::Start { what: filter.to_owned(), source })?;
    let mut command = Command::new(this);
    command.args(["pipe", "--gpu", plan.gpu.text(), "--size", &plan.size.to_string()]);
    command.args(["--steps", &format!("upscale 2x filter={filter}")]).env("NODEVICE_SELECT", "1");
    Ok(command)
}

/// Frames a second from the first frame that comes back to the last.
fn rate(command: Command, what: &str, plan: &Plan, frames: &[Vec<u8>]) -> Result<f64, GaugeError> {
    let mut child = start(command, what)?;
    let bytes = PixelFormat::Yuv420p.frame_bytes(target(plan));
    let mut moments = Vec::new();
    let fed = frames.iter().cycle().take(plan.frames as usize).map(Vec::as_slice);
    let fed = exchange(&mut child, fed, bytes, |_| moments.push(Instant::now()));
    finish(child, what, fed, moments.len(), plan.frames as usize)?;
    match moments.as_slice() {
        [first, .., last] => Ok((moments.len() - 1) as f64 / (*last - *first).as_secs_f64()),
        _ => Err(GaugeError::Argument("two frames are the fewest that can be clocked".to_owned())),
    }
}

fn section(plan: &Plan, rows: &[Row]) -> Section {
    let spread = |spread: &Spread| {
        let (least, most) = spread.range();
        format!("{:.2} ({least:.2} to {most:.2})", spread.median())
    };
    let row = |row: &Row| {
        let fps = |spread: &Spread| format!("{:.1}", spread.median());
        vec![row.ours.to_owned(), fps(&row.ours_fps), row.theirs.to_owned(), fps(&row.theirs_fps), spread(&row.ratio)]
    };
    let table = table::markdown(
        &["scaler", "frames/s", "libplacebo's", "frames/s ", "ratio, median (and range)"],
        &rows.iter().map(row).collect::<Vec<_>>(),
    );
    let text =
        format!("## Scalers beside libplacebo, end to end\n\n{} to {}, 4:2:0, 8 bits.\n\n{table}", plan.size, target(plan));
    let bar = |row: &Row| Bar {
        what: format!("{} beside libplacebo's {}", row.ours, row.theirs),
        asked: RATIO_ASKED,
        got: row.ratio.median(),
    };
    // FSR has no counterpart of its name, and the bar is about the same filter.
    let bars = rows.iter().filter(|row| plan.software && row.ours.replace('-', "_") == row.theirs).map(bar).collect();
    let data = rows.iter().map(|row| {
        json!({"scaler": row.ours, "fps": row.ours_fps.median(), "libplacebo": row.theirs,
            "libplacebo_fps": row.theirs_fps.median(), "ratio": row.ratio.median()})
    });
    Section { text, data: data.collect(), bars }
}
