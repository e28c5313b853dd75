// Non-local means (Buades, Coll, Morel: A non-local algorithm for image denoising, 2005; over the frames of a film: Nonlocal
// image and movie denoising, 2008): the mean of all samples around, in this frame and in others, whose own surroundings look
// like this sample's. One pass adds one frame's samples to the sums.
//
// Surroundings are compared over 3x3 samples weighted (1 2 1) x (1 2 1) / 16. The weight of a sample falls to nothing at a
// distance that noise alone does not reach (Goossens et al.: An improved non-local denoising algorithm, 2008), and not
// towards nothing as an exponential does: what moved on, and the other side of an edge or of a cut, leaves no trace at all.

struct Params {
    width: u32,
    height: u32,
    // Samples to each side that are looked at.
    radius: i32,
    // 1: the sums begin with this frame.
    begin: u32,
    // Squared distance at which the weight is 0, and what brings it to 1 at the distance that noise makes between equals.
    distance_max: f32,
    weight_scale: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The frame that is made, and the one whose samples are added to it, which may be the same.
@group(0) @binding(1) var<storage, read> centre: array<f32>;
@group(0) @binding(2) var<storage, read> other: array<f32>;
// Weighted samples and weights.
@group(0) @binding(3) var<storage, read_write> sums: array<vec2<f32>>;

fn column(x: i32) -> u32 {
    return u32(clamp(x, 0, i32(params.width) - 1));
}

// Where a row begins.
fn row(y: i32) -> u32 {
    return u32(clamp(y, 0, i32(params.height) - 1)) * params.width;
}

fn centre_column(rows: vec3<u32>, x: u32) -> vec3<f32> {
    return vec3<f32>(centre[rows.x + x], centre[rows.y + x], centre[rows.z + x]);
}

fn other_column(rows: vec3<u32>, x: u32) -> vec3<f32> {
    return vec3<f32>(other[rows.x + x], other[rows.y + x], other[rows.z + x]);
}

@compute @workgroup_size(8, 8)
fn denoise(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.height) {
        return;
    }
    let x = i32(id.x);
    let y = i32(id.y);
    let own_rows = vec3<u32>(row(y - 1), row(y), row(y + 1));
    let own_left = centre_column(own_rows, column(x - 1));
    let own_middle = centre_column(own_rows, id.x);
    let own_right = centre_column(own_rows, column(x + 1));

    var sum = vec2<f32>(0.0);
    for (var down = -params.radius; down <= params.radius; down++) {
        let rows = vec3<u32>(row(y + down - 1), row(y + down), row(y + down + 1));
        // Three columns move along together, so that each is loaded once.
        var left = other_column(rows, column(x - params.radius - 1));
        var middle = other_column(rows, column(x - params.radius));
        for (var across = -params.radius; across <= params.radius; across++) {
            let right = other_column(rows, column(x + across + 1));
            let l = left - own_left;
            let m = middle - own_middle;
            let r = right - own_right;
            let columns = 0.25 * (l * l + r * r) + 0.5 * (m * m);
            let distance = 0.25 * (columns.x + columns.z) + 0.5 * columns.y;
            let closeness = clamp((params.distance_max - distance) * params.weight_scale, 0.0, 1.0);
            let weight = closeness * closeness;
            sum += weight * vec2<f32>(middle.y, 1.0);
            left = middle;
            middle = right;
        }
    }
    let i = id.y * params.width + id.x;
    if (params.begin == 0u) {
        sum += sums[i];
    }
    sums[i] = sum;
}
