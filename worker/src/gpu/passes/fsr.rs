//! The filter `fsr`: FSR 1, EASU then RCAS, on coded R'G'B' held to 0..1 (GPUOpen-Effects/FidelityFX-FSR).

use shotfarm_shared::media::{Extent, Matrix};

use super::places::each;
use super::planes::Planes;
use super::rgb::{Light, from_rgb, rgb_planes, to_rgb};
use super::window::Window;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, easu, rcas};

/// Records the filter from planes to planes with chroma at full size; at the same size it only sharpens. Footroom and
/// super-whites are clipped: the formulas are made for 0..1.
pub(super) fn record(
    recorder: &mut Recorder,
    planes: &Planes,
    window: Window,
    target: Extent,
    matrix: Matrix,
    stops: f64,
) -> Planes {
    let source = planes.extent;
    let size = (target.width, target.height);
    let mut rgb = to_rgb(recorder, planes, matrix, Light::Coded);
    if !window.is_identity(source, target) {
        let params = easu::Params {
            source_width: source.width,
            source_height: source.height,
            target_width: target.width,
            target_height: target.height,
        };
        let [across, down] = window.spans();
        let columns = recorder.table("columns", &each(across, target.width));
        let rows = recorder.table("rows", &each(down, target.height));
        let scaled = rgb_planes(recorder, target);
        recorder.grid(Shader::Easu, &params, &[columns, rows, rgb[0], rgb[1], rgb[2]], &scaled, size);
        rgb = scaled;
    }
    let params = rcas::Params { width: target.width, height: target.height, strength: (-stops).exp2() as f32 };
    let sharp = rgb_planes(recorder, target);
    recorder.grid(Shader::Rcas, &params, &rgb, &sharp, size);
    from_rgb(recorder, sharp, target, matrix, Light::Coded)
}
