// One normalised plane into its place in a raw frame of 8 or 10 bit codes, clamped here and nowhere before.
// One invocation writes one word. Where other planes or bands share a word with this one, it changes only its own samples.
// Values that are no numbers are counted: a frame with one is not given out.
//#include shared/finite.wgsl
//#include shared/quantise.wgsl

struct Params {
    first_word: u32,
    words: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    first_sample: u32,
    samples: u32,
    width: u32,
    samples_per_word: u32,
    dither: u32,
    code_zero: f32,
    code_scale: f32,
    code_max: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> frame: array<u32>;
@group(0) @binding(3) var<storage, read_write> guard: array<atomic<u32>>;

@compute @workgroup_size(64)
fn pack(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * params.stride + id.x;
    if (index >= params.words) {
        return;
    }
    let word = params.first_word + index;
    let first = word * params.samples_per_word;
    let begin = max(first, params.first_sample);
    let end = min(first + params.samples_per_word, params.first_sample + params.samples);
    let bits = 32u / params.samples_per_word;
    // One division a word: they are slow on every device.
    var y = (begin - params.first_sample) / params.width;
    var x = begin - params.first_sample - y * params.width;
    var codes = 0u;
    var lost = 0u;
    for (var sample = begin; sample < end; sample++) {
        let value = plane[sample - params.first_sample];
        lost += select(1u, 0u, is_finite(value));
        let threshold = threshold(x, y, params.dither != 0u);
        codes |= quantise(value * params.code_scale + params.code_zero, params.code_max, threshold) << ((sample - first) * bits);
        x++;
        if (x == params.width) {
            x = 0u;
            y++;
        }
    }
    if (lost > 0u) {
        atomicAdd(&guard[0], lost);
    }
    let own = end - begin;
    if (own < params.samples_per_word) {
        let mask = ((1u << (own * bits)) - 1u) << ((begin - first) * bits);
        codes |= frame[word] & ~mask;
    }
    frame[word] = codes;
}
