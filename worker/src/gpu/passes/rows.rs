//! Which rows of the source a change of size reads: what a band of the target needs of the picture.

use std::ops::Range;

use shotfarm_shared::recipe::Filter;

use super::kernel::{Kernel, PolarKernel};
use super::window::Span;

/// Luma rows around a row of the source that its chroma is made of, on the way to chroma at full size: the kernel reaches two
/// chroma rows, which lie two luma rows apart, and one luma row from those they belong to.
const CHROMA_ROWS: f64 = 5.0;
/// Rows of the target around a row of its luma that the chroma of a row of the frame is made of: the same kernel, widened to two.
const TARGET_CHROMA_ROWS: f64 = 5.0;
/// Rows around a row that FSR's second half reads.
const RCAS_ROWS: f64 = 1.0;
/// Rows around the place of an output that FSR's first half reads: one before the texel at or before it, two after.
const EASU_ROWS: f64 = 3.0;

/// The luma rows of a source of `source` rows (and the chroma rows among them, in any subsampling) that the luma rows `rows` of
/// a target of `target` rows depend on, and the chroma rows among those. A little more than needed, never less.
#[must_use]
pub fn rows_read(filter: Filter, source: u32, target: u32, rows: Range<u32>) -> Range<u32> {
    let window = Span { origin: 0.0, length: f64::from(source) };
    let pitch = window.pitch(target);
    let (target_reach, reach) = match filter {
        // Each plane by itself: a chroma row counts for two.
        Filter::Separable(kernel) => (1.0, 2.0 * Kernel::of(kernel).reach(pitch) + 2.0),
        Filter::Area => (TARGET_CHROMA_ROWS, Kernel::Area.reach(pitch) + CHROMA_ROWS),
        Filter::Mip => (TARGET_CHROMA_ROWS, Kernel::Mip.reach(pitch) + CHROMA_ROWS),
        Filter::Polar { kernel, .. } => (TARGET_CHROMA_ROWS, PolarKernel::of(kernel).radius() * pitch.max(1.0) + CHROMA_ROWS),
        Filter::Fsr { .. } => (TARGET_CHROMA_ROWS + RCAS_ROWS, EASU_ROWS + CHROMA_ROWS),
    };
    let place = |row: f64| (row + 0.5) * pitch - 0.5;
    let first = place(f64::from(rows.start) - target_reach) - reach;
    let last = place(f64::from(rows.end) - 1.0 + target_reach) + reach;
    let held = |row: f64| row.clamp(0.0, f64::from(source)) as u32;
    held(first.floor())..held(last.ceil() + 1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range as Codes};
    use shotfarm_shared::recipe::{Step, Target, Upscale};

    use super::*;
    use crate::gpu::{record, twins};
    use crate::net::Models;

    const WIDTH: u32 = 8;

    fn layout(height: u32) -> FrameLayout {
        let tags = ColourTags::default();
        let colour = Colour { matrix: Matrix::Bt709, range: Codes::Limited, site: ChromaSite::TopLeft, tags };
        FrameLayout { extent: Extent::new(WIDTH, height), format: PixelFormat::Yuv420p, colour }
    }

    /// Two frames that agree in luma rows `kept`, and in the chroma rows of those.
    fn frames(height: u32, kept: &Range<u32>, seed: u32) -> [Vec<u8>; 2] {
        let mut frames = [Vec::new(), Vec::new()];
        for (plane, rows, width) in [(0, height, WIDTH), (1, height / 2, WIDTH / 2), (2, height / 2, WIDTH / 2)] {
            for (row, column) in (0..rows).flat_map(|row| (0..width).map(move |column| (row, column))) {
                let value = |seed: u32| (60 + (row * 31 + column * 17 + plane * 7 + seed * 13) % 97) as u8;
                let luma_row = if plane == 0 { row } else { row * 2 };
                frames[0].push(value(seed));
                frames[1].push(value(if kept.contains(&luma_row) { seed } else { seed + 5 }));
            }
        }
        frames
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_not_read_changes_nothing(
            pick in 0..Filter::all().len(), source in 20_u32..50, target in 10_u32..70, begin in 0.0_f64..1.0, seed in 0_u32..50
        ) {
            let (source, target) = (2 * source, 2 * target);
            let filter = Filter::all()[pick];
            prop_assume!(!(matches!(filter, Filter::Fsr { .. }) && target < source));
            let begin = (begin * f64::from(target) / 2.0) as u32 * 2;
            let rows = begin.min(target - 2)..(begin + 4).min(target);
            let kept = rows_read(filter, source, target, rows.clone());
            let step = Upscale { target: Target::Size(Extent::new(WIDTH, target)), model: None, filter, check_hundredths: None };
            let recording = record(&[Step::Upscale(step)], &layout(source), &layout(target), &Models::new()).expect("records");
            let [left, right] = frames(source, &kept, seed).map(|frame| twins::run(&recording, &frame));
            let row = |row: u32| (row * WIDTH) as usize..((row + 1) * WIDTH) as usize;
            for y in rows {
                prop_assert_eq!(&left[row(y)], &right[row(y)], "{} {} to {}, row {}", filter, source, target, y);
                let chroma = (target * WIDTH + y / 2 * WIDTH / 2) as usize;
                prop_assert_eq!(&left[chroma..chroma + 4], &right[chroma..chroma + 4], "{} chroma row {}", filter, y / 2);
            }
        }
    }
}
