//! From findings to a track: pure, the same for the same findings.
//!
//! ```text
//! cuts ─► stretches ─► bars, letters, camera ─► subjects ─► layout ─► wish ─► course ─► windows
//!                                                                                  ▲
//!                                                             keys and stretches by hand
//! ```
//!
//! Invariants: what comes out passes [`Track::check`]; a window that was not set by hand stays within the picture's bars, never
//! moves across a cut, and never gains speed faster than [`ACCELERATION_MAX`]; every stretch says why it is framed as it is.

#![deny(clippy::disallowed_methods, clippy::disallowed_types)]

mod bars;
mod bodies;
mod camera_motion;
mod candidates;
mod cuts;
mod faces;
mod framing;
mod hand;
mod lettering;
mod links;
mod movers;
mod path;
mod plate;
mod regions;
mod room;
mod saliency;
mod scene;
mod solve;
mod stir;
mod subjects;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod why;
mod wish;

use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::limits::TRACK_STRETCHES_MAX;
use shotfarm_shared::recipe::Reframe;
use shotfarm_shared::track::{InvalidTrack, Layout, Stretch, Track, TrackFor, Window};

use super::findings::Findings;
use framing::Framed;
use scene::Scene;

pub use candidates::{Candidate, candidates};
pub use path::ACCELERATION_MAX;

/// A shot for which no track can be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// What was set by hand does not fit the shot.
    #[error(transparent)]
    Hand(InvalidTrack),
    /// The findings are not those of the shot.
    #[error("the findings are of {found}, and the shot is {asked}; analyse it again")]
    Findings {
        /// Whose they are.
        found: String,
        /// What is asked for.
        asked: String,
    },
    /// The plan's own track breaks a rule: a fault of this program.
    #[error("the plan of this shot is at fault, set a track by hand instead: {0}")]
    Own(InvalidTrack),
}

/// Plans the windows of a shot from what was found in it. What was set by hand, if anything was, wins: whole stretches stay as
/// they are, and the path goes through every key.
///
/// # Errors
/// When `findings` or `hand` are another shot's, or `hand` is no sound track.
pub fn plan(
    shot: &TrackFor,
    rate: FrameRate,
    reframe: &Reframe,
    findings: &Findings,
    hand: Option<&Track>,
) -> Result<Track, PlanError> {
    let empty = Track::empty();
    let hand = hand.unwrap_or(&empty);
    hand.check_parts(shot).map_err(PlanError::Hand)?;
    let whole = FrameRange::new(0, shot.frames);
    let look = &findings.look;
    if findings.range != whole || findings.seen.len() as u64 != shot.frames || look.source != shot.source || shot.frames == 0 {
        let found = format!("{} frames of {}", findings.seen.len(), look.source);
        return Err(PlanError::Findings { found, asked: format!("{} frames of {}", shot.frames, shot.source) });
    }
    let mut content: Option<Window> = None;
    let mut stretches = Vec::new();
    for part in parts(findings, hand) {
        stretches.push(match part {
            Part::Hand(stretch) => stretch.clone(),
            Part::Planned(range) => {
                let framed = framed(shot, rate, reframe, findings, hand, range);
                content = Some(content.map_or(framed.content, |content| content.union(&framed.content)));
                of(framed, range)
            }
        });
    }
    let track = Track {
        shot: hand.shot.clone(),
        source: Some(shot.source),
        target: Some(shot.target),
        frames: Some(shot.frames),
        content: hand.content.or(content.filter(|content| *content != Window::whole(shot.source))),
        keys: hand.keys.clone(),
        stretches,
        ..empty
    };
    track.check(shot).map_err(PlanError::Own)?;
    Ok(track)
}

/// A part of the shot that is framed in one way.
enum Part<'h> {
    /// As it was set by hand.
    Hand(&'h Stretch),
    /// As the plan sees it.
    Planned(FrameRange),
}

/// The stretches between cuts, with those that were set by hand in their places.
fn parts<'h>(findings: &Findings, hand: &'h Track) -> Vec<Part<'h>> {
    let mut cuts = cuts::find(findings);
    // The rest of a shot that is cut more often than a track can say is framed as one.
    cuts.truncate(TRACK_STRETCHES_MAX.saturating_sub(2 * hand.stretches.len() + 1));
    let mut parts = Vec::new();
    let mut begin = 0;
    let between = |parts: &mut Vec<Part<'h>>, begin: u64, end: u64| {
        let inner = cuts.iter().copied().filter(|cut| (begin + 1..end).contains(cut));
        let mut first = begin;
        for cut in inner.chain((begin < end).then_some(end)) {
            parts.push(Part::Planned(FrameRange::new(first, cut)));
            first = cut;
        }
    };
    for stretch in &hand.stretches {
        between(&mut parts, begin, stretch.first);
        parts.push(Part::Hand(stretch));
        begin = stretch.end;
    }
    between(&mut parts, begin, findings.range.end);
    parts
}

fn framed(shot: &TrackFor, rate: FrameRate, reframe: &Reframe, findings: &Findings, hand: &Track, range: FrameRange) -> Framed {
    let keys = hand.keys.iter().filter(|key| (range.start..range.end).contains(&key.frame)).copied().collect::<Vec<_>>();
    let mut framed = framing::frame(shot, reframe, Scene::of(findings, range, rate), hand::layout(&keys));
    hand::put(&mut framed, &keys, range.start, range.len() as usize, shot.source, rate.per_second());
    framed
}

fn of(framed: Framed, range: FrameRange) -> Stretch {
    debug_assert!(framed.layout == Layout::Split || framed.second.is_empty());
    Stretch {
        first: range.start,
        end: range.end,
        camera: framed.camera,
        layout: framed.layout,
        why: framed.why,
        windows: framed.windows,
        second: framed.second,
    }
}
