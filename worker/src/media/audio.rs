//! The sound of a file, as it is heard: where it begins and what its decoded samples are. It proves that a copy is one.

use std::path::Path;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::FailureClass;

use super::error::MediaError;
use super::process::{Cancel, Child, Purpose};
use super::timing::TimeBase;
use super::tools::{Tools, output, source_input};

/// Samples are compared as 64-bit floating point: every decoder's own format fits into it unchanged.
const SAMPLE_FORMAT: &str = "pcm_f64le";
/// Bytes of one sample of one channel in that form.
pub(crate) const SAMPLE_BYTES: u64 = 8;
/// Bytes read at once.
const CHUNK_BYTES: usize = 1 << 16;

/// One audio stream of one file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AudioStream<'a> {
    pub(crate) path: &'a Path,
    /// The only demuxer that may open it.
    pub(crate) demuxer: &'a str,
    /// Its number among the audio streams.
    pub(crate) number: usize,
    /// Whose fault it is when it does not decode.
    pub(crate) fault: FailureClass,
}

/// The decoded bytes of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pcm {
    /// All of them, counted.
    pub(crate) bytes: u64,
    /// The digest of those within the window asked for.
    pub(crate) digest: Digest,
}

impl AudioStream<'_> {
    fn purpose(&self) -> Purpose<'_> {
        Purpose { operation: "listening to", path: self.path, fault: self.fault }
    }

    /// When its first sample is heard, in microseconds on the file's clock; `None` for a stream without a sample.
    pub(crate) fn start_micros(&self, tools: &Tools, cancel: &Cancel) -> Result<Option<i64>, MediaError> {
        let mut command = tools.ffmpeg();
        command.arg("-copyts");
        source_input(&mut command, self.demuxer, self.path)?;
        command.args([
            "-map",
            &format!("0:a:{}", self.number),
            "-frames:a",
            "1",
            "-c:a",
            SAMPLE_FORMAT,
            "-f",
            "framecrc",
            "pipe:1",
        ]);
        let text = output(command, self.purpose(), cancel)?;
        Ok(first_time(&String::from_utf8_lossy(&text)))
    }

    /// Decodes it to its end; the digest covers `take` bytes after the first `skip`.
    pub(crate) fn pcm(&self, tools: &Tools, skip: u64, take: u64, cancel: &Cancel) -> Result<Pcm, MediaError> {
        let mut command = tools.ffmpeg();
        source_input(&mut command, self.demuxer, self.path)?;
        command.args(["-map", &format!("0:a:{}", self.number), "-c:a", SAMPLE_FORMAT, "-f", "f64le", "pipe:1"]);
        let mut child = Child::start(command, false, self.purpose(), cancel)?;
        let (mut hasher, mut bytes, mut chunk) = (blake3::Hasher::new(), 0_u64, vec![0; CHUNK_BYTES]);
        loop {
            let count = child.read_full(&mut chunk).map_err(|error| MediaError::io("listening to", self.path, error))?;
            if count == 0 {
                break;
            }
            hasher.update(window(&chunk[..count], bytes, skip, take));
            bytes += count as u64;
        }
        child.finish()?;
        Ok(Pcm { bytes, digest: hasher.finalize().into() })
    }
}

/// The part of `chunk`, which begins at byte `at` of a stream, that lies in the `take` bytes after the first `skip`.
fn window(chunk: &[u8], at: u64, skip: u64, take: u64) -> &[u8] {
    let clamp = |position: u64| usize::try_from(position.saturating_sub(at)).unwrap_or(usize::MAX).min(chunk.len());
    &chunk[clamp(skip)..clamp(skip.saturating_add(take))]
}

/// The time of the first line of `framecrc`, in microseconds.
fn first_time(text: &str) -> Option<i64> {
    let base = text.lines().find_map(|line| TimeBase::read(line.strip_prefix("#tb 0:")?))?;
    let line = text.lines().find(|line| !line.starts_with('#'))?;
    line.split(',').nth(2)?.trim().parse().ok().map(|ticks| base.micros(ticks))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_time_is_read() {
        let text = "#software: x\n#tb 0: 1/48000\n#media_type 0: audio\n0,      -4800,      -4800,     1024,     8192, 0x1\n";
        assert_eq!(first_time(text), Some(-100_000));
        assert_eq!(first_time("#tb 0: 1/48000\n"), None);
    }

    proptest! {
        #[test]
        fn windows_of_chunks_make_the_window_of_the_whole(
            len in 0_usize..200, chunk in 1_usize..50, skip in 0_u64..220, take in 0_u64..220,
        ) {
            let all: Vec<u8> = (0..len as u8).collect();
            let cut: Vec<u8> = (0..).zip(all.chunks(chunk)).flat_map(|(n, part)| window(part, n * chunk as u64, skip, take)).copied().collect();
            let expected: Vec<u8> = all.iter().copied().skip(skip as usize).take(take as usize).collect();
            prop_assert_eq!(cut, expected);
        }
    }
}
