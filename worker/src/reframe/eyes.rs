//! Looking at the frames of a shot on a device: the graph of a look and that of a detector of faces, in the order of the frames.
//!
//! ```text
//! frame --submit--> look (GPU, several frames in flight) ------------next--> bytes --Notes--> Seen
//!           \-----> detector (GPU, frames that are seen in full alone) --'
//! ```
//!
//! What is found in a frame depends on that frame and the one before it; in front of a shot's first frame stands that frame itself.

use std::collections::VecDeque;
use std::sync::Arc;

use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::FrameLayout;

use super::analyse::seen;
use super::detect::Detector;
use super::findings::{Findings, InvalidFindings, Look, Seen};
use crate::gpu::{Executor, Features, Gpu, GpuError, Graph, record_look};
use crate::net::passes::Kernels;

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

/// Frames on their way through the graph of a look, and through that of a detector if there is one. What comes out of a frame are
/// its features, and behind them the detector's answer where it looked.
#[derive(Debug)]
pub struct Gaze<'a> {
    look: Look,
    graph: &'a mut Graph,
    faces: Option<&'a mut Graph>,
    /// The first frame whose findings are wanted: in those before it nobody looks for faces.
    first: u64,
    /// Whether the detector looks, of each frame in flight.
    faced: VecDeque<bool>,
    answer: Vec<u8>,
}

impl<'a> Gaze<'a> {
    /// Over graphs in which no frame is in flight. Findings are wanted from frame `first` on; the frame before it is submitted
    /// first, or the shot's first one twice.
    #[must_use]
    pub fn new(look: Look, graph: &'a mut Graph, faces: Option<&'a mut Graph>, first: u64) -> Self {
        Self { look, graph, faces, first, faced: VecDeque::new(), answer: Vec::new() }
    }

    /// Sends a raw frame on its way; its number is below that of the first where it only stands in front of it.
    ///
    /// # Errors
    /// As [`Graph::submit`].
    pub fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), GpuError> {
        let wanted = u64::try_from(number).is_ok_and(|number| number >= self.first && self.look.is_seen(number));
        self.graph.submit(frame, number)?;
        match &mut self.faces {
            Some(faces) if wanted => faces.submit(frame, number)?,
            Some(_) | None => {}
        }
        self.faced.push_back(wanted && self.faces.is_some());
        Ok(())
    }

    /// Waits for the oldest frame in flight and puts what was found into `out`, whatever was in it before.
    ///
    /// # Errors
    /// As [`Graph::next`].
    pub fn next(&mut self, out: &mut Vec<u8>) -> Result<(), GpuError> {
        self.graph.next(out)?;
        match &mut self.faces {
            Some(faces) if self.faced.pop_front() == Some(true) => {
                faces.next(&mut self.answer)?;
                out.extend_from_slice(&self.answer);
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Frames submitted and not yet taken out.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.graph.in_flight()
    }

    /// Whether one must be taken out before the next goes in.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.graph.is_full()
    }
}

/// A device that looks at the frames of shots that are all looked at in one way.
#[derive(Debug)]
pub struct Eyes {
    look: Look,
    graph: Graph,
    faces: Option<(Arc<Detector>, Graph)>,
}

impl Eyes {
    /// Compiles what it takes to look at raw frames of `layout`, and to find faces in them if a detector is given.
    ///
    /// # Errors
    /// When the device is lost or has too little memory.
    pub fn open(gpu: &Gpu, look: &Look, layout: &FrameLayout, detector: Option<&Arc<Detector>>) -> Result<Self, GpuError> {
        let faces = detector.map(|detector| {
            let options = Executor::on(gpu, &Kernels::default()).options;
            Ok::<_, GpuError>((Arc::clone(detector), Graph::new(gpu, &detector.recording(layout, &options))?))
        });
        Ok(Self { look: *look, graph: Graph::new(gpu, &record_look(look, layout))?, faces: faces.transpose()? })
    }

    /// Looks at all frames of a shot, first to last.
    ///
    /// # Errors
    /// When the frames are not as many as the look says, or the device fails; the eyes must be dropped then.
    pub fn look_at<F: AsRef<[u8]>>(&mut self, frames: impl IntoIterator<Item = F>) -> Result<Findings, LookError> {
        self.graph.begin()?;
        let mut notes = Notes::new(self.look, FrameRange::new(0, self.look.frames));
        let mut faces = None;
        if let Some((detector, graph)) = &mut self.faces {
            graph.begin()?;
            notes = notes.with_faces(Some(Arc::clone(detector)));
            faces = Some(graph);
        }
        let mut gaze = Gaze::new(self.look, &mut self.graph, faces, 0);
        let mut out = Vec::new();
        for (frame, number) in frames.into_iter().zip(0_i64..) {
            if number == 0 {
                gaze.submit(frame.as_ref(), -1)?;
                gaze.next(&mut out)?;
            }
            if gaze.is_full() {
                gaze.next(&mut out)?;
                notes.take(&out);
            }
            gaze.submit(frame.as_ref(), number)?;
        }
        while gaze.in_flight() > 0 {
            gaze.next(&mut out)?;
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
    detector: Option<Arc<Detector>>,
    seen: Vec<Seen>,
}

impl Notes {
    /// Of a range, before its first frame.
    #[must_use]
    pub fn new(look: Look, range: FrameRange) -> Self {
        Self { look, range, detector: None, seen: Vec::new() }
    }

    /// The same where a detector looks too: it understands what comes behind the features.
    #[must_use]
    pub fn with_faces(self, detector: Option<Arc<Detector>>) -> Self {
        Self { detector, ..self }
    }

    /// Takes what a look at the next frame brought back: see [`Gaze`].
    ///
    /// # Panics
    /// When it is not of this look and this detector.
    pub fn take(&mut self, bytes: &[u8]) {
        let frame = self.range.start + self.seen.len() as u64;
        let (features, answer) = bytes.split_at(Features::of(&self.look).bytes());
        let faces = self.detector.as_ref().filter(|_| self.look.is_seen(frame)).map(|detector| detector.faces(answer));
        self.seen.push(seen(&self.look, frame, features, faces));
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
    Eyes::open(gpu, look, layout, None)?.look_at(frames)
}
