//! Cuts inside a shot, to the exact frame.
//!
//! A cut is a frame whose difference to the one before stands far above its neighbours' and above a floor: the adaptive rule of
//! PySceneDetect (Breakthrough/PySceneDetect, `AdaptiveDetector`), taken on what is left after motion, so that pans and quick
//! action stay quiet. Two more questions keep light from being a cut: whether the picture is back within a few frames (a
//! flash), and whether both sides are the same picture at another brightness (a lamp).

use super::super::findings::{Cell, Findings, Seen};

/// How far a cut stands above the mean of the frames beside it.
const RATIO_LEAST: f64 = 2.6;
/// Frames on each side that a frame is compared with.
const NEIGHBOURS: usize = 2;
/// Least difference of a cut after motion, in codes of 8 bits; below it nobody sees one.
const RESIDUAL_LEAST: f64 = 2.2;
/// What is added to the neighbours' mean, so that a still picture does not make a cut of a flicker.
const QUIET: f64 = 0.6;
/// How much a difference of colour histograms counts, in codes of residual: it is what tells look-alike frames in motion from
/// other places.
const HISTOGRAM_CODES: f64 = 16.0;
/// A difference that stands for itself: where cuts follow one another in every frame, neighbours say nothing.
const RESIDUAL_SURE: f64 = 40.0;
/// Frames that a flash lasts at most.
const FLASH_FRAMES: u64 = 4;
/// Likeness (correlation of the cells' luma) from which two frames are one picture in another light.
const LIKENESS_SAME: f64 = 0.93;
/// Part of a flash's own difference below which the picture after it is the picture before it.
const RETURN_PART: f64 = 0.45;

/// The frames at which another shot begins, in order; never the first frame.
pub(super) fn find(findings: &Findings) -> Vec<u64> {
    let seen = &findings.seen;
    let scores = seen.iter().map(score).collect::<Vec<_>>();
    let jumps = (1..seen.len()).filter(|&at| stands_out(&scores, at)).collect::<Vec<_>>();
    without_flashes(seen, &scores, &jumps).into_iter().map(|at| seen[at].frame).collect()
}

fn score(seen: &Seen) -> f64 {
    let number = |value: f32| if value.is_finite() { f64::from(value) } else { 0.0 };
    number(seen.residual) + HISTOGRAM_CODES * number(seen.histogram).min(1.0)
}

fn stands_out(scores: &[f64], at: usize) -> bool {
    let own = scores[at];
    if own < RESIDUAL_LEAST {
        return false;
    }
    // The first frame has nothing before it, so its difference says nothing.
    let before = &scores[at.saturating_sub(NEIGHBOURS).max(1)..at];
    let after = &scores[at + 1..(at + 1 + NEIGHBOURS).min(scores.len())];
    let count = before.len() + after.len();
    if count == 0 {
        return own >= RESIDUAL_LEAST * RATIO_LEAST;
    }
    // The largest neighbour may be another cut: with three and more it is left out.
    let largest = before.iter().chain(after).copied().fold(0.0, f64::max);
    let sum = before.iter().chain(after).sum::<f64>();
    let mean = if count > 2 { (sum - largest) / (count - 1) as f64 } else { sum / count as f64 };
    own >= RATIO_LEAST * (mean + QUIET) || own >= RESIDUAL_SURE
}

/// Jumps without those that are light.
fn without_flashes(seen: &[Seen], scores: &[f64], jumps: &[usize]) -> Vec<usize> {
    let mut cuts = Vec::with_capacity(jumps.len());
    let mut index = 0;
    while index < jumps.len() {
        let at = jumps[index];
        let back = jumps[index + 1..].iter().take_while(|&&other| seen[other].frame - seen[at].frame <= FLASH_FRAMES);
        let back = back.copied().filter(|&back| is_return(seen, scores, at, back)).last();
        match back {
            Some(back) => index += jumps[index..].iter().take_while(|&&other| other <= back).count(),
            None => {
                if !is_other_light(seen, at) {
                    cuts.push(at);
                }
                index += 1;
            }
        }
    }
    cuts
}

/// Whether what is seen from `back` on is what was seen before `at`.
fn is_return(seen: &[Seen], scores: &[f64], at: usize, back: usize) -> bool {
    let Some((before, after)) = around(seen, at, back) else { return false };
    let codes = difference(before, after);
    codes < RETURN_PART * scores[at].min(scores[back]) || likeness(before, after) > LIKENESS_SAME
}

/// Whether the two sides of a jump are one picture, lit in another way.
fn is_other_light(seen: &[Seen], at: usize) -> bool {
    around(seen, at, at).is_some_and(|(before, after)| likeness(before, after) > LIKENESS_SAME)
}

/// The cells of the last frame seen in full before `at`, and of the first from `back` on.
fn around(seen: &[Seen], at: usize, back: usize) -> Option<(&[Cell], &[Cell])> {
    let cells = |seen: &'_ Seen| seen.full.is_some();
    let before = seen[..at].iter().rev().take(NEAR_FRAMES).find(|seen| cells(seen))?;
    let after = seen[back..].iter().take(NEAR_FRAMES).find(|seen| cells(seen))?;
    Some((before.full.as_ref()?.cells(), after.full.as_ref()?.cells()))
}

