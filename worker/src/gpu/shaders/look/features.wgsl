// What is known of each cell, as it is read back: four words a cell. Contrast is made here, because it looks at all cells around:
// how far a cell's colour is from the mean colour of wider and wider surroundings (centre and surround at several scales, as in
// Itti, Koch, Niebur: A model of saliency-based visual attention for rapid scene analysis, 1998).
//#include shared/look.wgsl

// Cells to each side of the three surroundings.
const NEAR: i32 = 2;
const WIDE: i32 = 5;
const WIDEST: i32 = 10;
// Chroma counts double: its range in pictures is about half of luma's.
const CHROMA_WEIGHT: i32 = 2;

struct Params {
    // Cells.
    columns: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> cells: array<vec2<u32>>;
@group(0) @binding(2) var<storage, read> moved: array<vec2<u32>>;
@group(0) @binding(3) var<storage, read_write> features: array<vec4<u32>>;

fn colour(word: u32) -> vec4<i32> {
    return vec4<i32>(luma_of(word), blue_of(word), red_of(word), 1);
}

// How far a colour is from the mean of a sum of colours.
fn apart(own: vec4<i32>, sum: vec4<i32>) -> i32 {
    let d = abs(own * sum.w - sum);
    return (d.x + CHROMA_WEIGHT * (d.y + d.z)) / max(sum.w, 1);
}

fn contrast(cell: vec2<i32>) -> i32 {
    let columns = i32(params.columns);
    let own = colour(cells[cell.y * columns + cell.x].x);
    var near = vec4<i32>(0);
    var wide = vec4<i32>(0);
    var widest = vec4<i32>(0);
    for (var y = max(cell.y - WIDEST, 0); y <= min(cell.y + WIDEST, i32(params.rows) - 1); y++) {
        for (var x = max(cell.x - WIDEST, 0); x <= min(cell.x + WIDEST, columns - 1); x++) {
            let found = colour(cells[y * columns + x].x);
            let away = max(abs(x - cell.x), abs(y - cell.y));
            widest += found;
            wide += select(vec4<i32>(0), found, away <= WIDE);
            near += select(vec4<i32>(0), found, away <= NEAR);
        }
    }
    return min((apart(own, near) + apart(own, wide) + apart(own, widest)) / 3, 255);
}

// The mean over a cell's pixels, as a byte.
fn mean(sum: u32, count: u32) -> u32 {
    return min((sum + count / 2u) / count, 255u);
}

@compute @workgroup_size(64)
fn look_features(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.columns * params.rows) {
        return;
    }
    let found = cells[id.x];
    let motion = moved[id.x];
    let count = found.x >> 24u;
    let cell = vec2<i32>(i32(id.x % params.columns), i32(id.x / params.columns));
    let way = (motion.x & 0xffu) | (((motion.x >> 16u) & 0xffu) << 8u);
    let residual = mean(motion.y & 0xffffu, count);
    let change = mean(motion.y >> 16u, count);
    features[id.x] = vec4<u32>(
        (found.x & 0xffffffu) | (u32(contrast(cell)) << 24u),
        found.y,
        way | (residual << 16u) | (change << 24u),
        motion.y,
    );
}
