//! One stretch: which layout, which windows, and why.
//!
//! A crop where what must stay fits; otherwise what the recipe prefers of two windows, a sweep from one to the other, or the
//! picture over itself; and when nothing of that is possible, the strongest subject.

use shotfarm_shared::recipe::{CameraChoice, Overflow, Reframe};
use shotfarm_shared::track::{Camera, Layout, TrackFor, Window, halves};

use super::bars;
use super::camera_motion::CameraMotion;
use super::lettering::Lettering;
use super::path::{ACCELERATION_MAX, Clear, Course, Span, Wish, course};
use super::room::{AXES, Room};
use super::scene::Scene;
use super::subjects::{self, Subject};
use super::why;
use super::wish::{clear, wish};

/// Part of the frames with more than one subject in which they must fit for one window to do.
const FITTING_PART: f64 = 0.5;
/// Least seconds that a scheduled sweep rests on each side.
const REST_SECONDS: f64 = 0.8;
/// Part of the greatest acceleration that a scheduled sweep uses: it is seen, so it is calm.
const SWEEP_PART: f64 = 0.4;
/// Air about the subjects of a window that is shown whole over itself, as a part of their breadth.
const FIT_AIR: f64 = 0.08;
/// A frame none of whose rows is brighter is black.
const BLACK_MOST: u8 = 40;
/// How much larger the windows of a split are than what they show.
const PANE_AIR: f64 = 1.15;

/// How a stretch is framed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Framed {
    pub(super) layout: Layout,
    pub(super) camera: Camera,
    pub(super) windows: Vec<Window>,
    pub(super) second: Vec<Window>,
    pub(super) why: String,
    /// The picture without its bars.
    pub(super) content: Window,
}

/// Width over height that a window must have, in pixels of the source, to fill a part of the result.
fn shape(fills: &Window, shot: &TrackFor) -> f64 {
    fills.width / fills.height / shot.pixel_aspect
}

/// A stretch that is framed.
struct Stretch<'s, 'f> {
    shot: &'s TrackFor,
    reframe: &'s Reframe,
    scene: &'s Scene<'f>,
    room: Room,
    clear: Clear,
    span: Span,
    letters: Lettering,
    subjects: Vec<Subject>,
}

/// What has to be known of a stretch before its subjects: its bars, how the camera moved, its letters.
pub(super) fn look(scene: &mut Scene<'_>) -> (Vec<CameraMotion>, Lettering) {
    scene.content = bars::content(scene);
    let within = scene.cells_within();
    let camera = scene.views.iter().map(|view| CameraMotion::of(view, scene.grid(), &within)).collect::<Vec<_>>();
    let letters = Lettering::find(scene, &camera);
    (camera, letters)
}

/// Frames a stretch; `layout` when it was set by hand.
pub(super) fn frame(shot: &TrackFor, reframe: &Reframe, mut scene: Scene<'_>, layout: Option<Layout>) -> Framed {
    let (camera, letters) = look(&mut scene);
    let is_black =
        !scene.views.is_empty() && scene.views.iter().all(|view| view.brightest.iter().all(|&line| line <= BLACK_MOST));
    let subjects = if is_black { Vec::new() } else { subjects::find(&scene, &camera, &letters) };
    let room = Room::largest(scene.content, shape(&Window::whole(shot.target), shot));
    let span = Span { frames: scene.frames(), per_second: scene.per_second };
    let stretch = Stretch { shot, reframe, scene: &scene, room, clear: clear(reframe.zones.as_ref()), span, letters, subjects };
    let mut framed = stretch.framed(layout, is_black);
    let bars = why::bars(&scene.content, &Window::whole(shot.source));
    let words = if framed.layout == Layout::Crop { why::cut_words(&stretch.letters.blocks, &framed.windows) } else { None };
    framed.why = why::line([Some(framed.why), words, bars]);
    framed
}

impl Stretch<'_, '_> {
    fn framed(&self, layout: Option<Layout>, is_black: bool) -> Framed {
        if !self.room.is_usable(self.shot.source) {
            let (width, height) = (self.room.width, self.room.height);
            return self
                .fit(format!("a window of this shape would have {width:.1} x {height:.1} px: the picture is shown whole"));
        }
        match layout {
            Some(Layout::Fit) => return self.fit("shown whole, as set by hand".to_owned()),
            Some(Layout::Split) => return self.split_by_hand(),
            Some(Layout::Crop) => return self.crop("a crop, as set by hand".to_owned()),
            None => {}
        }
        if self.subjects.is_empty() {
            let why = match (is_black, self.scene.views.len()) {
                (true, _) => "the picture is black",
                (false, 0) => "too short to be looked at",
                (false, _) => "nothing stands out",
            };
            return self.crop(format!("{why}: the middle of the picture"));
        }
        let who = why::who(&self.subjects);
        match self.gap() {
            None => self.crop(who),
            Some(gap) => self.overflow(&format!("{who}, {gap:.0} px apart, do not fit")),
        }
    }

