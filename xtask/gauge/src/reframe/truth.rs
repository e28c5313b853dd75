//! What is known of a drawn shot, and what a good editor would make of it.
//!
//! Subjects are where their own paint is (see `set`); windows follow from the choice that the shot's scenario states. Nothing
//! here is ever shown to what is judged.

use shotfarm_shared::track::Window;

use super::area::{about, moved_into, union_of, widest};

/// Of a whole shot.
#[derive(Clone, Debug)]
pub(crate) struct Truth {
    /// The picture without bars.
    pub(crate) content: Window,
    pub(crate) frames: Vec<TruthFrame>,
    /// The first frame of every stretch but the first.
    pub(crate) cuts: Vec<usize>,
}

/// Of one frame.
#[derive(Clone, Debug)]
pub(crate) struct TruthFrame {
    /// The full extent of every subject that must stay, seen or hidden.
    pub(crate) needed: Vec<Window>,
    /// Whether all of them fit one window, and an editor would keep them all: two that only brush past each other are not both
    /// followed.
    pub(crate) fits: bool,
    /// The windows that a good editor might choose; one where it is plain, one for each subject where they lie too far apart.
    pub(crate) windows: Vec<Window>,
}

/// How an editor would treat a stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// One window that stays, about the middle of where all subjects ever are.
    Steady,
    /// One window that goes along with all subjects.
    Follow,
    /// A window for one subject, whichever.
    Apart,
    /// Nothing to keep: the middle.
    Middle,
}

/// The extent of every subject of a frame; none for one that is out of the picture.
pub(crate) type Subjects = Vec<Option<Window>>;

/// The truth of one stretch, frame by frame, for windows of an aspect (width by height).
pub(crate) fn stretch(subjects: &[Subjects], choice: Choice, content: &Window, aspect: f64) -> Vec<TruthFrame> {
    let sides = widest(content, aspect);
    let seen = |frame: &Subjects| frame.iter().flatten().copied().collect::<Vec<_>>();
    let together = subjects.iter().map(|frame| union_of(&seen(frame))).collect::<Vec<_>>();
    let paths = match choice {
        Choice::Steady => vec![steady(&together, content, sides)],
        Choice::Follow => vec![follow(&together, content, sides)],
        Choice::Middle => vec![vec![middle(content, sides); subjects.len()]],
        Choice::Apart => {
            let count = subjects.iter().map(Vec::len).max().unwrap_or(0);
            (0..count).map(|index| alone(subjects, index, content, sides)).collect()
        }
    };
    let frame = |(index, frame): (usize, &Subjects)| TruthFrame {
        needed: seen(frame),
        fits: choice != Choice::Apart && together[index].is_some_and(|area| area.width <= sides.0 && area.height <= sides.1),
        windows: paths.iter().map(|path| path[index]).collect(),
    };
    subjects.iter().enumerate().map(frame).collect()
}

fn middle(content: &Window, sides: (f64, f64)) -> Window {
    about(content.centre(), sides)
}

/// The window of one subject among several: still if that holds it all the time.
fn alone(subjects: &[Subjects], index: usize, content: &Window, sides: (f64, f64)) -> Vec<Window> {
    let own = subjects.iter().map(|frame| frame.get(index).copied().flatten()).collect::<Vec<_>>();
    let range = union_of(own.iter().flatten());
    if range.is_some_and(|range| range.width > sides.0) { follow(&own, content, sides) } else { steady(&own, content, sides) }
}

fn steady(path: &[Option<Window>], content: &Window, sides: (f64, f64)) -> Vec<Window> {
    let centre = union_of(path.iter().flatten()).map_or(content.centre(), |range| range.centre());
    vec![moved_into(&about(centre, sides), content); path.len()]
}

/// Frames over which a hand on the camera evens out what it follows: a standard deviation of a third of a second.
const EASE_FRAMES: f64 = 8.0;

fn follow(path: &[Option<Window>], content: &Window, sides: (f64, f64)) -> Vec<Window> {
    let known = path.iter().enumerate().filter_map(|(at, area)| Some((at as f64, area.as_ref()?.centre()))).collect::<Vec<_>>();
    let evened = |at: f64| {
        let weighted = known.iter().map(|&(other, centre)| ((-((other - at) / EASE_FRAMES).powi(2) / 2.0).exp(), centre));
        let sums = weighted.fold((0.0, 0.0, 0.0), |(all, x, y), (w, centre)| (all + w, x + w * centre.0, y + w * centre.1));
        if sums.0 > 0.0 { (sums.1 / sums.0, sums.2 / sums.0) } else { content.centre() }
    };
    let window = |at: usize| {
        let window = about(evened(at as f64), sides);
        // The subject itself comes before an even path.
        let held = path[at].map_or(window, |area| kept(&window, &area));
        moved_into(&held, content)
    };
    (0..path.len()).map(window).collect()
}

/// The window moved by as little as holds the area, on each axis where it fits.
fn kept(window: &Window, area: &Window) -> Window {
    let axis = |at: f64, side: f64, from: f64, length: f64| {
        if length > side { at } else { at.clamp(from + length - side, from) }
    };
    Window {
        x: axis(window.x, window.width, area.x, area.width),
        y: axis(window.y, window.height, area.y, area.height),
        ..*window
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONTENT: Window = Window { x: 0.0, y: 0.0, width: 480.0, height: 270.0 };
    const ASPECT: f64 = 9.0 / 16.0;

    fn walk(from: f64, by: f64, frames: usize) -> Vec<Subjects> {
        (0..frames).map(|at| vec![Some(Window::from([from + by * at as f64, 80.0, 40.0, 150.0]))]).collect()
    }

    #[test]
    fn a_steady_window_stands_about_the_range() {
        let frames = stretch(&walk(100.0, 1.0, 41), Choice::Steady, &CONTENT, ASPECT);
        assert!(frames.iter().all(|frame| frame.fits && frame.windows == frames[0].windows));
        assert!((frames[0].windows[0].centre().0 - 140.0).abs() < 1e-9, "{:?}", frames[0].windows);
    }

    #[test]
    fn a_following_window_holds_the_subject_and_stays_inside() {
        let frames = stretch(&walk(0.0, 5.0, 89), Choice::Follow, &CONTENT, ASPECT);
        for frame in &frames {
            assert!(CONTENT.holds(&frame.windows[0], 1e-9) && frame.windows[0].holds(&frame.needed[0], 1e-9), "{frame:?}");
        }
        let steps = frames.windows(2).map(|pair| pair[1].windows[0].x - pair[0].windows[0].x);
        assert!(steps.clone().all(|step| (-1e-9..10.0).contains(&step)), "{:?}", steps.collect::<Vec<_>>());
    }

    #[test]
    fn two_too_far_apart_have_a_window_each() {
        let subjects =
            vec![vec![Some(Window::from([20.0, 80.0, 40.0, 150.0])), Some(Window::from([400.0, 80.0, 40.0, 150.0]))]; 3];
        let frames = stretch(&subjects, Choice::Apart, &CONTENT, ASPECT);
        assert!(frames.iter().all(|frame| !frame.fits && frame.windows.len() == 2));
        assert!(frames[0].windows[0].x == 0.0 && frames[0].windows[1].right() == 480.0, "{:?}", frames[0].windows);
    }

    #[test]
    fn nothing_to_keep_is_the_middle() {
        let frames = stretch(&vec![vec![None]; 2], Choice::Middle, &CONTENT, ASPECT);
        assert!(
            frames.iter().all(|frame| !frame.fits && frame.needed.is_empty() && frame.windows[0].centre() == CONTENT.centre())
        );
    }
}
