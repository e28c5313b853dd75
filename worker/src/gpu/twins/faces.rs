//! Twin of `face_input`.

use super::Bound;
use crate::gpu::shaders::face_input::Params;

pub(super) fn face_input(params: Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let look = bound.read::<u32>(0);
    let tensor: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    let plane = (params.tensor_width * params.tensor_height) as usize;
    for y in 0..params.tensor_height {
        for x in 0..params.tensor_width {
            let inside = x < params.width && y < params.height;
            let value = |channel: usize| {
                if !inside {
                    return params.around;
                }
                let [luma, blue, red, _] = look[(y * params.width + x) as usize].to_le_bytes().map(i32::from);
                let y = luma as f32 / 255.0;
                let (cb, cr) = ((blue - 128) as f32 / 255.0, (red - 128) as f32 / 255.0);
                let value = match channel {
                    0 => y + params.red_from_cr * cr,
                    1 => y + params.green_from_cb * cb + params.green_from_cr * cr,
                    _ => y + params.blue_from_cb * cb,
                };
                value.clamp(0.0, 1.0)
            };
            let at = (y * params.tensor_width + x) as usize;
            for place in 0..3 {
                let channel = if params.blue_first == 1 { 2 - place } else { place };
                tensor[at + place * plane] = value(channel) * params.scale + params.addend;
            }
        }
    }
    bound.writes = writes;
}
