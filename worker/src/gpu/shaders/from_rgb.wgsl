// The inverse of to_rgb: out of the light that the filter works in, then R'G'B' to Y'CbCr planes of one size.
// Luma is counted from green, so that a grey (red = green = blue) gives exactly its own luma and no chroma.
//#include shared/curves.wgsl

struct Params {
    samples: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    curve: u32,
    luma_from_red: f32,
    luma_from_blue: f32,
    cb_scale: f32,
    cr_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> red: array<f32>;
@group(0) @binding(2) var<storage, read> green: array<f32>;
@group(0) @binding(3) var<storage, read> blue: array<f32>;
@group(0) @binding(4) var<storage, read_write> luma: array<f32>;
@group(0) @binding(5) var<storage, read_write> chroma_blue: array<f32>;
@group(0) @binding(6) var<storage, read_write> chroma_red: array<f32>;

@compute @workgroup_size(64)
fn from_rgb(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.samples) {
        return;
    }
    let r = out_of_light(red[i], params.curve);
    let g = out_of_light(green[i], params.curve);
    let b = out_of_light(blue[i], params.curve);
    let y = g + params.luma_from_red * (r - g) + params.luma_from_blue * (b - g);
    luma[i] = y;
    chroma_blue[i] = (b - y) * params.cb_scale;
    chroma_red[i] = (r - y) * params.cr_scale;
}
