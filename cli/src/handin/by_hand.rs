//! What a person sets by hand, brought into a track: pure.

use shotfarm_shared::limits::TRACK_STRETCHES_MAX;
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::{Key, Track};

use crate::args::{KeyText, LayoutText};

/// `track` with these keys and layouts. A key of a frame that has one already changes what it gives and leaves the rest.
///
/// # Errors
/// Percent of a source whose size is not known, or more keys than a track takes.
pub(crate) fn set(mut track: Track, keys: &[KeyText], layouts: &[LayoutText], source: Option<Extent>) -> Result<Track, String> {
    for given in keys {
        if given.needs_extent() && source.is_none() {
            return Err(format!("percent of a source that nobody has looked at yet, at frame {}; write pixels", given.frame));
        }
        let [x, y, height] = given.pixels(source);
        let key = key_at(&mut track, given.frame);
        (key.x, key.y, key.height) = (x.or(key.x), y.or(key.y), height.or(key.height));
    }
    for given in layouts {
        key_at(&mut track, given.frame).layout = Some(given.layout);
    }
    if track.keys.len() > TRACK_STRETCHES_MAX {
        return Err(format!("there are {} keys, at most {TRACK_STRETCHES_MAX} are taken", track.keys.len()));
    }
    Ok(track)
}

/// The key of a frame, made where there is none; keys stay in the order of their frames.
fn key_at(track: &mut Track, frame: u64) -> &mut Key {
    let index = track.keys.partition_point(|key| key.frame < frame);
    if track.keys.get(index).is_none_or(|key| key.frame != frame) {
        track.keys.insert(index, Key { frame, x: None, y: None, height: None, layout: None });
    }
    &mut track.keys[index]
}

/// The keys in a line each, for people.
pub(crate) fn told(track: &Track) -> Vec<String> {
    let line = |key: &Key| {
        let part = |name: &str, value: Option<f64>| value.map(|value| format!("{name} {value}"));
        let places = [part("x", key.x), part("y", key.y), part("height", key.height)];
        let layout = key.layout.map(|layout| format!("{layout:?}").to_lowercase());
        format!("frame {}: {}", key.frame, places.into_iter().chain([layout]).flatten().collect::<Vec<_>>().join(", "))
    };
    track.keys.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::track::Layout;

    use super::*;

    const SOURCE: Option<Extent> = Some(Extent { width: 1920, height: 1080 });

    fn key(text: &str) -> KeyText {
        text.parse().expect("a key")
    }

    #[test]
    fn a_key_changes_what_it_gives_and_leaves_the_rest() {
        let first = set(Track::empty(), &[key("70=35%"), key("12=640,300")], &[], SOURCE).expect("two keys");
        assert_eq!(told(&first), ["frame 12: x 640, y 300", "frame 70: x 672"]);
        let layout = LayoutText { frame: 70, layout: Layout::Split };
        let second = set(first, &[key("12=700@900")], &[layout], SOURCE).expect("one more");
        assert_eq!(told(&second), ["frame 12: x 700, y 300, height 900", "frame 70: x 672, split"]);
    }

    #[test]
    fn percent_of_an_unknown_source_is_refused() {
        assert!(set(Track::empty(), &[key("7=35%")], &[], None).expect_err("no size").contains("at frame 7; write pixels"));
        assert!(set(Track::empty(), &[key("7=35")], &[], None).is_ok());
    }

    proptest! {
        #[test]
        fn keys_stay_in_order_each_frame_once(frames in proptest::collection::vec(0_u64..30, 0..40)) {
            let keys: Vec<KeyText> = frames.iter().map(|frame| key(&format!("{frame}=5"))).collect();
            let track = set(Track::empty(), &keys, &[], SOURCE).expect("pixels");
            let distinct: std::collections::BTreeSet<u64> = frames.into_iter().collect();
            prop_assert_eq!(track.keys.iter().map(|key| key.frame).collect::<Vec<_>>(), distinct.into_iter().collect::<Vec<_>>());
        }
    }
}
