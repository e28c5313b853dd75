//! Figures of a choice beside the truth of a shot. Pure: areas in, numbers out.

use shotfarm_shared::track::Window;

use super::area::{about, common, moved_into, pixels};
use super::judged::Judged;
use super::truth::{Truth, TruthFrame};

/// Pixels by which a subject may stick out and still count as inside: its edge is soft by as much.
pub(crate) const SLACK_PIXELS: f64 = 1.0;
/// Pixels by which a window may lie outside of the picture: what rounding makes of the sums of a track.
const OUTSIDE_PIXELS: f64 = 1e-3;

/// Rows of a bar that a window may show: compression makes its edge soft.
const BARS_PIXELS: f64 = 1.0;

/// Sums over frames; shots are added up.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub(crate) struct Figures {
    pub(crate) frames: usize,
    /// Sum of the overlap with the true window.
    pub(crate) overlap: f64,
    /// Frames whose subjects all fit one window.
    pub(crate) fitting: usize,
    /// Of those, frames that show all of them whole.
    pub(crate) inside: usize,
    /// Frames with two subjects and more.
    pub(crate) several: usize,
    /// Of those, frames that show none of them whole.
    pub(crate) between: usize,
    /// Frames with a window that leaves the picture.
    pub(crate) outside: usize,
    /// Frames with a window that shows some of the source's bars.
    pub(crate) barred: usize,
    /// The largest change of speed of a window's middle within a stretch, in pixels of the source a frame squared.
    pub(crate) acceleration: f64,
    /// The same within stretches that are meant to stand still, of their speed as well.
    pub(crate) unrest: f64,
    pub(crate) cuts: Cuts,
}

/// Cuts at the exact frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Cuts {
    pub(crate) found: usize,
    pub(crate) missed: usize,
    pub(crate) wrong: usize,
}

impl Cuts {
    /// Those found beside those that are; both in order.
    pub(crate) fn of(found: &[usize], truth: &[usize]) -> Self {
        let hits = found.iter().filter(|cut| truth.contains(cut)).count();
        Self { found: hits, missed: truth.len() - hits, wrong: found.len() - hits }
    }

    pub(crate) fn add(&mut self, other: Self) {
        self.found += other.found;
        self.missed += other.missed;
        self.wrong += other.wrong;
    }

    /// The harmonic mean of precision and recall; 1 where there was nothing to find and nothing found.
    pub(crate) fn f1(&self) -> f64 {
        let all = 2 * self.found + self.missed + self.wrong;
        if all == 0 { 1.0 } else { 2.0 * self.found as f64 / all as f64 }
    }
}

impl Figures {
    /// Of one shot.
    pub(crate) fn of(truth: &Truth, picture: &Window, judged: &Judged) -> Self {
        let mut figures = Self { cuts: Cuts::of(&judged.cuts, &truth.cuts), ..Self::default() };
        for (frame, shown) in truth.frames.iter().zip(&judged.shown) {
            figures.frames += 1;
            figures.overlap += overlap(frame, shown, &truth.content);
            let whole = |area: &Window| shown.iter().any(|window| window.holds(area, SLACK_PIXELS));
            figures.fitting += usize::from(frame.fits);
            figures.inside += usize::from(frame.fits && frame.needed.iter().all(whole));
            figures.several += usize::from(frame.needed.len() > 1);
            figures.between += usize::from(frame.needed.len() > 1 && !frame.needed.iter().any(whole));
            figures.outside += usize::from(!shown.iter().all(|window| picture.holds(window, OUTSIDE_PIXELS)));
            figures.barred += usize::from(!shown.iter().all(|window| truth.content.holds(window, BARS_PIXELS)));
        }
        (figures.acceleration, figures.unrest) = motion(judged);
        figures
    }

    /// Several shots as one.
    pub(crate) fn sum<'f>(all: impl IntoIterator<Item = &'f Self>) -> Self {
        all.into_iter().fold(Self::default(), |mut sum, one| {
            sum.frames += one.frames;
            sum.overlap += one.overlap;
            sum.fitting += one.fitting;
            sum.inside += one.inside;
            sum.several += one.several;
            sum.between += one.between;
            sum.outside += one.outside;
            sum.barred += one.barred;
            sum.acceleration = sum.acceleration.max(one.acceleration);
            sum.unrest = sum.unrest.max(one.unrest);
            sum.cuts.add(one.cuts);
            sum
        })
    }

    /// Mean overlap with the true window, 0 to 1.
    pub(crate) fn iou(&self) -> f64 {
        self.overlap / self.frames.max(1) as f64
    }

    /// Share of the frames whose subjects fit that show them whole; none where none fit.
    pub(crate) fn inside_share(&self) -> Option<f64> {
        (self.fitting > 0).then(|| self.inside as f64 / self.fitting as f64)
    }

    /// Share of the frames with several subjects that show none whole.
    pub(crate) fn between_share(&self) -> Option<f64> {
        (self.several > 0).then(|| self.between as f64 / self.several as f64)
    }
}

