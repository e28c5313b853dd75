// A tensor in plain order into a list of f32.
//#variants REAL: f32 f16

struct Params {
    count: u32,
    // Invocations in a row of workgroups.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<REAL>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;

@compute @workgroup_size(64)
fn net_save(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i < params.count) {
        result[i] = f32(source[i]);
    }
}
