//! Looking at the frames of a shot on a device: the graph of a look, in the order of the frames.
//!
//! ```text
//! frame --submit--> look (GPU, several frames in flight) --next--> bytes --Notes--> Seen
//! ```
//!
//! What is found in a frame depends on that frame and the one before it; in front of a shot's first frame stands that frame itself.

use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::FrameLayout;

use super::analyse::seen;
use super::findings::{Findings, InvalidFindings, Look, Seen};
use crate::gpu::{Gpu, GpuError, Graph, record_look};

/// Why frames were not looked at.
#[derive(Debug, thiserror::Error)]
pub enum LookError {
    /// The device.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// Frames are missing, or there are too many.
    #[error(transparent)]
    Findings(#[from] InvalidFindings),
}

/// A device that looks at frames.
#[derive(Debug)]
pub struct Eyes {
    look: Look,
    graph: Graph,
}

impl Eyes {
    /// Compiles what it takes to look at raw frames of `layout`.
    ///
    /// # Errors
    /// When the device is lost or has too little memory.
    pub fn open(gpu: &Gpu, look: &Look, layout: &FrameLayout) -> Result<Self, GpuError> {
        Ok(Self { look: *look, graph: Graph::new(gpu, &record_look(look, layout))? })
    }

    /// Looks at all frames of a shot, first to last.
    ///
    /// # Errors
    /// When the frames are not as many as the look says, or the device fails; the eyes must be dropped then.
    pub fn look_at<F: AsRef<[u8]>>(&mut self, frames: impl IntoIterator<Item = F>) -> Result<Findings, LookError> {
        self.graph.begin()?;
        let mut notes = Notes::new(self.look, FrameRange::new(0, self.look.frames));
        let mut out = Vec::new();
        for (frame, number) in frames.into_iter().zip(0_i64..) {
            if number == 0 {
                self.graph.submit(frame.as_ref(), -1)?;
                self.graph.next(&mut out)?;
            }
            if self.graph.is_full() {
                self.graph.next(&mut out)?;
                notes.take(&out);
            }
            self.graph.submit(frame.as_ref(), number)?;
        }
        while self.graph.in_flight() > 0 {
            self.graph.next(&mut out)?;
            notes.take(&out);
        }
        Ok(notes.finish()?)
    }
}

/// What was found so far in the frames of a range, which come one after the other.
#[derive(Debug)]
pub struct Notes {
    look: Look,
    range: FrameRange,
    seen: Vec<Seen>,
}

impl Notes {
    /// Of a range, before its first frame.
    #[must_use]
    pub fn new(look: Look, range: FrameRange) -> Self {
        Self { look, range, seen: Vec::new() }
    }

    /// Takes what a look at the next frame brought back.
    pub fn take(&mut self, bytes: &[u8]) {
        let frame = self.range.start + self.seen.len() as u64;
        self.seen.push(seen(&self.look, frame, bytes, None));
    }

    /// All of them.
    ///
    /// # Errors
    /// When frames are missing, or there were too many.
    pub fn finish(self) -> Result<Findings, InvalidFindings> {
        Findings { look: self.look, range: self.range, seen: self.seen }.checked()
    }
}

/// Looks at all frames of a shot, without a farm and without a detector of faces.
///
/// # Errors
/// As [`Eyes::open`] and [`Eyes::look_at`].
pub fn analyse_frames<F: AsRef<[u8]>>(
    gpu: &Gpu,
    layout: &FrameLayout,
    look: &Look,
    frames: impl IntoIterator<Item = F>,
) -> Result<Findings, LookError> {
    Eyes::open(gpu, look, layout)?.look_at(frames)
}
