//#variants REAL: f32 f16
//#include shared/net_conv.wgsl

// Row i of a matrix is input channel i, column j output channel j:
// weights[((in_block * kernel_height + ky) * kernel_width + kx) * out_blocks + out_block]
@group(0) @binding(2) var<storage, read> weights: array<mat4x4<f32>>;

// What the 3x3 convolutions share that make eight pixels of a row at once.

// Pixels of one invocation.
const ROW_PIXELS: u32 = 8u;

struct Eight {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
    f: vec4<f32>,
    g: vec4<f32>,
    h: vec4<f32>,
}

fn eight_of(value: vec4<f32>) -> Eight {
    return Eight(value, value, value, value, value, value, value, value);
}

fn accumulate(sums: Eight, values: Eight, m: mat4x4<f32>) -> Eight {
    return Eight(
        multiply_add(sums.a, values.a, m),
        multiply_add(sums.b, values.b, m),
        multiply_add(sums.c, values.c, m),
        multiply_add(sums.d, values.d, m),
        multiply_add(sums.e, values.e, m),
        multiply_add(sums.f, values.f, m),
        multiply_add(sums.g, values.g, m),
        multiply_add(sums.h, values.h, m),
    );
}

fn store(n: u32, block: u32, x: u32, y: u32, sums: Eight) {
    finish(n, block, x, y, sums.a);
    finish(n, block, x + 1u, y, sums.b);
    finish(n, block, x + 2u, y, sums.c);
    finish(n, block, x + 3u, y, sums.d);
    finish(n, block, x + 4u, y, sums.e);
    finish(n, block, x + 5u, y, sums.f);
    finish(n, block, x + 6u, y, sums.g);
    finish(n, block, x + 7u, y, sums.h);
}

// Ten neighbours of a row: what eight pixels see of it.
struct Ten {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
    e: vec4<f32>,
    f: vec4<f32>,
    g: vec4<f32>,
    h: vec4<f32>,
    i: vec4<f32>,
    j: vec4<f32>,
}

fn ten_at(n: u32, block: u32, x: i32, y: i32) -> Ten {
    return Ten(
        source_at(n, block, x, y),
        source_at(n, block, x + 1, y),
        source_at(n, block, x + 2, y),
        source_at(n, block, x + 3, y),
        source_at(n, block, x + 4, y),
        source_at(n, block, x + 5, y),
        source_at(n, block, x + 6, y),
        source_at(n, block, x + 7, y),
        source_at(n, block, x + 8, y),
        source_at(n, block, x + 9, y),
    );
}

fn left_of(v: Ten) -> Eight {
    return Eight(v.a, v.b, v.c, v.d, v.e, v.f, v.g, v.h);
}

fn middle_of(v: Ten) -> Eight {
    return Eight(v.b, v.c, v.d, v.e, v.f, v.g, v.h, v.i);
}

fn right_of(v: Ten) -> Eight {
    return Eight(v.c, v.d, v.e, v.f, v.g, v.h, v.i, v.j);
}
