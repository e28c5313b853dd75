// Smooths what looks like a gradient in steps: the mean of samples at places chosen by hash, ring by ring outwards, as long as
// they look like one surface (after flash3kyuu_deband, and haasn/libplacebo: src/shaders/deband.c, which widen their search in
// the same way). A ring is two pairs of opposite places: a straight gradient's mean over a pair is its middle.

//#include shared/hash.wgsl

// Rings of a quarter, a half, three quarters and the whole of the range.
const RINGS: u32 = 4u;

struct Params {
    width: u32,
    height: u32,
    // Of the whole picture's plane, the row that this one begins at: places go by that.
    first_row: u32,
    // Samples along each axis that the last ring reaches.
    range: u32,
    // Greatest difference of one sample, and of a pair's mean, from the middle.
    difference_max: f32,
    mean_difference_max: f32,
    // A field of places for each plane.
    field: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> smooth_plane: array<f32>;

// Two opposite places, and whether they and the middle may be of one gradient.
struct Pair {
    sum: f32,
    alike: bool,
}

fn pair(i: u32, middle: f32, across: i32, down: i32) -> Pair {
    let offset = down * i32(params.width) + across;
    let first = plane[u32(i32(i) + offset)];
    let second = plane[u32(i32(i) - offset)];
    let difference = max(abs(first - middle), abs(second - middle));
    let mean_difference = abs(0.5 * (first + second) - middle);
    return Pair(first + second, difference <= params.difference_max && mean_difference <= params.mean_difference_max);
}

@compute @workgroup_size(8, 8)
fn deband(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let i = id.y * params.width + id.x;
    let middle = plane[i];
    // Near a side places come closer, so that both of a pair lie inside.
    let room_across = min(id.x, params.width - 1u - id.x);
    let room_down = min(id.y, params.height - 1u - id.y);
    var sum = middle;
    var count = 1.0;
    for (var ring = 1u; ring <= RINGS; ring++) {
        let reach = max(params.range * ring / RINGS, 1u);
        let random = pcg3d(vec3<u32>(id.x, id.y + params.first_row, params.field * RINGS + ring));
        let along = 1u + (random.x >> 8u) % reach;
        let aside = (random.y >> 8u) % (reach + 1u);
        let first = pair(i, middle, i32(min(along, room_across)), i32(min(aside, room_down)));
        let second = pair(i, middle, -i32(min(aside, room_across)), i32(min(along, room_down)));
        if (!first.alike || !second.alike) {
            break;
        }
        sum += first.sum + second.sum;
        count += 4.0;
    }
    smooth_plane[i] = sum / count;
}
