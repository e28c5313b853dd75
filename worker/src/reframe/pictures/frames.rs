//! Which frames of a shot a sheet shows: the first and the last, one of every stretch, those set by hand, and the rest at even
//! intervals.

use std::collections::BTreeSet;

use shotfarm_shared::track::Track;

/// Frames that a sheet shows of a long stretch.
const FRAMES_AIM: u64 = 12;
/// Most frames of one sheet: a shot with more stretches than this shows some of them.
const FRAMES_MAX: u64 = 36;

/// The frames to show of a shot of `frames` frames, ascending.
pub(super) fn shown(track: &Track, frames: u64) -> BTreeSet<u64> {
    let Some(last) = frames.checked_sub(1) else { return BTreeSet::new() };
    let mut shown = BTreeSet::from([0, last]);
    let wanted: BTreeSet<u64> = track.keys.iter().map(|key| key.frame.min(last)).collect();
    add_evenly(&mut shown, &wanted, FRAMES_MAX / 3);
    let unseen = |shown: &BTreeSet<u64>| -> BTreeSet<u64> {
        let stretches =
            track.stretches.iter().filter(|stretch| shown.range(stretch.first..stretch.end.max(stretch.first)).next().is_none());
        stretches.map(|stretch| (stretch.first + (stretch.end.saturating_sub(stretch.first)) / 2).min(last)).collect()
    };
    let middles = unseen(&shown);
    add_evenly(&mut shown, &middles, FRAMES_MAX);
    fill(&mut shown, FRAMES_AIM.min(frames));
    shown
}

/// Adds frames until there are `aim`, at intervals as even as those that are there allow.
fn fill(shown: &mut BTreeSet<u64>, aim: u64) {
    let all: Vec<u64> = shown.iter().copied().collect();
    // How long each gap is, where it begins, and into how many parts it is cut.
    let mut gaps: Vec<(u64, u64, u64)> = all.windows(2).map(|pair| (pair[1] - pair[0], pair[0], 1)).collect();
    for _ in all.len() as u64..aim {
        let widest = gaps.iter_mut().filter(|(length, _, parts)| parts < length);
        let Some((_, _, parts)) = widest.max_by(|a, b| (a.0 * b.2).cmp(&(b.0 * a.2)).then(b.1.cmp(&a.1))) else { break };
        *parts += 1;
    }
    for (length, begin, parts) in gaps {
        shown.extend((1..parts).map(|part| begin + (length * part + parts / 2) / parts));
    }
}

/// Adds frames of `wanted` until `shown` has `most`; where that is too few for all, every so-manieth.
fn add_evenly(shown: &mut BTreeSet<u64>, wanted: &BTreeSet<u64>, most: u64) {
    let room = most.saturating_sub(shown.len() as u64).max(1);
    let step = (wanted.len() as u64).div_ceil(room).max(1);
    shown.extend(wanted.iter().step_by(step as usize));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::track::{Camera, Key, Layout, Stretch};

    use super::*;

    fn track(ends: &[u64], keys: &[u64]) -> Track {
        let mut first = 0;
        let stretches = ends.iter().map(|&end| {
            let stretch = Stretch {
                first,
                end,
                camera: Camera::Steady,
                layout: Layout::Crop,
                why: String::new(),
                windows: Vec::new(),
                second: Vec::new(),
            };
            first = end;
            stretch
        });
        let stretches = stretches.collect();
        let keys = keys.iter().map(|&frame| Key { frame, x: None, y: None, height: None, layout: None }).collect();
        Track { stretches, keys, ..Track::empty() }
    }

    #[test]
    fn a_plain_shot_is_shown_at_intervals() {
        let shown = shown(&track(&[111], &[]), 111);
        assert_eq!(shown.len(), 12);
        let all: Vec<u64> = shown.into_iter().collect();
        assert!(all.windows(2).all(|pair| pair[1] - pair[0] == 10), "{all:?}");
    }

    #[test]
    fn a_short_shot_is_shown_whole() {
        assert_eq!(shown(&track(&[1], &[0]), 1), BTreeSet::from([0]));
        assert_eq!(shown(&track(&[3], &[]), 3), BTreeSet::from([0, 1, 2]));
        assert!(shown(&Track::empty(), 0).is_empty());
    }

    proptest! {
        #[test]
        fn first_last_and_every_stretch_are_there(
            lengths in proptest::collection::vec(1_u64..60, 1..30), keys in proptest::collection::btree_set(0_u64..400, 0..60),
        ) {
            let ends: Vec<u64> = lengths.iter().scan(0, |sum, length| { *sum += length; Some(*sum) }).collect();
            let frames = *ends.last().expect("one at least");
            let keys: Vec<u64> = keys.into_iter().filter(|key| *key < frames).collect();
            let track = track(&ends, &keys);
            let shown = shown(&track, frames);
            prop_assert!(shown.len() as u64 <= FRAMES_MAX + FRAMES_MAX / 3 && shown.len() as u64 >= FRAMES_AIM.min(frames));
            prop_assert!(shown.contains(&0) && shown.contains(&(frames - 1)) && shown.iter().all(|frame| *frame < frames));
            if lengths.len() < 20 {
                for stretch in &track.stretches {
                    prop_assert!(shown.range(stretch.first..stretch.end).next().is_some(), "{:?}", stretch.range());
                }
            }
        }
    }
}
