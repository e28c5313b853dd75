//! The step `sharpen`: luma alone. Chroma is coded coarser than it is seen, and sharpening it only brings its blocks out; and
//! the difference of one value for red, green and blue leaves every hue as it is.

use shotfarm_shared::recipe::Sharpen;

use super::planes::Planes;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, sharpen};

/// See [`super::reach_rows`].
pub(super) const REACH_ROWS: u32 = 2;
/// How often strength 1 adds the detail: beyond it everything looks cut out of paper.
const AMOUNT_MAX: f32 = 2.0;
/// The contrast of 3x3 samples that is taken for noise rather than detail: 4 codes of 255, what an encoder leaves.
const NOISE: f32 = 4.0 / 255.0;

/// Records the step.
pub(super) fn record(recorder: &mut Recorder, planes: &Planes, step: &Sharpen) -> Planes {
    if step.strength_hundredths == 0 {
        return *planes;
    }
    let extent = planes.extent;
    let params = sharpen::Params {
        width: extent.width,
        height: extent.height,
        amount: AMOUNT_MAX * step.strength_hundredths as f32 / 100.0,
        noise_squared: NOISE * NOISE,
    };
    let [luma, blue, red] = planes.values;
    let sharp = recorder.plane("sharp luma", extent.pixels());
    recorder.grid(Shader::Sharpen, &params, &[luma], &[sharp], (extent.width, extent.height));
    Planes { values: [sharp, blue, red], ..*planes }
}
