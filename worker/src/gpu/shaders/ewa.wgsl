// Polar resampling: every texel within an ellipse around the output sample, weighted by its distance from it, divided by the sum
// of weights; then out of the light that the filter works in and to Y'CbCr. Texels inside the first zero of the kernel give soft
// extremes, towards which the result is clamped by `antiring` (haasn/libplacebo: src/shaders/sampling.c).
//
// One invocation makes a block of up to four by two outputs, which share most of the texels that they need: memory is what
// polar resampling waits for. Where every block lies alike among its texels (whole and simple ratios), all blocks share one
// table of weights; elsewhere the kernel is a polynomial of the squared distance, so that weights cost no memory either.
//#include shared/curves.wgsl

// Most outputs of a block along x, and its outputs along y.
const BLOCK_WIDTH_MAX: u32 = 4u;
const BLOCK_HEIGHT: u32 = 2u;
// Most rows of texels that a block of a shared table reads.
const SHARED_ROWS_MAX: u32 = 12u;
// How far an extreme may be from a texel and still be shaped by it.
const ANTIRING_BIAS: f32 = 0.1;

// Whether there is anti-ringing.
override ANTIRING: bool;
// The curve of the light that the planes are in.
override CURVE: u32;
// Outputs of a block along x.
override BLOCK_WIDTH: u32;
// Columns and rows of texels of a shared table; no rows: there is none.
override SHARED_COLUMNS: u32 = 1u;
override SHARED_ROWS: u32 = 0u;

