//! The filter `ewa-lanczos`: polar Lanczos in linear light, bent by a sigmoid when enlarging (haasn/libplacebo).

use shotfarm_shared::media::{Extent, Matrix};

use super::kernel::{JINC_ZERO_1, JINC_ZERO_3};
use super::planes::Planes;
use super::rgb::{Light, from_rgb, rgb_planes, to_rgb};
use super::tables::polar;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, ewa};

/// How far a result is pulled back between the soft extremes of its nearest texels when enlarging: takes the halo off hard
/// edges, and leaves half of the overshoot that makes lines look crisp.
const ANTIRING_STRENGTH: f32 = 0.5;

/// Records the filter from planes to planes with chroma at full size. When either axis shrinks, the kernel is widened along
/// it and the work is done in linear light, where the mean of a bright and a dark texel is what an eye far away would see.
pub(super) fn record(recorder: &mut Recorder, planes: &Planes, target: Extent, matrix: Matrix) -> Planes {
    let source = planes.extent;
    let enlarging = target.width >= source.width && target.height >= source.height;
    let light = if enlarging { Light::Sigmoid } else { Light::Linear };
    let rgb = to_rgb(recorder, planes, matrix, light);

    let table = polar();
    let shrink = |source: u32, target: u32| (f64::from(target) / f64::from(source)).min(1.0) as f32;
    let params = ewa::Params {
        source_width: source.width,
        source_height: source.height,
        target_width: target.width,
        target_height: target.height,
        shrink_x: shrink(source.width, target.width),
        shrink_y: shrink(source.height, target.height),
        radius_squared: (JINC_ZERO_3 * JINC_ZERO_3) as f32,
        table_scale: table.scale as f32,
        antiring: if enlarging { ANTIRING_STRENGTH } else { 0.0 },
        antiring_radius_squared: if enlarging { (JINC_ZERO_1 * JINC_ZERO_1) as f32 } else { 0.0 },
    };
    let weights = recorder.table("polar weights", &table.entries);
    let scaled = rgb_planes(recorder, target);
    recorder.grid(Shader::Ewa, &params, &[weights, rgb[0], rgb[1], rgb[2]], &scaled, (target.width, target.height));
    from_rgb(recorder, scaled, target, matrix, light)
}
