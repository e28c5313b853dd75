//! The way of one window through one stretch: it stands where that holds what must stay, sweeps once where that does, and
//! otherwise follows (`solve`).
//!
//! What is asked of it comes as a [`Wish`]: boxes that must stay, with weights, and where it aims. Invariants: a course lies
//! within its room; it has one place, or one for each frame; its acceleration stays below [`ACCELERATION_MAX`].

use shotfarm_shared::recipe::CameraChoice;
use shotfarm_shared::track::{Camera, Window};

use super::room::{AXES, Axis, Room, span};
use super::solve::{Aim, Hold, Problem};

/// Greatest acceleration of a window that was not set by hand, in its own sides (widths along x, heights along y) per second
/// squared. From rest it is half a window further after six tenths of a second: a hand on a camera is not quicker.
pub const ACCELERATION_MAX: f64 = 3.0;

/// Part of the frames in which what must stay may be touched by the edge of a window that stands or sweeps.
const TOUCHED_PART: f64 = 0.02;
/// How far it may then be outside, in sides of the window: nobody sees it.
const TOUCHED_SIDES: f64 = 0.01;
/// How far a sweep may be from where the window would best be, in sides, in the mean.
const SWEEP_OFF_MOST: f64 = 0.06;
/// Begin and end of a sweep are sought at so many places of the stretch.
const SWEEP_STEPS: usize = 8;
/// The greatest second derivative of the eased way from 0 to 1 in a time of 1: of `6t^5 - 15t^4 + 10t^3`, 10 / sqrt(3).
const EASE_BEND: f64 = 5.7736;
/// A path that moves less than this, in pixels of the source, stands.
const STILL_PIXELS: f64 = 0.25;
/// Weight from which a window that stands must hold something.
const HEAVY: f64 = 0.25;

/// A box that is to stay in the window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Keep {
    /// The frame of the stretch.
    pub(super) at: usize,
    /// What is to stay, in pixels of the source.
    pub(super) place: Window,
    /// How much it counts; 1 for what must stay.
    pub(super) weight: f64,
}

/// What a window should show.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Wish {
    /// What is to stay.
    pub(super) keeps: Vec<Keep>,
    /// The place that the middle of the clear part should have at a frame, for both axes.
    pub(super) aims: Vec<(usize, [f64; 2])>,
}

/// The part of the window that nothing covers, as shares of its sides: from and to along x, then along y.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Clear(pub(super) [[f64; 2]; 2]);

impl Clear {
    /// All of it.
    pub(super) const ALL: Self = Self([[0.0, 1.0]; 2]);

    fn along(&self, axis: Axis) -> [f64; 2] {
        self.0[axis as usize]
    }
}

/// How a window moves through a stretch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Course {
    /// In a word.
    pub(super) camera: Camera,
    /// Its windows: one for all frames, or one for each.
    pub(super) windows: Vec<Window>,
    /// Whether the solver gave up and the window stands instead.
    pub(super) is_fallback: bool,
}

/// The way along one axis.
enum Way {
    Still(f64),
    Sweep(Vec<f64>),
    Follow(Vec<f64>),
    /// Still, since the solver gave up.
    Fallback(f64),
}

/// A stretch as its path needs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// Its frames.
    pub(super) frames: usize,
    /// Frames in a second.
    pub(super) per_second: f64,
}

/// The course of a window of `room` through a stretch. Without anything to show it stands in the middle.
pub(super) fn course(room: &Room, span: Span, wish: &Wish, clear: &Clear, choice: CameraChoice) -> Course {
    let [x, y] = AXES.map(|axis| way(room, span, wish, clear, choice, axis));
    let is_fallback = [&x, &y].iter().any(|way| matches!(way, Way::Fallback(_)));
    let camera = match (&x, &y) {
        (Way::Follow(_), _) | (_, Way::Follow(_)) => Camera::Follow,
        (Way::Sweep(_), _) | (_, Way::Sweep(_)) => Camera::Pan,
        _ => Camera::Steady,
    };
    let count = if camera == Camera::Steady { 1 } else { span.frames };
    let windows = (0..count).map(|frame| room.window(x.at(frame), y.at(frame))).collect();
    Course { camera, windows, is_fallback }
}

impl Way {
    fn at(&self, frame: usize) -> f64 {
        match self {
            Self::Still(place) | Self::Fallback(place) => *place,
            Self::Sweep(places) | Self::Follow(places) => places[frame],
        }
    }
}

