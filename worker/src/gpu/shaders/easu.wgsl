// FSR 1, first half: edge adaptive spatial upsampling of coded R'G'B' in 0..1 (GPUOpen-Effects/FidelityFX-FSR:
// ffx-fsr/ffx_fsr1.h). Twelve taps around the output sample, named as there:
//
//     b c
//   e f g h      f is the texel at or before the sample
//   i j k l
//     n o

// Below this squared length an edge has no direction.
const DIRECTION_MIN: f32 = 0.000030517578125;
// The strength of the negative lobe along a sharp edge, above the 1/4 that gives none.
const LOBE_CHANGE: f32 = -0.29;

struct Params {
    source_width: u32,
    source_height: u32,
    target_width: u32,
    target_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// The texel at or before each output, and how far beyond it the output lies.
@group(0) @binding(1) var<storage, read> columns: array<vec2<f32>>;
@group(0) @binding(2) var<storage, read> rows: array<vec2<f32>>;
@group(0) @binding(3) var<storage, read> red: array<f32>;
@group(0) @binding(4) var<storage, read> green: array<f32>;
@group(0) @binding(5) var<storage, read> blue: array<f32>;
@group(0) @binding(6) var<storage, read_write> scaled_red: array<f32>;
@group(0) @binding(7) var<storage, read_write> scaled_green: array<f32>;
@group(0) @binding(8) var<storage, read_write> scaled_blue: array<f32>;

fn texel(x: i32, y: i32) -> vec3<f32> {
    let column = u32(clamp(x, 0, i32(params.source_width) - 1));
    let row = u32(clamp(y, 0, i32(params.source_height) - 1));
    let i = row * params.source_width + column;
    return vec3<f32>(red[i], green[i], blue[i]);
}

fn brightness(colour: vec3<f32>) -> f32 {
    return 0.5 * colour.x + colour.y + 0.5 * colour.z;
}

// How much of a change from `before` over `centre` to `after` is one edge: 0 for a thin line or nothing, 1 for a ramp.
fn edge(before: f32, centre: f32, after: f32) -> f32 {
    let steepest = max(abs(after - centre), abs(centre - before));
    if (steepest == 0.0) {
        return 0.0;
    }
    let share = clamp(abs(after - before) / steepest, 0.0, 1.0);
    return share * share;
}

// Direction (xy) and edge length (z) of the plus around one centre, times its weight.
fn analyse(weight: f32, up: f32, left: f32, centre: f32, right: f32, down: f32) -> vec3<f32> {
    return weight * vec3<f32>(right - left, down - up, edge(left, centre, right) + edge(up, centre, down));
}

struct Kernel {
    direction: vec2<f32>,
    stretch: vec2<f32>,
    lobe: f32,
}

// Weight of a texel at `offset` from the sample.
fn tap(offset: vec2<f32>, kernel: Kernel) -> f32 {
    let along = (offset.x * kernel.direction.x + offset.y * kernel.direction.y) * kernel.stretch.x;
    let across = (offset.y * kernel.direction.x - offset.x * kernel.direction.y) * kernel.stretch.y;
    let distance_squared = min(along * along + across * across, 1.0 / kernel.lobe);
    let base = 0.4 * distance_squared - 1.0;
    let window = kernel.lobe * distance_squared - 1.0;
    return (1.5625 * base * base - 0.5625) * window * window;
}

fn shape(found: vec3<f32>) -> Kernel {
    var direction = found.xy;
    let squared = direction.x * direction.x + direction.y * direction.y;
    if (squared < DIRECTION_MIN) {
        direction = vec2<f32>(1.0, 0.0);
    } else {
        direction = direction / sqrt(squared);
    }
    let half_length = 0.5 * found.z;
    let length = half_length * half_length;
    let diagonal = (direction.x * direction.x + direction.y * direction.y) / max(abs(direction.x), abs(direction.y));
    let stretch = vec2<f32>(1.0 + (diagonal - 1.0) * length, 1.0 - 0.5 * length);
    return Kernel(direction, stretch, 0.5 + LOBE_CHANGE * length);
}

@compute @workgroup_size(8, 8)
fn easu(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.target_width || id.y >= params.target_height) {
        return;
    }
    let px = columns[id.x];
    let py = rows[id.y];
    let x = i32(px.x);
    let y = i32(py.x);
    let u = px.y;
    let v = py.y;

    let b = texel(x, y - 1);
    let c = texel(x + 1, y - 1);
    let e = texel(x - 1, y);
    let f = texel(x, y);
    let g = texel(x + 1, y);
    let h = texel(x + 2, y);
    let i = texel(x - 1, y + 1);
    let j = texel(x, y + 1);
    let k = texel(x + 1, y + 1);
    let l = texel(x + 2, y + 1);
    let n = texel(x, y + 2);
    let o = texel(x + 1, y + 2);

    let bl = brightness(b);
    let cl = brightness(c);
    let el = brightness(e);
    let fl = brightness(f);
    let gl = brightness(g);
    let hl = brightness(h);
    let il = brightness(i);
    let jl = brightness(j);
    let kl = brightness(k);
    let ll = brightness(l);
    let nl = brightness(n);
    let ol = brightness(o);

    let found = analyse((1.0 - u) * (1.0 - v), bl, el, fl, gl, jl)
        + analyse(u * (1.0 - v), cl, fl, gl, hl, kl)
        + analyse((1.0 - u) * v, fl, il, jl, kl, nl)
        + analyse(u * v, gl, jl, kl, ll, ol);
    let kernel = shape(found);

    let wb = tap(vec2<f32>(0.0 - u, -1.0 - v), kernel);
    let wc = tap(vec2<f32>(1.0 - u, -1.0 - v), kernel);
    let we = tap(vec2<f32>(-1.0 - u, 0.0 - v), kernel);
    let wf = tap(vec2<f32>(0.0 - u, 0.0 - v), kernel);
    let wg = tap(vec2<f32>(1.0 - u, 0.0 - v), kernel);
    let wh = tap(vec2<f32>(2.0 - u, 0.0 - v), kernel);
    let wi = tap(vec2<f32>(-1.0 - u, 1.0 - v), kernel);
    let wj = tap(vec2<f32>(0.0 - u, 1.0 - v), kernel);
    let wk = tap(vec2<f32>(1.0 - u, 1.0 - v), kernel);
    let wl = tap(vec2<f32>(2.0 - u, 1.0 - v), kernel);
    let wn = tap(vec2<f32>(0.0 - u, 2.0 - v), kernel);
    let wo = tap(vec2<f32>(1.0 - u, 2.0 - v), kernel);

    let sum = b * wb + c * wc + e * we + f * wf + g * wg + h * wh + i * wi + j * wj + k * wk + l * wl + n * wn + o * wo;
    let weights = wb + wc + we + wf + wg + wh + wi + wj + wk + wl + wn + wo;
    let low = min(min(f, g), min(j, k));
    let high = max(max(f, g), max(j, k));
    let result = min(max(sum / weights, low), high);

    let out = id.y * params.target_width + id.x;
    scaled_red[out] = result.x;
    scaled_green[out] = result.y;
    scaled_blue[out] = result.z;
}
