//! The plan task: all that was found in a shot, and what was set by hand, become its track, with pictures of it for people.

use std::fs;
use std::path::Path;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::STRETCHES_TOLD_MAX;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::track::Track;
use shotfarm_shared::work::{Extra, FindingsReceipt, Planned};

use super::Job;
use super::error::TaskError;
use crate::reframe::plan::plan;
use crate::reframe::{Findings, pictures};
use crate::scratch::ScratchError;

/// Longest line that is told of a stretch, in bytes: a reason may have been written by hand, in any length.
const TOLD_BYTES_MAX: usize = 400;

impl Job<'_> {
    pub(super) fn plan_track(&self, facts: &MediaFacts, receipts: &[FindingsReceipt]) -> Result<Planned, TaskError> {
        let recipe = &self.assignment.recipe;
        let reframe = recipe.reframe().ok_or(TaskError::NoReframe)?;
        let label = self.assignment.label.to_string();
        let shot = self.track_for(facts);
        let findings = self.findings(receipts)?;
        let hand = reframe.track.map(|digest| self.read_track(digest, "hand.json")).transpose()?;
        let track = Track { shot: label.clone(), ..plan(&shot, facts.rate, reframe, &findings, hand.as_ref())? };
        self.check_cancel()?;
        let source = self.source()?;
        let about = pictures::Shot {
            label: &label,
            source: &source,
            facts,
            reframe,
            target: shot.target,
            track: &track,
            findings: &findings,
        };
        let mut progress = |frames| self.progress.set(frames);
        let made = pictures::make(&self.context.tools, &about, &self.folder.path, self.cancel, &mut progress)?;
        self.check_cancel()?;
        let file = self.folder.path.join("planned.json");
        fs::write(&file, track.write()).map_err(ScratchError::io("writing", &file))?;
        let written = self.extra(".track.json", &file)?;
        let track_digest = written.digest;
        let extras = vec![written, self.extra(".sheet.png", &made.sheet)?, self.extra(".overlay.mp4", &made.preview)?];
        Ok(Planned { frames: facts.frames, track: track_digest, told: told(&track), extras })
    }

    /// What was found in all of the shot.
    fn findings(&self, receipts: &[FindingsReceipt]) -> Result<Findings, TaskError> {
        let mut parts = Vec::with_capacity(receipts.len());
        for receipt in receipts {
            let place = self.folder.path.join(format!("findings-{}", receipt.range.start));
            self.context.blobs.fetch(receipt.digest, &place, self.cancel)?;
            parts.push(Findings::read(&fs::read(&place).map_err(ScratchError::io("reading", &place))?)?);
        }
        Ok(Findings::join(parts)?)
    }

    /// Stores a finished file that comes with the output.
    fn extra(&self, suffix: &str, file: &Path) -> Result<Extra, TaskError> {
        let bytes = fs::metadata(file).map_err(ScratchError::io("measuring", file))?.len();
        let digest: Digest = self.context.blobs.deliver(file, self.cancel)?;
        Ok(Extra { suffix: suffix.to_owned(), bytes, digest })
    }
}

/// The first stretches of a track in a line each.
fn told(track: &Track) -> Vec<String> {
    let line = |mut line: String| {
        line.truncate(line.floor_char_boundary(TOLD_BYTES_MAX));
        // Lines are shown on terminals, which would obey what stands between the letters.
        line.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
    };
    track.stretches.iter().take(STRETCHES_TOLD_MAX).map(|stretch| line(stretch.told())).collect()
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::track::{Camera, Layout, Stretch};

    use super::*;

    #[test]
    fn what_is_told_is_bounded_and_plain() {
        let stretch = |why: String| Stretch {
            first: 0,
            end: 9,
            camera: Camera::Hand,
            layout: Layout::Fit,
            why,
            windows: Vec::new(),
            second: Vec::new(),
        };
        let stretches = vec![stretch("a\u{1b}[31mred\nline".to_owned()), stretch("镜".repeat(4_000))];
        let lines = told(&Track { stretches, ..Track::empty() });
        assert_eq!(lines[0], "frames 0..9 by hand fit: a [31mred line");
        assert!(lines[1].len() <= TOLD_BYTES_MAX && lines[1].ends_with('镜'), "{}", lines[1]);
        let many = Track { stretches: vec![stretch(String::new()); STRETCHES_TOLD_MAX + 5], ..Track::empty() };
        assert_eq!(told(&many).len(), STRETCHES_TOLD_MAX);
    }
}
