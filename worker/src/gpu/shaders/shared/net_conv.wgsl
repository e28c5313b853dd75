//#variants REAL: f32 f16
//#include shared/net_arithmetic.wgsl
// What all convolutions share: the parameter block, the buffers, where values are found and where results go.
//
// Tensors lie in blocks of four channels: element (n, block, y, x) is a vec4 at ((n * total + first + block) * height + y) *
// width + x, where `total` counts the blocks of the buffer and `first` is where this tensor begins in it (a part of a
// concatenation has neighbours). Channels beyond the last are zero in weights, so what they hold does not matter as long as it is finite.
//
// Sums are taken in one order by every kernel: the bias, then block by block of input channels, in it row by row and column by
// column of the kernel, in it channel by channel, each by one fused multiply-add in f32. So kernels differ in speed and not in bits.

struct Params {
    batch: u32,
    in_width: u32,
    in_height: u32,
    // Blocks of input channels that one output sees.
    in_blocks: u32,
    in_first: u32,
    in_total: u32,
    out_width: u32,
    out_height: u32,
    // Blocks of output channels before any shuffle, and how many of them belong to one group.
    out_blocks: u32,
    group_blocks: u32,
    // Where results go; the size is out_width * shuffle by out_height * shuffle.
    to_first: u32,
    to_total: u32,
    residual_first: u32,
    residual_total: u32,
    // Zeros left of and above the input.
    pad_x: i32,
    pad_y: i32,
    // Block b of the output is block b % shuffle_blocks of pixel b / shuffle_blocks in a square of shuffle by shuffle pixels.
    shuffle: u32,
    shuffle_blocks: u32,
    // Of the activation.
    alpha: f32,
    beta: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<REAL>>;
// The biases of every block, then the slopes of every block.
@group(0) @binding(3) var<storage, read> extras: array<vec4<f32>>;
@group(0) @binding(4) var<storage, read> residual: array<vec4<REAL>>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4<REAL>>;

const NO_RESIDUAL: u32 = 0u;
// Added to the sum, or to what the activation made of it.
const RESIDUAL_BEFORE: u32 = 1u;
const RESIDUAL_AFTER: u32 = 2u;
// As the two above, at the pixel before the shuffle: a picture enlarged by repeating pixels.
const RESIDUAL_BEFORE_UNDER: u32 = 3u;
const RESIDUAL_AFTER_UNDER: u32 = 4u;

override ACTIVATION: u32 = 0u;
override RESIDUAL: u32 = 0u;

fn source_at(n: u32, block: u32, x: i32, y: i32) -> vec4<f32> {
    if (x < 0 || y < 0 || x >= i32(params.in_width) || y >= i32(params.in_height)) {
        return vec4<f32>();
    }
    let row = (n * params.in_total + params.in_first + block) * params.in_height + u32(y);
    return vec4<f32>(source[row * params.in_width + u32(x)]);
}

// One block of input channels into one block of output channels.
fn multiply_add(sum: vec4<f32>, value: vec4<f32>, m: mat4x4<f32>) -> vec4<f32> {
    return fma(vec4(value.w), m[3], fma(vec4(value.z), m[2], fma(vec4(value.y), m[1], fma(vec4(value.x), m[0], sum))));
}

fn residual_at(n: u32, block: u32, x: u32, y: u32) -> vec4<f32> {
    let s = params.shuffle;
    let under = RESIDUAL == RESIDUAL_BEFORE_UNDER || RESIDUAL == RESIDUAL_AFTER_UNDER;
    let scale = select(s, 1u, under);
    let part = select(block / params.shuffle_blocks, 0u, under);
    let row = (n * params.residual_total + params.residual_first + block % params.shuffle_blocks) * params.out_height * scale
        + y * scale + part / s;
    return vec4<f32>(residual[row * params.out_width * scale + x * scale + part % s]);
}

fn put(n: u32, block: u32, x: u32, y: u32, value: vec4<f32>) {
    let s = params.shuffle;
    let part = block / params.shuffle_blocks;
    let row = (n * params.to_total + params.to_first + block % params.shuffle_blocks) * params.out_height * s + y * s + part / s;
    result[row * params.out_width * s + x * s + part % s] = vec4<REAL>(value);
}

// What is done to a finished sum before it is stored.
fn finish(n: u32, block: u32, x: u32, y: u32, sum: vec4<f32>) {
    if (x >= params.out_width || y >= params.out_height || block >= params.out_blocks) {
        return;
    }
    var value = sum;
    if (RESIDUAL == RESIDUAL_BEFORE || RESIDUAL == RESIDUAL_BEFORE_UNDER) {
        value += residual_at(n, block, x, y);
    }
    if (ACTIVATION == PRELU) {
        value = of_two(PRELU, value, extras[params.out_blocks + block]);
    } else {
        value = of_one(ACTIVATION, value, params.alpha, params.beta);
    }
    if (RESIDUAL == RESIDUAL_AFTER || RESIDUAL == RESIDUAL_AFTER_UNDER) {
        value += residual_at(n, block, x, y);
    }
    put(n, block, x, y, value);
}
