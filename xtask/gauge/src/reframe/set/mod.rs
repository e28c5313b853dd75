//! The generated set: short shots drawn by this program, each with its truth.
//!
//! Deterministic: the same shots on every machine. Every shot is compressed like a real source before anything looks at it
//! (`clip`), so that nothing is judged on clean paint. Subjects are found in the truth by their own paint, hidden or not.

mod actor;
mod bust;
mod draw;
mod layer;
mod overlay;
mod person;
mod places;
mod scenes;
mod things;

use shotfarm_tests::film::Size;

use draw::Stretch;
use layer::Sensor;
use overlay::Overlay;

pub(crate) use draw::Film;

/// What a shot puts to the test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Class {
    /// One subject that stays.
    Still,
    /// One subject that goes somewhere.
    Moving,
    /// Two that fit one window.
    TwoNear,
    /// Two that do not.
    TwoFar,
    /// Two that pass each other.
    Crossing,
    /// A subject that is hidden for a while.
    Occlusion,
    /// A camera that pans.
    Pan,
    /// Cuts, alike and unlike, and a flash that is none.
    Cuts,
    /// Subtitles, a channel's mark, a name beside the subject.
    Text,
    /// Bars of another aspect.
    Letterbox,
    /// Flat colours within outlines.
    Drawn,
    /// Faces near the camera.
    Close,
    /// Other things move.
    Distractors,
    /// No subject, or only a landmark.
    Landscape,
    /// Little light.
    Dark,
    /// A noisy sensor.
    Noise,
    /// From upright to wide.
    Upright,
}

impl Class {
    pub(crate) const ALL: [Self; 17] = [
        Self::Still,
        Self::Moving,
        Self::TwoNear,
        Self::TwoFar,
        Self::Crossing,
        Self::Occlusion,
        Self::Pan,
        Self::Cuts,
        Self::Text,
        Self::Letterbox,
        Self::Drawn,
        Self::Close,
        Self::Distractors,
        Self::Landscape,
        Self::Dark,
        Self::Noise,
        Self::Upright,
    ];

    /// In a few words, for tables.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Still => "one, still",
            Self::Moving => "one, moving",
            Self::TwoNear => "two, near",
            Self::TwoFar => "two, far apart",
            Self::Crossing => "crossing",
            Self::Occlusion => "occlusion",
            Self::Pan => "camera pan",
            Self::Cuts => "cuts",
            Self::Text => "text and marks",
            Self::Letterbox => "letterbox",
            Self::Drawn => "drawn",
            Self::Close => "close faces",
            Self::Distractors => "distractors",
            Self::Landscape => "landscape",
            Self::Dark => "dark",
            Self::Noise => "noise",
            Self::Upright => "upright to wide",
        }
    }
}

/// The size of most shots: small, since the GPU may be software.
const SIZE: Size = Size { width: 480, height: 270 };
const LARGE: Size = Size { width: 640, height: 360 };
const UPRIGHT: Size = Size { width: 270, height: 480 };

/// One shot as it is written down.
#[derive(Clone, Debug)]
pub(crate) struct Shot {
    pub(crate) name: &'static str,
    pub(crate) class: Class,
    pub(crate) size: Size,
    stretches: Vec<Stretch>,
    overlays: Vec<Overlay>,
    /// The height of each black bar as a share of the picture's.
    bars: f32,
    sensor: Sensor,
    /// How much x264 may lose.
    pub(crate) crf: u32,
    seed: u32,
}

impl Shot {
    /// What the shot is made into, width by height.
    pub(crate) fn target(&self) -> (u32, u32) {
        if self.size.width > self.size.height { (9, 16) } else { (16, 9) }
    }

    /// Width by height of the windows asked for.
    pub(crate) fn aspect(&self) -> f64 {
        let (width, height) = self.target();
        f64::from(width) / f64::from(height)
    }

    /// Frames of all its stretches.
    pub(crate) fn frames(&self) -> u32 {
        self.stretches.iter().map(|stretch| stretch.frames).sum()
    }

    /// Draws it, with its truth.
    pub(crate) fn draw(&self) -> Film {
        draw::draw(self)
    }
}

/// Every shot of the set, class by class.
pub(crate) fn shots() -> Vec<Shot> {
    let mut shots = scenes::all();
    shots.sort_by_key(|shot| shot.class);
    for (seed, shot) in (0..).zip(&mut shots) {
        shot.seed = seed;
    }
    shots
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// A shot small and in a third of its time: quick, and its truth is of the same kind.
    fn small(mut shot: Shot) -> Shot {
        shot.size = Size { width: shot.size.width / 5, height: shot.size.height / 5 };
        shot.stretches.iter_mut().for_each(|stretch| stretch.frames /= 3);
        shot
    }

    #[test]
    fn the_set_is_large_and_every_class_has_three_shots() {
        let shots = shots();
        assert!(shots.len() >= 40, "{}", shots.len());
        for class in Class::ALL {
            assert!(shots.iter().filter(|shot| shot.class == class).count() >= 3, "{class:?}");
        }
        assert_eq!(shots.iter().map(|shot| shot.name).collect::<BTreeSet<_>>().len(), shots.len(), "names are the shots' own");
        assert!(shots.iter().all(|shot| (36..=96).contains(&shot.frames())), "{shots:?}");
    }

    #[test]
    fn every_truth_lies_inside_and_its_windows_hold_what_fits() {
        for shot in shots() {
            let shot = small(shot);
            let film = shot.draw();
            assert_eq!(
                (film.frames.len(), film.truth.frames.len()),
                (shot.frames() as usize, shot.frames() as usize),
                "{}",
                shot.name
            );
            let content = film.truth.content;
            let mut held = 0;
            for (at, frame) in film.truth.frames.iter().enumerate() {
                assert!(!frame.windows.is_empty(), "{} {at}", shot.name);
                for window in &frame.windows {
                    assert!(content.holds(window, 1e-6), "{} {at}: {window:?}", shot.name);
                    assert!((window.width / window.height - shot.aspect()).abs() < 1e-9, "{} {at}", shot.name);
                }
                assert!(frame.needed.iter().all(|area| content.holds(area, 1e-6)), "{} {at}", shot.name);
                // A pixel at this size is five at the real one.
                let all = frame.windows.iter().any(|window| frame.needed.iter().all(|area| window.holds(area, 1.0)));
                held += usize::from(!frame.fits || all);
            }
            assert_eq!(held, film.truth.frames.len(), "{}: a good editor keeps what fits", shot.name);
        }
    }

    #[test]
    fn a_shot_is_drawn_the_same_twice() {
        let shot = small(shots().swap_remove(4));
        let (first, again) = (shot.draw(), shot.draw());
        assert!(first.frames == again.frames && first.frames[0] != first.frames[12]);
    }

    #[test]
    fn what_does_not_fit_is_said_to() {
        let share = |class: Class| {
            let films = shots().into_iter().filter(|shot| shot.class == class).map(|shot| small(shot).draw());
            let frames = films.flat_map(|film| film.truth.frames).collect::<Vec<_>>();
            frames.iter().filter(|frame| frame.fits).count() as f64 / frames.len() as f64
        };
        assert_eq!((share(Class::TwoNear), share(Class::TwoFar)), (1.0, 0.0));
    }
}
