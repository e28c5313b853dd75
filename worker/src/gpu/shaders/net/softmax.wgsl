// Softmax along the middle axis of three.
//#variants REAL: f32 f16

struct Params {
    outer: u32,
    length: u32,
    inner: u32,
    // Invocations in a row of workgroups.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// source[(o * length + i) * inner + k]
@group(0) @binding(1) var<storage, read> source: array<REAL>;
@group(0) @binding(2) var<storage, read_write> result: array<REAL>;

@compute @workgroup_size(64)
fn net_softmax(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.outer * params.inner) {
        return;
    }
    let first = i / params.inner * params.length * params.inner + i % params.inner;
    var top = f32(source[first]);
    for (var k = 1u; k < params.length; k++) {
        top = max(top, f32(source[first + k * params.inner]));
    }
    var sum = 0.0;
    for (var k = 0u; k < params.length; k++) {
        sum += exp(f32(source[first + k * params.inner]) - top);
    }
    for (var k = 0u; k < params.length; k++) {
        let place = first + k * params.inner;
        result[place] = REAL(exp(f32(source[place]) - top) / sum);
    }
}