/// How well a frame's areas match the true window; any of several true ones.
///
/// A split picture whose subjects do not fit is measured part by part: each beside the true window of one subject, no subject
/// twice.
fn overlap(frame: &TruthFrame, shown: &[Window], content: &Window) -> f64 {
    match shown {
        [] => 0.0,
        [window] => best(&frame.windows, window),
        parts if frame.windows.len() < 2 => frame.windows.iter().map(|window| union_overlap(parts, window)).fold(0.0, f64::max),
        parts => {
            let mut left = frame.windows.clone();
            let mut sum = 0.0;
            for part in parts {
                let match_of = |truth: &Window| resized(truth, part, content).intersection_over_union(part);
                let nearest = (0..left.len()).max_by(|&a, &b| match_of(&left[a]).total_cmp(&match_of(&left[b])));
                let Some(nearest) = nearest else { break };
                sum += match_of(&left.swap_remove(nearest));
            }
            sum / parts.len() as f64
        }
    }
}

/// The true window of a subject in a part's own size: about the same middle, as far within the picture as it must be. On an axis
/// that the true window fills, its middle says nothing, and the part stands where it stands.
fn resized(truth: &Window, part: &Window, content: &Window) -> Window {
    let (x, y) = truth.centre();
    let (own_x, own_y) = part.centre();
    let centre = (if truth.width < content.width { x } else { own_x }, if truth.height < content.height { y } else { own_y });
    moved_into(&about(centre, (part.width, part.height)), content)
}

fn best(windows: &[Window], window: &Window) -> f64 {
    windows.iter().map(|truth| truth.intersection_over_union(window)).fold(0.0, f64::max)
}

/// Overlap of what several parts show together with one window. Parts that overlap each other are counted once for two parts,
/// which is as many as a split picture has.
fn union_overlap(parts: &[Window], window: &Window) -> f64 {
    let twice = match parts {
        [one, two] => common(one, two),
        _ => None,
    };
    let shown = parts.iter().map(pixels).sum::<f64>() - twice.as_ref().map_or(0.0, pixels);
    let both = parts.iter().map(|part| part.overlap(window)).sum::<f64>() - twice.map_or(0.0, |area| area.overlap(window));
    both / (shown + pixels(window) - both).max(f64::MIN_POSITIVE)
}

/// The largest change of speed within stretches; and the largest move or change of speed within steady ones.
fn motion(judged: &Judged) -> (f64, f64) {
    let (mut acceleration, mut unrest) = (0.0_f64, 0.0_f64);
    for (index, held) in judged.stretches.iter().enumerate() {
        let end = judged.stretches.get(index + 1).map_or(judged.shown.len(), |next| next.first);
        let frames = judged.shown.get(held.first..end).unwrap_or_default();
        let parts = frames.iter().map(Vec::len).min().unwrap_or(0);
        for part in 0..parts {
            let path = frames.iter().map(|areas| areas[part].centre()).collect::<Vec<_>>();
            let speeds = path.windows(2).map(|pair| (pair[1].0 - pair[0].0, pair[1].1 - pair[0].1)).collect::<Vec<_>>();
            let changes = speeds.windows(2).map(|pair| (pair[1].0 - pair[0].0).hypot(pair[1].1 - pair[0].1));
            acceleration = changes.fold(acceleration, f64::max);
            if held.steady {
                unrest = speeds.iter().map(|speed| speed.0.hypot(speed.1)).fold(unrest, f64::max);
            }
        }
    }
    (acceleration, unrest)
}

#[cfg(test)]
mod tests {
    use super::super::judged::{Held, centre_crop};
    use super::*;

    const PICTURE: Window = Window { x: 0.0, y: 0.0, width: 480.0, height: 270.0 };

    fn window(left: f64) -> Window {
        Window::from([left, 0.0, 150.0, 270.0])
    }

    fn truth(frames: Vec<TruthFrame>) -> Truth {
        Truth { content: PICTURE, frames, cuts: vec![2] }
    }

    fn one(subject: f64, left: f64) -> TruthFrame {
        TruthFrame { needed: vec![Window::from([subject, 50.0, 40.0, 200.0])], fits: true, windows: vec![window(left)] }
    }

    fn path(lefts: &[f64], steady: bool) -> Judged {
        let shown = lefts.iter().map(|&left| vec![window(left)]).collect();
        Judged { shown, stretches: vec![Held { first: 0, steady }], cuts: Vec::new() }
    }

    #[test]
    fn the_truth_itself_is_without_fault() {
        let truth = truth(vec![one(100.0, 60.0), one(105.0, 60.0), one(300.0, 250.0)]);
        let shown = truth.frames.iter().map(|frame| frame.windows.clone()).collect();
        let stretches = vec![Held { first: 0, steady: true }, Held { first: 2, steady: true }];
        let figures = Figures::of(&truth, &PICTURE, &Judged { shown, stretches, cuts: vec![2] });
        assert_eq!((figures.iou(), figures.inside_share(), figures.cuts.f1()), (1.0, Some(1.0), 1.0));
        assert_eq!((figures.acceleration, figures.unrest, figures.outside, figures.between_share()), (0.0, 0.0, 0, None));
    }

