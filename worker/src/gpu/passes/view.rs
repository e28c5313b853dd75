//! What a change of size looks at: one window for all frames, or one for each frame of a shot.
//!
//! Axes are told apart: a window that moves sideways stands still along y, and what stands still is counted once for the job.

use std::sync::Arc;

use shotfarm_shared::media::Extent;

use super::window::{Span, Window};

/// A value for every frame of a shot: of each of its stretches one for all frames, or one for each.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct PerFrame<T>(Arc<[Run<T>]>);

/// The values of one stretch; the last one stands for all frames after it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run<T> {
    /// The first frame of the stretch.
    pub(super) first: u64,
    /// One at least.
    pub(super) values: Vec<T>,
}

impl<T: Copy + PartialEq> PerFrame<T> {
    /// Runs in the order of their frames. `None` when there is no value at all.
    pub(super) fn new(runs: Vec<Run<T>>) -> Option<Self> {
        let runs = runs.into_iter().filter(|run| !run.values.is_empty()).collect::<Vec<_>>();
        (!runs.is_empty()).then(|| Self(runs.into()))
    }

    /// The value of a frame. Frames before the first run have its first value, frames between two runs the last one before them.
    pub(super) fn at(&self, frame: u64) -> T {
        let run = &self.0[self.0.partition_point(|run| run.first <= frame).saturating_sub(1)];
        let index = usize::try_from(frame.saturating_sub(run.first)).unwrap_or(usize::MAX);
        run.values[index.min(run.values.len() - 1)]
    }

    /// Every value that occurs, some of them several times.
    pub(super) fn values(&self) -> impl Iterator<Item = T> {
        self.0.iter().flat_map(|run| run.values.iter().copied())
    }

    /// The one value that all frames have.
    pub(super) fn constant(&self) -> Option<T> {
        let first = self.values().next()?;
        self.values().all(|value| value == first).then_some(first)
    }

    /// Each value made into another.
    pub(super) fn map<U>(&self, change: impl Fn(T) -> U) -> PerFrame<U> {
        let run = |run: &Run<T>| Run { first: run.first, values: run.values.iter().map(|value| change(*value)).collect() };
        PerFrame(self.0.iter().map(run).collect())
    }
}

/// What is looked at along one axis.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Along {
    /// The same in every frame.
    Still(Span),
    /// Another span from frame to frame.
    Moving(PerFrame<Span>),
}

impl Along {
    fn of(spans: PerFrame<Span>) -> Self {
        spans.constant().map_or(Self::Moving(spans), Self::Still)
    }

    /// Most source samples that one of `target` samples spans in any frame.
    pub(super) fn pitch_max(&self, target: u32) -> f64 {
        self.longest().pitch(target)
    }

    /// The longest span.
    pub(super) fn longest(&self) -> Span {
        match self {
            Self::Still(span) => *span,
            Self::Moving(spans) => longest(spans),
        }
    }
}

/// The longest span of any frame.
pub(super) fn longest(spans: &PerFrame<Span>) -> Span {
    let longer = |left: Span, right: Span| if right.length > left.length { right } else { left };
    spans.values().reduce(longer).expect("there is a value at least")
}

/// What is looked at.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct View {
    /// Along x, then along y.
    pub(super) along: [Along; 2],
}

impl View {
    /// The same window in every frame.
    pub(super) fn still(window: Window) -> Self {
        Self { along: window.spans().map(Along::Still) }
    }

    /// A window for every frame.
    pub(super) fn of(windows: &PerFrame<Window>) -> Self {
        Self { along: [0, 1].map(|axis| Along::of(windows.map(|window| window.spans()[axis]))) }
    }

    /// All of a picture.
    pub(super) fn whole(picture: Extent) -> Self {
        Self::still(Window::whole(picture))
    }

    /// Whether a picture of this size would come out as it is.
    pub(super) fn is_identity(&self, picture: Extent, target: Extent) -> bool {
        picture == target && *self == Self::whole(picture)
    }

    /// Most source samples that a target sample spans in any frame, along x and y.
    pub(super) fn pitches_max(&self, target: Extent) -> [f64; 2] {
        let [across, down] = &self.along;
        [across.pitch_max(target.width), down.pitch_max(target.height)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_find_their_value_and_gaps_keep_the_last_one() {
        let runs =
            vec![Run { first: 2, values: vec![1, 2] }, Run { first: 10, values: vec![3] }, Run { first: 12, values: vec![] }];
        let values = PerFrame::new(runs).expect("values");
        assert_eq!([0, 2, 3, 4, 9, 10, 11, 500].map(|frame| values.at(frame)), [1, 1, 2, 2, 2, 3, 3, 3]);
        assert_eq!((values.constant(), PerFrame::<u8>::new(Vec::new())), (None, None));
        assert_eq!(values.map(|_| 7).constant(), Some(7));
    }

    #[test]
    fn a_window_that_moves_sideways_stands_still_along_y() {
        let window = |x| Window { x, y: 3.0, width: 9.0, height: 16.0 };
        let view = View::of(&PerFrame::new(vec![Run { first: 0, values: vec![window(1.0), window(2.5)] }]).expect("windows"));
        assert!(matches!(view.along[0], Along::Moving(_)));
        assert_eq!(view.along[1], Along::Still(Span { origin: 3.0, length: 16.0 }));
        assert_eq!(view.pitches_max(Extent::new(18, 8)), [0.5, 2.0]);
    }
}
