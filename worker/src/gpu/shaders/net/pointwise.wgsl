// A chain of up to four operations on each element, with up to three more operands that may be smaller than the result: a value
// for each channel, for each pixel, or one for all.
//#variants REAL: f32 f16
//#include shared/net_arithmetic.wgsl

struct Params {
    // Tensors in blocks of four channels; a plain list is one block of one picture.
    pixels: u32,
    blocks: u32,
    count: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    // Channels of the last block; the others are made zero.
    lanes_last: u32,
    first_0: u32,
    total_0: u32,
    first_1: u32,
    total_1: u32,
    first_2: u32,
    total_2: u32,
    first_3: u32,
    total_3: u32,
    to_first: u32,
    to_total: u32,
    // Two numbers for each operation: the parameters of a function of one value, or the second value itself.
    a_0: f32,
    b_0: f32,
    a_1: f32,
    b_1: f32,
    a_2: f32,
    b_2: f32,
    a_3: f32,
    b_3: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> operand_0: array<vec4<REAL>>;
@group(0) @binding(2) var<storage, read> operand_1: array<vec4<REAL>>;
@group(0) @binding(3) var<storage, read> operand_2: array<vec4<REAL>>;
@group(0) @binding(4) var<storage, read> operand_3: array<vec4<REAL>>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4<REAL>>;

// How an operand spreads over the result.
const SPREAD_FULL: u32 = 0u;
const SPREAD_CHANNEL: u32 = 1u;
const SPREAD_PIXEL: u32 = 2u;
const SPREAD_ONE: u32 = 3u;
// Where the second value of an operation comes from: what the chain began with, operand 1, 2 or 3, or the number beside it.
const FROM_START: u32 = 0u;
const FROM_NUMBER: u32 = 4u;

override CODE_0: u32 = 0u;
override CODE_1: u32 = 0u;
override CODE_2: u32 = 0u;
override CODE_3: u32 = 0u;
override FROM_0: u32 = 0u;
override FROM_1: u32 = 0u;
override FROM_2: u32 = 0u;
override FROM_3: u32 = 0u;
override SPREAD_1: u32 = 0u;
override SPREAD_2: u32 = 0u;
override SPREAD_3: u32 = 0u;

// The place of an operand's vec4 for block `block` of picture `n` at pixel `p`.
fn place(spread: u32, n: u32, block: u32, p: u32, first: u32, total: u32) -> u32 {
    switch spread {
        case SPREAD_CHANNEL: { return n * total + first + block; }
        case SPREAD_PIXEL: { return (n * total + first) * params.pixels + p; }
        case SPREAD_ONE: { return 0u; }
        default: { return (n * total + first + block) * params.pixels + p; }
    }
}

fn spread_over(spread: u32, value: vec4<f32>) -> vec4<f32> {
    return select(value, vec4(value.x), spread == SPREAD_PIXEL || spread == SPREAD_ONE);
}

fn second(from_where: u32, n: u32, block: u32, p: u32, start: vec4<f32>, number: f32) -> vec4<f32> {
    switch from_where {
        case 1u: { return spread_over(SPREAD_1, vec4<f32>(operand_1[place(SPREAD_1, n, block, p, params.first_1, params.total_1)])); }
        case 2u: { return spread_over(SPREAD_2, vec4<f32>(operand_2[place(SPREAD_2, n, block, p, params.first_2, params.total_2)])); }
        case 3u: { return spread_over(SPREAD_3, vec4<f32>(operand_3[place(SPREAD_3, n, block, p, params.first_3, params.total_3)])); }
        case FROM_NUMBER: { return vec4(number); }
        default: { return start; }
    }
}

@compute @workgroup_size(64)
fn net_pointwise(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.count) {
        return;
    }
    let p = i % params.pixels;
    let block = i / params.pixels % params.blocks;
    let n = i / params.pixels / params.blocks;
    let start = vec4<f32>(operand_0[place(SPREAD_FULL, n, block, p, params.first_0, params.total_0)]);
    var x = start;
    if (CODE_0 >= ADD) {
        x = of_two(CODE_0, x, second(FROM_0, n, block, p, start, params.a_0));
    } else {
        x = of_one(CODE_0, x, params.a_0, params.b_0);
    }
    if (CODE_1 >= ADD) {
        x = of_two(CODE_1, x, second(FROM_1, n, block, p, start, params.a_1));
    } else {
        x = of_one(CODE_1, x, params.a_1, params.b_1);
    }
    if (CODE_2 >= ADD) {
        x = of_two(CODE_2, x, second(FROM_2, n, block, p, start, params.a_2));
    } else {
        x = of_one(CODE_2, x, params.a_2, params.b_2);
    }
    if (CODE_3 >= ADD) {
        x = of_two(CODE_3, x, second(FROM_3, n, block, p, start, params.a_3));
    } else {
        x = of_one(CODE_3, x, params.a_3, params.b_3);
    }
    if (block + 1u == params.blocks) {
        x = select(vec4<f32>(), x, vec4(0u, 1u, 2u, 3u) < vec4(params.lanes_last));
    }
    result[place(SPREAD_FULL, n, block, p, params.to_first, params.to_total)] = vec4<REAL>(x);
}
