// A piece of up to three planes into a tensor of one block: values scaled to the network's range, samples beyond the picture
// repeated from its edge.
//#variants REAL: f32 f16

struct Params {
    // Of the planes.
    width: u32,
    height: u32,
    // Of the piece.
    piece_width: u32,
    piece_height: u32,
    left: i32,
    top: i32,
    channels: u32,
    // Value for the network = value of the plane * scale.
    scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane_0: array<f32>;
@group(0) @binding(2) var<storage, read> plane_1: array<f32>;
@group(0) @binding(3) var<storage, read> plane_2: array<f32>;
@group(0) @binding(4) var<storage, read_write> result: array<vec4<REAL>>;

@compute @workgroup_size(8, 8, 1)
fn net_from_planes(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.piece_width || id.y >= params.piece_height) {
        return;
    }
    let x = clamp(params.left + i32(id.x), 0, i32(params.width) - 1);
    let y = clamp(params.top + i32(id.y), 0, i32(params.height) - 1);
    let i = u32(y) * params.width + u32(x);
    var value = vec4(plane_0[i], 0.0, 0.0, 0.0);
    if (params.channels == 3u) {
        value = vec4(plane_0[i], plane_1[i], plane_2[i], 0.0);
    }
    result[id.y * params.piece_width + id.x] = vec4<REAL>(value * params.scale);
}
