//! People by their faces: detections linked over time, with what a face needs around it.

use shotfarm_shared::track::Window;

use super::links;
use super::room::common;
use super::scene::Scene;
use super::subjects::{Kind, Spot, Subject, over_frames};
use crate::reframe::findings::Face;

/// Score below which a detection is none.
const SCORE_LEAST: f32 = 0.5;
/// Mean score of a person's detections.
const MEAN_SCORE_LEAST: f32 = 0.6;
/// Detections that make a person, where there are as many looks.
const DETECTIONS_LEAST: usize = 3;
/// Part of the looks between its first and its last one in which a person's face must have been found.
const FOUND_PART: f64 = 0.3;
/// Part of the looks at a stretch that a person must be found in: less is a false one, or passes by.
const PRESENT_PART: f64 = 0.15;
/// Part of the largest face's height below which a face is the background's.
const SMALL_PART: f64 = 0.4;
/// Seconds that a face may be turned away or hidden.
const HIDDEN_SECONDS_MAX: f64 = 1.0;
/// How far, in widths of the face, it may have gone from one look to the next one that finds it.
const STEP_WIDTHS: f64 = 0.9;
/// How much larger or smaller a face may be from one look to the next.
const STEP_SCALE: f64 = 1.6;
/// Seconds over which a face's place is steadied.
const STEADY_SECONDS: f64 = 0.7;
/// What a person needs around the face: above for the hair and air, at the sides for hair and shoulders, below for the chest; in
/// heights and widths of the face.
const AROUND: Around = Around { above: 0.55, beside: 0.6, below: 0.9 };
/// Distance of the nose from the middle of the eyes, in distances of the eyes, at which a face looks all to one side.
const TURNED_NOSE: f64 = 0.5;

struct Around {
    above: f64,
    beside: f64,
    below: f64,
}

struct Person {
    /// Which view, the face, its score, how far it looks to the right.
    seen: Vec<(usize, Window, f32, f64)>,
}

/// The people of a stretch; empty when there are none, or no detector looked.
pub(super) fn people(scene: &Scene<'_>) -> Vec<Subject> {
    let people = linked(scene);
    let looks = scene.views.iter().filter(|view| view.faces.is_some()).count();
    let mut people = people.into_iter().filter(|person| person.is_true(looks)).collect::<Vec<_>>();
    let largest = people.iter().map(Person::height).fold(0.0, f64::max);
    people.retain(|person| person.height() >= SMALL_PART * largest);
    people.iter().map(|person| person.subject(scene, looks)).collect()
}

/// Each detection goes to the person whose last place is nearest, the surest first.
fn linked(scene: &Scene<'_>) -> Vec<Person> {
    let gap_max = scene.views_in(HIDDEN_SECONDS_MAX);
    let mut people: Vec<Person> = Vec::new();
    for (view, faces) in scene.views.iter().enumerate().filter_map(|(view, seen)| Some((view, seen.faces?))) {
        let mut faces = faces.iter().filter(|face| is_face(face)).collect::<Vec<_>>();
        faces.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.place.x.total_cmp(&right.place.x)));
        let mut is_taken = vec![false; people.len()];
        for face in faces {
            let near = people.iter().enumerate().filter(|(index, _)| !is_taken[*index]).filter_map(|(index, person)| {
                let (seen, place, ..) = person.seen.last()?;
                (view - seen <= gap_max).then(|| Some((index, distance(place, &face.place)?)))?
            });
            let nearest = near.min_by(|left, right| left.1.total_cmp(&right.1));
            let sight = (view, face.place, face.score, turned(face));
            match nearest {
                Some((index, _)) => {
                    people[index].seen.push(sight);
                    is_taken[index] = true;
                }
                None => {
                    people.push(Person { seen: vec![sight] });
                    is_taken.push(true);
                }
            }
        }
    }
    people
}

fn is_face(face: &Face) -> bool {
    face.score >= SCORE_LEAST
        && <[f64; 4]>::from(face.place).iter().all(|value| value.is_finite())
        && face.place.width > 0.0
        && face.place.height > 0.0
}

/// How far a face is from where it was, in its widths; `None` when it cannot be the same.
fn distance(before: &Window, now: &Window) -> Option<f64> {
    let scale = now.width / before.width;
    let (from, to) = (before.centre(), now.centre());
    let widths = (to.0 - from.0).hypot(to.1 - from.1) / before.width.max(now.width);
    (widths <= STEP_WIDTHS && (1.0 / STEP_SCALE..=STEP_SCALE).contains(&scale)).then_some(widths)
}

