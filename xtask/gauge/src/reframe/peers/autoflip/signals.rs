//! What is seen in a key frame, how much it counts, and the region that is cut out for it.

use shotfarm_shared::track::Window;

use crate::reframe::area::union_of;

/// What a region is; the order of importance is that of the stock graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A face as a whole.
    Face,
    /// Anything else that stands out.
    Object,
}

/// A region of a frame that somebody found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Region {
    pub(crate) place: Window,
    pub(crate) kind: Kind,
    /// How sure the finder is, 0 to 1.
    pub(crate) score: f64,
    /// Whether it must be shown; nothing is in the stock graph.
    pub(crate) required: bool,
}

/// The scores that each kind is given, least to most (the stock graph's).
fn scores(kind: Kind) -> (f64, f64) {
    match kind {
        Kind::Face => (0.80, 0.85),
        Kind::Object => (0.10, 0.20),
    }
}

/// How much a region counts.
pub(super) fn fused(region: &Region) -> f64 {
    let (least, most) = scores(region.kind);
    region.score.clamp(0.0, 1.0) * (most - least) + least
}

/// What a key frame asks for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct KeyFrame {
    /// The frame.
    pub(super) frame: usize,
    /// What of it is to be shown.
    pub(super) region: Option<Window>,
    /// How much that counts.
    pub(super) score: f64,
    /// All that must be shown.
    pub(super) required: Option<Window>,
    /// Whether that fits a window.
    pub(super) required_fits: bool,
}

/// The least part of a region that may be shown for all of it.
const PART_LEAST: f64 = 0.5;

/// All that must be shown together; then, by score, whatever still fits with it, whole or at least its middle.
pub(super) fn key_frame(frame: usize, regions: &[Region], sides: (f64, f64)) -> KeyFrame {
    let fits = |window: &Window| window.width <= sides.0 && window.height <= sides.1;
    let required = union_of(regions.iter().filter(|region| region.required).map(|region| &region.place));
    let mut others = regions.iter().filter(|region| !region.required).collect::<Vec<_>>();
    others.sort_by(|a, b| fused(b).total_cmp(&fused(a)));
    let mut region = required;
    let mut score = regions.iter().filter(|region| region.required).map(fused).sum::<f64>();
    for other in others {
        let joined = |place: &Window| region.map_or(*place, |region| region.union(place));
        let whole = joined(&other.place);
        let part = joined(&middle(&other.place));
        if fits(&whole) {
            (region, score) = (Some(whole), score + fused(other));
        } else if fits(&part) {
            (region, score) = (Some(part), score + fused(other) * PART_LEAST);
        }
    }
    KeyFrame { frame, region, score, required, required_fits: required.is_none_or(|window| fits(&window)) }
}

/// A region without a quarter at each side: half of its length on each axis is kept.
fn middle(place: &Window) -> Window {
    let trim = |length: f64| (PART_LEAST * length / 2.0).ceil().min(length / 2.0);
    let (x, y) = (trim(place.width), trim(place.height));
    Window { x: place.x + x, y: place.y + y, width: place.width - 2.0 * x, height: place.height - 2.0 * y }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIDES: (f64, f64) = (150.0, 270.0);

    fn region(x: f64, width: f64, kind: Kind) -> Region {
        Region { place: Window { x, y: 50.0, width, height: 100.0 }, kind, score: 1.0, required: false }
    }

    #[test]
    fn kinds_count_by_their_ranges() {
        let half = |kind| fused(&Region { score: 0.5, ..region(0.0, 10.0, kind) });
        assert!((half(Kind::Face) - 0.825).abs() < 1e-12 && (half(Kind::Object) - 0.15).abs() < 1e-12);
    }

    #[test]
    fn the_best_comes_first_and_others_as_far_as_they_fit() {
        let regions = [region(0.0, 60.0, Kind::Object), region(200.0, 60.0, Kind::Face), region(120.0, 40.0, Kind::Object)];
        let found = key_frame(3, &regions, SIDES);
        assert_eq!(found.region.map(|window| (window.x, window.right())), Some((120.0, 260.0)), "the left one is too far");
        assert!((found.score - 1.05).abs() < 1e-12 && found.required_fits, "{found:?}");
    }

    #[test]
    fn a_region_too_wide_is_shown_by_its_middle() {
        let found = key_frame(0, &[region(100.0, 200.0, Kind::Object)], SIDES);
        assert_eq!(found.region.map(|window| (window.x, window.width)), Some((150.0, 100.0)));
        assert_eq!(key_frame(0, &[region(0.0, 400.0, Kind::Object)], SIDES).region, None);
    }

    #[test]
    fn what_must_be_shown_is_shown_even_where_it_does_not_fit() {
        let must = |x| Region { required: true, ..region(x, 60.0, Kind::Face) };
        let found = key_frame(0, &[must(0.0), must(300.0), region(100.0, 20.0, Kind::Object)], SIDES);
        assert_eq!((found.required.map(|window| window.width), found.required_fits), (Some(360.0), false));
        assert_eq!(found.region, found.required);
    }
}
