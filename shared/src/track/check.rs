//! A track read and held to its shot: every fault has the place where it stands.

use super::{Key, Layout, Stretch, TRACK_VERSION, Track, Window};
use crate::limits::{TRACK_BYTES_MAX, TRACK_STRETCHES_MAX, WINDOW_PART_MIN};
use crate::media::Extent;

/// How far a window may reach out of the picture, in pixels: what is lost when numbers are written in decimal.
const OUTSIDE_PIXELS_MAX: f64 = 0.01;
/// How far a window's shape may be from that of the part of the result that it fills: below half a pixel in a thousand, and what
/// even sides of small results take away.
const ASPECT_OFF_MAX: f64 = 0.01;

/// A track that cannot be followed: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTrack {
    /// It is not the JSON that is expected.
    #[error("the track cannot be read: {0}")]
    Form(String),
    /// Too large to be read.
    #[error("the track has {0} bytes, at most {TRACK_BYTES_MAX} are read")]
    Bytes(u64),
    /// One place of it is wrong.
    #[error("the track's `{place}`: {reason}")]
    Place {
        /// The path of the field.
        place: String,
        /// What is wrong, and what to write.
        reason: String,
    },
}

/// The shot that a track is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrackFor {
    /// The size of the source.
    pub source: Extent,
    /// The shape of its pixels, width over height.
    pub pixel_aspect: f64,
    /// Its frames.
    pub frames: u64,
    /// The size of the result.
    pub target: Extent,
}

fn at(place: impl Into<String>, reason: impl Into<String>) -> InvalidTrack {
    InvalidTrack::Place { place: place.into(), reason: reason.into() }
}

impl Track {
    /// Reads a track, whole or partial; nothing is held to a shot yet.
    ///
    /// # Errors
    /// When it is too large, not the form, of another version, or holds a number that is none.
    pub fn read(text: &[u8]) -> Result<Self, InvalidTrack> {
        if text.len() as u64 > TRACK_BYTES_MAX {
            return Err(InvalidTrack::Bytes(text.len() as u64));
        }
        let track: Self = serde_json::from_slice(text).map_err(|error| InvalidTrack::Form(error.to_string()))?;
        if track.track != TRACK_VERSION {
            return Err(at("track", format!("version {} is not known; this program writes {TRACK_VERSION}", track.track)));
        }
        for (what, count) in [("stretches", track.stretches.len()), ("keys", track.keys.len())] {
            if count > TRACK_STRETCHES_MAX {
                return Err(at(what, format!("there are {count}, at most {TRACK_STRETCHES_MAX} are taken")));
            }
        }
        Ok(track)
    }

    /// The text of the track.
    #[must_use]
    pub fn write(&self) -> String {
        serde_json::to_string(self).expect("a track is plain data, which always has a text form")
    }

    /// Holds what is there of the track to its shot: for one that was set by hand, which may be partial.
    ///
    /// # Errors
    /// The first fault, by its place.
    pub fn check_parts(&self, shot: &TrackFor) -> Result<(), InvalidTrack> {
        let about = |place: &str, given: String, is: String| {
            at(place, format!("it says {given} and the shot has {is}; is it another shot's?"))
        };
        if let Some(source) = self.source.filter(|source| *source != shot.source) {
            return Err(about("source", source.to_string(), shot.source.to_string()));
        }
        if let Some(target) = self.target.filter(|target| *target != shot.target) {
            return Err(about("target", target.to_string(), shot.target.to_string()));
        }
        if let Some(frames) = self.frames.filter(|frames| *frames != shot.frames) {
            return Err(about("frames", frames.to_string(), shot.frames.to_string()));
        }
        let picture = Window::whole(shot.source);
        if let Some(content) = &self.content {
            check_window("content", content, &picture)?;
        }
        self.keys.iter().enumerate().try_for_each(|(index, key)| check_key(&format!("keys[{index}]"), key, shot))?;
        if let Some(index) = self.keys.windows(2).position(|pair| pair[0].frame >= pair[1].frame) {
            return Err(at(
                format!("keys[{}].frame", index + 1),
                "keys are written in the order of their frames, each frame once",
            ));
        }
        let mut end = 0;
        for (index, stretch) in self.stretches.iter().enumerate() {
            let place = format!("stretches[{index}]");
            if stretch.first < end {
                return Err(at(format!("{place}.first"), format!("{} lies within the stretch before it", stretch.first)));
            }
            check_stretch(&place, stretch, shot)?;
            end = stretch.end;
        }
        Ok(())
    }

