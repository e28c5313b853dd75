//! What somebody chose for a shot: the form in which ours and others' choices are compared.

use shotfarm_shared::track::Window;

use super::area::{about, widest};

/// The windows of a whole shot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Judged {
    /// The areas of the source that each frame shows: one window, one for each part of a split picture, or all of it.
    pub(crate) shown: Vec<Vec<Window>>,
    /// Stretches within which the window should go smoothly, in order; the first begins at frame 0.
    pub(crate) stretches: Vec<Held>,
    /// Where it saw cuts: first frames.
    pub(crate) cuts: Vec<usize>,
}

/// A stretch of a choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    /// Its first frame.
    pub(crate) first: usize,
    /// Whether the window was meant to stand still.
    pub(crate) steady: bool,
}

impl Judged {
    /// One window for all frames.
    pub(crate) fn still(window: Window, frames: usize) -> Self {
        Self { shown: vec![vec![window]; frames], stretches: vec![Held { first: 0, steady: true }], cuts: Vec::new() }
    }
}

/// The static centre crop: the widest window of the aspect in the middle of the whole picture.
pub(crate) fn centre_crop(picture: &Window, aspect: f64, frames: usize) -> Judged {
    Judged::still(about(picture.centre(), widest(picture, aspect)), frames)
}