fn way(room: &Room, span: Span, wish: &Wish, clear: &Clear, choice: CameraChoice, axis: Axis) -> Way {
    let task = Task::of(room, span, wish, clear, axis);
    if !room.is_free(axis) {
        return Way::Still(task.reach.0);
    }
    if task.holds.is_empty() && task.aims.is_empty() {
        return Way::Still((task.reach.0 + task.reach.1) / 2.0);
    }
    let still = task.still();
    match choice {
        CameraChoice::Steady => Way::Still(still.place),
        CameraChoice::Auto if still.holds => Way::Still(still.place),
        CameraChoice::Pan if still.holds => Way::Still(still.place),
        CameraChoice::Pan => task.sweep(f64::INFINITY).map_or(Way::Still(still.place), Way::Sweep),
        CameraChoice::Auto => task.sweep(SWEEP_OFF_MOST).map_or_else(|| task.follow(still.place), Way::Sweep),
        CameraChoice::Follow => task.follow(still.place),
    }
}

/// What is asked along one axis.
struct Task {
    span: Span,
    side: f64,
    reach: (f64, f64),
    holds: Vec<Hold>,
    /// The ranges of what is kept, as places of the window that has them in its middle, least and greatest.
    about: Option<(f64, f64)>,
    aims: Vec<Aim>,
}

/// Where a window that stands would stand, and whether that holds what must stay.
struct Still {
    place: f64,
    holds: bool,
}

impl Task {
    fn of(room: &Room, span_of: Span, wish: &Wish, clear: &Clear, axis: Axis) -> Self {
        let (side, reach) = (room.side(axis), room.reach(axis));
        let [from, to] = clear.along(axis).map(|part| part * side);
        let mut holds = Vec::new();
        let mut about: Option<(f64, f64)> = None;
        for keep in &wish.keeps {
            let (begin, length) = span(&keep.place, axis);
            let end = begin + length;
            // Within what nothing covers if it fits there; and within the window in any case.
            let clears = length <= to - from && (from > 0.0 || to < side);
            let hold = |least: f64, most: f64, weight: f64| Hold {
                at: keep.at,
                from: least.clamp(reach.0, reach.1),
                to: most.clamp(reach.0, reach.1),
                weight,
            };
            if clears {
                holds.push(hold(end - to, begin - from, keep.weight * 0.3));
            }
            if length <= side {
                holds.push(hold(end - side, begin, keep.weight));
            }
            if keep.weight >= HEAVY {
                let (least, most) = about.unwrap_or((begin, end));
                about = Some((least.min(begin), most.max(end)));
            }
        }
        let middle = (from + to) / 2.0;
        let aims = wish.aims.iter().map(|(at, centre)| {
            let to = (centre[axis as usize] - middle).clamp(reach.0, reach.1);
            Aim { at: *at, to, weight: 1.0 }
        });
        let about = about.map(|(least, most)| (least - middle, most - middle));
        Self { span: span_of, side, reach, holds, about, aims: aims.collect() }
    }

    /// The best place to stand: in the middle of where what must stay ever is, if that holds it.
    fn still(&self) -> Still {
        let heavy = self.holds.iter().filter(|hold| hold.weight >= HEAVY).collect::<Vec<_>>();
        let mut least = heavy.iter().map(|hold| hold.from).collect::<Vec<_>>();
        let mut most = heavy.iter().map(|hold| hold.to).collect::<Vec<_>>();
        least.sort_by(f64::total_cmp);
        most.sort_by(f64::total_cmp);
        let spare = (TOUCHED_PART * heavy.len() as f64) as usize;
        let from = least.get(least.len().saturating_sub(1 + spare)).copied().unwrap_or(self.reach.0);
        let to = most.get(spare).copied().unwrap_or(self.reach.1);
        let aims = self.aims.iter().map(|aim| aim.to);
        let mean = aims.clone().sum::<f64>() / aims.len().max(1) as f64;
        let wanted = self.about.map_or(mean, |(least, most)| (least + most) / 2.0).clamp(self.reach.0, self.reach.1);
        if from <= to + TOUCHED_SIDES * self.side {
            let place = if from <= to { wanted.clamp(from, to) } else { (from + to) / 2.0 };
            Still { place, holds: true }
        } else {
            Still { place: self.least_missed(wanted), holds: false }
        }
    }