    #[test]
    fn a_subject_that_sticks_out_is_not_inside() {
        let truth = truth(vec![one(100.0, 60.0), one(100.0, 60.0)]);
        let figures = Figures::of(&truth, &PICTURE, &path(&[100.9, 101.2], false));
        assert_eq!((figures.fitting, figures.inside), (2, 1), "a pixel of slack, no more");
    }

    #[test]
    fn a_window_between_two_shows_neither() {
        let subjects = vec![Window::from([20.0, 50.0, 60.0, 200.0]), Window::from([400.0, 50.0, 60.0, 200.0])];
        let far = TruthFrame { needed: subjects, fits: false, windows: vec![window(0.0), window(330.0)] };
        let truth = truth(vec![far.clone(), far.clone(), far]);
        let middle = Figures::of(&truth, &PICTURE, &centre_crop(&PICTURE, 9.0 / 16.0, 3));
        assert_eq!((middle.between_share(), middle.inside_share()), (Some(1.0), None));
        assert_eq!(middle.iou(), 0.0);
        let right = Figures::of(&truth, &PICTURE, &path(&[330.0; 3], true));
        assert_eq!((right.between_share(), right.iou()), (Some(0.0), 1.0));
        let halves = [Window::from([0.0, 0.0, 150.0, 135.0]), Window::from([330.0, 0.0, 150.0, 135.0])];
        let split = Judged { shown: vec![halves.map(|half| Window { y: 67.5, ..half }).to_vec(); 3], ..path(&[0.0; 3], true) };
        assert!((Figures::of(&truth, &PICTURE, &split).iou() - 1.0).abs() < 1e-9, "a part for each, in its own size");
        let large = [0.0, 180.0].map(|x| Window { x, width: 300.0, ..window(0.0) });
        let large = Judged { shown: vec![large.to_vec(); 3], ..path(&[0.0; 3], true) };
        assert!(
            (Figures::of(&truth, &PICTURE, &large).iou() - 1.0).abs() < 1e-9,
            "as near to its subject as the picture lets it"
        );
        let low = Judged { shown: vec![halves.map(|half| Window { y: 100.0, ..half }).to_vec(); 3], ..path(&[0.0; 3], true) };
        assert!(
            (Figures::of(&truth, &PICTURE, &low).iou() - 1.0).abs() < 1e-9,
            "as high as it likes: the truth has no say in it"
        );
        let same = Judged { shown: vec![vec![window(0.0), window(0.0)]; 3], ..split };
        assert!((Figures::of(&truth, &PICTURE, &same).iou() - 0.5).abs() < 1e-9, "one subject twice is half of it");
    }

    #[test]
    fn motion_is_measured_within_stretches_only() {
        let mut judged = path(&[0.0, 1.0, 2.0, 3.0, 200.0, 200.0, 203.0], false);
        judged.stretches.push(Held { first: 4, steady: true });
        assert_eq!(motion(&judged), (3.0, 3.0));
        assert_eq!(motion(&path(&[0.0, 1.0, 2.0, 3.5], false)), (0.5, 0.0));
    }

    #[test]
    fn a_window_outside_is_counted() {
        let truth = truth(vec![one(400.0, 330.0), one(400.0, 330.0)]);
        assert_eq!(Figures::of(&truth, &PICTURE, &path(&[330.0, 331.0], false)).outside, 1);
    }

    #[test]
    fn a_window_that_shows_bars_is_counted() {
        let content = Window { y: 40.0, height: 190.0, ..PICTURE };
        let truth = Truth { content, ..truth(vec![one(60.0, 20.0)]) };
        assert_eq!(Figures::of(&truth, &PICTURE, &path(&[20.0], true)).barred, 1);
        let within = Judged { shown: vec![vec![Window { y: 40.0, height: 190.0, ..window(20.0) }]], ..path(&[20.0], true) };
        assert_eq!(Figures::of(&truth, &PICTURE, &within).barred, 0);
    }

    #[test]
    fn cuts_count_at_the_exact_frame() {
        let cuts = Cuts::of(&[10, 21], &[10, 20]);
        assert_eq!(cuts, Cuts { found: 1, missed: 1, wrong: 1 });
        assert!((cuts.f1() - 0.5).abs() < 1e-12 && Cuts::of(&[], &[]).f1() == 1.0 && Cuts::of(&[3], &[]).f1() == 0.0);
    }

    #[test]
    fn parts_that_overlap_count_once() {
        let parts = [Window::from([0.0, 0.0, 100.0, 100.0]), Window::from([50.0, 0.0, 100.0, 100.0])];
        assert!((union_overlap(&parts, &Window::from([0.0, 0.0, 150.0, 100.0])) - 1.0).abs() < 1e-12);
    }
}
