//! Looking into video files through ffprobe and ffmpeg: what a file holds, and one frame of it as RGB.
//!
//! Frames are counted by decoding every one of them; the container's own number is not trusted.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::film::{Frame, Size};

/// What a video file holds, counted independently of whoever made it.
#[derive(Clone, Debug, PartialEq)]
pub struct MediaLook {
    /// The picture's size in pixels.
    pub size: Size,
    /// Frames that could be decoded.
    pub frames: u64,
    /// Seconds, as the container says.
    pub seconds: f64,
    /// Sound tracks.
    pub audio_streams: usize,
    /// `color_space`, `color_primaries`, `color_transfer` and `color_range` as ffprobe names them.
    pub colour: String,
}

/// Why a file could not be looked into.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PictureError {
    /// A tool could not be started.
    #[error("cannot start {tool} to read {path}; is it installed? (`cargo xtask setup`)")]
    Start {
        /// ffmpeg or ffprobe.
        tool: &'static str,
        /// The file to read.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A tool ended with an error.
    #[error("{tool} cannot read {path}: {words}")]
    Read {
        /// ffmpeg or ffprobe.
        tool: &'static str,
        /// The file to read.
        path: PathBuf,
        /// Its own words.
        words: String,
    },
    /// The file holds something else than was asked for.
    #[error("{path} holds no {what}")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What was sought.
        what: String,
    },
    /// A picture could not be written.
    #[error("cannot write the picture {path}")]
    Write {
        /// The picture.
        path: PathBuf,
        /// What the system or the PNG encoder said.
        source: io::Error,
    },
}

/// Counts what the file holds.
///
/// # Errors
/// [`PictureError`] where ffprobe is missing, cannot read the file, or finds no video in it.
pub fn look_at(path: &Path) -> Result<MediaLook, PictureError> {
    let entries =
        "stream=codec_type,width,height,nb_read_frames,color_space,color_primaries,color_transfer,color_range:format=duration";
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-count_frames", "-show_entries", entries, "-of", "default=noprint_wrappers=0"]).arg(path);
    let text = String::from_utf8_lossy(&output_of(command, "ffprobe", path)?).into_owned();
    read_look(&text).ok_or_else(|| PictureError::Missing { path: path.to_owned(), what: "video frames".to_owned() })
}

/// Reads ffprobe's `[STREAM] key=value [/STREAM]` form. The first video stream counts.
fn read_look(text: &str) -> Option<MediaLook> {
    let value = |block: &str, key: &str| {
        block.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('=').map(|value| value.trim().to_owned()))
    };
    let is = |block: &&str, kind: &str| value(block, "codec_type").as_deref() == Some(kind);
    let blocks: Vec<&str> = text.split("[STREAM]").collect();
    let video = blocks.iter().copied().find(|block| is(block, "video"))?;
    let number = |key: &str| value(video, key)?.parse().ok();
    let colour = ["color_space", "color_primaries", "color_transfer", "color_range"]
        .map(|key| value(video, key).unwrap_or_else(|| "unknown".to_owned()))
        .join("/");
    Some(MediaLook {
        size: Size { width: number("width")?, height: number("height")? },
        frames: value(video, "nb_read_frames")?.parse().ok()?,
        seconds: value(text, "duration")?.parse().ok()?,
        audio_streams: blocks.iter().filter(|block| is(block, "audio")).count(),
        colour,
    })
}

/// Frame `index` (from 0) of a video, in its own size.
///
/// # Errors
/// [`PictureError`] where ffmpeg is missing, cannot read the file, or the file has no such frame.
pub fn frame_of(path: &Path, size: Size, index: u64) -> Result<Frame, PictureError> {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-i"]).arg(path);
    let pick = format!("select=eq(n\\,{index}),scale={}:{}:flags=bicubic+accurate_rnd+full_chroma_int", size.width, size.height);
    command.args(["-map", "0:v:0", "-vf", &pick, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
    let rgb = output_of(command, "ffmpeg", path)?;
    if rgb.len() == size.width as usize * size.height as usize * 3 {
        Ok(Frame { size, rgb })
    } else {
        Err(PictureError::Missing { path: path.to_owned(), what: format!("frame {index}") })
    }
}

fn output_of(mut command: Command, tool: &'static str, path: &Path) -> Result<Vec<u8>, PictureError> {
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| PictureError::Start { tool, path: path.to_owned(), source })?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(PictureError::Read {
        tool,
        path: path.to_owned(),
        words: if words.is_empty() { output.status.to_string() } else { words },
    })
}

/// Writes a frame as an eight-bit RGB PNG.
///
/// # Errors
/// [`PictureError::Write`].
pub fn write_png(frame: &Frame, path: &Path) -> Result<(), PictureError> {
    let failed = |source: io::Error| PictureError::Write { path: path.to_owned(), source };
    let file = std::fs::File::create(path).map_err(failed)?;
    let mut encoder = png::Encoder::new(io::BufWriter::new(file), frame.size.width, frame.size.height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(|error| failed(error.into()))?;
    writer.write_image_data(&frame.rgb).map_err(|error| failed(error.into()))?;
    writer.finish().map_err(|error| failed(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_probe_reads_the_first_video_and_counts_the_sound() {
        let text = "[STREAM]\ncodec_type=audio\nnb_read_frames=9\n[/STREAM]\n[STREAM]\ncodec_type=video\nwidth=160\nheight=90\n\
                    color_range=tv\ncolor_space=bt709\nnb_read_frames=12\n[/STREAM]\n[FORMAT]\nduration=0.500000\n[/FORMAT]\n";
        let look = read_look(text).unwrap();
        assert_eq!((look.size, look.frames, look.audio_streams), (Size { width: 160, height: 90 }, 12, 1));
        assert_eq!((look.seconds, look.colour.as_str()), (0.5, "bt709/unknown/unknown/tv"));
        assert_eq!(read_look("[STREAM]\ncodec_type=audio\n[/STREAM]\n"), None);
    }
}
