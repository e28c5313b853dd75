//! Exact ranges of a source's frames, decoded by a fenced ffmpeg and read through a pipe.
//!
//! Invariant: a range's frames are, byte for byte, those that decoding the whole source gives at the same numbers. Where the
//! container has trustworthy times and a seek table, the decoder enters near the range and selects by time; everywhere else,
//! and whenever an entry gives nothing, it counts frames from the beginning.

use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::{Extent, Matrix, MediaFacts, Range};

use super::error::MediaError;
use super::index::{Cut, SourceIndex};
use super::process::{Cancel, Child, Purpose};
use super::tools::{Tools, source_input};

/// The clock of frames on their way into a pipe. Raw frames carry no times, but ffmpeg insists that they ascend, and its own
/// choice, one tick for each frame of a rate that it guesses, puts two frames on one tick when the guess is low.
const RAW_TIME_BASE: &str = "1/90000";

/// A running decoder of one range.
#[derive(Debug)]
pub struct Decoder {
    tools: Tools,
    path: PathBuf,
    container: String,
    range: FrameRange,
    /// Filters after the cut, each with a comma before it; none where frames come as they are coded.
    filters: String,
    frame_bytes: usize,
    cancel: Cancel,
    child: Option<Child>,
    /// Whether `child` entered in the middle, so that the straight way is still left to try.
    entered: bool,
    frames_read: u64,
}

impl Decoder {
    /// Starts decoding frames `range` of the source at `path`. Frames come as `facts.layout` says: planes one after the other,
    /// rows without padding.
    ///
    /// # Errors
    /// When the range is empty or outside the source (the worker's fault), or ffmpeg cannot be started.
    pub fn start(
        tools: &Tools,
        path: &Path,
        facts: &MediaFacts,
        index: &SourceIndex,
        range: FrameRange,
        cancel: &Cancel,
    ) -> Result<Self, MediaError> {
        if range.is_empty() || range.end > facts.frames {
            let detail = format!("frames {range} were asked for and it has {}", facts.frames);
            return Err(MediaError::own("decoding", path, detail));
        }
        // Only these demuxers seek by an index of times; others land where they please.
        let seekable = matches!(facts.container.as_str(), "mov" | "matroska") && index.shown() == Some(facts.frames);
        let cut = if seekable { index.cut(range) } else { None };
        let mut decoder = Self {
            tools: tools.clone(),
            path: path.to_owned(),
            container: facts.container.clone(),
            range,
            filters: String::new(),
            frame_bytes: facts.layout.frame_bytes(),
            cancel: cancel.clone(),
            child: None,
            entered: cut.is_some(),
            frames_read: 0,
        };
        decoder.child = Some(decoder.spawn(cut)?);
        Ok(decoder)
    }

    /// Starts decoding all frames of the source as pictures of `size` for people: three bytes a pixel, R'G'B' of full range,
    /// whatever the source is coded in. High dynamic range comes in its own light.
    ///
    /// # Errors
    /// When ffmpeg cannot be started.
    pub fn pictures(tools: &Tools, path: &Path, facts: &MediaFacts, size: Extent, cancel: &Cancel) -> Result<Self, MediaError> {
        let colour = &facts.layout.colour;
        let matrix = match colour.matrix {
            Matrix::Bt601 => "bt601",
            Matrix::Bt709 => "bt709",
            Matrix::Bt2020 => "bt2020",
        };
        let range = if colour.range == Range::Full { "full" } else { "limited" };
        let scale = format!("scale=w={}:h={}:flags=bicubic+accurate_rnd", size.width, size.height);
        let mut decoder = Self {
            tools: tools.clone(),
            path: path.to_owned(),
            container: facts.container.clone(),
            range: FrameRange::new(0, facts.frames),
            filters: format!(",{scale}:in_color_matrix={matrix}:in_range={range}:out_range=full,format=rgb24"),
            frame_bytes: size.pixels() as usize * 3,
            cancel: cancel.clone(),
            child: None,
            entered: false,
            frames_read: 0,
        };
        decoder.child = Some(decoder.spawn(None)?);
        Ok(decoder)
    }

