//! From subjects and letters to what a window should show: which boxes stay, and where it aims.

use shotfarm_shared::recipe::Zones;
use shotfarm_shared::track::Window;

use super::lettering::{Block, Sort};
use super::path::{Clear, Keep, Wish};
use super::room::{Room, common};
use super::scene::Scene;
use super::subjects::{Kind, Spot, Subject};

/// What must stay.
const MAIN: f64 = 1.0;
/// All subjects together, in frames in which they fit.
const ALL: f64 = 0.4;
/// Words beside them.
const WORDS: f64 = 0.02;
/// Air about what must stay, as a part of the window's side on each edge.
const MARGIN: f64 = 0.02;
/// How far the window leads in the direction that somebody looks, as a part of its width.
const LOOK_ROOM: f64 = 0.08;
/// Likewise for what goes.
const GO_ROOM: f64 = 0.02;
/// The height in the window at which a face would best be.
const FACE_HEIGHT: f64 = 0.4;
/// Frames of a stretch that the path is told of, at most, before only those that were looked at are.
const DENSE_FRAMES_MAX: usize = 400;

/// The frames of a stretch at which the path is told where things are: straight lines lie between them.
fn told(scene: &Scene<'_>) -> impl Iterator<Item = usize> + use<> {
    let (frames, step) = (scene.frames(), if scene.frames() > DENSE_FRAMES_MAX { scene.every as usize } else { 1 });
    (0..frames).step_by(step).chain((frames > 1 && !(frames - 1).is_multiple_of(step)).then_some(frames - 1))
}

/// What a window of `room` should show of `subjects`, the first one before the others.
pub(super) fn wish(scene: &Scene<'_>, room: &Room, subjects: &[Subject], blocks: &[Block]) -> Wish {
    let mut wish = Wish::default();
    for at in told(scene) {
        let spots = subjects.iter().filter_map(|subject| Some((subject, subject.spots[at]?))).collect::<Vec<_>>();
        let Some((main, spot)) = spots.first() else { continue };
        let own = kept(room, spot);
        wish.keeps.push(Keep { at, place: own, weight: MAIN });
        let mut all = own;
        // Nearest strength first: one after the other as long as they fit.
        for (_, other) in &spots[1..] {
            let both = all.union(&other.whole);
            all = if fits(room, &both) { both } else { all };
        }
        if all != own {
            wish.keeps.push(Keep { at, place: all, weight: ALL });
        }
        let lines = blocks.iter().filter(|block| block.sort == Sort::Words);
        for block in lines.filter(|block| (block.frames.0..block.frames.1).contains(&(at as u64))) {
            let both = all.union(&block.place);
            if fits(room, &both) {
                wish.keeps.push(Keep { at, place: both, weight: WORDS });
            }
        }
        wish.aims.push((at, aim(room, main.kind, spot, &all)));
    }
    wish
}

fn fits(room: &Room, place: &Window) -> bool {
    place.width <= room.width && place.height <= room.height
}

/// All of a subject with a little air, or what of it fits.
fn kept(room: &Room, spot: &Spot) -> Window {
    let (air_x, air_y) = (room.width * MARGIN, room.height * MARGIN);
    let whole = spot.whole;
    let aired =
        Window { x: whole.x - air_x, y: whole.y - air_y, width: whole.width + 2.0 * air_x, height: whole.height + 2.0 * air_y };
    let aired = common(&aired, &room.content).unwrap_or(whole);
    let axis = |aired: (f64, f64), whole: (f64, f64), core: (f64, f64), side: f64| {
        [aired, whole].into_iter().find(|(_, length)| *length <= side).unwrap_or(core)
    };
    let (x, width) = axis((aired.x, aired.width), (whole.x, whole.width), (spot.core.x, spot.core.width), room.width);
    let (y, height) = axis((aired.y, aired.height), (whole.y, whole.height), (spot.core.y, spot.core.height), room.height);
    Window { x, y, width, height }
}

/// Where the window's middle would best be.
fn aim(room: &Room, kind: Kind, spot: &Spot, all: &Window) -> [f64; 2] {
    let (x, y) = all.centre();
    let lead = if kind == Kind::Person { LOOK_ROOM } else { GO_ROOM };
    let y = if kind == Kind::Person { spot.core.centre().1 + (0.5 - FACE_HEIGHT) * room.height } else { y };
    [x + spot.looks * lead * room.width, y]
}

/// What of a window the zones leave clear.
pub(super) fn clear(zones: Option<&Zones>) -> Clear {
    let Some(insets) = zones.and_then(|zones| zones.insets) else { return Clear::ALL };
    let part = |thousandths: u32| f64::from(thousandths) / 1_000.0;
    Clear([[part(insets.left), 1.0 - part(insets.right)], [part(insets.top), 1.0 - part(insets.bottom)]])
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRange;

    use super::super::testing::{Painter, rate};
    use super::*;

    fn subject(kind: Kind, x: f64) -> Subject {
        let whole = Window { x, y: 200.0, width: 200.0, height: 500.0 };
        let core = Window { x: x + 60.0, y: 260.0, width: 80.0, height: 100.0 };
        Subject { kind, spots: vec![Some(Spot { whole, core, looks: 1.0 }); 24], strength: 1.0 }
    }

    fn wished(subjects: &[Subject], blocks: &[Block]) -> (Wish, Room) {
        let painter = Painter::new(1920, 1080, 24);
        let scene = Scene::of(&painter.findings, FrameRange::new(0, 24), rate());
        let room = Room::largest(scene.content, 9.0 / 16.0);
        (wish(&scene, &room, subjects, blocks), room)
    }

    #[test]
    fn two_that_fit_stay_together_and_the_first_comes_first_otherwise() {
        let (near, _) = wished(&[subject(Kind::Person, 700.0), subject(Kind::Person, 1000.0)], &[]);
        assert_eq!(near.keeps.len(), 48);
        assert!((near.aims[0].1[0] - (944.0 + 48.6)).abs() < 0.1, "the middle of both, and room to look: {:?}", near.aims[0]);
        let (far, _) = wished(&[subject(Kind::Person, 100.0), subject(Kind::Person, 1500.0)], &[]);
        assert_eq!(far.keeps.len(), 24);
        assert!(far.keeps.iter().all(|keep| keep.weight == MAIN && keep.place.right() < 400.0));
    }

    #[test]
    fn a_face_has_headroom_where_the_window_may_rise() {
        let (wish, room) = wished(&[subject(Kind::Person, 700.0)], &[]);
        assert_eq!(wish.aims[0].1[1], 310.0 + 0.1 * room.height);
    }
}
