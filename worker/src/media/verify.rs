//! The proof of what was encoded: decode it whole, digest every frame, count.

use std::path::Path;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::FrameLayout;
use shotfarm_shared::recipe::Profile;

use super::decode::raw_output;
use super::encode::container;
use super::error::MediaError;
use super::process::{Cancel, Child, Purpose, last_lines};
use super::tools::{Tools, source_input};

/// The digests of the decoded frames of a file, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrameDigests {
    /// One digest for each frame, over its raw bytes.
    pub digests: Vec<Digest>,
}

impl FrameDigests {
    /// Decodes the file at `path`, which was encoded with `profile` and holds frames of `layout`, to its end. `frame_done` is
    /// told how many frames have been digested so far.
    ///
    /// # Errors
    /// The worker's fault when the file does not decode cleanly into whole frames; else the environment's.
    pub fn read(
        tools: &Tools,
        path: &Path,
        profile: Profile,
        layout: &FrameLayout,
        cancel: &Cancel,
        frame_done: &mut dyn FnMut(u64),
    ) -> Result<Self, MediaError> {
        let mut command = tools.ffmpeg();
        source_input(&mut command, container(profile).demuxer, path)?;
        command.args(["-map", "0:V:0", "-autoscale", "0"]).args(tools.passthrough());
        raw_output(&mut command);
        let purpose = Purpose { operation: "verifying", path, fault: FailureClass::Worker };
        let mut child = Child::start(command, false, purpose, cancel)?;
        let mut digests = Self::default();
        let mut frame = vec![0; layout.frame_bytes()];
        let rest = loop {
            let count = child.read_full(&mut frame).map_err(|error| MediaError::io("verifying", path, error))?;
            if count < frame.len() {
                break count;
            }
            digests.digests.push(Digest::of(&frame));
            frame_done(digests.len());
        };
        let remarks = child.finish()?;
        if !remarks.is_empty() || rest > 0 {
            let detail = format!("after {} frames, {rest} bytes of another: {}", digests.len(), last_lines(&remarks));
            return Err(MediaError::own("verifying", path, detail));
        }
        Ok(digests)
    }

    /// How many frames there are.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.digests.len() as u64
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.digests.is_empty()
    }

    /// The digest over the digests of all frames, in order.
    #[must_use]
    pub fn frames_digest(&self) -> Digest {
        digest_of(&self.digests)
    }

    /// The digest over the digests of the frames of `range`; `None` when some of them do not exist.
    #[must_use]
    pub fn slice_digest(&self, range: FrameRange) -> Option<Digest> {
        let (start, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
        self.digests.get(start..end).map(digest_of)
    }
}

fn digest_of(digests: &[Digest]) -> Digest {
    let mut hasher = blake3::Hasher::new();
    for digest in digests {
        hasher.update(&digest.0);
    }
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slice_has_the_digest_of_a_file_with_just_its_frames() {
        let all = FrameDigests { digests: (0..9_u8).map(|k| Digest::of(&[k])).collect() };
        let part = FrameDigests { digests: all.digests[3..7].to_vec() };
        assert_eq!(all.slice_digest(FrameRange::new(3, 7)), Some(part.frames_digest()));
        assert_eq!(all.slice_digest(FrameRange::new(0, 9)), Some(all.frames_digest()));
        assert_eq!(all.slice_digest(FrameRange::new(3, 10)), None);
        let mut swapped = part.clone();
        swapped.digests.swap(0, 1);
        assert_ne!(swapped.frames_digest(), part.frames_digest());
    }
}
