//! What is done with rectangles of the source here, beyond what the tracks' own [`Window`] can.

use shotfarm_shared::track::Window;

/// Of these sides about a centre.
pub(crate) fn about(centre: (f64, f64), (width, height): (f64, f64)) -> Window {
    Window { x: centre.0 - width / 2.0, y: centre.1 - height / 2.0, width, height }
}

/// Square pixels that it covers.
pub(crate) fn pixels(window: &Window) -> f64 {
    window.width * window.height
}

/// What both cover, if anything.
pub(crate) fn common(one: &Window, other: &Window) -> Option<Window> {
    let (x, y) = (one.x.max(other.x), one.y.max(other.y));
    let (width, height) = (one.right().min(other.right()) - x, one.bottom().min(other.bottom()) - y);
    (width > 0.0 && height > 0.0).then_some(Window { x, y, width, height })
}

/// The smallest that holds all of them.
pub(crate) fn union_of<'a>(windows: impl IntoIterator<Item = &'a Window>) -> Option<Window> {
    windows.into_iter().copied().reduce(|all, window| all.union(&window))
}

/// Moved by as little as brings it inside `outer`; centred on an axis where it is too large.
pub(crate) fn moved_into(window: &Window, outer: &Window) -> Window {
    let moved = |at: f64, side: f64, from: f64, room: f64| {
        if side > room { from + (room - side) / 2.0 } else { at.clamp(from, from + room - side) }
    };
    Window {
        x: moved(window.x, window.width, outer.x, outer.width),
        y: moved(window.y, window.height, outer.y, outer.height),
        ..*window
    }
}

/// The sides of the largest window of an aspect (width by height) within.
pub(crate) fn widest(within: &Window, aspect: f64) -> (f64, f64) {
    let width = (within.height * aspect).min(within.width);
    (width, width / aspect)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window() -> impl Strategy<Value = Window> {
        (0.0..400.0, 0.0..200.0, 1.0..300.0, 1.0..200.0).prop_map(|(x, y, width, height)| Window { x, y, width, height })
    }

    proptest! {
        #[test]
        fn what_is_common_lies_in_both(a in window(), b in window()) {
            let found = common(&a, &b);
            prop_assert!((found.as_ref().map_or(0.0, pixels) - a.overlap(&b)).abs() < 1e-6);
            prop_assert!(found.is_none_or(|found| a.holds(&found, 1e-9) && b.holds(&found, 1e-9)));
        }

        #[test]
        fn a_moved_window_lies_within_and_keeps_its_sides(a in window()) {
            let outer = Window { x: 10.0, y: 20.0, width: 300.0, height: 200.0 };
            let moved = moved_into(&a, &outer);
            prop_assert!(outer.holds(&moved, 1e-9) && (moved.width, moved.height) == (a.width, a.height));
        }
    }

    #[test]
    fn the_widest_window_is_bound_by_one_side() {
        assert_eq!(widest(&Window { x: 0.0, y: 0.0, width: 480.0, height: 270.0 }, 9.0 / 16.0), (151.875, 270.0));
        assert_eq!(widest(&Window { x: 0.0, y: 0.0, width: 270.0, height: 480.0 }, 16.0 / 9.0), (270.0, 151.875));
    }
}
