// Where each cell came from, to a quarter of a pixel, and what is left once that is taken out.
//
// The ways that the blocks around found, and none, are tried on the look itself by squared differences of luma over 12 by 12
// pixels (so neighbours agree where they can: the idea of de Haan et al., True-motion estimation with 3-D recursive search block
// matching, 1993); the best is followed in steps of two pixels, then one; a parabola through the best and those beside it says the
// quarter. A cell moves only where that explains clearly more than standing still, and has texture enough to tell.
//#include shared/look.wgsl

// What is compared around a cell.
const AROUND: i32 = 2;
// By how much a way must better standing still: 2 codes at every one of the 144 pixels, and an eighth.
const STILL_COST: u32 = 576u;
const STILL_SHARE: u32 = 8u;
// The least bend of a parabola that is more than noise.
const BEND_MIN: i32 = 1152;
// Longest way, in quarters of a pixel: what a byte holds.
const WAY_MAX: i32 = 127;

struct Params {
    // The look.
    width: u32,
    height: u32,
    // Cells.
    columns: u32,
    rows: u32,
    // Blocks.
    block_columns: u32,
    block_rows: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read> before: array<u32>;
@group(0) @binding(3) var<storage, read> ways: array<vec2<i32>>;
// Of each cell: its way in quarters of a pixel (x in the low half, y in the high), then what is left of the difference to the
// frame before (low half), and that difference (high half): sums over the cell's pixels and their three values.
@group(0) @binding(4) var<storage, read_write> moved: array<vec2<u32>>;

fn place(at: vec2<i32>) -> u32 {
    let column = u32(clamp(at.x, 0, i32(params.width) - 1));
    let row = u32(clamp(at.y, 0, i32(params.height) - 1));
    return row * params.width + column;
}

fn cost(corner: vec2<i32>, way: vec2<i32>) -> u32 {
    let side = i32(LOOK_CELL) + 2 * AROUND;
    var sum = 0u;
    for (var y = 0; y < side; y++) {
        for (var x = 0; x < side; x++) {
            let here = corner + vec2<i32>(x, y) - vec2<i32>(AROUND);
            let d = luma_of(look[place(here)]) - luma_of(before[place(here - way)]);
            sum += u32(d * d);
        }
    }
    return sum;
}

// The best of the ways of the blocks around a cell, and its cost.
fn best_around(cell: vec2<i32>, corner: vec2<i32>, still: u32) -> vec3<i32> {
    var best = vec3<i32>(0, 0, i32(still));
    let blocks = vec2<i32>(i32(params.block_columns), i32(params.block_rows));
    var tried = vec2<i32>(0);
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            let block = cell / 2 + vec2<i32>(x, y);
            if (any(block < vec2<i32>(0)) || any(block >= blocks)) {
                continue;
            }
            let way = ways[block.y * blocks.x + block.x];
            if (all(way == tried)) {
                continue;
            }
            tried = way;
            let found = i32(cost(corner, way));
            if (found < best.z) {
                best = vec3<i32>(way, found);
            }
        }
    }
    return best;
}

// The best of a way and the eight around it.
fn best_near(corner: vec2<i32>, from_best: vec3<i32>, step: i32) -> vec3<i32> {
    var best = from_best;
    for (var y = -1; y <= 1; y++) {
        for (var x = -1; x <= 1; x++) {
            if (x == 0 && y == 0) {
                continue;
            }
            let way = from_best.xy + step * vec2<i32>(x, y);
            let found = i32(cost(corner, way));
            if (found < best.z) {
                best = vec3<i32>(way, found);
            }
        }
    }
    return best;
}

// How many quarters of a pixel the lowest point of a parabola lies from the middle one of three.
fn quarters(less: i32, middle: i32, more: i32) -> i32 {
    let bend = less - 2 * middle + more;
    if (bend < BEND_MIN) {
        return 0;
    }
    // Half of the difference by the bend, in quarters, rounded to the nearest.
    let offset = LOOK_MOTION_UNITS * (less - more);
    let half = select(bend, -bend, offset < 0);
    return clamp((offset + half) / (2 * bend), -2, 2);
}

// A pixel of the frame before between pixels, as three values in sixteenths.
fn between(at: vec2<i32>, part: vec2<i32>) -> vec3<i32> {
    var sum = vec3<i32>(0);
    for (var corner = 0; corner < 4; corner++) {
        let right = corner % 2;
        let down = corner / 2;
        let weight = select(4 - part.x, part.x, right == 1) * select(4 - part.y, part.y, down == 1);
        let pixel = before[place(at + vec2<i32>(right, down))];
        sum += weight * vec3<i32>(luma_of(pixel), blue_of(pixel), red_of(pixel));
    }
    return sum;
}

// What is left of a cell's difference to the frame before. What came in from outside of it counts nothing: nobody knows it.
fn left_over(corner: vec2<i32>, way: vec2<i32>) -> u32 {
    var sum = 0;
    let picture = vec2<i32>(i32(params.width), i32(params.height));
    let whole = vec2<i32>(-way.x >> 2u, -way.y >> 2u);
    let part = vec2<i32>(-way.x & 3, -way.y & 3);
    for (var y = 0; y < i32(LOOK_CELL); y++) {
        for (var x = 0; x < i32(LOOK_CELL); x++) {
            let here = corner + vec2<i32>(x, y);
            let there = here + whole;
            if (any(here >= picture) || any(there < vec2<i32>(0)) || any(there >= picture)) {
                continue;
            }
            let pixel = look[place(here)];
            let own = 16 * vec3<i32>(luma_of(pixel), blue_of(pixel), red_of(pixel));
            let d = abs(own - between(there, part));
            sum += d.x + d.y + d.z;
        }
    }
    return (u32(sum) + 8u) / 16u;
}

@compute @workgroup_size(64)
fn look_motion(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.columns * params.rows) {
        return;
    }
    let cell = vec2<i32>(i32(id.x % params.columns), i32(id.x / params.columns));
    let corner = cell * i32(LOOK_CELL);
    let still = cost(corner, vec2<i32>(0));
    var best = best_around(cell, corner, still);
    best = best_near(corner, best, 2);
    best = best_near(corner, best, 1);
    if (u32(best.z) + STILL_COST + still / STILL_SHARE >= still) {
        best = vec3<i32>(0, 0, i32(still));
    }
    let beside = vec4<i32>(
        i32(cost(corner, best.xy - vec2<i32>(1, 0))),
        i32(cost(corner, best.xy + vec2<i32>(1, 0))),
        i32(cost(corner, best.xy - vec2<i32>(0, 1))),
        i32(cost(corner, best.xy + vec2<i32>(0, 1))),
    );
    let fraction = vec2<i32>(quarters(beside.x, best.z, beside.y), quarters(beside.z, best.z, beside.w));
    var way = clamp(LOOK_MOTION_UNITS * best.xy + fraction, vec2<i32>(-WAY_MAX), vec2<i32>(WAY_MAX));
    let change = left_over(corner, vec2<i32>(0));
    var residual = left_over(corner, way);
    if (residual >= change) {
        residual = change;
        way = vec2<i32>(0);
    }
    moved[id.x] = vec2<u32>((u32(way.x) & 0xffffu) | (u32(way.y) << 16u), residual | (change << 16u));
}