    /// How far what must stay lies apart, if it does not fit into one window.
    fn gap(&self) -> Option<f64> {
        let (mut fitting, mut all, mut gaps) = (0, 0, 0.0);
        for at in 0..self.span.frames {
            let spots = self.subjects.iter().filter_map(|subject| subject.spots[at]).collect::<Vec<_>>();
            let Some(union) = spots.iter().map(|spot| spot.whole).reduce(|all, place| all.union(&place)) else { continue };
            if spots.len() < 2 {
                continue;
            }
            all += 1;
            fitting += usize::from(union.width <= self.room.width && union.height <= self.room.height);
            let centres = spots.iter().map(|spot| spot.core.centre()).collect::<Vec<_>>();
            let far = |of: fn(&(f64, f64)) -> f64| {
                let (low, high) = centres.iter().map(of).fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
                high - low
            };
            gaps += far(|centre| centre.0).hypot(far(|centre| centre.1));
        }
        // Those that are together for a moment only do not make two of a stretch.
        let matters = 2 * all >= self.subjects.iter().map(Subject::presence).max().unwrap_or(0);
        let fits = fitting as f64 >= FITTING_PART * all as f64;
        (all > 0 && matters && !fits).then(|| gaps / all as f64)
    }

    fn overflow(&self, why: &str) -> Framed {
        for overflow in &self.reframe.overflow {
            let framed = match overflow {
                Overflow::Split => self.split().map(|panes| self.split_framed(panes, format!("{why}: split"))),
                Overflow::Pan => self.scheduled(why),
                Overflow::Fit => Some(self.fit(format!("{why}: shown whole over a blurred copy"))),
            };
            if let Some(framed) = framed {
                return framed;
            }
        }
        self.crop(format!("{why}: stays with the strongest"))
    }

    fn by(&self, layout: Layout, camera: Camera, windows: Vec<Window>, second: Vec<Window>, why: String) -> Framed {
        Framed { layout, camera, windows, second, why, content: self.scene.content }
    }

    fn crop(&self, why: String) -> Framed {
        let wish = wish(self.scene, &self.room, &self.subjects, &self.letters.blocks);
        let course = course(&self.room, self.span, &wish, &self.clear, self.reframe.camera);
        self.crop_framed(course, why)
    }

    fn crop_framed(&self, course: Course, why: String) -> Framed {
        let moves = why::moves(course.camera, &course.windows);
        let fallback = course.is_fallback.then(|| "no path was found, so it stands".to_owned());
        let why = why::line([Some(why), Some(moves), fallback]);
        self.by(Layout::Crop, course.camera, course.windows, Vec::new(), why)
    }

    /// All of what must stay, shown whole; all of the picture when nothing must.
    fn fit(&self, why: String) -> Framed {
        let content = self.scene.content;
        let places = self.subjects.iter().flat_map(|subject| subject.spots.iter().flatten().map(|spot| spot.whole));
        let Some(all) = places.reduce(|all, place| all.union(&place)) else {
            return self.by(Layout::Fit, Camera::Steady, vec![content], Vec::new(), why);
        };
        // Never less than a crop would show, and the full breadth of the other side.
        let side = |length: f64, crop: f64, most: f64| (length * (1.0 + 2.0 * FIT_AIR)).max(crop).min(most);
        let width = side(all.width, self.room.width, content.width);
        let height = side(all.height, self.room.height, content.height);
        let window = Room { content, width, height }.about(all.centre());
        self.by(Layout::Fit, Camera::Steady, vec![window], Vec::new(), why)
    }

    /// The two groups of a split: everybody up to the widest gap, and everybody after it.
    fn sides(&self) -> Option<[Vec<Subject>; 2]> {
        let mut placed = self.subjects.iter().filter_map(|subject| Some((subject.middle()?, subject))).collect::<Vec<_>>();
        let spread = |of: fn(&(f64, f64)) -> f64| {
            let (low, high) =
                placed.iter().map(|(middle, _)| of(middle)).fold((f64::MAX, f64::MIN), |(l, h), x| (l.min(x), h.max(x)));
            high - low
        };
        let along: fn(&(f64, f64)) -> f64 =
            if spread(|place| place.0) >= spread(|place| place.1) { |place| place.0 } else { |place| place.1 };
        placed.sort_by(|left, right| along(&left.0).total_cmp(&along(&right.0)));
        let gap = |index: &usize| along(&placed[*index].0) - along(&placed[index - 1].0);
        let widest = (1..placed.len()).max_by(|left, right| gap(left).total_cmp(&gap(right)).then(right.cmp(left)))?;
        let group = |placed: &[((f64, f64), &Subject)]| {
            let mut group = placed.iter().map(|(_, subject)| (*subject).clone()).collect::<Vec<_>>();
            group.sort_by(|left, right| right.strength.total_cmp(&left.strength));
            group
        };
        Some([group(&placed[..widest]), group(&placed[widest..])])
    }

