//! From a track to what is shown of one frame: which window of the source fills which part of the result.

use super::{Layout, Stretch, Track, Window};
use crate::media::Extent;

/// One window of the source and the part of the result that it fills.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pane {
    /// In pixels of the source.
    pub window: Window,
    /// In pixels of the result, whole ones.
    pub place: Window,
}

/// What is shown of one frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// How the result is filled.
    pub layout: Layout,
    /// The window that always is there.
    pub first: Pane,
    /// The other half of a split.
    pub second: Option<Pane>,
}

impl Track {
    /// What is shown of `frame` in a result of the size `target`. `None` for a frame that the track does not have.
    #[must_use]
    pub fn placement(&self, frame: u64, target: Extent) -> Option<Placement> {
        self.stretch_at(frame).map(|stretch| stretch.placement(frame, target))
    }
}

impl Stretch {
    fn placement(&self, frame: u64, target: Extent) -> Placement {
        let (window, second) = self.windows_at(frame);
        match (self.layout, second) {
            (Layout::Split, Some(other)) => {
                let [upper, lower] = halves(target);
                Placement {
                    layout: Layout::Split,
                    first: Pane { window, place: upper },
                    second: Some(Pane { window: other, place: lower }),
                }
            }
            (Layout::Fit, _) => {
                let place = fitted(&window, target);
                Placement { layout: Layout::Fit, first: Pane { window, place }, second: None }
            }
            (Layout::Crop | Layout::Split, _) => {
                let place = Window::whole(target);
                Placement { layout: Layout::Crop, first: Pane { window, place }, second: None }
            }
        }
    }
}

/// The halves of a split result: upper and lower of a tall one, left and right of a wide one. Borders lie on even pixels, where
/// chroma has its borders.
#[must_use]
pub fn halves(target: Extent) -> [Window; 2] {
    let (width, height) = (f64::from(target.width), f64::from(target.height));
    if target.height >= target.width {
        let half = f64::from(even_half(target.height));
        [Window { x: 0.0, y: 0.0, width, height: half }, Window { x: 0.0, y: half, width, height: height - half }]
    } else {
        let half = f64::from(even_half(target.width));
        [Window { x: 0.0, y: 0.0, width: half, height }, Window { x: half, y: 0.0, width: width - half, height }]
    }
}

fn even_half(side: u32) -> u32 {
    (side / 4).max(1) * 2
}

/// Where a window lies that is shown whole in the middle of `target`; edges on even pixels.
fn fitted(window: &Window, target: Extent) -> Window {
    let (width, height) = (f64::from(target.width), f64::from(target.height));
    let scale = (width / window.width).min(height / window.height);
    let even = |side: f64, most: f64| ((side / 2.0).round() * 2.0).clamp(2.0, most);
    let (shown_width, shown_height) = (even(window.width * scale, width), even(window.height * scale, height));
    let middle = |free: f64| (free / 4.0).floor() * 2.0;
    Window { x: middle(width - shown_width), y: middle(height - shown_height), width: shown_width, height: shown_height }
}

#[cfg(test)]
mod tests {
    use super::super::Camera;
    use super::*;

    const TALL: Extent = Extent { width: 1080, height: 1920 };

    fn stretch(layout: Layout, windows: Vec<Window>, second: Vec<Window>) -> Stretch {
        Stretch { first: 10, end: 12, camera: Camera::Steady, layout, why: String::new(), windows, second }
    }

    fn window(x: f64, width: f64, height: f64) -> Window {
        Window { x, y: 0.0, width, height }
    }

    #[test]
    fn frames_have_their_own_windows_or_share_one() {
        let mut track = Track::empty();
        track.stretches = vec![
            Stretch { first: 0, end: 10, ..stretch(Layout::Crop, vec![window(5.0, 607.5, 1080.0)], Vec::new()) },
            stretch(Layout::Crop, vec![window(1.0, 607.5, 1080.0), window(2.0, 607.5, 1080.0)], Vec::new()),
        ];
        let x = |frame| track.placement(frame, TALL).map(|placement| placement.first.window.x);
        assert_eq!([x(0), x(9), x(10), x(11), x(12)], [Some(5.0), Some(5.0), Some(1.0), Some(2.0), None]);
    }

    #[test]
    fn a_split_fills_both_halves_and_a_fit_stands_in_the_middle() {
        let split = stretch(Layout::Split, vec![window(0.0, 1080.0, 960.0)], vec![window(800.0, 1080.0, 960.0)]);
        let placement = split.placement(10, TALL);
        assert_eq!(placement.first.place, window(0.0, 1080.0, 960.0));
        assert_eq!(placement.second.map(|pane| pane.place), Some(Window { y: 960.0, ..window(0.0, 1080.0, 960.0) }));
        let fit = stretch(Layout::Fit, vec![window(0.0, 1920.0, 1080.0)], Vec::new());
        let place = fit.placement(10, TALL).first.place;
        assert_eq!(place, Window { x: 0.0, y: 656.0, width: 1080.0, height: 608.0 });
        assert_eq!(halves(Extent::new(1920, 1080)).map(|half| half.x), [0.0, 960.0]);
    }
}
