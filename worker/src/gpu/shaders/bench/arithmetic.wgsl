//#variants REAL: f32 f16
// The rate of multiplications with addition, for `gpu bench`: eight chains of four lanes, each step of a chain waiting for the
// one before, so that neither memory nor one chain's wait is what is measured. x = x * factor + addend.

struct Params {
    rounds: u32,
    factor: f32,
    addend: f32,
}

override GROUP: u32 = 64u;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read_write> sums: array<REAL>;

// Operations of one round of one invocation: eight chains of four lanes, a product and a sum.
const ARITHMETIC_ROUND_OPERATIONS: u32 = 64u;

@compute @workgroup_size(GROUP)
fn bench_arithmetic(@builtin(global_invocation_id) id: vec3<u32>) {
    let factor = vec4<REAL>(REAL(params.factor));
    let addend = vec4<REAL>(REAL(params.addend));
    var a = vec4<REAL>(REAL(0.0));
    var b = vec4<REAL>(REAL(0.125));
    var c = vec4<REAL>(REAL(0.25));
    var d = vec4<REAL>(REAL(0.375));
    var e = vec4<REAL>(REAL(0.5));
    var f = vec4<REAL>(REAL(0.625));
    var g = vec4<REAL>(REAL(0.75));
    var h = vec4<REAL>(REAL(0.875));
    for (var round = 0u; round < params.rounds; round++) {
        a = a * factor + addend;
        b = b * factor + addend;
        c = c * factor + addend;
        d = d * factor + addend;
        e = e * factor + addend;
        f = f * factor + addend;
        g = g * factor + addend;
        h = h * factor + addend;
    }
    let sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    sums[id.x] = (sum.x + sum.y) + (sum.z + sum.w);
}
