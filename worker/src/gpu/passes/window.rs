//! The part of a picture that a change of size looks at, in source pixels with fractions: how crops between pixels, camera
//! moves, bands and tiles say where they lie.

use shotfarm_shared::media::Extent;

/// A rectangle of the source: pixel `k` covers `k..k+1`. It may reach beyond the picture, whose border then goes on for ever.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Its left edge.
    pub x: f64,
    /// Its upper edge.
    pub y: f64,
    /// Its width, above 0.
    pub width: f64,
    /// Its height, above 0.
    pub height: f64,
}

impl Window {
    /// The whole of a picture.
    #[must_use]
    pub fn whole(picture: Extent) -> Self {
        Self { x: 0.0, y: 0.0, width: f64::from(picture.width), height: f64::from(picture.height) }
    }

    /// The part of a track that a picture of `extent` shows, where the track speaks of a source of `source`.
    pub(super) fn of_track(window: &shotfarm_shared::track::Window, source: Extent, extent: Extent) -> Self {
        let across = f64::from(extent.width) / f64::from(source.width);
        let down = f64::from(extent.height) / f64::from(source.height);
        Self { x: window.x * across, y: window.y * down, width: window.width * across, height: window.height * down }
    }

    /// Its extents along x and y.
    pub(super) fn spans(self) -> [Span; 2] {
        [Span { origin: self.x, length: self.width }, Span { origin: self.y, length: self.height }]
    }
}

/// A window along one axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) origin: f64,
    pub(super) length: f64,
}

impl Span {
    /// Source samples that one of `target` samples spans.
    pub(super) fn pitch(self, target: u32) -> f64 {
        self.length / f64::from(target)
    }

    /// Where the middle of target sample `index` lies, counted so that source sample `k` lies at `k`.
    pub(super) fn centre(self, index: u32, target: u32) -> f64 {
        // One rounding fewer than with the pitch, so that whole ratios come out exact.
        self.origin + (f64::from(index) + 0.5) * self.length / f64::from(target) - 0.5
    }
}
