//! Encoded files laid end to end without touching a picture, and files put in place whole or not at all.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::frames::FrameRate;

use super::decode::seconds;
use super::error::MediaError;
use super::timing::frame_micros;
use super::tools::file_url;

/// Ticks a second of the video track of an MP4, at least: fine enough that the picture's offset against the sound is kept to
/// a few microseconds.
const TIMESCALE_MIN: u32 = 90_000;

/// Ticks a second in which every frame time of `rate` is a whole number.
#[must_use]
pub fn video_timescale(rate: FrameRate) -> u32 {
    rate.num().saturating_mul(TIMESCALE_MIN.div_ceil(rate.num()))
}

/// An encoded file and how many frames it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) path: PathBuf,
    pub(crate) frames: u64,
}

/// Writes the list at `list` that plays `parts` one after the other at `rate`, and adds it to `command` as an input.
pub(crate) fn concat_input(command: &mut Command, list: &Path, parts: &[Part], rate: FrameRate) -> Result<(), MediaError> {
    fs::write(list, concat_list(parts, rate)?).map_err(|error| MediaError::io("writing", list, error))?;
    // Every part has the same codec headers, so that packets need not be rewritten to carry them (`auto_convert`).
    command.args(["-protocol_whitelist", "file,pipe", "-f", "concat", "-safe", "0", "-auto_convert", "0", "-i"]);
    command.arg(file_url(list)?);
    Ok(())
}

fn concat_list(parts: &[Part], rate: FrameRate) -> Result<String, MediaError> {
    let mut text = "ffconcat version 1.0\n".to_owned();
    let mut frames = 0;
    for part in parts {
        let url = file_url(&part.path)?;
        let url = url.to_str().filter(|url| !url.contains(['\n', '\r'])).ok_or_else(|| {
            MediaError::own("joining", &part.path, "its path holds a line break or is not UTF-8; choose another work folder")
        })?;
        // Differences of rounded sums, not rounded differences: no drift however many parts there are.
        let duration = frame_micros(rate, frames + part.frames) - frame_micros(rate, frames);
        frames += part.frames;
        // Writing to a String does not fail.
        let _ = writeln!(text, "file '{}'\nduration {}us", url.replace('\'', r"'\''"), duration);
    }
    Ok(text)
}

/// Frames by which an H.264 packet may be decoded before it is shown, with the B-pyramids that our profiles use.
const H264_REORDER_FRAMES: u32 = 2;

/// A bitstream filter that spaces the decode times of H.264 packets evenly, the picture beginning at `start_micros`. Parts laid
/// end to end bring each its own delay, and a part of one frame has none: left as they are, the times would have a gap there
/// and the track a rate that is not its own. The times at which frames are shown stay as they are.
pub(crate) fn even_decode_times(rate: FrameRate, start_micros: i64) -> String {
    let (start, frame) = (seconds(start_micros), format!("{}/{}", rate.den(), rate.num()));
    format!("setts=pts=PTS:dts=round(({start}+(N-{H264_REORDER_FRAMES})*{frame})/TB):duration=round({frame}/TB)")
}

/// Makes the bytes of `from` durable, then gives it the name `to` in the same folder, replacing what was there.
pub(crate) fn publish(from: &Path, to: &Path) -> Result<(), MediaError> {
    File::open(from).and_then(|file| file.sync_all()).map_err(|error| MediaError::io("writing", from, error))?;
    fs::rename(from, to).map_err(|error| MediaError::io("publishing", to, error))?;
    #[cfg(unix)]
    File::open(folder_of(to)).and_then(|folder| folder.sync_all()).map_err(|error| MediaError::io("publishing", to, error))?;
    Ok(())
}

/// The folder that holds `path`.
pub(crate) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// A folder beside `out` for what is on its way there; it goes when dropped.
pub(crate) fn work_folder(out: &Path) -> Result<tempfile::TempDir, MediaError> {
    tempfile::Builder::new()
        .prefix(".shotfarm-")
        .tempdir_in(folder_of(out))
        .map_err(|error| MediaError::io("making a work folder for", out, error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quotes_in_paths_are_kept_and_line_breaks_refused() {
        let part = |path: &str| Part { path: path.into(), frames: 48 };
        let rate = FrameRate::new(30_000, 1_001).unwrap();
        let list = concat_list(&[part("/a/it's.mp4")], rate).unwrap();
        assert_eq!(list, "ffconcat version 1.0\nfile 'file:/a/it'\\''s.mp4'\nduration 1601600us\n");
        assert!(concat_list(&[part("/a/x\nfile '/etc/passwd'")], rate).is_err());
    }

    proptest! {
        #[test]
        fn every_frame_time_is_a_whole_number_of_ticks(num in 1_u32..=120_000, den in 1_u32..=2_000) {
            let rate = FrameRate::new(num, den).unwrap();
            let scale = video_timescale(rate);
            prop_assert!(scale >= TIMESCALE_MIN && scale.is_multiple_of(rate.num()));
        }

        #[test]
        fn durations_do_not_drift(num in 1_u32..=60_000, parts in proptest::collection::vec(1_u64..=48, 1..60)) {
            let rate = FrameRate::new(num, 1_001).unwrap();
            let list = concat_list(&parts.iter().map(|&frames| Part { path: "/p".into(), frames }).collect::<Vec<_>>(), rate).unwrap();
            let total: i64 = list.lines().filter_map(|line| line.strip_prefix("duration ")?.strip_suffix("us")?.parse::<i64>().ok()).sum();
            prop_assert_eq!(total, frame_micros(rate, parts.iter().sum()));
        }
    }
}
