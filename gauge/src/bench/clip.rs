//! The frames that are clocked: moving shapes with detail and a little noise, as a camera or a video model gives.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shotfarm_shared::media::Extent;

use crate::error::GaugeError;
use crate::ycbcr::layout;

/// Different frames that are fed again and again.
const FRAMES: usize = 12;

fn ffmpeg(size: Extent, frames: u32) -> Command {
    let mut command = Command::new("ffmpeg");
    let picture = format!("testsrc2=size={size}:rate=24,noise=alls=6:allf=t");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-f", "lavfi", "-i", &picture]);
    command.args(["-frames:v", &frames.to_string(), "-pix_fmt", "yuv420p"]);
    command
}

fn finished(mut command: Command) -> Result<Vec<u8>, GaugeError> {
    let what = "making the clip";
    let output = command.stdin(Stdio::null()).output().map_err(|source| GaugeError::Start { what: what.to_owned(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
    Err(GaugeError::Child { what: what.to_owned(), words })
}

/// Raw 4:2:0 frames of this size.
pub(super) fn frames(size: Extent) -> Result<Vec<Vec<u8>>, GaugeError> {
    let mut command = ffmpeg(size, FRAMES as u32);
    command.args(["-f", "rawvideo", "pipe:1"]);
    let bytes = layout(size, shotfarm_shared::media::PixelFormat::Yuv420p).frame_bytes();
    Ok(finished(command)?.chunks_exact(bytes).map(<[u8]>::to_vec).collect())
}

/// A file of so many frames of this size in a folder.
pub(super) fn file(folder: &Path, size: Extent, frames: u32) -> Result<PathBuf, GaugeError> {
    let path = folder.join("clip.mp4");
    let mut command = ffmpeg(size, frames);
    command.args(["-c:v", "libx264"]).arg(&path);
    finished(command)?;
    Ok(path)
}
