// Y'CbCr planes of one size to R'G'B', then into the light that the filter works in.
//#include shared/curves.wgsl

struct Params {
    samples: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    curve: u32,
    red_from_cr: f32,
    green_from_cb: f32,
    green_from_cr: f32,
    blue_from_cb: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> luma: array<f32>;
@group(0) @binding(2) var<storage, read> chroma_blue: array<f32>;
@group(0) @binding(3) var<storage, read> chroma_red: array<f32>;
@group(0) @binding(4) var<storage, read_write> red: array<f32>;
@group(0) @binding(5) var<storage, read_write> green: array<f32>;
@group(0) @binding(6) var<storage, read_write> blue: array<f32>;

@compute @workgroup_size(64)
fn to_rgb(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.samples) {
        return;
    }
    let y = luma[i];
    let cb = chroma_blue[i];
    let cr = chroma_red[i];
    red[i] = into_light(y + params.red_from_cr * cr, params.curve);
    green[i] = into_light(y + params.green_from_cb * cb + params.green_from_cr * cr, params.curve);
    blue[i] = into_light(y + params.blue_from_cb * cb, params.curve);
}
