//! The track of a render: fetched as a blob, read, and held to its shot before any frame is made.

use std::fs;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::TRACK_BYTES_MAX;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::track::{InvalidTrack, Track, TrackFor};

use super::Job;
use super::error::TaskError;
use crate::scratch::ScratchError;

/// The windows of a shot, and the blob that they came from.
#[derive(Clone, Debug, PartialEq)]
pub struct ShotTrack {
    /// The name of the bytes.
    pub digest: Digest,
    /// A window for every frame.
    pub track: Track,
}

impl Job<'_> {
    /// The track that the recipe's windows follow.
    pub(super) fn track(&self, digest: Digest, facts: &MediaFacts) -> Result<ShotTrack, TaskError> {
        let track = self.read_track(digest, "track.json")?;
        track.check(&self.track_for(facts))?;
        Ok(ShotTrack { digest, track })
    }
    /// A track as it is stored, held to nothing yet.
    pub(super) fn read_track(&self, digest: Digest, name: &str) -> Result<Track, TaskError> {
        let place = self.folder.path.join(name);
        self.context.blobs.fetch(digest, &place, self.cancel).map_err(TaskError::about_track)?;
        let bytes = fs::metadata(&place).map_err(ScratchError::io("measuring", &place))?.len();
        if bytes > TRACK_BYTES_MAX {
            return Err(InvalidTrack::Bytes(bytes).into());
        }
        Ok(Track::read(&fs::read(&place).map_err(ScratchError::io("reading", &place))?)?)
    }

    /// What a track of this shot is held to.
    pub(super) fn track_for(&self, facts: &MediaFacts) -> TrackFor {
        let (target, _) = self.assignment.recipe.kept_shape(facts);
        let (wide, high) = facts.pixel_aspect;
        let pixel_aspect = f64::from(wide) / f64::from(high);
        TrackFor { source: facts.layout.extent, pixel_aspect, frames: facts.frames, target }
    }
}
