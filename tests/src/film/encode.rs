//! The drawn shots as clips like those that AI video models hand over: H.264 4:2:0 in BT.709 with AAC sound, in MP4.
//!
//! ffmpeg does the encoding, fed with raw frames through a pipe. The RGB pictures are converted with the BT.709 matrix to limited
//! range and tagged so: what the tags say is what the samples are.

use std::fs;
use std::io::{self, Read, Write};
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use super::{FRAMES_PER_SECOND, Frame, Shot, Size, draw, soundtrack, wav_bytes};

/// Which episode to write, and where.
#[derive(Clone, Debug)]
pub struct Episode {
    /// The folder for the clips; it is made if need be.
    pub dir: PathBuf,
    /// The clips' size in pixels; both sides even, as 4:2:0 needs.
    pub size: Size,
    /// The shots to draw.
    pub shots: Vec<Shot>,
    /// Frames of each shot, or its own full length.
    pub frames: Option<u32>,
}

impl Episode {
    /// The whole episode at the demo's size and length.
    #[must_use]
    pub fn whole(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), size: super::CLIP_SIZE, shots: Shot::ALL.to_vec(), frames: None }
    }

    /// Frames that a shot of this episode has.
    #[must_use]
    pub fn frames_of(&self, shot: Shot) -> u32 {
        self.frames.unwrap_or_else(|| shot.frames())
    }

    /// Frames of all its shots.
    #[must_use]
    pub fn frames_total(&self) -> u32 {
        self.shots.iter().map(|&shot| self.frames_of(shot)).sum()
    }
}

/// One written clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// The shot it shows.
    pub shot: Shot,
    /// The file.
    pub path: PathBuf,
    /// Its size in pixels.
    pub size: Size,
    /// Its frames.
    pub frames: u32,
    /// Whether it has a sound track.
    pub has_sound: bool,
}

/// Why a clip could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A file could not be written.
    #[error("cannot write {path}")]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// ffmpeg could not be started.
    #[error("cannot start ffmpeg to encode {path}; is it installed? (`cargo xtask setup`)")]
    Start {
        /// The clip.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// ffmpeg ended with an error.
    #[error("ffmpeg could not encode {path}: {words}")]
    Encode {
        /// The clip.
        path: PathBuf,
        /// The last of ffmpeg's own words.
        words: String,
    },
}

/// Draws and encodes the shots one after the other; calls `drawn` after each frame with the number of frames drawn so far.
///
/// # Errors
/// [`EncodeError`] where a file cannot be written or ffmpeg is missing or fails.
pub fn encode(episode: &Episode, mut drawn: impl FnMut(u32)) -> Result<Vec<Clip>, EncodeError> {
    fs::create_dir_all(&episode.dir).map_err(|source| EncodeError::Write { path: episode.dir.clone(), source })?;
    let mut before = 0;
    let mut clips = Vec::with_capacity(episode.shots.len());
    for &shot in &episode.shots {
        clips.push(encode_shot(episode, shot, |frame| drawn(before + frame))?);
        before += episode.frames_of(shot);
    }
    Ok(clips)
}

fn encode_shot(episode: &Episode, shot: Shot, mut drawn: impl FnMut(u32)) -> Result<Clip, EncodeError> {
    let (frames, path) = (episode.frames_of(shot), episode.dir.join(format!("{}.mp4", shot.label())));
    let wav = match soundtrack(shot, frames) {
        Some(pcm) => {
            let wav = path.with_extension("wav");
            fs::write(&wav, wav_bytes(&pcm)).map_err(|source| EncodeError::Write { path: wav.clone(), source })?;
            Some(wav)
        }
        None => None,
    };
    let command = ffmpeg_command(episode.size, wav.as_deref(), CRF, &path);
    encoded(command, &path, |stdin| feed(stdin, shot, frames, episode.size, &mut drawn))?;
    if let Some(wav) = &wav {
        fs::remove_file(wav).map_err(|source| EncodeError::Write { path: wav.clone(), source })?;
    }
    Ok(Clip { shot, path, size: episode.size, frames, has_sound: wav.is_some() })
}

/// Writes pictures of one size, at the film's rate, as a silent clip; `crf` is x264's measure of how much it may lose.
///
/// # Errors
/// [`EncodeError`] where ffmpeg is missing or fails.
pub fn encode_pictures(path: &Path, size: Size, crf: u32, mut pictures: impl Iterator<Item = Frame>) -> Result<(), EncodeError> {
    encoded(ffmpeg_command(size, None, crf, path), path, |mut stdin| {
        pictures.try_for_each(|picture| stdin.write_all(&picture.rgb))
    })
}

/// Runs an encoder to its end on what `feed` gives it.
fn encoded(
    mut command: Command,
    path: &Path,
    feed: impl FnOnce(std::process::ChildStdin) -> io::Result<()>,
) -> Result<(), EncodeError> {
    let started = |source| EncodeError::Start { path: path.to_owned(), source };
    let mut child = command.spawn().map_err(started)?;
    let words = child.stderr.take().map(|stderr| thread::spawn(move || last_words(stderr)));
    let fed = child.stdin.take().map_or(Ok(()), feed);
    let status = child.wait().map_err(started)?;
    let words = words.and_then(|reader| reader.join().ok()).unwrap_or_default();
    if status.success() && fed.is_ok() {
        return Ok(());
    }
    let words = if words.is_empty() { status.to_string() } else { words };
    Err(EncodeError::Encode { path: path.to_owned(), words })
}

/// Draws the frames, as many at once as there are processors, and writes them in their order.
fn feed(mut pipe: impl Write, shot: Shot, frames: u32, size: Size, drawn: &mut impl FnMut(u32)) -> io::Result<()> {
    let at_once = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    for first in (0..frames).step_by(at_once) {
        let together = first..frames.min(first + at_once as u32);
        let pictures: Vec<_> = thread::scope(|scope| {
            let painters: Vec<_> = together.map(|frame| scope.spawn(move || draw(shot, frame, size))).collect();
            painters.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for (frame, picture) in (first..).zip(pictures) {
            let picture = picture.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            pipe.write_all(&picture.rgb)?;
            drawn(frame + 1);
        }
    }
    Ok(())
}

/// How much x264 may lose of the episode's clips.
const CRF: u32 = 17;

fn ffmpeg_command(size: Size, wav: Option<&Path>, crf: u32, path: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostats", "-y"]);
    command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-video_size", &format!("{}x{}", size.width, size.height)]);
    command.args(["-framerate", &FRAMES_PER_SECOND.to_string(), "-i", "pipe:0"]);
    if let Some(wav) = wav {
        command.arg("-i").arg(wav).args(["-c:a", "aac", "-b:a", "128k"]);
    }
    command.args(["-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=bicubic+accurate_rnd+full_chroma_int,format=yuv420p"]);
    command.args([
        "-c:v",
        "libx264",
        "-preset",
        "veryfast",
        "-crf",
        &crf.to_string(),
        "-colorspace",
        "bt709",
        "-color_primaries",
        "bt709",
    ]);
    command.args(["-color_trc", "bt709", "-color_range", "tv", "-movflags", "+faststart"]).arg(path);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    command
}

/// Longest excerpt of ffmpeg's words in an error: a few sentences.
const WORDS_CHARS_MAX: usize = 600;

fn last_words(mut stderr: impl Read) -> String {
    let mut bytes = Vec::new();
    if stderr.read_to_end(&mut bytes).is_err() {
        return String::new();
    }
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim();
    let skip = text.chars().count().saturating_sub(WORDS_CHARS_MAX);
    text.chars().skip(skip).collect()
}