/// How far a face looks to the right, -1..1, by its nose between its eyes; 0 when the detector does not tell.
fn turned(face: &Face) -> f64 {
    let Some([left, right, nose, ..]) = face.points else { return 0.0 };
    let eyes = f64::from(right[0] - left[0]);
    let off = f64::from(nose[0]) - f64::from(left[0] + right[0]) / 2.0;
    if eyes.abs() < 1e-3 || !off.is_finite() { 0.0 } else { (off / eyes.abs() / TURNED_NOSE).clamp(-1.0, 1.0) }
}

impl Person {
    fn is_true(&self, looks: usize) -> bool {
        let count = self.seen.len();
        let between = self.seen.last().map_or(0, |last| last.0) - self.seen.first().map_or(0, |first| first.0) + 1;
        let mean = self.seen.iter().map(|seen| seen.2).sum::<f32>() / count.max(1) as f32;
        count >= DETECTIONS_LEAST.min(looks)
            && mean >= MEAN_SCORE_LEAST
            && count as f64 >= FOUND_PART * between as f64
            && count as f64 >= PRESENT_PART * looks as f64
    }

    /// The median height of the face.
    fn height(&self) -> f64 {
        let mut heights = self.seen.iter().map(|seen| seen.1.height).collect::<Vec<_>>();
        heights.sort_by(f64::total_cmp);
        heights.get(heights.len() / 2).copied().unwrap_or(0.0)
    }

    fn subject(&self, scene: &Scene<'_>, looks: usize) -> Subject {
        let reach = scene.views_in(STEADY_SECONDS);
        let faces = links::steadied(&self.seen.iter().map(|seen| seen.1).collect::<Vec<_>>(), reach);
        let turned = self.seen.iter().map(|seen| seen.3).sum::<f64>() / self.seen.len().max(1) as f64;
        let seen = self.seen.iter().zip(faces).map(|(seen, face)| (scene.views[seen.0].at, face)).collect::<Vec<_>>();
        let spot = |face: Window| {
            let whole = common(&with_body(&face), &scene.content)?;
            Some(Spot { whole, core: common(&face, &scene.content)?, looks: turned })
        };
        let spots = over_frames(scene, &seen).into_iter().map(|face| spot(face?)).collect();
        let presence = self.seen.len() as f64 / looks.max(1) as f64;
        let score = self.seen.iter().map(|seen| f64::from(seen.2)).sum::<f64>() / self.seen.len().max(1) as f64;
        Subject { kind: Kind::Person, spots, strength: self.height() * score * presence.sqrt() }
    }
}

/// A face with hair, shoulders, and air above.
fn with_body(face: &Window) -> Window {
    let beside = AROUND.beside * face.width;
    Window {
        x: face.x - beside,
        y: face.y - AROUND.above * face.height,
        width: face.width + 2.0 * beside,
        height: face.height * (1.0 + AROUND.above + AROUND.below),
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRange;

    use super::super::testing::{Painter, hash, rate};
    use super::*;

    fn face(x: f64, side: f64) -> Window {
        Window { x, y: 200.0, width: side, height: side * 1.2 }
    }

    fn found(faces: impl Fn(u64) -> Vec<(Window, f32)>) -> Vec<Subject> {
        let mut painter = Painter::new(1920, 1080, 96);
        painter.faces(faces);
        painter.keep_seen();
        people(&Scene::of(&painter.findings, FrameRange::new(0, 96), rate()))
    }

    #[test]
    fn two_people_are_two_and_false_faces_none() {
        let subjects = found(|frame| {
            let mut faces = vec![(face(300.0 + 2.0 * frame as f64, 120.0), 0.9), (face(1400.0, 100.0), 0.8)];
            if frame == 40 {
                faces.push((face(900.0, 300.0), 0.95));
            }
            if hash(frame).is_multiple_of(3) {
                faces.remove(0);
            }
            faces.push((face(1700.0, 30.0), 0.9));
            faces
        });
        assert_eq!(subjects.len(), 2, "{:?}", subjects.iter().map(Subject::middle).collect::<Vec<_>>());
        let core = |subject: &Subject, frame: usize| subject.spots[frame].map(|spot| spot.core.centre().0);
        let walker = subjects.iter().find(|subject| core(subject, 0).is_some_and(|x| x < 600.0)).expect("the one who walks");
        for frame in [2, 47, 90] {
            let x = core(walker, frame).expect("there");
            assert!((x - (360.0 + 2.0 * frame as f64)).abs() < 8.0, "frame {frame}: {x}");
        }
        assert!(
            subjects.iter().flat_map(|subject| subject.spots.iter().flatten()).all(|spot| spot.whole.holds(&spot.core, 1e-9))
        );
    }

    #[test]
    fn faces_that_are_no_numbers_are_none() {
        assert!(found(|_| vec![(face(f64::NAN, 100.0), 0.9), (face(10.0, 0.0), 0.9), (face(10.0, 50.0), f32::NAN)]).is_empty());
        assert!(found(|_| Vec::new()).is_empty());
    }
}
