//! The step `grain`: luma alone, so that grey stays grey, and because 4:2:0 and encoders leave little of grain in chroma.

use shotfarm_shared::recipe::Grain;

use super::planes::Planes;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, grain, grain_field};
use crate::gpu::twins::pcg3d;

/// The standard deviation of strength 1 in the mid-tones: 16 codes of 255, coarse film pushed far.
const DEVIATION_MAX: f32 = 16.0 / 255.0;
/// The blur's standard deviation for a grain of one sample: noise of neighbours then differs almost as if by chance.
const BLUR_PER_SIZE: f64 = 0.4;
/// Taps end where the bell curve is under a ninetieth of its height.
const BLUR_REACH: f64 = 3.0;

/// Records the step on rows of a picture that begin at `first_row` of it.
pub(super) fn record(recorder: &mut Recorder, planes: &Planes, first_row: u32, step: &Grain) -> Planes {
    if step.strength_hundredths == 0 {
        return *planes;
    }
    let extent = planes.extent;
    let weights = taps(f64::from(step.size_hundredths) / 100.0);
    let radius = weights.len() as u32 / 2;
    let number = recorder.frame_number();
    let taps = recorder.table("grain taps", &weights);
    // Neither the seed itself nor its neighbours may lead to shifted copies of one field.
    let [seed_x, seed_y, seed_z] = pcg3d([step.seed, 0, 0]);
    let rows = extent.height + 2 * radius;
    let delay = recorder.delay_frames();
    let params = grain_field::Params { width: extent.width, rows, first_row, radius, delay, seed_x, seed_y, seed_z };
    let field = recorder.plane("grain", u64::from(extent.width) * u64::from(rows));
    recorder.grid(Shader::GrainField, &params, &[number, taps], &[field], (extent.width, rows));

    let deviation = DEVIATION_MAX * step.strength_hundredths as f32 / 100.0;
    let params = grain::Params { width: extent.width, height: extent.height, radius, deviation };
    let [luma, blue, red] = planes.values;
    let grainy = recorder.plane("grainy luma", extent.pixels());
    recorder.grid(Shader::Grain, &params, &[luma, field, taps], &[grainy], (extent.width, extent.height));
    Planes { values: [grainy, blue, red], ..*planes }
}

/// A bell curve whose squares sum to 1.
fn taps(size: f64) -> Vec<f32> {
    let deviation = BLUR_PER_SIZE * size;
    let radius = (BLUR_REACH * deviation).ceil() as i32;
    let weights = (-radius..=radius).map(|x| (-0.5 * (f64::from(x) / deviation).powi(2)).exp()).collect::<Vec<_>>();
    let energy = weights.iter().map(|weight| weight * weight).sum::<f64>().sqrt();
    weights.iter().map(|weight| (weight / energy) as f32).collect()
}
