// A frame's field of grain, blurred along the rows: noise that is a function of the seed, the frame's number and the place
// alone, so that every worker finds the same whatever it renders. Sums of three hashed numbers stand in for the bell curve,
// which the blur brings closer still. The field has `radius` rows more than the plane above and below.

//#include shared/hash.wgsl

struct Params {
    width: u32,
    rows: u32,
    // Of the whole picture, the row that the plane begins at.
    first_row: u32,
    // Taps on either side.
    radius: u32,
    // Frames by which the picture lags behind the number.
    delay: u32,
    seed_x: u32,
    seed_y: u32,
    seed_z: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> number: array<u32>;
// The squares of the 2 * radius + 1 taps sum to 1: the blur keeps the variance.
@group(0) @binding(2) var<storage, read> taps: array<f32>;
@group(0) @binding(3) var<storage, read_write> field: array<f32>;

// Mean 0 and variance 1.
fn white(x: u32, y: u32, frame: u32) -> f32 {
    // 22 bits of each: their sum is exact in f32.
    let random = pcg3d(vec3<u32>(x ^ params.seed_x, y ^ params.seed_y, frame + params.seed_z)) >> vec3<u32>(10u);
    return (f32(random.x + random.y + random.z) / 4194304.0 - 1.5) * 2.0;
}

@compute @workgroup_size(64)
fn grain_field(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.rows) {
        return;
    }
    // Counted round at 2^32: places left of and above the frame, and numbers before the first, are places like others.
    let frame = number[0] - params.delay;
    var sum = 0.0;
    for (var tap = 0u; tap <= 2u * params.radius; tap++) {
        sum += taps[tap] * white(id.x + tap - params.radius, id.y + params.first_row - params.radius, frame);
    }
    field[id.y * params.width + id.x] = sum;
}
