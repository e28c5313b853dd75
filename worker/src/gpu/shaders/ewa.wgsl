// Polar resampling: every texel within an ellipse around the output sample, weighted by its distance from it (a table over the
// squared distance), divided by the sum of weights. Texels inside the first zero of the kernel give soft extremes, towards
// which the result is clamped by `antiring` (haasn/libplacebo: src/shaders/sampling.c).
//#include shared/position.wgsl

// How far an extreme may be from a texel and still be shaped by it.
const ANTIRING_BIAS: f32 = 0.1;

struct Params {
    source_width: u32,
    source_height: u32,
    target_width: u32,
    target_height: u32,
    // Texels to kernel units along each axis: 1 when enlarging, less when the kernel is widened.
    shrink_x: f32,
    shrink_y: f32,
    radius_squared: f32,
    // Table entries for one unit of squared distance.
    table_scale: f32,
    // Only when enlarging, where a texel is one unit of the kernel.
    antiring: f32,
    antiring_radius_squared: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Value, and difference to the next entry.
@group(0) @binding(1) var<storage, read> table: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> red: array<f32>;
@group(0) @binding(3) var<storage, read> green: array<f32>;
@group(0) @binding(4) var<storage, read> blue: array<f32>;
@group(0) @binding(5) var<storage, read_write> scaled_red: array<f32>;
@group(0) @binding(6) var<storage, read_write> scaled_green: array<f32>;
@group(0) @binding(7) var<storage, read_write> scaled_blue: array<f32>;

// To the 32nd power.
fn pow32(x: vec3<f32>) -> vec3<f32> {
    let x2 = x * x;
    let x4 = x2 * x2;
    let x8 = x4 * x4;
    let x16 = x8 * x8;
    return x16 * x16;
}

fn weight_at(distance_squared: f32) -> f32 {
    let place = distance_squared * params.table_scale;
    let entry = table[u32(place)];
    return entry.x + fract(place) * entry.y;
}

struct Extremes {
    low: vec3<f32>,
    high: vec3<f32>,
}

// Means of the nearest texels in which the darkest, and the brightest, count by far the most. A loop of its own over a handful
// of texels: within the large one every texel would pay for it on devices that run both sides of a branch.
fn soft_extremes(x: Position, y: Position) -> Extremes {
    let right = i32(params.source_width) - 1;
    let bottom = i32(params.source_height) - 1;
    let reach_y = sqrt(params.antiring_radius_squared);
    var high = vec3<f32>(0.0);
    var high_weights = vec3<f32>(0.0);
    var low = vec3<f32>(0.0);
    var low_weights = vec3<f32>(0.0);
    for (var row = i32(ceil(y.fraction - reach_y)); row <= i32(floor(y.fraction + reach_y)); row++) {
        let down = f32(row) - y.fraction;
        let line = u32(clamp(y.whole + row, 0, bottom)) * params.source_width;
        let reach_x = sqrt(max(params.antiring_radius_squared - down * down, 0.0));
        for (var column = i32(ceil(x.fraction - reach_x)); column <= i32(floor(x.fraction + reach_x)); column++) {
            let across = f32(column) - x.fraction;
            // A texel on the very rim may come out a hair below zero, and a mean needs weights that are not.
            let weight = max(weight_at(across * across + down * down), 0.0);
            let i = line + u32(clamp(x.whole + column, 0, right));
            let colour = vec3<f32>(red[i], green[i], blue[i]);
            let held = clamp(colour, vec3<f32>(0.0), vec3<f32>(1.0));
            let bright = weight * pow32(held + ANTIRING_BIAS);
            let dark = weight * pow32(1.0 - held + ANTIRING_BIAS);
            high += bright * colour;
            high_weights += bright;
            low += dark * colour;
            low_weights += dark;
        }
    }
    return Extremes(low / low_weights, high / high_weights);
}

@compute @workgroup_size(8, 8)
fn ewa(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.target_width || id.y >= params.target_height) {
        return;
    }
    let x = source_position(id.x, params.source_width, params.target_width);
    let y = source_position(id.y, params.source_height, params.target_height);
    let right = i32(params.source_width) - 1;
    let bottom = i32(params.source_height) - 1;
    let reach_y = sqrt(params.radius_squared) / params.shrink_y;

    var sum = vec3<f32>(0.0);
    var weights = 0.0;
    for (var row = i32(ceil(y.fraction - reach_y)); row <= i32(floor(y.fraction + reach_y)); row++) {
        let down = (f32(row) - y.fraction) * params.shrink_y;
        let line = u32(clamp(y.whole + row, 0, bottom)) * params.source_width;
        let reach_x = sqrt(max(params.radius_squared - down * down, 0.0)) / params.shrink_x;
        for (var column = i32(ceil(x.fraction - reach_x)); column <= i32(floor(x.fraction + reach_x)); column++) {
            let across = (f32(column) - x.fraction) * params.shrink_x;
            let weight = weight_at(across * across + down * down);
            let i = line + u32(clamp(x.whole + column, 0, right));
            sum += weight * vec3<f32>(red[i], green[i], blue[i]);
            weights += weight;
        }
    }
    var result = sum / weights;
    if (params.antiring > 0.0) {
        let extremes = soft_extremes(x, y);
        let clamped = min(max(result, extremes.low), extremes.high);
        result += params.antiring * (clamped - result);
    }
    let o = id.y * params.target_width + id.x;
    scaled_red[o] = result.x;
    scaled_green[o] = result.y;
    scaled_blue[o] = result.z;
}
