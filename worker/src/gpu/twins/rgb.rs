//! Twins of `to_rgb` and `from_rgb`.

use super::curves::{into_light, out_of_light};
use super::{Bound, planes_mut};
use crate::gpu::shaders::{from_rgb as from_shader, to_rgb as to_shader};

pub(super) fn to_rgb(params: to_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let [luma, chroma_blue, chroma_red] = bound.read_planes(0);
    let [red, green, blue] = planes_mut(&mut writes);
    for i in 0..params.samples as usize {
        let (y, cb, cr) = (luma[i], chroma_blue[i], chroma_red[i]);
        red[i] = into_light(y + params.red_from_cr * cr, params.curve);
        green[i] = into_light(y + params.green_from_cb * cb + params.green_from_cr * cr, params.curve);
        blue[i] = into_light(y + params.blue_from_cb * cb, params.curve);
    }
    bound.writes = writes;
}

pub(super) fn from_rgb(params: from_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let [red, green, blue] = bound.read_planes(0);
    let [luma, chroma_blue, chroma_red] = planes_mut(&mut writes);
    for i in 0..params.samples as usize {
        let r = out_of_light(red[i], params.curve);
        let g = out_of_light(green[i], params.curve);
        let b = out_of_light(blue[i], params.curve);
        let y = g + params.luma_from_red * (r - g) + params.luma_from_blue * (b - g);
        luma[i] = y;
        chroma_blue[i] = (b - y) * params.cb_scale;
        chroma_red[i] = (r - y) * params.cr_scale;
    }
    bound.writes = writes;
}
