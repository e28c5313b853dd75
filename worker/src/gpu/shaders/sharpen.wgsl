// Unsharp masking that keeps to what is there: what a 5x5 binomial blur takes away is added, less where nothing but noise is
// around (the strength adapts to the contrast, as in AMD FidelityFX CAS), and the result may go beyond the lightest and darkest of the
// 3x3 samples around by no more than a share of their contrast, so that edges get no halo.

// The share of the contrast around by which a result may go beyond it.
const OVERSHOOT: f32 = 0.08;

struct Params {
    width: u32,
    height: u32,
    // How often the detail is added.
    amount: f32,
    // The squared contrast at which half of it is added.
    noise_squared: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> plane: array<f32>;
@group(0) @binding(2) var<storage, read_write> sharp: array<f32>;

fn texel(x: i32, y: i32) -> f32 {
    let column = u32(clamp(x, 0, i32(params.width) - 1));
    let row = u32(clamp(y, 0, i32(params.height) - 1));
    return plane[row * params.width + column];
}

@compute @workgroup_size(8, 8)
fn sharpen(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let middle = texel(x, y);
    var low = middle;
    var high = middle;
    // Differences from the middle and not values: a flat field then gives exactly nothing.
    var detail = 0.0;
    for (var down = -2; down <= 2; down++) {
        var line = 0.0;
        for (var across = -2; across <= 2; across++) {
            let value = texel(x + across, y + down);
            if (abs(across) < 2 && abs(down) < 2) {
                low = min(low, value);
                high = max(high, value);
            }
            line += binomial(across) * (middle - value);
        }
        detail += binomial(down) * line;
    }
    let contrast = high - low;
    let clear = contrast * contrast / (contrast * contrast + params.noise_squared);
    let room = OVERSHOOT * contrast;
    let result = middle + params.amount * clear * detail;
    sharp[id.y * params.width + id.x] = clamp(result, low - room, high + room);
}

// 1 4 6 4 1, of 16.
fn binomial(offset: i32) -> f32 {
    let near = select(0.25, 0.375, offset == 0);
    return select(near, 0.0625, abs(offset) == 2);
}
