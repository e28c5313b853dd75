//! Twins of `unpack` and `pack`.

use super::Bound;
use crate::gpu::shaders::{pack as pack_shader, unpack as unpack_shader};

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

fn bayer(x: u32, y: u32) -> f32 {
    let d = x ^ y;
    let order = ((d & 1) << 5) | ((y & 1) << 4) | ((d & 2) << 2) | ((y & 2) << 1) | ((d & 4) >> 1) | ((y & 4) >> 2);
    (order as f32 + 0.5) / 64.0
}

fn quantise(params: &pack_shader::Params, code: f32, index: u32, width: u32) -> u32 {
    let threshold = if params.dither != 0 { bayer(index % width, index / width) } else { 0.5 };
    (code + threshold).floor().clamp(0.0, params.code_max) as u32
}

pub(super) fn pack(params: pack_shader::Params, bound: &mut Bound<'_>) {
    let mut writes = std::mem::take(&mut bound.writes);
    let [luma, blue, red] = bound.read_planes(0);
    let chroma = |plane: &[f32], index: u32| {
        let code = plane[index as usize] * params.chroma_scale + params.chroma_zero;
        quantise(&params, code, index, params.chroma_width)
    };
    let code_of = |sample: u32| {
        if sample < params.luma_samples {
            let code = luma[sample as usize] * params.luma_scale + params.luma_zero;
            return quantise(&params, code, sample, params.luma_width);
        }
        let first = sample - params.luma_samples;
        if first < params.chroma_samples {
            return chroma(blue, first);
        }
        let second = first - params.chroma_samples;
        if second < params.chroma_samples { chroma(red, second) } else { 0 }
    };
    let bits = 32 / params.samples_per_word;
    for word in 0..params.words {
        let codes = (0..params.samples_per_word).map(|k| code_of(word * params.samples_per_word + k) << (k * bits));
        writes[0][word as usize] = codes.fold(0, |all, code| all | code);
    }
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
