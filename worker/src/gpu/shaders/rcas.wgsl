// FSR 1, second half: robust contrast adaptive sharpening of coded R'G'B' in 0..1 (GPUOpen-Effects/FidelityFX-FSR:
// ffx-fsr/ffx_fsr1.h). As much of the negative lobe as no channel clips by, times `strength`, and down to half of that where the
// texel stands out from its neighbours like noise: the sources are compressed video, whose noise should not be sharpened. Then to
// Y'CbCr planes.

// The most of the lobe, 1/4 - 1/16: beyond it the result becomes unnatural.
const LOBE_MAX: f32 = 0.1875;
// Keeps divisors from zero at pure black and pure white, where the numerator is zero too.
const DIVISOR_MIN: f32 = 0.0000001;

struct Params {
    width: u32,
    height: u32,
    // 2^-stops.
    strength: f32,
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

fn texel(x: i32, y: i32) -> vec3<f32> {
    let column = u32(clamp(x, 0, i32(params.width) - 1));
    let row = u32(clamp(y, 0, i32(params.height) - 1));
    let i = row * params.width + column;
    return vec3<f32>(red[i], green[i], blue[i]);
}

fn brightness(colour: vec3<f32>) -> f32 {
    return 0.5 * colour.x + colour.y + 0.5 * colour.z;
}

// 1 on a slope, 1/2 where a texel is the darkest or brightest of all by far.
fn calm(b: f32, d: f32, e: f32, f: f32, h: f32) -> f32 {
    let range = max(max(max(b, d), max(f, h)), e) - min(min(min(b, d), min(f, h)), e);
    let peak = abs(0.25 * (b + d + f + h) - e);
    return 1.0 - 0.5 * clamp(peak / max(range, DIVISOR_MIN), 0.0, 1.0);
}

@compute @workgroup_size(8, 8)
fn rcas(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let b = texel(x, y - 1);
    let d = texel(x - 1, y);
    let e = texel(x, y);
    let f = texel(x + 1, y);
    let h = texel(x, y + 1);

    let low = min(min(b, d), min(f, h));
    let high = max(max(b, d), max(f, h));
    let room_below = min(low, e) / max(4.0 * high, vec3<f32>(DIVISOR_MIN));
    let room_above = (1.0 - max(high, e)) / max(4.0 - 4.0 * low, vec3<f32>(DIVISOR_MIN));
    let lobes = max(-room_below, -room_above);
    let clear = calm(brightness(b), brightness(d), brightness(e), brightness(f), brightness(h));
    let lobe = max(-LOBE_MAX, min(max(max(lobes.x, lobes.y), lobes.z), 0.0)) * params.strength * clear;
    let result = (lobe * (b + d + f + h) + e) / (4.0 * lobe + 1.0);

    let o = id.y * params.width + id.x;
    // Luma is counted from green, so that a grey gives exactly its own luma and no chroma.
    let value = result.y + params.luma_from_red * (result.x - result.y) + params.luma_from_blue * (result.z - result.y);
    luma[o] = value;
    chroma_blue[o] = (result.z - value) * params.cb_scale;
    chroma_red[o] = (result.x - value) * params.cr_scale;
}
