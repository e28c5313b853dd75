//! The step `denoise`: non-local means over this frame and those around it, each plane by itself.
//!
//! The window of frames lies in history buffers. What comes out is its middle, so the picture lags behind by the frames that
//! are looked at; the result depends on those frames' bytes alone, wherever the shot was split.

use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::Denoise;

use super::planes::{Planes, line_grid};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, denoise as gather_shader, denoise_mean};

/// Samples to each side that are looked at: with a frame on either side one more gains nothing at twice the cost (measured on
/// film, drawing and landscape with noise of 10 codes).
const RADIUS: i32 = 2;
/// See [`super::reach_rows`]: what is looked at, with its surroundings, in chroma of half the rows.
pub(super) const REACH_ROWS: u32 = 2 * (RADIUS as u32 + 1);
/// Samples that one invocation makes.
const SAMPLES: u32 = 4;
/// The noise that strength 1 expects: a standard deviation of 20 codes of 255, far above what any camera or model leaves.
const DEVIATION_MAX: f64 = 20.0 / 255.0;
/// Chroma noise is coarser and eyes see less of what is lost with it.
const CHROMA_FACTOR: f64 = 1.25;
/// Squared distance, in those that noise alone makes between equals on average, at which a sample counts no more: surroundings
/// that differ by 2.4 deviations of the noise throughout, or by 5 in the middle alone, are another thing. Measured: at 2.5 a
/// decibel and more is lost, because distances over 3x3 samples are noisy themselves; at 6 faint texture goes.
const DISTANCE_MAX: f64 = 4.0;

/// Records the step.
pub(super) fn record(recorder: &mut Recorder, planes: &Planes, step: &Denoise) -> Planes {
    if step.strength_hundredths == 0 {
        return *planes;
    }
    recorder.look_around(step.frames);
    let deviation = DEVIATION_MAX * f64::from(step.strength_hundredths) / 100.0;
    let [luma, chroma, _] = planes.extents();
    let [y, blue, red] = planes.values;
    let values = [
        plane(recorder, ("luma", y, luma), step.frames, deviation),
        plane(recorder, ("Cb", blue, chroma), step.frames, deviation * CHROMA_FACTOR),
        plane(recorder, ("Cr", red, chroma), step.frames, deviation * CHROMA_FACTOR),
    ];
    Planes { values, ..*planes }
}

fn plane(recorder: &mut Recorder, (label, newest, extent): (&str, Proxy, Extent), frames: u32, deviation: f64) -> Proxy {
    let plane_bytes = extent.pixels() * size_of::<f32>() as u64;
    // From the newest frame to the oldest.
    let mut window = vec![newest];
    window.extend((1..=2 * frames).map(|age| recorder.history(&format!("{label} {age} frames ago"), plane_bytes)));
    let centre = window[frames as usize];

    let sums = recorder.scratch("weighted sums", 2 * plane_bytes);
    let equals = 2.0 * deviation * deviation;
    let mut gather = |other: Proxy, begin: bool| {
        let params = gather_shader::Params {
            width: extent.width,
            height: extent.height,
            radius: RADIUS,
            begin: u32::from(begin),
            distance_max: (DISTANCE_MAX * equals) as f32,
            weight_scale: (1.0 / ((DISTANCE_MAX - 1.0) * equals)) as f32,
        };
        recorder.grid(Shader::Denoise, &params, &[centre, other], &[sums], (extent.width.div_ceil(SAMPLES), extent.height));
    };
    gather(centre, true);
    for other in window.iter().filter(|other| **other != centre) {
        gather(*other, false);
    }
    let (stride, size) = line_grid(Shader::DenoiseMean, extent.pixels());
    let params = denoise_mean::Params { samples: extent.pixels() as u32, stride };
    let clean = recorder.plane(label, extent.pixels());
    recorder.grid(Shader::DenoiseMean, &params, &[sums], &[clean], size);
    for pair in window.windows(2).rev() {
        recorder.copy((pair[0], 0), (pair[1], 0), plane_bytes);
    }
    clean
}
