//! What was set by hand, which always wins.
//!
//! Whole stretches are kept as they are. Keys move the path of the plan: at a key's frame the window is exactly where the key
//! says (moved into the picture, if it would reach out). A window that stands moves as a whole to its only key, and rests
//! before its first and after its last: a correction adds no camera move. A window that moves is pulled to a key, and is back
//! on its own way a second from it, or goes straight on to a key that is near.

use shotfarm_shared::media::Extent;
use shotfarm_shared::track::{Camera, Key, Layout, Window};

use super::framing::Framed;
use super::path::eased;
use super::room::Room;

/// Seconds before and after a key in which the window comes and goes.
const PULL_SECONDS: f64 = 1.0;

/// The layout that the keys of a stretch ask for; `None` without a key.
pub(super) fn layout(keys: &[Key]) -> Option<Layout> {
    let first = keys.first()?;
    Some(keys.iter().find_map(|key| key.layout).or(first.layout).unwrap_or(Layout::Crop))
}

/// Puts the path of a stretch that begins at `first` through its keys.
pub(super) fn put(framed: &mut Framed, keys: &[Key], first: u64, frames: usize, source: Extent, per_second: f64) {
    let has_place = keys.iter().any(|key| key.x.is_some() || key.y.is_some() || key.height.is_some());
    if !has_place {
        return;
    }
    let reach = (PULL_SECONDS * per_second).round().max(1.0) as usize;
    let stands = framed.windows.len() == 1;
    let base = |frame: usize| framed.windows[if stands { 0 } else { frame }];
    let pull = |of: fn(&Key) -> Option<f64>, place: fn(&Window) -> f64| {
        let set = keys.iter().filter_map(|key| Some(((key.frame - first) as usize, of(key)?)));
        let offsets = set.map(|(frame, value)| (frame, value - place(&base(frame)))).collect::<Vec<_>>();
        move |frame: usize| offset(&offsets, frame, reach, stands)
    };
    let x = pull(|key| key.x, |window| window.centre().0);
    let y = pull(|key| key.y, |window| window.centre().1);
    let height = pull(|key| key.height, |window| window.height);
    let picture = Window::whole(source);
    let window = |frame: usize| {
        let own = base(frame);
        let (centre_x, centre_y) = own.centre();
        let largest = Room::largest(picture, own.width / own.height);
        let room = largest.of_height(own.height + height(frame));
        room.about((centre_x + x(frame), centre_y + y(frame)))
    };
    let count = if stands && keys.len() == 1 { 1 } else { frames };
    let windows = (0..count).map(window).collect::<Vec<_>>();
    framed.windows = windows;
    if framed.layout == Layout::Split && framed.second.len() == 1 && count > 1 {
        framed.second = vec![framed.second[0]; frames];
    }
    framed.camera = Camera::Hand;
    framed.why = match keys.len() {
        1 => "one key set by hand".to_owned(),
        more => format!("{more} keys set by hand"),
    };
}

/// How far the path is pulled at a frame.
fn offset(set: &[(usize, f64)], frame: usize, reach: usize, stands: bool) -> f64 {
    let after = set.partition_point(|(at, _)| *at <= frame);
    let (before, after) = (after.checked_sub(1).map(|index| set[index]), set.get(after).copied());
    // 1 at the key, 0 from `reach` frames on.
    let nearness = |at: usize| 1.0 - eased(at.abs_diff(frame), 0, reach);
    match (before, after) {
        (None, None) => 0.0,
        (Some((at, value)), None) | (None, Some((at, value))) => value * if stands { 1.0 } else { nearness(at) },
        (Some((from, value)), Some((to, next))) if stands || to - from <= 2 * reach => {
            value + (next - value) * eased(frame, from, to)
        }
        (Some((from, value)), Some((to, next))) => value * nearness(from) + next * nearness(to),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: Extent = Extent { width: 1920, height: 1080 };

    fn framed(windows: Vec<Window>) -> Framed {
        Framed {
            layout: Layout::Crop,
            camera: Camera::Follow,
            windows,
            second: Vec::new(),
            why: "a moving subject".to_owned(),
            content: Window::whole(SOURCE),
        }
    }

    fn window(x: f64) -> Window {
        Window { x, y: 0.0, width: 607.5, height: 1080.0 }
    }

    fn key(frame: u64, x: f64) -> Key {
        Key { frame, x: Some(x), y: None, height: None, layout: None }
    }

    #[test]
    fn a_moving_path_goes_through_its_keys_and_back_to_its_way() {
        let walk = |frame: usize| window(100.0 + 6.0 * frame as f64);
        let mut hand = framed((0..120).map(walk).collect());
        put(&mut hand, &[key(60, 900.0)], 0, 120, SOURCE, 24.0);
        assert_eq!(hand.windows[60].centre().0, 900.0);
        for frame in (0..=36).chain(84..120) {
            assert_eq!(hand.windows[frame], walk(frame));
        }
        let steps = hand.windows.windows(3).map(|three| (three[2].x - 2.0 * three[1].x + three[0].x).abs());
        assert!(steps.fold(0.0, f64::max) < 3.0, "no jolt");
        assert_eq!(hand.camera, Camera::Hand);
    }

    #[test]
    fn a_window_that_stands_moves_to_its_key_and_between_its_keys() {
        let mut one = framed(vec![window(600.0)]);
        put(&mut one, &[key(30, 400.0)], 10, 60, SOURCE, 24.0);
        assert_eq!(one.windows, [window(400.0 - 303.75)]);
        let mut two = framed(vec![window(600.0)]);
        put(&mut two, &[key(20, 400.0), key(50, 1000.0)], 10, 60, SOURCE, 24.0);
        let x = |frame: usize| two.windows[frame].centre().0;
        assert_eq!([x(0), x(10), x(40), x(59)], [400.0, 400.0, 1000.0, 1000.0]);
        assert!((400.0..1000.0).contains(&x(25)));
    }

    #[test]
    fn a_key_may_come_nearer_and_stays_in_the_picture() {
        let mut hand = framed(vec![window(600.0)]);
        let near = Key { frame: 5, x: Some(1900.0), y: Some(200.0), height: Some(540.0), layout: None };
        put(&mut hand, &[near], 0, 60, SOURCE, 24.0);
        assert_eq!(hand.windows, [Window { x: 1920.0 - 303.75, y: 0.0, width: 303.75, height: 540.0 }]);
    }

    #[test]
    fn the_layout_is_the_first_that_is_said() {
        let fit = Key { layout: Some(Layout::Fit), ..key(9, 0.0) };
        assert_eq!(layout(&[]), None);
        assert_eq!(layout(&[key(3, 0.0)]), Some(Layout::Crop));
        assert_eq!(layout(&[key(3, 0.0), fit]), Some(Layout::Fit));
    }
}