    /// The windows of both halves; the left (or upper) group is shown first.
    fn split(&self) -> Option<[Course; 2]> {
        let sides = self.sides()?;
        let fills = halves(self.shot.target);
        let rooms = [0, 1].map(|half| Room::largest(self.scene.content, shape(&fills[half], self.shot)));
        let height = self.pane_height(&sides, &rooms)?;
        let courses = [0, 1].map(|half| {
            let room = rooms[half].of_height(height);
            let wish = wish(self.scene, &room, &sides[half], &[]);
            course(&room, self.span, &wish, &Clear::ALL, self.reframe.camera)
        });
        Some(courses)
    }

    /// The height of both windows: as much as both groups need, no more than keeps the other group out, and no less than the
    /// enlargement of a crop.
    fn pane_height(&self, sides: &[Vec<Subject>; 2], rooms: &[Room; 2]) -> Option<f64> {
        let mut need = 0.0_f64;
        for (side, room) in sides.iter().zip(rooms) {
            for at in 0..self.span.frames {
                let Some(union) = union_at(side, at) else { continue };
                need = need.max(union.height).max(union.width * room.height / room.width);
            }
        }
        let most = rooms[0].height.min(rooms[1].height);
        // A group that is larger than a window is cut in a split as well.
        if need <= 0.0 || need > most * 1.25 {
            return None;
        }
        let (mut apart, mut frames) = (0.0, 0.0);
        for at in 0..self.span.frames {
            if let (Some(one), Some(other)) = (union_at(&sides[0], at), union_at(&sides[1], at)) {
                apart += (one.centre().0 - other.centre().0).abs();
                frames += 1.0;
            }
        }
        let free = if frames > 0.0 { apart / frames * rooms[0].height / rooms[0].width } else { most };
        let crop = self.room.height * self.room.width.min(rooms[0].width) / rooms[0].width / 2.0;
        Some(free.max(need * PANE_AIR).max(crop).min(most))
    }

    fn split_framed(&self, [first, second]: [Course; 2], why: String) -> Framed {
        let camera = if first.camera == Camera::Steady { second.camera } else { first.camera };
        self.by(Layout::Split, camera, first.windows, second.windows, why)
    }

    /// A split that was asked for by hand: with nobody to split, both halves stand beside the middle.
    fn split_by_hand(&self) -> Framed {
        let why = "split, as set by hand".to_owned();
        if let Some(panes) = self.split() {
            return self.split_framed(panes, why);
        }
        let content = self.scene.content;
        let panes = [0, 1].map(|half| {
            let room = Room::largest(content, shape(&halves(self.shot.target)[half], self.shot));
            let part = if half == 0 { 0.25 } else { 0.75 };
            let centre = (content.x + content.width * part, content.y + content.height * part);
            Course { camera: Camera::Steady, windows: vec![room.about(centre)], is_fallback: false }
        });
        self.split_framed(panes, why)
    }

    /// Rests on one, sweeps, rests on the other, if there is time: the stronger one first.
    fn scheduled(&self, why: &str) -> Option<Framed> {
        let mut sides = self.sides()?;
        if sides[1][0].strength > sides[0][0].strength {
            sides.swap(0, 1);
        }
        let seconds = self.span.frames as f64 / self.span.per_second;
        let centre = |side: &[Subject]| side.first().and_then(Subject::middle);
        let way = AXES.map(|axis| {
            let part = |centre: (f64, f64)| [centre.0, centre.1][axis as usize];
            let free = self.room.is_free(axis);
            let apart = Some(part(centre(&sides[0])?) - part(centre(&sides[1])?)).filter(|_| free);
            Some(apart.unwrap_or(0.0).abs() / self.room.side(axis))
        });
        let way = way[0]?.max(way[1]?);
        let sweep_seconds = (5.7736 * way / (ACCELERATION_MAX * SWEEP_PART)).sqrt().max(REST_SECONDS);
        if seconds < sweep_seconds + 2.0 * REST_SECONDS || self.reframe.camera == CameraChoice::Steady {
            return None;
        }
        let begin = ((seconds - sweep_seconds) / 2.0 * self.span.per_second) as usize;
        let end = self.span.frames - begin;
        let wishes = sides.each_ref().map(|side| wish(self.scene, &self.room, side, &self.letters.blocks));
        let [first, second] = wishes;
        let in_turn = Wish {
            keeps: first
                .keeps
                .into_iter()
                .filter(|keep| keep.at < begin)
                .chain(second.keeps.into_iter().filter(|keep| keep.at >= end))
                .collect(),
            aims: first
                .aims
                .into_iter()
                .filter(|aim| aim.0 < begin)
                .chain(second.aims.into_iter().filter(|aim| aim.0 >= end))
                .collect(),
        };
        let mut course = course(&self.room, self.span, &in_turn, &self.clear, CameraChoice::Pan);
        let moves = why::moves(course.camera, &course.windows);
        if course.camera == Camera::Follow {
            course.camera = Camera::Pan;
        }
        let words = format!("{why}: the strongest first, then the other; {moves}");
        Some(self.by(Layout::Crop, course.camera, course.windows, Vec::new(), words))
    }
}

fn union_at(side: &[Subject], at: usize) -> Option<Window> {
    side.iter().filter_map(|subject| Some(subject.spots[at]?.whole)).reduce(|all, place| all.union(&place))
}