    /// The place to stand at which the least is outside of the window.
    fn least_missed(&self, wanted: f64) -> f64 {
        let places = self.holds.iter().flat_map(|hold| [hold.from, hold.to]).collect::<Vec<_>>();
        // Of very many frames a few hundred tell enough.
        let every = places.len().div_ceil(400).max(1);
        let candidates = places.iter().copied().step_by(every).chain([wanted]);
        let cost = |place: f64| {
            let missed = self.holds.iter().map(|hold| (hold.from - place).max(place - hold.to).max(0.0) * hold.weight);
            missed.sum::<f64>() + 0.01 * (place - wanted).abs()
        };
        candidates.min_by(|left, right| cost(*left).total_cmp(&cost(*right))).unwrap_or(wanted)
    }

    /// The best eased sweep, if one holds what must stay and is not further off than `off_most` sides in the mean.
    fn sweep(&self, off_most: f64) -> Option<Vec<f64>> {
        let last = self.span.frames.checked_sub(1).filter(|last| *last > 1)?;
        let place = |step: usize| step * last / SWEEP_STEPS;
        let pairs = (0..SWEEP_STEPS).flat_map(|begin| (begin + 1..=SWEEP_STEPS).map(move |end| (place(begin), place(end))));
        let found = pairs.filter_map(|(begin, end)| self.sweep_between(begin, end));
        let (path, off) = found.min_by(|left, right| left.1.total_cmp(&right.1))?;
        (off <= off_most * self.side).then_some(path)
    }

    /// The sweep that begins and ends at these frames, and how far it is off in the mean; with no bound on what it misses when
    /// nothing holds.
    fn sweep_between(&self, begin: usize, end: usize) -> Option<(Vec<f64>, f64)> {
        let seconds = (end - begin) as f64 / self.span.per_second;
        let from = self.rest(0, begin)?;
        let to = self.rest(end, self.span.frames - 1)?;
        let bend = EASE_BEND * (to - from).abs() / (seconds * seconds);
        if begin >= end || bend > ACCELERATION_MAX * 0.98 * self.side {
            return None;
        }
        let at = |frame: usize| from + (to - from) * eased(frame, begin, end);
        let heavy = self.holds.iter().filter(|hold| hold.weight >= HEAVY);
        let misses = |hold: &&Hold| (hold.from - at(hold.at)).max(at(hold.at) - hold.to) > TOUCHED_SIDES * self.side;
        let (missed, count) = heavy.fold((0, 0), |(missed, count), hold| (missed + usize::from(misses(&hold)), count + 1));
        let off = self.aims.iter().map(|aim| (at(aim.at) - aim.to).abs()).sum::<f64>() / self.aims.len().max(1) as f64;
        let path = || (0..self.span.frames).map(at).collect();
        let is_held = missed as f64 <= TOUCHED_PART * count as f64;
        Some((path(), off + if is_held { 0.0 } else { self.side * (1.0 + missed as f64) }))
    }

    /// Where the window rests over some frames; `None` when nothing says.
    fn rest(&self, first: usize, last: usize) -> Option<f64> {
        let heavy = self.holds.iter().filter(|hold| hold.weight >= HEAVY && (first..=last).contains(&hold.at));
        let (from, to) = heavy.fold((self.reach.0, self.reach.1), |(from, to), hold| (from.max(hold.from), to.min(hold.to)));
        // The frames just before and after tell where an aim without frames of its own lies.
        let near = self.aims.iter().min_by_key(|aim| aim.at.abs_diff(first).min(aim.at.abs_diff(last)))?.to;
        let aims = self.aims.iter().filter(|aim| (first..=last).contains(&aim.at)).map(|aim| aim.to).collect::<Vec<_>>();
        let wanted = if aims.is_empty() { near } else { aims.iter().sum::<f64>() / aims.len() as f64 };
        Some(if from <= to { wanted.clamp(from, to) } else { (from + to) / 2.0 })
    }

    /// The path that follows.
    fn follow(&self, still: f64) -> Way {
        let problem = Problem {
            frames: self.span.frames,
            per_second: self.span.per_second,
            side: self.side,
            reach: self.reach,
            acceleration_max: ACCELERATION_MAX,
            holds: self.holds.clone(),
            aims: self.aims.clone(),
        };
        let Ok(places) = problem.solve() else { return Way::Fallback(still) };
        let (low, high) = places.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
        if high - low < STILL_PIXELS { Way::Still((low + high) / 2.0) } else { Way::Follow(places) }
    }
}

