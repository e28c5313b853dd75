//! What matters in a stretch: the people whose faces were found, or else the things that stand out, each over all of its frames.

use shotfarm_shared::track::Window;

use super::camera_motion::CameraMotion;
use super::faces;
use super::lettering::Lettering;
use super::links::{self, Path};
use super::regions::{Region, living, regions};
use super::room::common;
use super::saliency::Cues;
use super::scene::Scene;

/// Seconds beyond its first and last sight for which a thing is taken to be where it was.
const LINGER_SECONDS: f64 = 0.5;
/// Seconds over which a thing's size is steadied.
const STEADY_SECONDS: f64 = 0.7;
/// Part of the strongest one's strength from which another must stay too.
const STRONG_PART: f64 = 0.6;
/// Part of the stretch that another must be there for, to matter beside the strongest.
const PRESENT_PART: f64 = 0.5;
/// Strength below which a thing that stands out is not trusted to be a subject.
const STRENGTH_LEAST: f64 = 0.3;

/// How much of a thing lies where it was when it was last seen, in the mean; noise is now here and now there.
const TOGETHER_LEAST: f64 = 0.35;
/// Likewise of one that lives: it may be hidden most of the time.
const LIVING_STRENGTH_LEAST: f64 = 0.2;

/// What a subject is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Somebody whose face was found.
    Person,
    /// Something that goes through the picture.
    Mover,
    /// Something that stands out where it is.
    Thing,
}

/// Where a subject is in one frame, in pixels of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spot {
    /// All of it.
    pub(super) whole: Window,
    /// The part of it that counts when not all fits: a face, or its middle.
    pub(super) core: Window,
    /// How far it looks or goes to the right, -1..1.
    pub(super) looks: f64,
}

/// One subject over a stretch.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Subject {
    /// What it is.
    pub(super) kind: Kind,
    /// Where it is in every frame of the stretch, if it is there.
    pub(super) spots: Vec<Option<Spot>>,
    /// How much it stands out, beside the others of its stretch.
    pub(super) strength: f64,
}

impl Subject {
    /// Frames in which it is there.
    pub(super) fn presence(&self) -> usize {
        self.spots.iter().flatten().count()
    }

    /// The middle of all of its places.
    pub(super) fn middle(&self) -> Option<(f64, f64)> {
        let range = self.spots.iter().flatten().map(|spot| spot.whole).reduce(|all, place| all.union(&place))?;
        Some(range.centre())
    }
}

/// What must stay in the window, strongest first: the first one before the others.
pub(super) fn find(scene: &Scene<'_>, camera: &[CameraMotion], letters: &Lettering) -> Vec<Subject> {
    let people = faces::people(scene);
    let found = if people.is_empty() { figures(scene, camera, letters) } else { people };
    needed(found)
}

/// The strongest and those that come near it.
fn needed(mut found: Vec<Subject>) -> Vec<Subject> {
    found.sort_by(|left, right| right.strength.total_cmp(&left.strength));
    let Some(most) = found.first().map(|first| (first.strength, first.presence())) else { return found };
    let mut index = 0;
    found.retain(|subject| {
        index += 1;
        let is_there = subject.presence() as f64 >= PRESENT_PART * most.1 as f64;
        index == 1 || (subject.strength >= STRONG_PART * most.0 && is_there)
    });
    found
}

/// Things that stand out without a face.
fn figures(scene: &Scene<'_>, camera: &[CameraMotion], letters: &Lettering) -> Vec<Subject> {
    let within = scene.cells_within();
    let cues = Cues::of(scene, camera, &within, letters);
    let seen = (0..scene.views.len()).map(|view| cues.saliency(view));
    let (living, standing) = seen.map(|seen| (living(&seen, scene.look), regions(&seen, scene.look))).unzip();
    let width = f64::from(scene.look.source.width.max(scene.look.source.height));
    let paths = |regions: Vec<Vec<Region>>, least: f64| {
        let mut paths = links::paths(regions, scene.view_seconds(), width);
        paths.retain(|path| path.strength >= least && path.holds_together() >= TOGETHER_LEAST);
        paths
    };
    let living = paths(living, LIVING_STRENGTH_LEAST);
    let found = if living.is_empty() {
        // What merely stands out is a guess: the best one is taken, and a second makes no pair of it.
        paths(standing, STRENGTH_LEAST).into_iter().take(1).collect()
    } else {
        living
    };
    found.iter().filter_map(|path| figure(scene, path)).collect()
}

fn figure(scene: &Scene<'_>, path: &Path) -> Option<Subject> {
    let places = path.steps.iter().filter_map(|step| common(&step.region.place, &scene.content)).collect::<Vec<_>>();
    if places.len() != path.steps.len() {
        return None;
    }
    let moving = path.steps.iter().map(|step| step.region.moving).sum::<f64>() / path.steps.len().max(1) as f64;
    let places = links::steadied(&places, scene.views_in(STEADY_SECONDS));
    let seen = path.steps.iter().zip(places).map(|(step, place)| (scene.views[step.view].at, place)).collect::<Vec<_>>();
    let spots = over_frames(scene, &seen);
    let kind = if moving > MOVING_LEAST { Kind::Mover } else { Kind::Thing };
    Some(Subject { kind, spots: with_core(&spots, scene), strength: path.strength })
}

/// The mean part of its saliency that moves from which a figure is one that goes.
const MOVING_LEAST: f64 = 0.25;

/// A place for every frame of the stretch from those in which it was seen: on straight lines between them, and a little beyond.
pub(super) fn over_frames(scene: &Scene<'_>, seen: &[(u64, Window)]) -> Vec<Option<Window>> {
    let linger = (LINGER_SECONDS * scene.per_second).ceil() as u64;
    let (Some(&(first, _)), Some(&(last, _))) = (seen.first(), seen.last()) else { return vec![None; scene.frames()] };
    let mut next = 0;
    (0..scene.frames() as u64)
        .map(|at| {
            if at + linger < first || at > last + linger {
                return None;
            }
            while next < seen.len() && seen[next].0 < at {
                next += 1;
            }
            let after = seen.get(next).or(seen.last())?;
            let before = next.checked_sub(1).map_or(after, |before| &seen[before]);
            Some(between(before, after, at))
        })
        .collect()
}

fn between(before: &(u64, Window), after: &(u64, Window), at: u64) -> Window {
    if after.0 <= before.0 || at >= after.0 {
        return after.1;
    }
    let part = (at.saturating_sub(before.0)) as f64 / (after.0 - before.0) as f64;
    let (from, to): ([f64; 4], [f64; 4]) = (before.1.into(), after.1.into());
    [0, 1, 2, 3].map(|index| from[index] + (to[index] - from[index]) * part).into()
}

/// The middle of each place, and which way it goes.
fn with_core(places: &[Option<Window>], scene: &Scene<'_>) -> Vec<Option<Spot>> {
    let reach = (scene.per_second / 2.0).round().max(1.0) as usize;
    let spot = |at: usize| {
        let whole = places[at]?;
        let (x, y) = whole.centre();
        let (width, height) = (whole.width / 2.0, whole.height / 2.0);
        let core = Window { x: x - width / 2.0, y: y - height / 2.0, width, height };
        let near = |at: usize| places.get(at).copied().flatten().unwrap_or(whole).centre().0;
        let gone = near((at + reach).min(places.len() - 1)) - near(at.saturating_sub(reach));
        // Its own width in a second is going, not shifting.
        let looks = (gone / whole.width.max(1.0)).clamp(-1.0, 1.0);
        Some(Spot { whole, core, looks })
    };
    (0..places.len()).map(spot).collect()
}
