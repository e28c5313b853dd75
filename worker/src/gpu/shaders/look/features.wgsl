// What is known of each cell, as it is read back: four words a cell. Contrast is made here, because it looks at all cells: how far a
// cell's colour is, on average, from the colours around it, nearby, farther off and in the whole picture. A mean of distances and
// not a distance of means: what is rare stands out, and what the picture is full of does not, however strong its colour (Cheng,
// Mitra, Huang, Torr, Hu: Global contrast based salient region detection, IEEE PAMI 37(3), 2015).
//#include shared/look.wgsl

// Cells to each side of the two surroundings that are less than the whole picture.
const NEAR: i32 = 3;
const WIDE: i32 = 8;
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

// How far the colours of two cells are from each other.
fn apart(left: u32, right: u32) -> i32 {
    let blue = abs(blue_of(left) - blue_of(right));
    let red = abs(red_of(left) - red_of(right));
    return abs(luma_of(left) - luma_of(right)) + CHROMA_WEIGHT * (blue + red);
}

fn contrast(cell: vec2<i32>) -> i32 {
    let columns = i32(params.columns);
    let own = cells[cell.y * columns + cell.x].x;
    // Sums of distances, and how many.
    var near = vec2<i32>(0);
    var wide = vec2<i32>(0);
    var whole = vec2<i32>(0);
    for (var y = 0; y < i32(params.rows); y++) {
        for (var x = 0; x < columns; x++) {
            let found = vec2<i32>(apart(own, cells[y * columns + x].x), 1);
            let away = max(abs(x - cell.x), abs(y - cell.y));
            whole += found;
            wide += select(vec2<i32>(0), found, away <= WIDE);
            near += select(vec2<i32>(0), found, away <= NEAR);
        }
    }
    return min((near.x / near.y + wide.x / wide.y + whole.x / whole.y) / 3, 255);
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
