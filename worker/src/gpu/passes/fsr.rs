//! The filter `fsr`: FSR 1, EASU then RCAS, on coded R'G'B' held to 0..1 (GPUOpen-Effects/FidelityFX-FSR).

use shotfarm_shared::media::{Extent, Matrix};

use super::colour::Coefficients;
use super::frame_table::FrameTable;
use super::places::each;
use super::planes::{Planes, Sampling};
use super::rgb::{Light, rgb_planes, to_rgb};
use super::view::{Along, View};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, easu, rcas};

/// Records the filter from planes to planes with chroma at full size; at the same size it only sharpens. Footroom and
/// super-whites are clipped: the formulas are made for 0..1.
pub(super) fn record(
    recorder: &mut Recorder,
    planes: &Planes,
    view: &View,
    target: Extent,
    matrix: Matrix,
    stops: f64,
) -> Planes {
    let source = planes.extent;
    let size = (target.width, target.height);
    let mut rgb = to_rgb(recorder, planes, matrix, Light::Coded);
    if !view.is_identity(source, target) {
        let params = easu::Params {
            source_width: source.width,
            source_height: source.height,
            target_width: target.width,
            target_height: target.height,
        };
        let [across, down] = &view.along;
        let columns = places(recorder, "columns", across, target.width);
        let rows = places(recorder, "rows", down, target.height);
        let scaled = rgb_planes(recorder, target);
        recorder.grid(Shader::Easu, &params, &[columns, rows, rgb[0], rgb[1], rgb[2]], &scaled, size);
        rgb = scaled;
    }
    let of = Coefficients::of(matrix);
    let params = rcas::Params {
        width: target.width,
        height: target.height,
        strength: (-stops).exp2() as f32,
        luma_from_red: of.luma_from_red as f32,
        luma_from_blue: of.luma_from_blue as f32,
        cb_scale: (1.0 / of.blue_from_cb) as f32,
        cr_scale: (1.0 / of.red_from_cr) as f32,
    };
    let values = ["luma", "Cb", "Cr"].map(|label| recorder.plane(label, target.pixels()));
    recorder.grid(Shader::Rcas, &params, &rgb, &values, size);
    Planes { extent: target, sampling: Sampling::FULL, values }
}

/// Where the outputs lie among the texels along one axis.
fn places(recorder: &mut Recorder, label: &str, along: &Along, target: u32) -> Proxy {
    match along {
        Along::Still(span) => recorder.table(label, &each(*span, target)),
        Along::Moving(spans) => recorder.frame_table(label, &FrameTable::each(spans, target))[0],
    }
}
