// Three normalised planes to one raw frame of 8 or 10 bit codes, clamped here and nowhere before.
// One invocation writes one word. Rounds to the nearest code; where the depth shrinks, an 8x8 Bayer pattern by position
// decides instead, the same for every frame, so that a still picture stays still.

struct Params {
    words: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    luma_samples: u32,
    chroma_samples: u32,
    luma_width: u32,
    chroma_width: u32,
    samples_per_word: u32,
    dither: u32,
    luma_zero: f32,
    luma_scale: f32,
    chroma_zero: f32,
    chroma_scale: f32,
    code_max: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> luma: array<f32>;
@group(0) @binding(2) var<storage, read> blue: array<f32>;
@group(0) @binding(3) var<storage, read> red: array<f32>;
@group(0) @binding(4) var<storage, read_write> frame: array<u32>;

// 0 < threshold < 1: the bits of (x ^ y, y) interleaved and reversed.
fn bayer(x: u32, y: u32) -> f32 {
    let d = x ^ y;
    let order = ((d & 1u) << 5u) | ((y & 1u) << 4u) | ((d & 2u) << 2u) | ((y & 2u) << 1u) | ((d & 4u) >> 1u) | ((y & 4u) >> 2u);
    return (f32(order) + 0.5) / 64.0;
}

fn quantise(code: f32, index: u32, width: u32) -> u32 {
    var threshold = 0.5;
    if (params.dither != 0u) {
        threshold = bayer(index % width, index / width);
    }
    return u32(clamp(floor(code + threshold), 0.0, params.code_max));
}

fn code_of(sample: u32) -> u32 {
    if (sample < params.luma_samples) {
        return quantise(luma[sample] * params.luma_scale + params.luma_zero, sample, params.luma_width);
    }
    let first = sample - params.luma_samples;
    if (first < params.chroma_samples) {
        return quantise(blue[first] * params.chroma_scale + params.chroma_zero, first, params.chroma_width);
    }
    let second = first - params.chroma_samples;
    if (second < params.chroma_samples) {
        return quantise(red[second] * params.chroma_scale + params.chroma_zero, second, params.chroma_width);
    }
    return 0u;
}

@compute @workgroup_size(64)
fn pack(@builtin(global_invocation_id) id: vec3<u32>) {
    let word = id.y * params.stride + id.x;
    if (word >= params.words) {
        return;
    }
    let bits = 32u / params.samples_per_word;
    var codes = 0u;
    for (var k = 0u; k < params.samples_per_word; k++) {
        codes |= code_of(word * params.samples_per_word + k) << (k * bits);
    }
    frame[word] = codes;
}
