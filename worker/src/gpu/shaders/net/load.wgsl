// A plain list of f32 into a tensor's element type.
//#variants REAL: f16

struct Params {
    count: u32,
    // Invocations in a row of workgroups.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<REAL>;

@compute @workgroup_size(64)
fn net_load(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i < params.count) {
        result[i] = REAL(source[i]);
    }
}
