// Moves bytes from one buffer to another where they begin or end within a word. One invocation writes one word, and of it only
// the bytes that are moved.

struct Params {
    // The first byte in either buffer, and how many there are.
    first_from: u32,
    first_to: u32,
    bytes: u32,
    // The words that are written.
    first_word: u32,
    words: u32,
    // Invocations in a row of workgroups.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<u32>;
@group(0) @binding(2) var<storage, read_write> moved: array<u32>;

@compute @workgroup_size(64)
fn move_bytes(@builtin(global_invocation_id) id: vec3<u32>) {
    let index = id.y * params.stride + id.x;
    if (index >= params.words) {
        return;
    }
    let word = params.first_word + index;
    var value = moved[word];
    for (var k = 0u; k < 4u; k++) {
        // Wraps far above `bytes` in front of the first byte.
        let place = word * 4u + k - params.first_to;
        if (place < params.bytes) {
            let at = params.first_from + place;
            let byte = (source[at / 4u] >> (8u * (at % 4u))) & 0xffu;
            value = (value & ~(0xffu << (8u * k))) | (byte << (8u * k));
        }
    }
    moved[word] = value;
}