/// How far an eased way is at a frame: 0 up to its beginning, 1 from its end on, without a jolt at either.
pub(super) fn eased(frame: usize, begin: usize, end: usize) -> f64 {
    let t = ((frame as f64 - begin as f64) / (end as f64 - begin as f64).max(1.0)).clamp(0.0, 1.0);
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const CONTENT: Window = Window { x: 0.0, y: 0.0, width: 1920.0, height: 1080.0 };
    const SPAN: Span = Span { frames: 96, per_second: 24.0 };

    fn wish(span: Span, subject: impl Fn(usize) -> Window) -> Wish {
        Wish {
            keeps: (0..span.frames).map(|at| Keep { at, place: subject(at), weight: 1.0 }).collect(),
            aims: (0..span.frames).map(|at| (at, subject(at).centre().into())).collect(),
        }
    }

    fn at(x: f64) -> Window {
        Window { x, y: 300.0, width: 250.0, height: 600.0 }
    }

    fn tall() -> Room {
        Room::largest(CONTENT, 9.0 / 16.0)
    }

    fn planned(subject: impl Fn(usize) -> Window, choice: CameraChoice) -> Course {
        course(&tall(), SPAN, &wish(SPAN, subject), &Clear::ALL, choice)
    }

    #[test]
    fn what_sways_is_framed_by_a_window_that_stands() {
        let sways = |frame: usize| at(700.0 + 100.0 * (frame as f64 / 9.0).sin());
        let course = planned(sways, CameraChoice::Auto);
        assert_eq!((course.camera, course.windows.len()), (Camera::Steady, 1));
        assert!((0..96).all(|frame| course.windows[0].holds(&sways(frame), 1.0)), "{:?}", course.windows);
        assert!((course.windows[0].centre().0 - 825.0).abs() < 5.0, "{:?}", course.windows);
    }

    #[test]
    fn what_steps_over_is_swept_to() {
        let steps = |frame: usize| at(200.0 + 900.0 * eased(frame, 24, 72));
        let course = planned(steps, CameraChoice::Auto);
        assert_eq!(course.camera, Camera::Pan);
        assert!((0..96).all(|frame| course.windows[frame].holds(&steps(frame), 7.0)));
    }

    #[test]
    fn what_goes_to_and_fro_is_followed_or_not_as_it_is_chosen() {
        let goes = |frame: usize| at(800.0 + 700.0 * (frame as f64 / 20.0).sin());
        let course = planned(goes, CameraChoice::Auto);
        assert_eq!(course.camera, Camera::Follow);
        assert!((0..96).all(|frame| course.windows[frame].holds(&goes(frame), 0.5)));
        assert_eq!(planned(goes, CameraChoice::Steady).camera, Camera::Steady);
        assert_ne!(planned(goes, CameraChoice::Pan).camera, Camera::Follow);
    }

    #[test]
    fn what_a_platform_covers_is_kept_clear() {
        let clear = Clear([[0.0, 0.8], [0.0, 1.0]]);
        let still = |_| at(900.0);
        let course = course(&tall(), SPAN, &wish(SPAN, still), &clear, CameraChoice::Auto);
        let window = course.windows[0];
        assert!((at(900.0).centre().0 - window.x - 0.4 * window.width).abs() < 1.0, "{window:?}");
    }

    #[test]
    fn without_a_wish_it_stands_in_the_middle() {
        let course = course(&tall(), SPAN, &Wish::default(), &Clear::ALL, CameraChoice::Follow);
        assert_eq!(course.windows, [tall().about(CONTENT.centre())]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_course_stays_inside_and_holds_what_it_can(
            knots in proptest::collection::vec(0.0_f64..1670.0, 1..6), frames in 1_usize..120, choice in 0_usize..4, wide in any::<bool>(),
        ) {
            let span = Span { frames, per_second: 24.0 };
            // At most a window in two seconds, which a bound on the acceleration allows.
            let subject = |frame: usize| {
                let place = frame as f64 / 48.0;
                let index = (place as usize).min(knots.len() - 1);
                let next = (index + 1).min(knots.len() - 1);
                at(knots[index] + (knots[next] - knots[index]).clamp(-300.0, 300.0) * place.fract())
            };
            let room = if wide { Room::largest(CONTENT, 3.0) } else { tall() };
            let choice = [CameraChoice::Auto, CameraChoice::Steady, CameraChoice::Pan, CameraChoice::Follow][choice];
            let course = course(&room, span, &wish(span, subject), &Clear::ALL, choice);
            prop_assert!(course.windows.len() == 1 || course.windows.len() == frames);
            prop_assert!(course.windows.iter().all(|window| CONTENT.holds(window, 1e-9)));
            let bend = course.windows.windows(3).map(|three| (three[2].x - 2.0 * three[1].x + three[0].x).abs());
            let most = bend.fold(0.0, f64::max) * 576.0 / room.width;
            prop_assert!(most <= ACCELERATION_MAX, "{} sides per second squared", most);
        }
    }
}