    /// Holds a whole track to its shot: as [`Self::check_parts`], and every frame has its window.
    ///
    /// # Errors
    /// The first fault, by its place.
    pub fn check(&self, shot: &TrackFor) -> Result<(), InvalidTrack> {
        self.check_parts(shot)?;
        let mut end = 0;
        for (index, stretch) in self.stretches.iter().enumerate() {
            if stretch.first != end {
                return Err(at(format!("stretches[{index}].first"), format!("frames {end}..{} have no window", stretch.first)));
            }
            end = stretch.end;
        }
        if end == shot.frames { Ok(()) } else { Err(at("stretches", format!("frames {end}..{} have no window", shot.frames))) }
    }
}

fn check_key(place: &str, key: &Key, shot: &TrackFor) -> Result<(), InvalidTrack> {
    if key.frame >= shot.frames {
        return Err(at(format!("{place}.frame"), format!("{} is not in the shot, which has {} frames", key.frame, shot.frames)));
    }
    let (width, height) = (f64::from(shot.source.width), f64::from(shot.source.height));
    for (name, value, most) in [("x", key.x, width), ("y", key.y, height), ("height", key.height, height)] {
        if let Some(value) = value.filter(|value| !(0.0..=most).contains(value)) {
            return Err(at(format!("{place}.{name}"), format!("{value} is outside of the picture; write 0 to {most}")));
        }
    }
    if let Some(least) =
        Some(height / f64::from(WINDOW_PART_MIN)).filter(|least| key.height.is_some_and(|height| height < *least))
    {
        return Err(at(format!("{place}.height"), format!("it is below {least}, a {WINDOW_PART_MIN}th of the picture")));
    }
    Ok(())
}

fn check_stretch(place: &str, stretch: &Stretch, shot: &TrackFor) -> Result<(), InvalidTrack> {
    if stretch.end <= stretch.first || stretch.end > shot.frames {
        let reason = format!("{} is not after the first frame and within the shot's {} frames", stretch.end, shot.frames);
        return Err(at(format!("{place}.end"), reason));
    }
    let halves = super::place::halves(shot.target);
    let target = Window::whole(shot.target);
    let (first, second) = match stretch.layout {
        Layout::Crop => (Some(target), None),
        Layout::Split => (Some(halves[0]), Some(halves[1])),
        Layout::Fit => (None, None),
    };
    check_windows(&format!("{place}.windows"), &stretch.windows, stretch, shot, first)?;
    match (stretch.layout, stretch.second.is_empty()) {
        (Layout::Split, _) => check_windows(&format!("{place}.second"), &stretch.second, stretch, shot, second),
        (_, true) => Ok(()),
        (_, false) => Err(at(format!("{place}.second"), "only the layout `split` has a second window")),
    }
}

/// Holds the windows of a stretch to the picture, and to the shape of what they fill.
fn check_windows(
    place: &str,
    windows: &[Window],
    stretch: &Stretch,
    shot: &TrackFor,
    fills: Option<Window>,
) -> Result<(), InvalidTrack> {
    if windows.len() != 1 && windows.len() as u64 != stretch.range().len() {
        let (got, asked) = (windows.len(), stretch.range().len());
        return Err(at(place, format!("there are {got} windows; write one for all frames, or one for each of the {asked}")));
    }
    let picture = Window::whole(shot.source);
    for (index, window) in windows.iter().enumerate() {
        let place = format!("{place}[{index}]");
        check_window(&place, window, &picture)?;
        let Some(fills) = fills else { continue };
        let (got, asked) = (window.width * shot.pixel_aspect / window.height, fills.width / fills.height);
        if (got / asked - 1.0).abs() > ASPECT_OFF_MAX {
            let width = window.height * asked / shot.pixel_aspect;
            let reason =
                format!("its shape is {got:.4} and {asked:.4} is asked for; a window {} high is {width:.2} wide", window.height);
            return Err(at(place, reason));
        }
    }
    Ok(())
}

