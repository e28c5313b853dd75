//! Which rows of a picture are made at a time, and which rows of the source that takes.
//!
//! A band is a smaller picture: its steps are recorded on the rows that it needs, each step looking at a window of what the one
//! before made, so that every sample has the weights and the place that it has in the whole picture. Rows near the band's own
//! edges come out wrong, because there the picture goes on; they are never kept.

use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::Step;

use super::window::Window;
use super::{deband, denoise, sharpen, upscale};

/// Rows that a band begins at are multiples of this: whole samples of any chroma subsampling, whole turns of the dither pattern
/// in subsampled chroma, and whole blocks of the pyramid of the filter `mip` up to the greatest reduction.
pub(super) const ALIGN: u32 = 32;
/// Rows beyond those kept that chroma's way to the output's sampling reads: two samples of a cubic at half the rate, and where
/// they lie.
const CHROMA_ROWS: u32 = 6;

/// Rows of a picture, counted in luma.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rows {
    pub(super) first: u32,
    pub(super) end: u32,
}

impl Rows {
    pub(super) fn whole(picture: Extent) -> Self {
        Self { first: 0, end: picture.height }
    }

    pub(super) fn len(self) -> u32 {
        self.end - self.first
    }

    /// As many rows of a picture of this width.
    pub(super) fn extent(self, width: u32) -> Extent {
        Extent::new(width, self.len())
    }

    /// These rows of `target` with those of a source of `height` rows within `reach` of them, begun and ended where a band may
    /// begin and end.
    fn of_source(self, target_height: u32, height: u32, reach: f64) -> Self {
        let ratio = f64::from(height) / f64::from(target_height);
        let first = (f64::from(self.first) * ratio - reach).floor().max(0.0) as u32;
        let end = ((f64::from(self.end) * ratio + reach).ceil() as u32).min(height);
        Self { first: first / ALIGN * ALIGN, end: end.next_multiple_of(2).min(height) }
    }

    /// The same rows of a plane with `2^log2` times fewer of them.
    pub(super) fn of_plane(self, log2: u32) -> Self {
        Self { first: self.first >> log2, end: self.end.div_ceil(1 << log2) }
    }
}

/// What one step looks at and makes within a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    /// Of the rows that the band holds before the step.
    pub(super) window: Window,
    /// The size of what the step makes of it.
    pub(super) target: Extent,
    /// The row of the whole picture at which those rows begin, in luma: for what goes by place.
    pub(super) first_row: u32,
}

/// One band of a job.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Band {
    /// The rows of the input that are read.
    pub(super) read: Rows,
    /// What each step does.
    pub(super) parts: Vec<Part>,
    /// The rows of the output that come out.
    pub(super) made: Rows,
    /// Those of them that are right.
    pub(super) kept: Rows,
}

/// The whole picture as one band.
pub(super) fn whole(steps: &[Step], input: Extent) -> Band {
    let mut extent = input;
    let part = |step: &Step| {
        let window = Window::whole(extent);
        extent = step.extent(extent);
        Part { window, target: extent, first_row: 0 }
    };
    let parts = steps.iter().map(part).collect();
    Band { read: Rows::whole(input), parts, made: Rows::whole(extent), kept: Rows::whole(extent) }
}

/// The bands of `rows` output rows each, or near it, from the top down; `None` where a step must see the whole picture.
pub(super) fn bands(steps: &[Step], input: Extent, rows: u32) -> Option<Vec<Band>> {
    let mut extents = vec![input];
    for step in steps {
        extents.push(step.extent(extents[extents.len() - 1]));
    }
    let height = extents[steps.len()].height;
    let rows = rows.max(1).next_multiple_of(ALIGN);
    let kept = (0..height.div_ceil(rows)).map(|index| Rows { first: index * rows, end: ((index + 1) * rows).min(height) });
    kept.map(|kept| band(steps, &extents, kept)).collect()
}

/// Rows of luma above and below it that a row of a step's result depends on, in whatever sampling chroma comes; `None` for a
/// change of size, where it is a matter of the sizes.
#[must_use]
pub fn reach_rows(step: &Step) -> Option<u32> {
    match step {
        Step::Upscale(_) | Step::Reframe(_) => None,
        Step::Denoise(_) => Some(denoise::REACH_ROWS),
        Step::Deband(deband) => Some(deband::reach_rows(deband)),
        Step::Sharpen(_) => Some(sharpen::REACH_ROWS),
        Step::Grain(_) => Some(0),
    }
}