/// Frames within which a frame that was seen in full still tells what a frame looks like.
const NEAR_FRAMES: usize = 6;

/// Mean difference of luma and colour, in codes.
fn difference(left: &[Cell], right: &[Cell]) -> f64 {
    let codes = |left: &Cell, right: &Cell| {
        [(left.luma, right.luma), (left.blue, right.blue), (left.red, right.red)]
            .into_iter()
            .map(|(left, right)| f64::from(left.abs_diff(right)))
            .sum::<f64>()
            / 3.0
    };
    left.iter().zip(right).map(|(left, right)| codes(left, right)).sum::<f64>() / left.len().max(1) as f64
}

/// Correlation of luma, less what the colours differ by: 1 for the same picture in any light, near 0 for another one.
fn likeness(left: &[Cell], right: &[Cell]) -> f64 {
    let count = left.len().max(1) as f64;
    let mean = |cells: &[Cell]| cells.iter().map(|cell| f64::from(cell.luma)).sum::<f64>() / count;
    let (of_left, of_right) = (mean(left), mean(right));
    let (mut both, mut first, mut second, mut colour) = (0.0, 0.0, 0.0, 0.0);
    for (left, right) in left.iter().zip(right) {
        let (x, y) = (f64::from(left.luma) - of_left, f64::from(right.luma) - of_right);
        both += x * y;
        first += x * x;
        second += y * y;
        colour += f64::from(left.blue.abs_diff(right.blue)) + f64::from(left.red.abs_diff(right.red));
    }
    // Flat pictures have no form to be alike in.
    if first.min(second) < count {
        return 0.0;
    }
    both / (first * second).sqrt() - colour / count / 200.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{Painter, hash};
    use super::*;

    /// Frames with the given residuals and noise; the picture changes at the given cuts.
    fn shot(frames: u64, cuts: &[u64], noise: f32, flash: Option<(u64, u64)>) -> Findings {
        let mut painter = Painter::new(640, 360, frames);
        painter.paint(|frame, column, row, cell| {
            let place = cuts.iter().filter(|&&cut| cut <= frame).count() as u64;
            cell.luma = (hash(place * 7919 + u64::from(row / 3) * 131 + u64::from(column / 4)) % 200) as u8 + 20;
            cell.red = 100 + (hash(place + 91 + u64::from(row / 6)) % 50) as u8;
            if flash.is_some_and(|(first, end)| (first..end).contains(&frame)) {
                cell.luma = cell.luma.saturating_add(90);
            }
        });
        painter.measure(noise);
        painter.findings
    }

    #[test]
    fn cuts_are_found_at_their_frame() {
        assert_eq!(find(&shot(60, &[1, 17, 40, 43, 59], 1.0, None)), [1, 17, 40, 43, 59]);
        assert_eq!(find(&shot(60, &[], 1.0, None)), [0_u64; 0]);
        assert_eq!(find(&shot(1, &[], 0.0, None)), [0_u64; 0]);
        assert_eq!(find(&shot(2, &[1], 0.0, None)), [1]);
    }

    #[test]
    fn a_flash_is_no_cut_and_a_cut_beside_one_is() {
        for end in 21..=24 {
            assert_eq!(find(&shot(60, &[], 1.0, Some((20, end)))), [0_u64; 0], "a flash over 20..{end}");
        }
        assert_eq!(find(&shot(60, &[40], 1.0, Some((20, 22)))), [40]);
    }

    #[test]
    fn a_lamp_that_stays_on_is_no_cut() {
        assert_eq!(find(&shot(60, &[], 1.0, Some((20, 60)))), [0_u64; 0]);
    }

    #[test]
    fn a_pan_and_quick_action_are_quiet() {
        let mut findings = shot(60, &[30], 1.0, None);
        for seen in &mut findings.seen {
            seen.change += 40.0;
            seen.residual += 6.0 + (hash(seen.frame) % 100) as f32 / 40.0;
        }
        assert_eq!(find(&findings), [30]);
    }

    proptest! {
        #[test]
        fn noise_makes_no_cut_and_hides_none(
            cuts in proptest::collection::btree_set(1_u64..119, 0..6), noise in 0.0_f32..6.0,
        ) {
            let cuts = cuts.into_iter().fold(Vec::new(), |mut apart: Vec<u64>, cut| {
                // Shots of a few frames are a flicker that no rule of neighbours tells apart.
                if apart.last().is_none_or(|last| cut - last > 4) {
                    apart.push(cut);
                }
                apart
            });
            prop_assert_eq!(find(&shot(120, &cuts, noise, None)), cuts);
        }

        #[test]
        fn no_findings_panic(values in proptest::collection::vec((any::<f32>(), any::<f32>(), any::<f32>()), 1..40)) {
            let mut findings = shot(values.len() as u64, &[], 0.0, None);
            for (seen, (change, residual, histogram)) in findings.seen.iter_mut().zip(values) {
                (seen.change, seen.residual, seen.histogram) = (change, residual, histogram);
            }
            let cuts = find(&findings);
            prop_assert!(cuts.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(cuts.iter().all(|cut| (1..findings.look.frames).contains(cut)));
        }
    }
}