fn check_window(place: &str, window: &Window, picture: &Window) -> Result<(), InvalidTrack> {
    if <[f64; 4]>::from(*window).iter().any(|value| !value.is_finite()) {
        return Err(at(place, "one of its numbers is no number"));
    }
    let part = f64::from(WINDOW_PART_MIN);
    if window.width < picture.width / part / part || window.height < picture.height / part / part {
        return Err(at(place, format!("{}x{} is too small to be enlarged", window.width, window.height)));
    }
    if !picture.holds(window, OUTSIDE_PIXELS_MAX) {
        let [x, y, width, height] = (*window).into();
        let (wide, high) = (picture.width, picture.height);
        return Err(at(place, format!("[{x}, {y}, {width}, {height}] reaches out of the picture, which is {wide}x{high}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::Camera;
    use super::*;

    fn shot() -> TrackFor {
        TrackFor { source: Extent::new(1920, 1080), pixel_aspect: 1.0, frames: 48, target: Extent::new(1080, 1920) }
    }

    fn whole() -> Track {
        let window = Window { x: 100.0, y: 0.0, width: 607.5, height: 1080.0 };
        let stretch = Stretch {
            first: 0,
            end: 48,
            camera: Camera::Steady,
            layout: Layout::Crop,
            why: "one subject".to_owned(),
            windows: vec![window],
            second: Vec::new(),
        };
        Track { stretches: vec![stretch], ..Track::empty() }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let track = whole();
        assert_eq!(Track::read(track.write().as_bytes()), Ok(track.clone()));
        assert_eq!(track.check(&shot()), Ok(()));
        assert_eq!(track.stretches[0].told(), "frames 0..48 steady: one subject");
    }

    #[test]
    fn keys_alone_are_a_track() {
        let track =
            Track::read(br#"{"track":1,"keys":[{"frame":0,"x":300},{"frame":40,"x":900.5,"layout":"fit"}]}"#).expect("keys");
        assert_eq!(track.check_parts(&shot()), Ok(()));
        assert!(track.check(&shot()).is_err(), "no frame has a window yet");
    }

    #[test]
    fn faults_are_told_by_place() {
        type Change = fn(&mut Track);
        let cases: [(Change, &str); 10] = [
            (|track| track.stretches[0].windows[0].x = f64::NAN, "`stretches[0].windows[0]`: one of its numbers is no number"),
            (|track| track.stretches[0].windows[0].x = 1400.0, "`stretches[0].windows[0]`: [1400, 0, 607.5, 1080] reaches out"),
            (|track| track.stretches[0].windows[0].width = 700.0, "`stretches[0].windows[0]`: its shape is 0.6481"),
            (|track| track.stretches[0].windows[0].height = 0.0, "too small"),
            (|track| track.stretches[0].end = 49, "`stretches[0].end`: 49 is not after"),
            (|track| track.stretches[0].end = 47, "`stretches`: frames 47..48 have no window"),
            (|track| track.stretches[0].layout = Layout::Split, "its shape is 0.5625"),
            (|track| track.stretches[0].windows.extend(vec![Window::whole(Extent::new(1, 1)); 3]), "there are 4 windows"),
            (|track| track.frames = Some(7), "`frames`: it says 7 and the shot has 48"),
            (
                |track| track.keys = vec![Key { frame: 3, x: Some(-1.0), y: None, height: None, layout: None }],
                "`keys[0].x`: -1 is outside of the picture",
            ),
        ];
        for (change, part) in cases {
            let mut track = whole();
            change(&mut track);
            let error = track.check(&shot()).expect_err(part).to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
        for (text, part) in [
            ("[]", "the track cannot be read"),
            (r#"{"track":2}"#, "version 2 is not known"),
            (
                r#"{"track":1,"stretches":[{"first":0,"end":1,"camera":"steady","layout":"crop","windows":[[NaN,0,1,1]]}]}"#,
                "cannot be read",
            ),
            (r#"{"track":1,"wat":1}"#, "unknown field `wat`"),
        ] {
            let error = Track::read(text.as_bytes()).expect_err(text).to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