struct Params {
    source_width: u32,
    source_height: u32,
    target_width: u32,
    target_height: u32,
    // Texels that every block reads along each axis.
    columns: u32,
    rows: u32,
    radius_squared: f32,
    // From a squared distance to the polynomial's -1..1.
    unit: f32,
    antiring: f32,
    antiring_radius_squared: f32,
    luma_from_red: f32,
    luma_from_blue: f32,
    cb_scale: f32,
    cr_scale: f32,
    c0: f32,
    c1: f32,
    c2: f32,
    c3: f32,
    c4: f32,
    c5: f32,
    c6: f32,
    c7: f32,
    c8: f32,
    c9: f32,
    c10: f32,
    c11: f32,
    c12: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The first texel that each block of columns, and of rows, reads; it may lie outside of the picture.
@group(0) @binding(1) var<storage, read> first_columns: array<i32>;
@group(0) @binding(2) var<storage, read> first_rows: array<i32>;
// How far beyond that texel each output lies. Behind the last block: texels to kernel units along the axis, which is 1 when
// enlarging and less when the kernel is widened.
@group(0) @binding(3) var<storage, read> columns: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> rows: array<vec2<f32>>;
// The shared table: weights of the four outputs for each texel, twice for the rows of outputs; they sum to 1.
@group(0) @binding(5) var<storage, read> shared_weights: array<vec4<f32>>;
@group(0) @binding(6) var<storage, read> red: array<f32>;
@group(0) @binding(7) var<storage, read> green: array<f32>;
@group(0) @binding(8) var<storage, read> blue: array<f32>;
@group(0) @binding(9) var<storage, read_write> luma: array<f32>;
@group(0) @binding(10) var<storage, read_write> chroma_blue: array<f32>;
@group(0) @binding(11) var<storage, read_write> chroma_red: array<f32>;

// The kernel, also where it is 0 outside of its radius.
fn weights_at(squared: vec4<f32>) -> vec4<f32> {
    let u = squared * params.unit - 1.0;
    var w = u * params.c12 + params.c11;
    w = w * u + params.c10;
    w = w * u + params.c9;
    w = w * u + params.c8;
    w = w * u + params.c7;
    w = w * u + params.c6;
    w = w * u + params.c5;
    w = w * u + params.c4;
    w = w * u + params.c3;
    w = w * u + params.c2;
    w = w * u + params.c1;
    w = w * u + params.c0;
    return select(vec4<f32>(0.0), w, squared < vec4<f32>(params.radius_squared));
}

// Four outputs side by side: a vector for each channel.
struct Four {
    red: vec4<f32>,
    green: vec4<f32>,
    blue: vec4<f32>,
}

// To the 32nd power.
fn pow32(x: f32) -> f32 {
    let x2 = x * x;
    let x4 = x2 * x2;
    let x8 = x4 * x4;
    let x16 = x8 * x8;
    return x16 * x16;
}

// What one texel adds to the soft extremes: a mean in which the brightest, or the darkest, counts by far the most.
fn bright(value: f32) -> f32 {
    return pow32(clamp(value, 0.0, 1.0) + ANTIRING_BIAS);
}

fn dark(value: f32) -> f32 {
    return pow32(1.0 - clamp(value, 0.0, 1.0) + ANTIRING_BIAS);
}

// Pulls the four results at `down` rows and `places` columns beyond the block's first texel back between their soft extremes.
fn hold(found: Four, left: i32, top: i32, places: vec4<f32>, down: f32) -> Four {
    var high = Four();
    var high_sum = Four();
    var low = Four();
    var low_sum = Four();
    let reach = sqrt(params.antiring_radius_squared);
    for (var row = i32(ceil(down - reach)); row <= i32(floor(down + reach)); row++) {
        let dy = f32(row) - down;
        let line = u32(clamp(top + row, 0, i32(params.source_height) - 1)) * params.source_width;
        for (var column = i32(ceil(places.x - reach)); column <= i32(floor(places.w + reach)); column++) {
            let dx = f32(column) - places;
            let squared = dx * dx + dy * dy;
            // A texel on the very rim may come out a hair below zero, and a mean needs weights that are not.
            let inside = max(weights_at(squared), vec4<f32>(0.0));
            let weight = select(vec4<f32>(0.0), inside, squared <= vec4<f32>(params.antiring_radius_squared));
            let i = line + u32(clamp(left + column, 0, i32(params.source_width) - 1));
            let r = red[i];
            let g = green[i];
            let b = blue[i];
            high_sum.red += weight * bright(r);
            high.red += weight * bright(r) * r;
            low_sum.red += weight * dark(r);
            low.red += weight * dark(r) * r;
            high_sum.green += weight * bright(g);
            high.green += weight * bright(g) * g;
            low_sum.green += weight * dark(g);
            low.green += weight * dark(g) * g;
            high_sum.blue += weight * bright(b);
            high.blue += weight * bright(b) * b;
            low_sum.blue += weight * dark(b);
            low.blue += weight * dark(b) * b;
        }
    }
    return Four(
        pull(found.red, low.red / low_sum.red, high.red / high_sum.red),
        pull(found.green, low.green / low_sum.green, high.green / high_sum.green),
        pull(found.blue, low.blue / low_sum.blue, high.blue / high_sum.blue),
    );
}

fn pull(found: vec4<f32>, low: vec4<f32>, high: vec4<f32>) -> vec4<f32> {
    return found + params.antiring * (min(max(found, low), high) - found);
}

fn write(o: u32, r: f32, g: f32, b: f32) {
    let coded_red = out_of_light(r, CURVE);
    let coded_green = out_of_light(g, CURVE);
    let coded_blue = out_of_light(b, CURVE);
    // Luma is counted from green, so that a grey gives exactly its own luma and no chroma.
    let y = coded_green + params.luma_from_red * (coded_red - coded_green) + params.luma_from_blue * (coded_blue - coded_green);
    luma[o] = y;
    chroma_blue[o] = (coded_blue - y) * params.cb_scale;
    chroma_red[o] = (coded_red - y) * params.cr_scale;
}

fn write_four(found: Four, x: u32, y: u32) {
    if (y >= params.target_height) {
        return;
    }
    let o = y * params.target_width + x;
    write(o, found.red.x, found.green.x, found.blue.x);
    if (BLOCK_WIDTH > 1u && x + 1u < params.target_width) {
        write(o + 1u, found.red.y, found.green.y, found.blue.y);
    }
    if (BLOCK_WIDTH > 2u && x + 2u < params.target_width) {
        write(o + 2u, found.red.z, found.green.z, found.blue.z);
    }
    if (BLOCK_WIDTH > 3u && x + 3u < params.target_width) {
        write(o + 3u, found.red.w, found.green.w, found.blue.w);
    }
}

struct Block {
    upper: Four,
    lower: Four,
}

// Adds one row of texels with weights of the shared table. Its place in the table is a constant, which lets the software device
// load each weight once for all invocations.
fn add_shared_row(block: ptr<function, Block>, row: u32, left: i32, top: i32) {
    if (row >= SHARED_ROWS) {
        return;
    }
    let line = u32(clamp(top + i32(row), 0, i32(params.source_height) - 1)) * params.source_width;
    for (var column = 0u; column < SHARED_COLUMNS; column++) {
        let i = line + u32(clamp(left + i32(column), 0, i32(params.source_width) - 1));
        let r = red[i];
        let g = green[i];
        let b = blue[i];
        let upper = shared_weights[(row * SHARED_COLUMNS + column) * 2u];
        let lower = shared_weights[(row * SHARED_COLUMNS + column) * 2u + 1u];
        block.upper.red += upper * r;
        block.upper.green += upper * g;
        block.upper.blue += upper * b;
        block.lower.red += lower * r;
        block.lower.green += lower * g;
        block.lower.blue += lower * b;
    }
}

// Written out: what is indexed by a loop's variable is no constant before the loop is unrolled, and a loop so long never is.
fn by_table(left: i32, top: i32) -> Block {
    var block = Block();
    add_shared_row(&block, 0u, left, top);
    add_shared_row(&block, 1u, left, top);
    add_shared_row(&block, 2u, left, top);
    add_shared_row(&block, 3u, left, top);
    add_shared_row(&block, 4u, left, top);
    add_shared_row(&block, 5u, left, top);
    add_shared_row(&block, 6u, left, top);
    add_shared_row(&block, 7u, left, top);
    add_shared_row(&block, 8u, left, top);
    add_shared_row(&block, 9u, left, top);
    add_shared_row(&block, 10u, left, top);
    add_shared_row(&block, 11u, left, top);
    return block;
}

fn by_polynomial(left: i32, top: i32, across: vec4<f32>, down: vec2<f32>, shrink_x: f32, shrink_y: f32) -> Block {
    var block = Block();
    var upper_weights = vec4<f32>(0.0);
    var lower_weights = vec4<f32>(0.0);
    for (var row = 0u; row < params.rows; row++) {
        let line = u32(clamp(top + i32(row), 0, i32(params.source_height) - 1)) * params.source_width;
        let dy = (vec2<f32>(f32(row)) - down) * shrink_y;
        let dy_squared = dy * dy;
        for (var column = 0u; column < params.columns; column++) {
            let i = line + u32(clamp(left + i32(column), 0, i32(params.source_width) - 1));
            let r = red[i];
            let g = green[i];
            let b = blue[i];
            let dx = (f32(column) - across) * shrink_x;
            let dx_squared = dx * dx;
            let upper = weights_at(dx_squared + dy_squared.x);
            block.upper.red += upper * r;
            block.upper.green += upper * g;
            block.upper.blue += upper * b;
            upper_weights += upper;
            let lower = weights_at(dx_squared + dy_squared.y);
            block.lower.red += lower * r;
            block.lower.green += lower * g;
            block.lower.blue += lower * b;
            lower_weights += lower;
        }
    }
    return Block(over(block.upper, upper_weights), over(block.lower, lower_weights));
}

fn over(sums: Four, weights: vec4<f32>) -> Four {
    return Four(sums.red / weights, sums.green / weights, sums.blue / weights);
}

@compute @workgroup_size(8, 8)
fn ewa(@builtin(global_invocation_id) id: vec3<u32>) {
    // Invocations beyond the picture do the last block's work and write nothing: the table's weights are only loaded once for
    // all as long as none has left.
    let last_x = (params.target_width - 1u) / BLOCK_WIDTH;
    let last_y = (params.target_height - 1u) / BLOCK_HEIGHT;
    let block_x = min(id.x, last_x);
    let block_y = min(id.y, last_y);
    let left = first_columns[block_x];
    let top = first_rows[block_y];
    let across = columns[block_x];
    let down = rows[block_y];
    var block: Block;
    if (SHARED_ROWS > 0u) {
        block = by_table(left, top);
    } else {
        block = by_polynomial(left, top, across, down, columns[last_x + 1u].x, rows[last_y + 1u].x);
    }
    if (ANTIRING) {
        block = Block(hold(block.upper, left, top, across, down.x), hold(block.lower, left, top, across, down.y));
    }
    if (id.x <= last_x && id.y <= last_y) {
        write_four(block.upper, id.x * BLOCK_WIDTH, id.y * BLOCK_HEIGHT);
        write_four(block.lower, id.x * BLOCK_WIDTH, id.y * BLOCK_HEIGHT + 1u);
    }
}
