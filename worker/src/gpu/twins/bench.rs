//! Twins of the shaders that `gpu bench` measures a device with.

use super::Bound;
use crate::gpu::shaders::{bench_arithmetic::Params, bench_matrix};

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

/// The side of a matrix.
const SIDE: usize = 16;

/// Every sum begins at zero: the device's buffers and this one's are made so. `coopLoad` reads columns one after the other.
pub(super) fn bench_matrix(params: bench_matrix::Params, groups: u32, bound: &mut Bound<'_>) {
    let factors: Vec<f32> = bound.read::<u16>(0).iter().map(|&half| super::half::to_f32(half)).collect();
    let (left, right) = factors.split_at(SIDE * SIDE);
    let sums: &mut [f32] = bytemuck::cast_slice_mut(&mut bound.writes[0]);
    for group in 0..groups {
        let own = (group * params.stride) as usize;
        for matrix in sums[own..own + params.stride as usize].chunks_exact_mut(SIDE * SIDE) {
            for (place, sum) in matrix.iter_mut().enumerate() {
                let (row, column) = (place % SIDE, place / SIDE);
                let product: f32 = (0..SIDE).map(|k| left[k * SIDE + row] * right[column * SIDE + k]).sum();
                *sum += product * params.rounds as f32;
            }
        }
    }
}
