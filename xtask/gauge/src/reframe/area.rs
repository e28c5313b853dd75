//! Rectangles in source pixels, with fractions of pixels: subjects, windows, what lies within bars.
//!
//! An area runs from its left top corner to its right bottom one; a window that covers the whole of a 480x270 picture is
//! (0, 0, 480, 270).

use shotfarm_tests::film::Size;

/// A rectangle; sides are not negative.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Area {
    pub(crate) left: f64,
    pub(crate) top: f64,
    pub(crate) width: f64,
    pub(crate) height: f64,
}

impl Area {
    /// From the left top corner and the sides.
    pub(crate) const fn new(left: f64, top: f64, width: f64, height: f64) -> Self {
        Self { left, top, width, height }
    }

    /// The whole of a picture.
    pub(crate) fn of(size: Size) -> Self {
        Self::new(0.0, 0.0, f64::from(size.width), f64::from(size.height))
    }

    /// Of these sides about a centre.
    pub(crate) fn about(centre: (f64, f64), (width, height): (f64, f64)) -> Self {
        Self::new(centre.0 - width / 2.0, centre.1 - height / 2.0, width, height)
    }

    pub(crate) fn right(&self) -> f64 {
        self.left + self.width
    }

    pub(crate) fn bottom(&self) -> f64 {
        self.top + self.height
    }

    pub(crate) fn centre(&self) -> (f64, f64) {
        (self.left + self.width / 2.0, self.top + self.height / 2.0)
    }

    /// Square pixels that it covers.
    pub(crate) fn pixels(&self) -> f64 {
        self.width * self.height
    }

    /// What both cover, if anything.
    pub(crate) fn common(&self, other: &Self) -> Option<Self> {
        let (left, top) = (self.left.max(other.left), self.top.max(other.top));
        let (width, height) = (self.right().min(other.right()) - left, self.bottom().min(other.bottom()) - top);
        (width > 0.0 && height > 0.0).then_some(Self { left, top, width, height })
    }

    /// The smallest area that holds both.
    pub(crate) fn union(&self, other: &Self) -> Self {
        let (left, top) = (self.left.min(other.left), self.top.min(other.top));
        Self { left, top, width: self.right().max(other.right()) - left, height: self.bottom().max(other.bottom()) - top }
    }

    /// The smallest area that holds all of them.
    pub(crate) fn union_of<'a>(areas: impl IntoIterator<Item = &'a Self>) -> Option<Self> {
        areas.into_iter().copied().reduce(|all, area| all.union(&area))
    }

    /// Whether the other lies within, save for `slack` pixels at each side.
    pub(crate) fn holds(&self, other: &Self, slack: f64) -> bool {
        other.left >= self.left - slack
            && other.top >= self.top - slack
            && other.right() <= self.right() + slack
            && other.bottom() <= self.bottom() + slack
    }

    /// Moved by as little as brings it inside `outer`; centred on an axis where it is too large.
    pub(crate) fn moved_into(&self, outer: &Self) -> Self {
        let moved = |at: f64, side: f64, from: f64, room: f64| {
            if side > room { from + (room - side) / 2.0 } else { at.clamp(from, from + room - side) }
        };
        Self {
            left: moved(self.left, self.width, outer.left, outer.width),
            top: moved(self.top, self.height, outer.top, outer.height),
            ..*self
        }
    }

    /// The sides of the largest window of an aspect (width by height) within.
    pub(crate) fn widest(&self, aspect: f64) -> (f64, f64) {
        let width = (self.height * aspect).min(self.width);
        (width, width / aspect)
    }

    /// Intersection over union, 0 to 1.
    pub(crate) fn iou(&self, other: &Self) -> f64 {
        let common = self.common(other).map_or(0.0, |area| area.pixels());
        let all = self.pixels() + other.pixels() - common;
        if all > 0.0 { common / all } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn area() -> impl Strategy<Value = Area> {
        (0.0..400.0, 0.0..200.0, 1.0..300.0, 1.0..200.0).prop_map(|(l, t, w, h)| Area::new(l, t, w, h))
    }

    proptest! {
        #[test]
        fn overlap_is_a_share_and_the_same_both_ways(a in area(), b in area()) {
            let share = a.iou(&b);
            prop_assert!((0.0..=1.0 + 1e-12).contains(&share) && (share - b.iou(&a)).abs() < 1e-12);
            prop_assert!((a.iou(&a) - 1.0).abs() < 1e-12);
            prop_assert!(a.union(&b).holds(&a, 1e-9) && a.union(&b).holds(&b, 1e-9));
        }

        #[test]
        fn a_moved_area_lies_within_and_keeps_its_sides(a in area()) {
            let outer = Area::new(10.0, 20.0, 300.0, 200.0);
            let moved = a.moved_into(&outer);
            prop_assert!(outer.holds(&moved, 1e-9) && (moved.width, moved.height) == (a.width, a.height));
        }
    }

    #[test]
    fn half_an_overlap_is_a_third() {
        assert!((Area::new(0.0, 0.0, 2.0, 1.0).iou(&Area::new(1.0, 0.0, 2.0, 1.0)) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(Area::new(0.0, 0.0, 1.0, 1.0).iou(&Area::new(2.0, 0.0, 1.0, 1.0)), 0.0);
    }

    #[test]
    fn the_widest_window_is_bound_by_one_side() {
        assert_eq!(Area::new(0.0, 0.0, 480.0, 270.0).widest(9.0 / 16.0), (151.875, 270.0));
        assert_eq!(Area::new(0.0, 0.0, 270.0, 480.0).widest(16.0 / 9.0), (270.0, 151.875));
    }
}
