//! Shots as real files: compressed by x264, and read back as everybody else reads them.

use std::path::Path;
use std::process::{Command, Stdio};

use shotfarm_tests::film::{Frame, Size, encode_pictures};
use shotfarm_tests::pictures::look_at;

use crate::error::GaugeError;

/// Frames that are read of a clip: a minute and a half at 24 a second. A report looks at shots, not at films.
pub(crate) const FRAMES_MAX: usize = 2_160;

/// Writes frames as an H.264 file that may lose as much as `crf` says.
pub(crate) fn write(path: &Path, size: Size, crf: u32, frames: Vec<Frame>) -> Result<(), GaugeError> {
    Ok(encode_pictures(path, size, crf, frames.into_iter())?)
}

/// Every frame of a clip as red, green and blue.
pub(crate) fn read(path: &Path) -> Result<Vec<Frame>, GaugeError> {
    let what = || format!("reading {}", path.display());
    let size = look_at(path)?.size;
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-map", "0:v:0", "-vf", "scale=in_color_matrix=auto:flags=bicubic+accurate_rnd+full_chroma_int"]);
    command.args(["-frames:v", &FRAMES_MAX.to_string(), "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
    let output = command.stdin(Stdio::null()).output().map_err(|source| GaugeError::Start { what: what(), source })?;
    let bytes = size.width as usize * size.height as usize * 3;
    if !output.status.success() || output.stdout.is_empty() || output.stdout.len() % bytes != 0 {
        let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        return Err(GaugeError::Child { what: what(), words });
    }
    Ok(output.stdout.chunks_exact(bytes).map(|rgb| Frame { size, rgb: rgb.to_vec() }).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back_nearly() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("clip.mp4");
        let size = Size { width: 32, height: 24 };
        let frames = [40, 120, 200].map(|code| Frame { size, rgb: vec![code; 32 * 24 * 3] });
        write(&path, size, 20, frames.to_vec()).expect("a clip");
        let back = read(&path).expect("frames");
        assert_eq!(back.len(), 3);
        for (wanted, got) in frames.iter().zip(&back) {
            assert!(got.size == size && got.rgb.iter().zip(&wanted.rgb).all(|(a, b)| a.abs_diff(*b) < 8));
        }
        assert!(read(&folder.path().join("none.mp4")).is_err());
    }
}
