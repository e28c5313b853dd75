// Means over the pixels of each cell: of the look, and of the marks on it.
//#include shared/look.wgsl

struct Params {
    // The look.
    width: u32,
    height: u32,
    // Cells.
    columns: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read> marks: array<u32>;
// Of each cell: luma, Cb, Cr and how many pixels it has; then its marks.
@group(0) @binding(3) var<storage, read_write> cells: array<vec2<u32>>;

fn bytes_of(word: u32) -> vec4<u32> {
    return vec4<u32>(word & 0xffu, (word >> 8u) & 0xffu, (word >> 16u) & 0xffu, word >> 24u);
}

fn word_of(bytes: vec4<u32>) -> u32 {
    return bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}

@compute @workgroup_size(64)
fn look_cells(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.columns * params.rows) {
        return;
    }
    let left = id.x % params.columns * LOOK_CELL;
    let top = id.x / params.columns * LOOK_CELL;
    let right = min(left + LOOK_CELL, params.width);
    let bottom = min(top + LOOK_CELL, params.height);
    var pixels = vec4<u32>(0u);
    var marked = vec4<u32>(0u);
    for (var y = top; y < bottom; y++) {
        for (var x = left; x < right; x++) {
            pixels += bytes_of(look[y * params.width + x]);
            marked += bytes_of(marks[y * params.width + x]);
        }
    }
    let count = (right - left) * (bottom - top);
    let mean = (pixels + vec4<u32>(count / 2u)) / count;
    cells[id.x] = vec2<u32>(word_of(vec4<u32>(mean.xyz, count)), word_of((marked + vec4<u32>(count / 2u)) / count));
}