    fn spawn(&self, cut: Option<Cut>) -> Result<Child, MediaError> {
        let mut command = self.tools.ffmpeg();
        command.arg("-copyts");
        if let Some(cut) = cut {
            command.args(["-seek_timestamp", "1", "-noaccurate_seek", "-ss", &seconds(cut.seek_micros)]);
        }
        source_input(&mut command, &self.container, &self.path)?;
        let trim = match cut {
            Some(cut) => format!("trim=start={}:end={}", seconds(cut.from_micros), seconds(cut.to_micros)),
            None => format!("trim=start_frame={}:end_frame={}", self.range.start, self.range.end),
        };
        command
            .args(["-map", "0:V:0", "-autoscale", "0", "-vf", &format!("{trim}{}", self.filters)])
            .args(self.tools.passthrough());
        command.args(["-frames:v", &self.range.len().to_string()]);
        raw_output(&mut command);
        let purpose = Purpose { operation: "decoding", path: &self.path, fault: FailureClass::Job };
        Child::start(command, false, purpose, &self.cancel)
    }

    /// Reads the next frame into `buf`, whose length becomes that of one frame; `false` once all frames of the range have been
    /// read and ffmpeg has ended well.
    ///
    /// # Errors
    /// The source is damaged, the frames ended early, the task is cancelled, or the machine is in trouble.
    pub fn read_frame(&mut self, buf: &mut Vec<u8>) -> Result<bool, MediaError> {
        if self.frames_read == self.range.len() {
            return self.end().map(|()| false);
        }
        loop {
            let error = match self.read_into(buf) {
                Ok(()) => {
                    self.frames_read += 1;
                    return Ok(true);
                }
                Err(error) => error,
            };
            let hopeless = matches!(error, MediaError::Cancelled | MediaError::Idle { .. } | MediaError::Killed { .. });
            if !self.entered || self.frames_read > 0 || hopeless {
                return Err(error);
            }
            self.entered = false;
            self.child = Some(self.spawn(None)?);
        }
    }

    fn read_into(&mut self, buf: &mut Vec<u8>) -> Result<(), MediaError> {
        buf.resize(self.frame_bytes, 0);
        let Some(child) = self.child.as_mut() else { return Err(self.short(0)) };
        match child.read_full(buf) {
            Ok(count) if count == self.frame_bytes => Ok(()),
            Ok(count) => {
                if let Some(child) = self.child.take() {
                    child.finish()?;
                }
                Err(self.short(count))
            }
            Err(error) => Err(MediaError::io("decoding", &self.path, error)),
        }
    }

    /// The probe has counted these frames, so that fewer now are no fault of the job.
    fn short(&self, bytes: usize) -> MediaError {
        let Self { range, frames_read, .. } = self;
        MediaError::own("decoding", &self.path, format!("frames {range} gave {frames_read} frames and {bytes} bytes, then ended"))
    }

    fn end(&mut self) -> Result<(), MediaError> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        let excess = child.read_full(&mut [0]).map_err(|error| MediaError::io("decoding", &self.path, error))?;
        if excess > 0 {
            return Err(MediaError::own("decoding", &self.path, format!("frames {} gave more frames than that", self.range)));
        }
        child.finish().map(drop)
    }
}

/// Adds raw frames, in the decoder's own pixel format, on standard output. No format is named: a conversion that does not
/// happen cannot be wrong, and the probe has held every frame to one size.
pub(crate) fn raw_output(command: &mut Command) {
    command.args(["-enc_time_base:v", RAW_TIME_BASE, "-c:v", "rawvideo", "-f", "rawvideo", "pipe:1"]);
}

/// Microseconds as ffmpeg reads seconds, exactly.
pub(crate) fn seconds(micros: i64) -> String {
    let sign = if micros < 0 { "-" } else { "" };
    let micros = micros.unsigned_abs();
    format!("{sign}{}.{:06}", micros / 1_000_000, micros % 1_000_000)
}
