//! Twins of `unpack` and `pack`.

use super::Bound;
use crate::gpu::shaders::finite::EXPONENT_BITS;
use crate::gpu::shaders::{move_bytes as move_bytes_shader, pack as pack_shader, unpack as unpack_shader};

pub(super) fn unpack(params: unpack_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let frame = bound.read::<u32>(0);
    let plane: &mut [f32] = bytemuck::cast_slice_mut(&mut writes[0]);
    let bits = 32 / params.samples_per_word;
    for word in params.first_word..params.first_word + params.words {
        for k in 0..params.samples_per_word {
            let sample = (word * params.samples_per_word + k).wrapping_sub(params.first_sample);
            if sample < params.samples {
                let code = (frame[word as usize] >> (k * bits)) & params.code_mask;
                plane[sample as usize] = (code as f32 - params.code_zero) * params.code_scale;
            }
        }
    }
    bound.writes = writes;
}

/// Twin of `shared/quantise.wgsl`.
fn bayer(x: u32, y: u32) -> f32 {
    let d = x ^ y;
    let order = ((d & 1) << 5) | ((y & 1) << 4) | ((d & 2) << 2) | ((y & 2) << 1) | ((d & 4) >> 1) | ((y & 4) >> 2);
    (order as f32 + 0.5) / 64.0
}

pub(super) fn threshold(x: u32, y: u32, dither: bool) -> f32 {
    if dither { bayer(x, y) } else { 0.5 }
}

pub(super) fn quantise(place: f32, code_max: f32, threshold: f32) -> u32 {
    (place + threshold).floor().clamp(0.0, code_max) as u32
}

pub(super) fn pack(params: pack_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let plane = bound.read::<f32>(0);
    let [frame, guard] = writes.as_mut_slice() else { unreachable!("the recorder holds a pass to its shader's buffers") };
    let bits = 32 / params.samples_per_word;
    for word in params.first_word..params.first_word + params.words {
        let first = word * params.samples_per_word;
        let begin = first.max(params.first_sample);
        let end = (first + params.samples_per_word).min(params.first_sample + params.samples);
        let mut codes = 0;
        for sample in begin..end {
            let place = sample - params.first_sample;
            let value = plane[place as usize];
            guard[0] += u32::from(value.to_bits() & EXPONENT_BITS == EXPONENT_BITS);
            let threshold = threshold(place % params.width, place / params.width, params.dither != 0);
            let code = quantise(value * params.code_scale + params.code_zero, params.code_max, threshold);
            codes |= code << ((sample - first) * bits);
        }
        let own = end - begin;
        if own < params.samples_per_word {
            let mask = ((1 << (own * bits)) - 1) << ((begin - first) * bits);
            codes |= frame[word as usize] & !mask;
        }
        frame[word as usize] = codes;
    }
    bound.writes = writes;
}

/// Twin of `move_bytes`.
pub(super) fn move_bytes(params: move_bytes_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let source: &[u8] = bound.read::<u8>(0);
    let moved: &mut [u8] = bytemuck::cast_slice_mut(&mut writes[0]);
    let (from, to, bytes) = (params.first_from as usize, params.first_to as usize, params.bytes as usize);
    moved[to..to + bytes].copy_from_slice(&source[from..from + bytes]);
    bound.writes = writes;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::bayer;

    #[test]
    fn the_dither_pattern_holds_every_threshold_once() {
        let found = (0..64).map(|i| (bayer(i % 8, i / 8) * 128.0) as u32).collect::<BTreeSet<_>>();
        assert_eq!(found, (0..64).map(|i| 2 * i + 1).collect());
    }
}
