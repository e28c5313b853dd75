// Ends denoise: weighted samples by weights. A sample counts for itself fully, so that the weights are at least 1.

struct Params {
    samples: u32,
    // Invocations in a row of workgroups.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> sums: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read_write> plane: array<f32>;

@compute @workgroup_size(64)
fn denoise_mean(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.samples) {
        return;
    }
    plane[i] = sums[i].x / sums[i].y;
}