/// How far beyond the place of its own rows a step reads, in rows of its source of which one of its rows spans `pitch`; `None`
/// where it must see the whole picture. Every step answers here.
fn reach(step: &Step, pitch: f64) -> Option<f64> {
    match step {
        // A network decides by itself what it must see, and divides its work by itself.
        Step::Upscale(upscale) => upscale.model.is_none().then(|| upscale::reach_rows(pitch)),
        // Where its windows look changes from frame to frame.
        Step::Reframe(_) => None,
        Step::Denoise(_) | Step::Deband(_) | Step::Sharpen(_) | Step::Grain(_) => reach_rows(step).map(f64::from),
    }
}

/// From the rows that are kept back to those that are read, then forward to what each step makes.
fn band(steps: &[Step], extents: &[Extent], kept: Rows) -> Option<Band> {
    let height = |index: usize| extents[index].height;
    let last = height(steps.len());
    let mut needed = vec![kept.of_source(last, last, f64::from(CHROMA_ROWS))];
    for (index, step) in steps.iter().enumerate().rev() {
        let pitch = f64::from(height(index)) / f64::from(height(index + 1));
        let rows = needed[needed.len() - 1].of_source(height(index + 1), height(index), reach(step, pitch)?);
        needed.push(rows);
    }
    needed.reverse();
    let (read, mut held) = (needed[0], needed[0]);
    let mut parts = Vec::new();
    for index in 0..steps.len() {
        let (source, target) = (extents[index], extents[index + 1]);
        let (mut window, first_row) = (Window::whole(held.extent(source.width)), held.first);
        // A step that keeps the height makes of every row one row; only a change of size may leave some out.
        if source.height != target.height {
            let made = needed[index + 1];
            let ratio = f64::from(source.height) / f64::from(target.height);
            window.y = f64::from(made.first) * ratio - f64::from(held.first);
            window.height = f64::from(made.len()) * ratio;
            held = made;
        }
        parts.push(Part { window, target: held.extent(target.width), first_row });
    }
    Some(Band { read, parts, made: held, kept })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::recipe::read_steps;

    use super::*;

    fn steps(text: &str) -> Vec<Step> {
        read_steps(text).expect("steps")
    }

    const CHAINS: [&str; 6] = [
        "denoise frames=2 | upscale 2x filter=fsr | deband range=31 | sharpen | grain",
        "upscale 2x filter=lanczos",
        "upscale 0.5x filter=ewa-lanczos",
        "upscale 1.5x filter=fsr | upscale 1.3x filter=lanczos",
        "upscale 2x filter=fsr | upscale 0.3x filter=mip",
        "upscale 640x480 filter=mitchell | upscale 1x filter=fsr",
    ];

    proptest! {
        #[test]
        fn bands_keep_every_row_once_and_begin_where_they_may(chain in 0..CHAINS.len(), height in 16_u32..2_000, rows in 1_u32..700) {
            let (steps, input) = (steps(CHAINS[chain]), Extent::new(64, height));
            let all = whole(&steps, input);
            let mut next = 0;
            for band in bands(&steps, input, rows).expect("no step needs the whole") {
                prop_assert_eq!(band.kept.first, next);
                next = band.kept.end;
                prop_assert!(band.made.first <= band.kept.first && band.kept.end <= band.made.end && band.made.end <= all.made.end);
                for rows in [band.read, band.made] {
                    prop_assert_eq!(rows.first % ALIGN, 0);
                }
                prop_assert!(band.read.end % 2 == 0 || band.read.end == height);
                prop_assert!(band.read.end <= height && band.read.len() > 0);
                // What a window looks at lies within what is held, but at the picture's own edges.
                let mut held = band.read.len();
                for part in &band.parts {
                    prop_assert!(part.window.y >= -1e-9 && part.window.y + part.window.height <= f64::from(held) + 1e-9);
                    held = part.target.height;
                }
            }
            prop_assert_eq!(next, all.made.end);
        }
    }

    #[test]
    fn context_is_read_on_either_side_and_the_edges_are_the_pictures() {
        let found = bands(&steps("upscale 2x filter=lanczos"), Extent::new(64, 1_000), 512).expect("bands");
        assert_eq!(found.len(), 4);
        assert_eq!((found[0].read.first, found[3].read.end, found[3].kept.end), (0, 1_000, 2_000));
        assert!(found[1].read.first <= 256 - 6 && found[1].read.end >= 512 + 6, "{:?}", found[1].read);
        let one = bands(&steps("upscale 2x filter=lanczos"), Extent::new(64, 100), 4_096).expect("a band");
        assert_eq!(one, [whole(&steps("upscale 2x filter=lanczos"), Extent::new(64, 100))]);
    }
}
