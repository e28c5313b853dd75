//! The pictures that scalers are judged on: a fixed set, drawn by this program, and middle pieces of real clips where a folder
//! with some is given.
//!
//! Every picture has the same size, so that one ffmpeg process does all of them.

mod clips;
mod drawn;
mod shrink;

use std::path::Path;

use shotfarm_shared::media::Extent;
use shotfarm_tests::film::{Frame, Shot, Size, draw};

use crate::error::GaugeError;

pub(crate) use shrink::Shrink;

/// The size of every reference picture.
pub(crate) const SIZE: Size = Size { width: 640, height: 360 };
/// Frames running of a piece that moves: enough for four second differences.
const RUN_FRAMES: u32 = 6;

/// What kind of picture it is; bars are about kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// Hard drawn edges: ink, hatching, letters.
    LineArt,
    /// Shots of the drawn film, soft and hard.
    Film,
    /// Patterns that show one fault each.
    Pattern,
    /// Camera or rendered footage.
    Real,
}

/// A reference: one picture, or some frames running.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) frames: Vec<Frame>,
}

/// All references. Clips that cannot be read are left out, with a word on standard error.
pub(crate) fn corpus(media: Option<&Path>) -> Result<Vec<Entry>, GaugeError> {
    let still = |(name, kind, frame): (&str, Kind, Frame)| Entry { name: name.to_owned(), kind, frames: vec![frame] };
    let mut entries = drawn::pictures(SIZE).into_iter().map(still).collect::<Vec<_>>();
    let shots = [(Shot::Title, 40), (Shot::Street, 30), (Shot::She, 36), (Shot::Rooftop, 24)];
    entries.extend(shots.map(|(shot, first)| Entry {
        name: shot.caption().to_owned(),
        kind: Kind::Film,
        frames: (first..first + RUN_FRAMES).map(|frame| draw(shot, frame, SIZE)).collect(),
    }));
    if let Some(folder) = media {
        entries.extend(clips::pieces(folder, SIZE, RUN_FRAMES)?);
    }
    Ok(entries)
}

/// The size of the pictures that scalers are given.
pub(crate) fn small() -> Extent {
    Extent::new(SIZE.width / 2, SIZE.height / 2)
}
