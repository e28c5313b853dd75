// Many elements become one: the middle axis of three is summed, averaged, or searched for its extreme, in order.
//#variants REAL: f32 f16

struct Params {
    outer: u32,
    length: u32,
    inner: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    // What a sum is multiplied with.
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// source[(o * length + i) * inner + k]
@group(0) @binding(1) var<storage, read> source: array<REAL>;
@group(0) @binding(2) var<storage, read_write> result: array<REAL>;

const REDUCE_SUM: u32 = 0u;
const REDUCE_MAX: u32 = 1u;
const REDUCE_MIN: u32 = 2u;

override REDUCTION: u32 = 0u;

@compute @workgroup_size(64)
fn net_reduce(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.outer * params.inner) {
        return;
    }
    let first = i / params.inner * params.length * params.inner + i % params.inner;
    var kept = f32(source[first]);
    for (var k = 1u; k < params.length; k++) {
        let value = f32(source[first + k * params.inner]);
        switch REDUCTION {
            case REDUCE_MAX: { kept = max(kept, value); }
            case REDUCE_MIN: { kept = min(kept, value); }
            default: { kept += value; }
        }
    }
    result[i] = REAL(kept * params.scale);
}
