//! What is drawn over one frame of the source, and the frame as it will be shown: for the sheet and the clip alike.

use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::Insets;
use shotfarm_shared::track::{Layout, Pane, Placement, Window};

use super::Shot;
use super::canvas::{Canvas, area};
use super::ink;
use crate::reframe::{Face, Findings};

/// Thousandths in the whole of a side, as [`Insets`] count.
const WHOLE: f64 = 1_000.0;
/// Longest side of the copy that the ground of a `fit` is enlarged from: so few pixels that nothing on it can be made out.
const GROUND_SIDE: u32 = 24;

/// Draws over the picture that lies at `at` what the track says of `frame`: what is left out darkened, the windows, the zones
/// within them, the faces.
pub(super) fn draw(canvas: &mut Canvas, at: Window, shot: &Shot<'_>, frame: u64) {
    let source = shot.facts.layout.extent;
    let to_canvas = |place: &Window| mapped(place, &Window::whole(source), &at);
    let Some(placement) = shot.track.placement(frame, shot.target) else { return };
    let panes = panes(&placement);
    let windows: Vec<Window> = panes.iter().map(|pane| to_canvas(&pane.window)).collect();
    for place in outside(&at, &windows) {
        canvas.fill(place, ink::LEFT_OUT);
    }
    for pane in &panes {
        for zone in zones(shot) {
            if let Some(zone) = common(&zone, &pane.place) {
                let place = to_canvas(&mapped(&zone, &pane.place, &pane.window));
                canvas.fill(place, ink::ZONE.thin(60));
                canvas.hatch(place, ink::ZONE.thin(150));
            }
        }
    }
    for face in faces_at(shot.findings, frame) {
        if let Some(place) = common(&to_canvas(&face.place), &at) {
            canvas.outline(place, 1.5, ink::FACE);
        }
    }
    for (index, window) in windows.iter().enumerate() {
        canvas.outline(*window, 4.0, ink::SHADE);
        canvas.outline(*window, 2.5, ink::window(placement.layout, index));
    }
}

/// Draws the frame as the result will show it onto `at`, from a picture of the whole source, with the zones over it.
pub(super) fn draw_result(canvas: &mut Canvas, at: Window, shot: &Shot<'_>, frame: u64, picture: &Canvas) {
    let Some(placement) = shot.track.placement(frame, shot.target) else { return };
    let whole = Window::whole(picture.extent());
    let source = Window::whole(shot.facts.layout.extent);
    let result = Window::whole(shot.target);
    if placement.layout == Layout::Fit {
        draw_ground(canvas, at, picture, mapped(&placement.first.window, &source, &whole));
    }
    for pane in panes(&placement) {
        canvas.show(picture, mapped(&pane.window, &source, &whole), mapped(&pane.place, &result, &at));
    }
    for zone in zones(shot) {
        canvas.hatch(mapped(&zone, &result, &at), ink::ZONE.thin(90));
    }
    canvas.outline(at, 1.5, ink::window(placement.layout, 0));
    if let Some(second) = &placement.second {
        canvas.outline(mapped(&second.place, &result, &at), 1.5, ink::window(placement.layout, 1));
    }
}

/// As much of the window's middle as has the shape of `at`, blurred and dark, over all of it.
fn draw_ground(canvas: &mut Canvas, at: Window, picture: &Canvas, window: Window) {
    let aspect = at.width / at.height;
    let (width, height) = (window.width.min(window.height * aspect), window.height.min(window.width / aspect));
    let (x, y) = window.centre();
    let window = area(x - width / 2.0, y - height / 2.0, width, height);
    let shrink = f64::from(GROUND_SIDE) / window.width.max(window.height).max(1.0);
    let side = |length: f64| ((length * shrink).round() as u32).clamp(1, GROUND_SIDE);
    let mut small = Canvas::new(Extent::new(side(window.width), side(window.height)), 0);
    let all = Window::whole(small.extent());
    small.show(picture, window, all);
    canvas.show(&small, all, at);
    canvas.fill(at, ink::GROUND_SHADE);
}

fn panes(placement: &Placement) -> Vec<Pane> {
    std::iter::once(placement.first).chain(placement.second).collect()
}

