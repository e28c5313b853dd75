//! Twin of `compose`.

use super::{Bound, values_mut};
use crate::gpu::shaders::compose::Params;

pub(super) fn compose(params: Params, bound: &mut Bound<'_>) {
    let place = bound.read::<u32>(0);
    let (below, above) = (bound.read::<f32>(1), bound.read::<f32>(2));
    let composed = values_mut::<f32>(&mut bound.writes[0]);
    let covers = |[left, top, right, bottom]: [u32; 4], x: u32, y: u32| (left..right).contains(&x) && (top..bottom).contains(&y);
    let seen = [place[0], place[1], place[2], place[3]];
    let under = [params.below_left, params.below_top, params.below_right, params.below_bottom];
    for y in 0..params.height {
        for x in 0..params.width {
            composed[(y * params.width + x) as usize] = if covers(seen, x, y) {
                above[((y - params.above_top) * params.above_width + x - params.above_left) as usize]
            } else if covers(under, x, y) {
                let width = params.below_right - params.below_left;
                below[((y - params.below_top) * width + x - params.below_left) as usize] * params.below_gain
            } else {
                0.0
            };
        }
    }
}
