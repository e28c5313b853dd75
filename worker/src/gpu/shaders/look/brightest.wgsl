// The brightest luma of every row, then of every column of the look: bytes, four to a word, rows and columns each from a whole word
// on. What bars are found by.
//#include shared/look.wgsl

struct Params {
    // The look.
    width: u32,
    height: u32,
    // The first word that is written.
    first_word: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read_write> features: array<u32>;

// The brightest of `count` pixels, each `stride` from the last.
fn brightest(first: u32, stride: u32, count: u32) -> u32 {
    var most = 0u;
    for (var index = 0u; index < count; index++) {
        most = max(most, look[first + index * stride] & 0xffu);
    }
    return most;
}

@compute @workgroup_size(64)
fn look_brightest(@builtin(global_invocation_id) id: vec3<u32>) {
    let row_words = (params.height + 3u) / 4u;
    let column_words = (params.width + 3u) / 4u;
    if (id.x >= row_words + column_words) {
        return;
    }
    var word = 0u;
    for (var byte = 0u; byte < 4u; byte++) {
        if (id.x < row_words) {
            let row = 4u * id.x + byte;
            if (row < params.height) {
                word |= brightest(row * params.width, 1u, params.width) << (8u * byte);
            }
        } else {
            let column = 4u * (id.x - row_words) + byte;
            if (column < params.width) {
                word |= brightest(column, params.width, params.height) << (8u * byte);
            }
        }
    }
    features[params.first_word + id.x] = word;
}
