//! The step `upscale`: from a filter's name to its passes.

use shotfarm_shared::media::{Extent, FrameLayout};
use shotfarm_shared::recipe::{Filter, Step, Upscale};

use super::kernel::Kernel;
use super::planes::{Planes, Sampling, resample};
use super::rgb::{Light, from_rgb, to_rgb};
use super::rows::Part;
use super::window::Window;
use super::{RecordError, ewa, fsr};
use crate::gpu::recording::Recorder;

/// Records the step for a window of the picture. `wanted` is the chroma sampling to leave behind where that costs nothing
/// more. A picture that keeps its size is left alone by every filter but FSR, which still sharpens.
pub(super) fn record(
    recorder: &mut Recorder,
    upscale: &Upscale,
    planes: &Planes,
    Part { window, target }: Part,
    input: &FrameLayout,
    wanted: Option<Sampling>,
) -> Result<Planes, RecordError> {
    let matrix = input.colour.matrix;
    match upscale.filter {
        Filter::Fsr { .. } if window.width > f64::from(target.width) || window.height > f64::from(target.height) => {
            Err(RecordError::FsrShrinks { step: upscale.to_string(), from: planes.extent })
        }
        Filter::Fsr { stops_hundredths } => {
            Ok(fsr::record(recorder, planes, window, target, matrix, f64::from(stops_hundredths) / 100.0))
        }
        _ if window.is_identity(planes.extent, target) => Ok(*planes),
        Filter::Separable(filter) => {
            Ok(resample(recorder, planes, window, target, wanted.unwrap_or(planes.sampling), Kernel::of(filter)))
        }
        Filter::Area => Ok(in_linear_light(recorder, planes, window, target, matrix, Kernel::Area)),
        Filter::Mip => Ok(in_linear_light(recorder, planes, window, target, matrix, Kernel::Mip)),
        Filter::Polar { kernel, antiring_hundredths } => {
            let antiring = f64::from(antiring_hundredths) / 100.0;
            Ok(ewa::record(recorder, planes, window, target, matrix, (kernel, antiring)))
        }
    }
}

/// The kernel of steps that do nothing but change the size with a separable filter: they need no planes between the frames.
pub(super) fn alone(steps: &[Step]) -> Option<Kernel> {
    let [Step::Upscale(Upscale { model: None, filter: Filter::Separable(filter), .. })] = steps else { return None };
    Some(Kernel::of(*filter))
}

/// Most source samples that a filter reads on either side of a sample that spans one of them; the widest is
/// `ewa-lanczos4sharpest` with 3.75. Wider samples widen it.
const REACH_SAMPLES: f64 = 4.0;
/// Rows for where chroma lies among luma, for its way to full size, and for the sharpening after an enlargement.
const MARGIN_ROWS: f64 = 10.0;

/// How many rows of the source beyond the place of its own any filter reads, where a row spans `pitch` of them. Chroma may have
/// every second row only.
pub(super) fn reach_rows(pitch: f64) -> f64 {
    2.0 * REACH_SAMPLES * pitch.max(1.0) + MARGIN_ROWS
}

/// A separable kernel where it should average light, not codes; leaves chroma at full size.
fn in_linear_light(
    recorder: &mut Recorder,
    planes: &Planes,
    window: Window,
    target: Extent,
    matrix: shotfarm_shared::media::Matrix,
    kernel: Kernel,
) -> Planes {
    let values = to_rgb(recorder, planes, matrix, Light::Linear);
    let rgb = Planes { values, sampling: Sampling::FULL, ..*planes };
    let scaled = resample(recorder, &rgb, window, target, Sampling::FULL, kernel);
    from_rgb(recorder, scaled.values, target, matrix, Light::Linear)
}
