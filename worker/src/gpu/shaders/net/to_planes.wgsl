// A piece of a tensor of one block into its place in up to three planes.
//#variants REAL: f32 f16

struct Params {
    // Of the tensor.
    width: u32,
    height: u32,
    // Where the piece begins in the tensor, and its size.
    left: u32,
    top: u32,
    piece_width: u32,
    piece_height: u32,
    // Of the planes, and where the piece goes in them.
    plane_width: u32,
    to_left: u32,
    to_top: u32,
    channels: u32,
    // Value of the plane = value of the network * scale.
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<REAL>>;
@group(0) @binding(2) var<storage, read_write> plane_0: array<f32>;
@group(0) @binding(3) var<storage, read_write> plane_1: array<f32>;
@group(0) @binding(4) var<storage, read_write> plane_2: array<f32>;

@compute @workgroup_size(8, 8, 1)
fn net_to_planes(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.piece_width || id.y >= params.piece_height) {
        return;
    }
    let value = vec4<f32>(source[(params.top + id.y) * params.width + params.left + id.x]) * params.scale;
    let i = (params.to_top + id.y) * params.plane_width + params.to_left + id.x;
    plane_0[i] = value.x;
    if (params.channels == 3u) {
        plane_1[i] = value.y;
        plane_2[i] = value.z;
    }
}
