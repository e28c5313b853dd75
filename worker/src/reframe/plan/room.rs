//! Where a window may be: its size, the part of the picture that it stays in, and its way along each axis.

use shotfarm_shared::limits::WINDOW_PART_MIN;
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;

/// A side of the picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// Along its width.
    X,
    /// Along its height.
    Y,
}

/// Both, in the order in which paths are made.
pub(super) const AXES: [Axis; 2] = [Axis::X, Axis::Y];

/// A window of one size within the content of the picture. All in pixels of the source.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Room {
    /// The picture without its bars.
    pub(super) content: Window,
    /// The window's width.
    pub(super) width: f64,
    /// The window's height.
    pub(super) height: f64,
}

impl Room {
    /// The largest window of `shape` (width over height, in pixels of the source) within `content`.
    pub(super) fn largest(content: Window, shape: f64) -> Self {
        let (width, height) = if content.width / content.height > shape {
            (content.height * shape, content.height)
        } else {
            (content.width, content.width / shape)
        };
        Self { content, width, height }
    }

    /// The same shape, `height` high or as near to it as fits.
    pub(super) fn of_height(&self, height: f64) -> Self {
        let part = (height / self.height).clamp(f64::MIN_POSITIVE, 1.0);
        Self { content: self.content, width: self.width * part, height: self.height * part }
    }

    /// The window's side along an axis.
    pub(super) fn side(&self, axis: Axis) -> f64 {
        match axis {
            Axis::X => self.width,
            Axis::Y => self.height,
        }
    }

    /// The least and the greatest place of the window's left or upper edge.
    pub(super) fn reach(&self, axis: Axis) -> (f64, f64) {
        let (begin, length) = span(&self.content, axis);
        (begin, (begin + length - self.side(axis)).max(begin))
    }

    /// Whether the window can move along an axis by what anybody would see.
    pub(super) fn is_free(&self, axis: Axis) -> bool {
        let (low, high) = self.reach(axis);
        high - low > 0.5
    }

    /// The window with its left upper corner at a place, moved into the content.
    pub(super) fn window(&self, x: f64, y: f64) -> Window {
        let within = |at: f64, axis| {
            let (low, high) = self.reach(axis);
            at.clamp(low, high)
        };
        Window { x: within(x, Axis::X), y: within(y, Axis::Y), width: self.width, height: self.height }
    }

    /// The window with its centre at a place, moved into the content.
    pub(super) fn about(&self, (x, y): (f64, f64)) -> Window {
        self.window(x - self.width / 2.0, y - self.height / 2.0)
    }

    /// Whether the window is large enough to be enlarged: see `Track::check`.
    pub(super) fn is_usable(&self, source: Extent) -> bool {
        let least = |side: u32| f64::from(side) / f64::from(WINDOW_PART_MIN * WINDOW_PART_MIN);
        self.width >= least(source.width) && self.height >= least(source.height)
    }
}

/// Where a window begins along an axis, and how long it is.
pub(super) fn span(window: &Window, axis: Axis) -> (f64, f64) {
    match axis {
        Axis::X => (window.x, window.width),
        Axis::Y => (window.y, window.height),
    }
}

/// What of a window lies within another; `None` when nothing does.
pub(super) fn common(window: &Window, within: &Window) -> Option<Window> {
    let (x, y) = (window.x.max(within.x), window.y.max(within.y));
    let (right, bottom) = (window.right().min(within.right()), window.bottom().min(within.bottom()));
    (right > x && bottom > y).then_some(Window { x, y, width: right - x, height: bottom - y })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_window_is_as_high_or_as_wide_as_the_content() {
        let content = Window { x: 10.0, y: 20.0, width: 1600.0, height: 900.0 };
        let tall = Room::largest(content, 9.0 / 16.0);
        assert_eq!((tall.width, tall.height), (506.25, 900.0));
        assert_eq!(tall.reach(Axis::X), (10.0, 1610.0 - 506.25));
        assert!(tall.is_free(Axis::X) && !tall.is_free(Axis::Y));
        let wide = Room::largest(content, 4.0);
        assert_eq!((wide.width, wide.height), (1600.0, 400.0));
        assert_eq!(wide.about((0.0, 5000.0)), Window { x: 10.0, y: 520.0, width: 1600.0, height: 400.0 });
        assert_eq!(tall.of_height(450.0).width, 253.125);
        assert_eq!(tall.of_height(5000.0), tall);
    }
}
