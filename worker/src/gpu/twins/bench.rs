//! Twins of the shaders that `gpu bench` measures a device with.

use super::Bound;
use crate::gpu::shaders::bench_arithmetic::Params;

/// Counts in f32 for either element type; what f16 rounds away is within its tolerance.
pub(super) fn bench_arithmetic(params: Params, invocations: u32, half: bool, bound: &mut Bound<'_>) {
    let mut sum = 0.0;
    for chain in 0..8_u8 {
        let step = |x: f32, _| x * params.factor + params.addend;
        sum += (0..params.rounds).fold(f32::from(chain) / 8.0, step);
    }
    let sum = sum * 4.0;
    for invocation in 0..invocations as usize {
        if half {
            let halves: &mut [u16] = bytemuck::cast_slice_mut(&mut bound.writes[0]);
            halves[invocation] = super::half::from_f32(sum);
        } else {
            bound.writes[0][invocation] = sum.to_bits();
        }
    }
}
