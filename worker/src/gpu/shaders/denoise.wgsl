// Non-local means (Buades, Coll, Morel: A non-local algorithm for image denoising, 2005; over the frames of a film: Nonlocal
// image and movie denoising, 2008): the mean of all samples around, in this frame and in others, whose own surroundings look
// like this sample's. One pass adds one frame's samples to the sums.
//
// Surroundings are compared over 3x3 samples weighted (1 2 1) x (1 2 1) / 16. The weight of a sample falls to nothing at a
// distance that noise alone does not reach (Goossens et al.: An improved non-local denoising algorithm, 2008), and not
// towards nothing as an exponential does: what moved on, and the other side of an edge or of a cut, leaves no trace at all.
//
// One invocation makes four samples of a row, whose surroundings overlap: each value is loaded once for all four, and the
// distances of single columns are shared.

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

fn own(rows: vec3<u32>, x: i32) -> vec3<f32> {
    let at = column(x);
    return vec3<f32>(centre[rows.x + at], centre[rows.y + at], centre[rows.z + at]);
}

fn around(rows: vec3<u32>, x: i32) -> vec3<f32> {
    let at = column(x);
    return vec3<f32>(other[rows.x + at], other[rows.y + at], other[rows.z + at]);
}

// The part of one column in a distance.
fn apart(left: vec3<f32>, right: vec3<f32>) -> f32 {
    let d = left - right;
    let squared = d * d;
    return 0.25 * (squared.x + squared.z) + 0.5 * squared.y;
}

@compute @workgroup_size(8, 8)
fn denoise(@builtin(global_invocation_id) id: vec3<u32>) {
    let x = i32(4u * id.x);
    let y = i32(id.y);
    if (4u * id.x >= params.width || id.y >= params.height) {
        return;
    }
    let own_rows = vec3<u32>(row(y - 1), row(y), row(y + 1));
    let own0 = own(own_rows, x - 1);
    let own1 = own(own_rows, x);
    let own2 = own(own_rows, x + 1);
    let own3 = own(own_rows, x + 2);
    let own4 = own(own_rows, x + 3);
    let own5 = own(own_rows, x + 4);

    var values = vec4<f32>(0.0);
    var weights = vec4<f32>(0.0);
    for (var down = -params.radius; down <= params.radius; down++) {
        let rows = vec3<u32>(row(y + down - 1), row(y + down), row(y + down + 1));
        let begin = x - params.radius;
        // Six columns that move along together.
        var c0 = vec3<f32>(0.0);
        var c1 = around(rows, begin - 1);
        var c2 = around(rows, begin);
        var c3 = around(rows, begin + 1);
        var c4 = around(rows, begin + 2);
        var c5 = around(rows, begin + 3);
        for (var across = -params.radius; across <= params.radius; across++) {
            c0 = c1;
            c1 = c2;
            c2 = c3;
            c3 = c4;
            c4 = c5;
            c5 = around(rows, x + across + 4);
            let d0 = apart(c0, own0);
            let d1 = apart(c1, own1);
            let d2 = apart(c2, own2);
            let d3 = apart(c3, own3);
            let d4 = apart(c4, own4);
            let d5 = apart(c5, own5);
            let distance = 0.25 * (vec4<f32>(d0, d1, d2, d3) + vec4<f32>(d2, d3, d4, d5)) + 0.5 * vec4<f32>(d1, d2, d3, d4);
            let closeness = clamp((params.distance_max - distance) * params.weight_scale, vec4<f32>(0.0), vec4<f32>(1.0));
            // The very same picture here, as where a shot's end is repeated or a drawing is held, tells nothing new.
            let here = params.begin == 0u && across == 0 && down == 0;
            let same = vec4<bool>(here) & (distance == vec4<f32>(0.0));
            let weight = select(closeness * closeness, vec4<f32>(0.0), same);
            values += weight * vec4<f32>(c1.y, c2.y, c3.y, c4.y);
            weights += weight;
        }
    }
    let i = id.y * params.width + 4u * id.x;
    for (var k = 0u; k < min(4u, params.width - 4u * id.x); k++) {
        var sum = vec2<f32>(values[k], weights[k]);
        if (params.begin == 0u) {
            sum += sums[i + k];
        }
        sums[i + k] = sum;
    }
}
