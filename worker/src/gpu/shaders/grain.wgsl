// Puts grain on luma: the field, blurred down the columns too, most in the mid-tones and none at black and white, where film
// has no silver or nothing but.

struct Params {
    width: u32,
    height: u32,
    // Taps on either side.
    radius: u32,
    // Standard deviation in the mid-tones.
    deviation: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> luma: array<f32>;
@group(0) @binding(2) var<storage, read> field: array<f32>;
@group(0) @binding(3) var<storage, read> taps: array<f32>;
@group(0) @binding(4) var<storage, read_write> grainy: array<f32>;

@compute @workgroup_size(64)
fn grain(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let i = id.y * params.width + id.x;
    var sum = 0.0;
    for (var tap = 0u; tap <= 2u * params.radius; tap++) {
        sum += taps[tap] * field[i + tap * params.width];
    }
    let value = luma[i];
    let held = clamp(value, 0.0, 1.0);
    grainy[i] = value + params.deviation * 4.0 * held * (1.0 - held) * sum;
}