/// The parts of the result that the platform covers, in its pixels, without overlap.
fn zones(shot: &Shot<'_>) -> Vec<Window> {
    let Some(insets) = shot.reframe.zones.as_ref().and_then(|zones| zones.insets) else { return Vec::new() };
    let Insets { top, right, bottom, left } = insets;
    let (width, height) = (f64::from(shot.target.width), f64::from(shot.target.height));
    let (top, bottom) = (f64::from(top) / WHOLE * height, f64::from(bottom) / WHOLE * height);
    let (left, right) = (f64::from(left) / WHOLE * width, f64::from(right) / WHOLE * width);
    let between = height - top - bottom;
    let places = [
        area(0.0, 0.0, width, top),
        area(0.0, height - bottom, width, bottom),
        area(0.0, top, left, between),
        area(width - right, top, right, between),
    ];
    places.into_iter().filter(|place| place.width > 0.0 && place.height > 0.0).collect()
}

/// The faces of a frame, or of the last one before it that was looked at.
pub(super) fn faces_at(findings: &Findings, frame: u64) -> &[Face] {
    let index = frame.saturating_sub(findings.range.start) as usize;
    let until = findings.seen.get(..=index).unwrap_or(&findings.seen);
    let full = until.iter().rev().find_map(|seen| seen.full.as_ref());
    full.and_then(|full| full.faces.as_deref()).unwrap_or_default()
}

/// `place`, which lies in `from`, at its place in `to`.
fn mapped(place: &Window, from: &Window, to: &Window) -> Window {
    let (x, y) = (to.width / from.width, to.height / from.height);
    area(to.x + (place.x - from.x) * x, to.y + (place.y - from.y) * y, place.width * x, place.height * y)
}

/// What both cover.
fn common(one: &Window, other: &Window) -> Option<Window> {
    let (x, y) = (one.x.max(other.x), one.y.max(other.y));
    let (width, height) = (one.right().min(other.right()) - x, one.bottom().min(other.bottom()) - y);
    (width > 0.0 && height > 0.0).then(|| area(x, y, width, height))
}

/// What of `all` lies in none of the windows, as places that do not overlap.
fn outside(all: &Window, windows: &[Window]) -> Vec<Window> {
    let cuts = |begin: f64, end: f64, sides: fn(&Window) -> [f64; 2]| {
        let mut cuts = vec![begin, end];
        cuts.extend(windows.iter().flat_map(sides).filter(|cut| (begin..end).contains(cut)));
        cuts.sort_by(f64::total_cmp);
        cuts
    };
    let columns = cuts(all.x, all.right(), |window| [window.x, window.right()]);
    let rows = cuts(all.y, all.bottom(), |window| [window.y, window.bottom()]);
    let fields = rows
        .windows(2)
        .flat_map(|row| columns.windows(2).map(move |column| area(column[0], row[0], column[1] - column[0], row[1] - row[0])));
    let is_out = |field: &Window| {
        let (x, y) = field.centre();
        !windows.iter().any(|window| (window.x..window.right()).contains(&x) && (window.y..window.bottom()).contains(&y))
    };
    fields.filter(is_out).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn window() -> impl Strategy<Value = Window> {
        (0_u32..100, 0_u32..60, 1_u32..100, 1_u32..60)
            .prop_map(|(x, y, width, height)| area(x.into(), y.into(), width.into(), height.into()))
    }

    proptest! {
        #[test]
        fn what_is_outside_is_the_rest(one in window(), other in window()) {
            let all = area(0.0, 0.0, 100.0, 60.0);
            let places = outside(&all, &[one, other]);
            let mut left = vec![0; 6_000];
            for place in &places {
                for y in place.y as usize..place.bottom() as usize {
                    for x in place.x as usize..place.right() as usize {
                        left[y * 100 + x] += 1;
                    }
                }
            }
            for y in 0..60 {
                for x in 0..100 {
                    let at = area(f64::from(x), f64::from(y), 1.0, 1.0);
                    let inside = one.overlap(&at) > 0.5 || other.overlap(&at) > 0.5;
                    prop_assert_eq!(left[y as usize * 100 + x as usize], i32::from(!inside), "{},{}", x, y);
                }
            }
        }
    }

    #[test]
    fn places_keep_their_share_of_what_they_lie_in() {
        let place = mapped(&area(10.0, 0.0, 20.0, 50.0), &area(0.0, 0.0, 100.0, 100.0), &area(5.0, 5.0, 50.0, 10.0));
        assert_eq!(place, area(10.0, 5.0, 10.0, 5.0));
        assert_eq!(common(&area(0.0, 0.0, 4.0, 4.0), &area(4.0, 0.0, 4.0, 4.0)), None);
    }
}
