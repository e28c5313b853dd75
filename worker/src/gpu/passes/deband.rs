//! The step `deband`: each plane by itself.
//!
//! Places are chosen by position and not by frame: a still picture stays still, nothing flickers, and encoders find the same
//! again. What that leaves standing is far below a code, and the dither of `pack` is static for the same reasons.

use shotfarm_shared::recipe::Deband;

use super::planes::Planes;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, deband};

/// The difference that strength 1 takes for one surface: 8 codes of 255. Above it detail is lost that everybody sees.
const DIFFERENCE_MAX: f64 = 8.0 / 255.0;
/// Of that, how far the mean of two opposite places may be from the middle: on a gradient both are rounded to codes and no
/// more, where there is a line, an edge or a texture they are farther apart.
const MEAN_SHARE: f64 = 0.5;

/// See [`super::reach_rows`]: in chroma of half the rows the range is half as well, but never nothing.
pub(super) fn reach_rows(step: &Deband) -> u32 {
    step.range.max(2)
}

/// Records the step on rows of a picture that begin at `first_row` of it.
pub(super) fn record(recorder: &mut Recorder, planes: &Planes, first_row: u32, step: &Deband) -> Planes {
    if step.strength_hundredths == 0 {
        return *planes;
    }
    let difference = DIFFERENCE_MAX * f64::from(step.strength_hundredths) / 100.0;
    let extents = planes.extents();
    let mut values = planes.values;
    let first_rows = planes.first_rows(first_row);
    for (((field, value), extent), first_row) in (0..).zip(&mut values).zip(extents).zip(first_rows) {
        let params = deband::Params {
            width: extent.width,
            height: extent.height,
            first_row,
            // As wide on the picture in chroma as in luma.
            range: (step.range * extent.width / extents[0].width).max(1),
            difference_max: difference as f32,
            mean_difference_max: (difference * MEAN_SHARE) as f32,
            field,
        };
        let smooth = recorder.plane("without bands", extent.pixels());
        recorder.grid(Shader::Deband, &params, &[*value], &[smooth], (extent.width, extent.height));
        *value = smooth;
    }
    Planes { values, ..*planes }
}
