// Where each block of 16 by 16 pixels came from, roughly: full search over the quarter picture of the frame before, by sums of
// absolute differences over the block and a pixel of the quarter picture around it. Ties, and near ties, go to the shorter way.
//#include shared/look.wgsl

// How far is searched to each side, in pixels of the quarter picture: 24 of the look.
const REACH: i32 = 6;
// What is compared around a block, in pixels of the quarter picture.
const AROUND: i32 = 1;
// What a pixel of way costs, in sixteenths of a code over all that is compared: a quarter of a code each.
const WAY_COST: u32 = 144u;

struct Params {
    // The quarter picture.
    width: u32,
    height: u32,
    // Blocks.
    columns: u32,
    rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> quarter: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
// The way of each block since the frame before, x then y, in pixels of the look.
@group(0) @binding(3) var<storage, read_write> ways: array<vec2<i32>>;

fn at(x: i32, y: i32) -> u32 {
    let column = u32(clamp(x, 0, i32(params.width) - 1));
    let row = u32(clamp(y, 0, i32(params.height) - 1));
    return row * params.width + column;
}

fn cost(corner: vec2<i32>, way: vec2<i32>) -> u32 {
    let side = i32(LOOK_BLOCK) + 2 * AROUND;
    var sum = u32(abs(way.x) + abs(way.y)) * WAY_COST;
    for (var y = 0; y < side; y++) {
        for (var x = 0; x < side; x++) {
            let here = corner + vec2<i32>(x, y) - vec2<i32>(AROUND);
            let there = here - way;
            sum += u32(abs(i32(quarter[at(here.x, here.y)]) - i32(before[at(there.x, there.y)])));
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn look_search(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.columns * params.rows) {
        return;
    }
    let corner = vec2<i32>(i32(LOOK_BLOCK * (id.x % params.columns)), i32(LOOK_BLOCK * (id.x / params.columns)));
    var best = vec2<i32>(0);
    var least = cost(corner, best);
    for (var y = -REACH; y <= REACH; y++) {
        for (var x = -REACH; x <= REACH; x++) {
            let way = vec2<i32>(x, y);
            let found = cost(corner, way);
            if (found < least) {
                least = found;
                best = way;
            }
        }
    }
    ways[id.x] = best * i32(LOOK_QUARTER);
}
