// One plane of a raw frame (codes of 8 or 10 bits) to normalised f32: luma 0..1, chroma -1/2..1/2.
// One invocation reads one word of the frame: four 8-bit or two 16-bit samples, some of which may belong to another plane.

struct Params {
    first_word: u32,
    words: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    first_sample: u32,
    samples: u32,
    samples_per_word: u32,
    code_mask: u32,
    code_zero: f32,
    code_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> frame: array<u32>;
@group(0) @binding(2) var<storage, read_write> plane: array<f32>;

@compute @workgroup_size(64)
fn unpack(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * params.stride + id.x;
    if (index >= params.words) {
        return;
    }
    let word = params.first_word + index;
    let codes = frame[word];
    let bits = 32u / params.samples_per_word;
    for (var k = 0u; k < params.samples_per_word; k++) {
        // Wraps far above `samples` for a sample of the plane before.
        let sample = word * params.samples_per_word + k - params.first_sample;
        if (sample < params.samples) {
            let code = (codes >> (k * bits)) & params.code_mask;
            plane[sample] = (f32(code) - params.code_zero) * params.code_scale;
        }
    }
}
