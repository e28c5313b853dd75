// A small copy of a frame (see look/shrink.wgsl) into the tensor that a detector of faces takes: red, green and blue in planes one
// after the other, scaled as it wants them. The copy lies in the upper left corner; around it is one grey.
//#include shared/look.wgsl

struct Params {
    // Of the copy.
    width: u32,
    height: u32,
    // Of the tensor.
    tensor_width: u32,
    tensor_height: u32,
    // 1: the first plane is blue and the last is red.
    blue_first: u32,
    red_from_cr: f32,
    green_from_cb: f32,
    green_from_cr: f32,
    blue_from_cb: f32,
    // Value for the network = value from 0 to 1 * scale + addend.
    scale: f32,
    addend: f32,
    // What lies around, from 0 to 1.
    around: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read_write> tensor: array<f32>;

@compute @workgroup_size(8, 8)
fn face_input(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.tensor_width || id.y >= params.tensor_height) {
        return;
    }
    var rgb = vec3<f32>(params.around);
    if (id.x < params.width && id.y < params.height) {
        let pixel = look[id.y * params.width + id.x];
        let y = f32(luma_of(pixel)) / 255.0;
        let cb = f32(blue_of(pixel) - 128) / 255.0;
        let cr = f32(red_of(pixel) - 128) / 255.0;
        let red = y + params.red_from_cr * cr;
        let green = y + params.green_from_cb * cb + params.green_from_cr * cr;
        let blue = y + params.blue_from_cb * cb;
        rgb = clamp(vec3<f32>(red, green, blue), vec3<f32>(0.0), vec3<f32>(1.0));
    }
    rgb = rgb * params.scale + params.addend;
    let plane = params.tensor_width * params.tensor_height;
    let at = id.y * params.tensor_width + id.x;
    tensor[at] = select(rgb.x, rgb.z, params.blue_first == 1u);
    tensor[at + plane] = rgb.y;
    tensor[at + 2u * plane] = select(rgb.z, rgb.x, params.blue_first == 1u);
}
