//! Clips for tests, made by ffmpeg, and independent looks at what came out: none of our own decoding is used here.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a clip for a test is like.
#[derive(Clone, Copy, Debug)]
pub struct Clip<'a> {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
    /// Exactly so many frames.
    pub frames: u32,
    /// Frames a second, such as `24` or `30000/1001`.
    pub rate: &'a str,
    /// With a tone beside it.
    pub sound: bool,
}

/// Makes an H.264 clip in MP4 with B-frames and a long group of pictures, with AAC sound if asked.
///
/// # Panics
/// When ffmpeg fails.
pub fn make_clip(path: &Path, clip: &Clip) {
    let Clip { width, height, frames, rate, sound } = clip;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-f", "lavfi", "-i", &format!("testsrc2=size={width}x{height}:rate={rate}")]);
    if *sound {
        command.args(["-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"]);
        let (num, den) = rate.split_once('/').unwrap_or((rate, "1"));
        let seconds = f64::from(*frames) * den.parse::<f64>().unwrap_or(1.0) / num.parse::<f64>().unwrap_or(24.0);
        command.args(["-c:a", "aac", "-t", &format!("{seconds:.6}")]);
    }
    command.args(["-frames:v", &frames.to_string(), "-c:v", "libx264", "-bf", "3", "-g", "250", "-pix_fmt", "yuv420p"]);
    run(command.arg(path));
    assert_eq!(frame_md5s(path).len(), *frames as usize, "ffmpeg made the clip as asked");
}

/// The MD5 of every decoded frame of the picture, in order.
///
/// # Panics
/// When ffmpeg cannot decode the file without an error.
#[must_use]
pub fn frame_md5s(path: &Path) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-xerror", "-i"]).arg(path);
    command.args(["-map", "0:v:0", "-vsync", "passthrough", "-f", "framemd5", "-"]);
    let lines = run(&mut command);
    let sums = lines.lines().filter(|line| !line.starts_with('#'));
    sums.filter_map(|line| line.rsplit(',').next()).map(|sum| sum.trim().to_owned()).collect()
}

/// Whether `output` has as many frames as `source`, at its rate, for as long, with its sound.
///
/// # Panics
/// Names what differs.
pub fn assert_same_length(source: &Path, output: &Path) {
    assert_eq!(frame_md5s(output).len(), frame_md5s(source).len(), "every frame is there");
    assert_eq!(rate_and_duration(output), rate_and_duration(source), "rate and duration are the source's");
    assert_same_sound(source, output);
}

/// The one file below a folder.
///
/// # Panics
/// When there is another number of files.
#[must_use]
pub fn only_file(dir: &Path) -> PathBuf {
    let mut found = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder").flatten() {
            if entry.path().is_dir() { folders.push(entry.path()) } else { found.push(entry.path()) }
        }
    }
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Whether `output` has the sound of `source`: every decoded sample of every track, unchanged and unbroken, at the same distance
/// to the first frame. Matroska has no field for the delay of AAC, so there up to [`LEAD_SAMPLES_MAX`] samples may come before.
///
/// # Panics
/// Names what differs.
pub fn assert_same_sound(source: &Path, output: &Path) {
    let tracks = probe(source, "a", "stream=index").lines().count();
    assert_eq!(probe(output, "a", "stream=index").lines().count(), tracks, "{} has all sound tracks", output.display());
    for track in 0..tracks {
        let (wanted, got) = (pcm(source, track), pcm(output, track));
        assert!(got.ends_with(&wanted), "track {track} of {} has the source's samples", output.display());
        let lead_samples = (got.len() - wanted.len()) / SAMPLE_BYTES;
        assert!(lead_samples <= LEAD_SAMPLES_MAX, "{lead_samples} samples were added before track {track}");
        let lead_seconds = lead_samples as f64 / PCM_RATE;
        let moved = sound_offset(output, track) + lead_seconds - sound_offset(source, track);
        assert!(moved.abs() < 0.002, "track {track} of {} moved by {moved} s", output.display());
    }
}

/// Samples that a decoder of AAC may give before the first, of every codec delay in use.
const LEAD_SAMPLES_MAX: usize = 4_096;
/// Sound is compared as one channel of 16 bits at this rate.
const PCM_RATE: f64 = 48_000.0;
const SAMPLE_BYTES: usize = 2;

fn pcm(path: &Path, track: usize) -> Vec<u8> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(path).args(["-map", &format!("0:a:{track}")]);
    command.args(["-ac", "1", "-ar", "48000", "-f", "s16le", "-"]);
    let output = command.output().expect("ffmpeg can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// Seconds from the first frame to the first sample.
fn sound_offset(path: &Path, track: usize) -> f64 {
    let first = |streams: &str| {
        let times = probe(path, streams, "frame=pts_time");
        times.lines().filter_map(|line| line.trim_end_matches(',').parse::<f64>().ok()).fold(f64::MAX, f64::min)
    };
    first(&format!("a:{track}")) - first("v:0")
}

/// The picture's frame rate, and its duration in milliseconds.
///
/// # Panics
/// When ffprobe cannot read the file.
#[must_use]
pub fn rate_and_duration(path: &Path) -> (String, u64) {
    let rate = probe(path, "v:0", "stream=avg_frame_rate").trim().to_owned();
    let pts = probe(path, "v:0", "packet=pts_time,duration_time");
    let times = pts.lines().filter_map(|line| {
        let mut numbers = line.split(',').map(|number| number.trim().parse::<f64>());
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    let (first, end) = times.fold((f64::MAX, f64::MIN), |(first, end), (at, lasts)| (first.min(at), end.max(at + lasts)));
    // Containers round to their tick; a hundredth of a second is far below a frame.
    (rate, ((end - first) * 100.0).round() as u64 * 10)
}

fn probe(path: &Path, streams: &str, entries: &str) -> String {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-select_streams", streams, "-show_entries", entries, "-of", "csv=p=0"]);
    run(command.arg(path))
}

fn run(command: &mut Command) -> String {
    let output = command.output().expect("ffmpeg can be started");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
