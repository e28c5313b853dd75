// One plane of a layer over one of what lies below it. Where the layer lies comes with the frame; it may be nowhere. Below it is a
// part of the picture, or all of it; what neither has is 0.

struct Params {
    width: u32,
    height: u32,
    // The part of the picture that lies below.
    below_left: u32,
    below_top: u32,
    below_right: u32,
    below_bottom: u32,
    // What is left of its values.
    below_gain: f32,
    // Where the layer's own first sample belongs, and the samples of its rows.
    above_left: u32,
    above_top: u32,
    above_width: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Left, top, right and bottom of what is seen of the layer.
@group(0) @binding(1) var<storage, read> place: array<u32>;
@group(0) @binding(2) var<storage, read> below: array<f32>;
@group(0) @binding(3) var<storage, read> above: array<f32>;
@group(0) @binding(4) var<storage, read_write> composed: array<f32>;

@compute @workgroup_size(64)
fn compose(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = id.x;
    let y = id.y;
    if (x >= params.width || y >= params.height) {
        return;
    }
    var value = 0.0;
    if (x >= place[0] && x < place[2] && y >= place[1] && y < place[3]) {
        value = above[(y - params.above_top) * params.above_width + (x - params.above_left)];
    } else if (x >= params.below_left && x < params.below_right && y >= params.below_top && y < params.below_bottom) {
        let width = params.below_right - params.below_left;
        value = below[(y - params.below_top) * width + (x - params.below_left)] * params.below_gain;
    }
    composed[y * params.width + x] = value;
}
