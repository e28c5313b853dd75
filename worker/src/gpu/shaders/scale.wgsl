// Changes width and height of one plane in one pass, with weights from tables, from f32 or straight from the codes of a raw
// frame, to f32 or straight to codes. One invocation makes four columns by eight rows of outputs: it reads each texel of the
// block once, weighs each row of texels into four sums, and adds these to the rows of outputs. Table and source keep every read
// inside the plane; the edges are folded into the weights.
// Values that are no numbers are counted where they become codes: a frame with one is not given out.
//#include shared/finite.wgsl
//#include shared/quantise.wgsl

// Outputs of a block along each axis.
const BLOCK_WIDTH: u32 = 4u;
const BLOCK_HEIGHT: u32 = 8u;
// Most texels that a block reads along x.
const COLUMNS_MAX: u32 = 32u;

// Bits of a sample in the source and in the target: 32 for f32, 8 or 16 for codes.
override SOURCE_BITS: u32;
override TARGET_BITS: u32;
// Texels that a block reads along x; whole words of them.
override COLUMNS: u32;
// Whether codes are dithered.
override DITHER: bool;

struct Params {
    // The word at which the plane begins, and the words of a row.
    source_first: u32,
    source_stride: u32,
    target_first: u32,
    target_stride: u32,
    target_width: u32,
    target_height: u32,
    // Texels that a block reads along y.
    rows: u32,
    // From what the source holds to what the target holds.
    factor: f32,
    addend: f32,
    code_max: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The first texel of each block, in words of the source, and its first row.
@group(0) @binding(1) var<storage, read> first_words: array<u32>;
@group(0) @binding(2) var<storage, read> first_rows: array<u32>;
// across[column * blocks + block], one weight for each output column; down[(row * blocks + block) * 2], four rows of outputs each.
@group(0) @binding(3) var<storage, read> across: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> down: array<vec4<f32>>;
@group(0) @binding(5) var<storage, read> source: array<u32>;
@group(0) @binding(6) var<storage, read_write> scaled: array<u32>;
@group(0) @binding(7) var<storage, read_write> guard: array<atomic<u32>>;

fn store(four: vec4<f32>, x: u32, y: u32) {
    if (y >= params.target_height) {
        return;
    }
    let values = four * params.factor + params.addend;
    let line = params.target_first + y * params.target_stride;
    if (TARGET_BITS == 32u) {
        scaled[line + x] = bitcast<u32>(values.x);
        if (x + 1u < params.target_width) {
            scaled[line + x + 1u] = bitcast<u32>(values.y);
        }
        if (x + 2u < params.target_width) {
            scaled[line + x + 2u] = bitcast<u32>(values.z);
        }
        if (x + 3u < params.target_width) {
            scaled[line + x + 3u] = bitcast<u32>(values.w);
        }
        return;
    }
    if (SOURCE_BITS == 32u) {
        // What is no number stays none in a sum.
        if (!is_finite((values.x + values.y) + (values.z + values.w))) {
            atomicAdd(&guard[0], 1u);
        }
    }
    // The recorder sees to it that rows are whole blocks here.
    let a = quantise(values.x, params.code_max, threshold(x, y, DITHER));
    let b = quantise(values.y, params.code_max, threshold(x + 1u, y, DITHER));
    let c = quantise(values.z, params.code_max, threshold(x + 2u, y, DITHER));
    let d = quantise(values.w, params.code_max, threshold(x + 3u, y, DITHER));
    if (TARGET_BITS == 8u) {
        scaled[line + x / 4u] = a | (b << 8u) | (c << 16u) | (d << 24u);
    } else {
        scaled[line + x / 2u] = a | (b << 16u);
        scaled[line + x / 2u + 1u] = c | (d << 16u);
    }
}

@compute @workgroup_size(32, 2)
fn scale(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = id.x * BLOCK_WIDTH;
    let y = id.y * BLOCK_HEIGHT;
    if (x >= params.target_width || y >= params.target_height) {
        return;
    }
    let blocks_across = (params.target_width + BLOCK_WIDTH - 1u) / BLOCK_WIDTH;
    let blocks_down = (params.target_height + BLOCK_HEIGHT - 1u) / BLOCK_HEIGHT;
    var weights: array<vec4<f32>, COLUMNS_MAX>;
    for (var column = 0u; column < COLUMNS; column++) {
        weights[column] = across[column * blocks_across + id.x];
    }
    var sums: array<vec4<f32>, BLOCK_HEIGHT>;
    let first = params.source_first + first_rows[id.y] * params.source_stride + first_words[id.x];
    for (var row = 0u; row < params.rows; row++) {
        let line = first + row * params.source_stride;
        var four = vec4<f32>(0.0);
        if (SOURCE_BITS == 32u) {
            for (var column = 0u; column < COLUMNS; column++) {
                four += weights[column] * bitcast<f32>(source[line + column]);
            }
        } else if (SOURCE_BITS == 8u) {
            for (var word = 0u; word < COLUMNS / 4u; word++) {
                let codes = source[line + word];
                four += weights[4u * word] * f32(codes & 0xffu);
                four += weights[4u * word + 1u] * f32((codes >> 8u) & 0xffu);
                four += weights[4u * word + 2u] * f32((codes >> 16u) & 0xffu);
                four += weights[4u * word + 3u] * f32(codes >> 24u);
            }
        } else {
            for (var word = 0u; word < COLUMNS / 2u; word++) {
                let codes = source[line + word];
                four += weights[2u * word] * f32(codes & 0xffffu);
                four += weights[2u * word + 1u] * f32(codes >> 16u);
            }
        }
        let upper = down[(row * blocks_down + id.y) * 2u];
        let lower = down[(row * blocks_down + id.y) * 2u + 1u];
        sums[0] += upper.x * four;
        sums[1] += upper.y * four;
        sums[2] += upper.z * four;
        sums[3] += upper.w * four;
        sums[4] += lower.x * four;
        sums[5] += lower.y * four;
        sums[6] += lower.z * four;
        sums[7] += lower.w * four;
    }
    for (var row = 0u; row < BLOCK_HEIGHT; row++) {
        store(sums[row], x, y + row);
    }
}
