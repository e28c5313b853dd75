//! What a render task returns about the frames it made, and what is held against it.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::fidelity::Fidelity;
use crate::frames::FrameRange;

/// The receipt of a segment: counted on the worker by decoding what it had encoded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The frames of the shot that it holds.
    pub range: FrameRange,
    /// Frames found by decoding the segment.
    pub frames: u64,
    /// Size of the encoded bytes.
    pub bytes: u64,
    /// The blob of the encoded bytes.
    pub digest: Digest,
    /// Digest over the digests of its decoded frames, in order: what the assembled output is held to.
    pub frames_digest: Digest,
    /// The recipe it was made by.
    pub recipe: Digest,
    /// Milliseconds of work on it.
    pub work_millis: u64,
    /// How near its frames come to their source; nothing where the recipe makes another picture of it, and in receipts from
    /// before this was measured.
    #[serde(default)]
    pub fidelity: Option<Fidelity>,
}

/// A receipt that does not answer its task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptMismatch {
    /// It holds other frames than were asked for.
    #[error("frames {expected} were asked for and frames {got} came back")]
    Range {
        /// The task's range.
        expected: FrameRange,
        /// The receipt's range.
        got: FrameRange,
    },
    /// It holds fewer or more frames than its range.
    #[error("{expected} frames were asked for and {got} were counted")]
    Count {
        /// Frames in the range.
        expected: u64,
        /// Frames counted.
        got: u64,
    },
    /// It was made by another recipe.
    #[error("recipe {expected} was asked for and recipe {got} was followed")]
    Recipe {
        /// The job's recipe.
        expected: Digest,
        /// The receipt's recipe.
        got: Digest,
    },
}

impl Receipt {
    /// Holds the receipt to the task that asked for it.
    ///
    /// # Errors
    /// The first of range, count and recipe that differs.
    pub fn check(&self, range: FrameRange, recipe: Digest) -> Result<(), ReceiptMismatch> {
        if self.range != range {
            return Err(ReceiptMismatch::Range { expected: range, got: self.range });
        }
        if self.frames != range.len() {
            return Err(ReceiptMismatch::Count { expected: range.len(), got: self.frames });
        }
        if self.recipe != recipe {
            return Err(ReceiptMismatch::Recipe { expected: recipe, got: self.recipe });
        }
        Ok(())
    }
}
