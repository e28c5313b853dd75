//! The track of a reframe: which window of the source each frame of the result shows.
//!
//! A track is data that people read, change and hand back: JSON, all places in pixels of the source. Invariants of a checked
//! track ([`Track::check`]): stretches follow one another without gap or overlap, every window is finite, lies within the
//! picture and has the shape that its layout asks for. A track that was handed in may be partial: some keys, or nothing but
//! some stretches; the plan makes it whole.

mod check;
mod place;

use serde::{Deserialize, Serialize};

use crate::frames::FrameRange;
use crate::media::Extent;

pub use check::{InvalidTrack, TrackFor};
pub use place::{Pane, Placement, halves};

/// The version of the form.
pub const TRACK_VERSION: u32 = 1;

/// The windows of a whole shot, or what was set of them by hand.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// The version of the form: [`TRACK_VERSION`].
    pub track: u32,
    /// What the shot is called, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shot: String,
    /// The size of the source. In a track that was set by hand it may be left out; given, it must be the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Extent>,
    /// The size of the result, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Extent>,
    /// Frames of the shot, likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames: Option<u64>,
    /// The part of the source within its bars: windows stay inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Window>,
    /// Points that were set by hand: the path goes through them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<Key>,
    /// The stretches between cuts, in order.
    #[serde(default)]
    pub stretches: Vec<Stretch>,
}

/// Frames without a cut, framed in one way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stretch {
    /// Its first frame.
    pub first: u64,
    /// One past its last frame.
    pub end: u64,
    /// How the window moves.
    pub camera: Camera,
    /// What of the result the windows fill.
    pub layout: Layout,
    /// Why it is framed so, for people.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// One window for all of its frames, or one for each.
    pub windows: Vec<Window>,
    /// The lower (or right) windows of [`Layout::Split`], likewise.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub second: Vec<Window>,
}

/// How the window of a stretch moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Camera {
    /// Not at all.
    Steady,
    /// In one even sweep, eased at its ends.
    Pan,
    /// After what matters.
    Follow,
    /// As it was set by hand.
    Hand,
}

/// What of the result the windows of a stretch fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Layout {
    /// One window fills it.
    Crop,
    /// Two windows fill a half each: one above the other in a tall picture, side by side in a wide one.
    Split,
    /// The window is shown whole over a blurred, darkened copy of itself.
    Fit,
}

/// A part of the source, in its pixels; pixel `k` covers `k..k+1`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "[f64; 4]", into = "[f64; 4]")]
pub struct Window {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width.
    pub width: f64,
    /// Its height.
    pub height: f64,
}

/// A point that was set by hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Key {
    /// The frame at which the window is to be here.
    pub frame: u64,
    /// The window's centre, in pixels of the source; left out: the plan's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub x: Option<f64>,
    /// Likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub y: Option<f64>,
    /// The window's height; left out: the largest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub height: Option<f64>,
    /// The layout of the stretch that the frame is in; left out, it becomes a crop.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub layout: Option<Layout>,
}

impl From<[f64; 4]> for Window {
    fn from([x, y, width, height]: [f64; 4]) -> Self {
        Self { x, y, width, height }
    }
}

impl From<Window> for [f64; 4] {
    fn from(window: Window) -> Self {
        [window.x, window.y, window.width, window.height]
    }
}

impl Window {
    /// All of a picture.
    #[must_use]
    pub fn whole(picture: Extent) -> Self {
        Self { x: 0.0, y: 0.0, width: f64::from(picture.width), height: f64::from(picture.height) }
    }

    /// Its centre.
    #[must_use]
    pub fn centre(&self) -> (f64, f64) {
        (self.x + self.width / 2.0, self.y + self.height / 2.0)
    }

    /// Its right edge.
    #[must_use]
    pub fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge.
    #[must_use]
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }

    /// Whether `other` lies within it, but for `slack` pixels on each side.
    #[must_use]
    pub fn holds(&self, other: &Self, slack: f64) -> bool {
        other.x >= self.x - slack
            && other.y >= self.y - slack
            && other.right() <= self.right() + slack
            && other.bottom() <= self.bottom() + slack
    }

    /// The area that both cover.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> f64 {
        let width = self.right().min(other.right()) - self.x.max(other.x);
        let height = self.bottom().min(other.bottom()) - self.y.max(other.y);
        width.max(0.0) * height.max(0.0)
    }

    /// What both cover, as a part of what either covers: 1 where they are the same.
    #[must_use]
    pub fn intersection_over_union(&self, other: &Self) -> f64 {
        let both = self.overlap(other);
        both / (self.width * self.height + other.width * other.height - both).max(f64::MIN_POSITIVE)
    }

    /// The least window that holds both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let (x, y) = (self.x.min(other.x), self.y.min(other.y));
        Self { x, y, width: self.right().max(other.right()) - x, height: self.bottom().max(other.bottom()) - y }
    }
}

impl Stretch {
    /// Its frames.
    #[must_use]
    pub fn range(&self) -> FrameRange {
        FrameRange::new(self.first, self.end)
    }

    /// The window of a frame of the stretch, and the second one where it has two.
    #[must_use]
    pub fn windows_at(&self, frame: u64) -> (Window, Option<Window>) {
        let index = frame.saturating_sub(self.first) as usize;
        let of = |windows: &[Window]| windows.get(index).or_else(|| windows.last()).copied();
        (of(&self.windows).unwrap_or(Window { x: 0.0, y: 0.0, width: 0.0, height: 0.0 }), of(&self.second))
    }

    /// The stretch in one line, for people.
    #[must_use]
    pub fn told(&self) -> String {
        let layout = match self.layout {
            Layout::Crop => "",
            Layout::Split => " split",
            Layout::Fit => " fit",
        };
        let why = if self.why.is_empty() { String::new() } else { format!(": {}", self.why) };
        format!("frames {} {}{layout}{why}", self.range(), self.camera.word())
    }
}

impl Camera {
    /// The camera in one word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Steady => "steady",
            Self::Pan => "pan",
            Self::Follow => "follow",
            Self::Hand => "by hand",
        }
    }
}

impl Track {
    /// A track with nothing in it.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            track: TRACK_VERSION,
            shot: String::new(),
            source: None,
            target: None,
            frames: None,
            content: None,
            keys: Vec::new(),
            stretches: Vec::new(),
        }
    }

    /// The stretch that a frame is in.
    #[must_use]
    pub fn stretch_at(&self, frame: u64) -> Option<&Stretch> {
        let index = self.stretches.partition_point(|stretch| stretch.end <= frame);
        self.stretches.get(index).filter(|stretch| stretch.first <= frame)
    }

    /// The layouts that occur.
    #[must_use]
    pub fn layouts(&self) -> std::collections::BTreeSet<Layout> {
        self.stretches.iter().map(|stretch| stretch.layout).collect()
    }
}
