// Takes samples of a picture where a grid says: (x, y) in -1..1, or in pixels from the output's own place (WARP).
//#variants REAL: f32 f16

struct Params {
    in_width: u32,
    in_height: u32,
    out_width: u32,
    out_height: u32,
    blocks: u32,
    from_first: u32,
    from_total: u32,
    to_first: u32,
    to_total: u32,
    // Elements from one place of the grid to the next, from a place's x to its y, and from picture to picture.
    grid_place: u32,
    grid_y: u32,
    grid_picture: u32,
    grid_offset: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<REAL>>;
@group(0) @binding(2) var<storage, read> grid: array<REAL>;
@group(0) @binding(3) var<storage, read_write> result: array<vec4<REAL>>;

const SAMPLE_LINEAR: u32 = 0u;
const SAMPLE_NEAREST: u32 = 1u;
const SAMPLE_CUBIC: u32 = 2u;
const OUTSIDE_ZEROS: u32 = 0u;
const OUTSIDE_BORDER: u32 = 1u;
const OUTSIDE_REFLECTION: u32 = 2u;
const CUBIC_A: f32 = -0.75;

override SAMPLING: u32 = 0u;
override OUTSIDE: u32 = 0u;
override ALIGN_CORNERS: u32 = 0u;
override WARP: u32 = 0u;

fn reflected(x: f32, length: f32) -> f32 {
    // The picture's edges: the centres of its edge pixels, or their outer edges.
    let low = select(-0.5, 0.0, ALIGN_CORNERS == 1u);
    let span = select(length, length - 1.0, ALIGN_CORNERS == 1u);
    if (span <= 0.0) {
        return 0.0;
    }
    let way = abs(x - low);
    let folds = floor(way / span);
    let rest = way - folds * span;
    let odd = folds - 2.0 * floor(0.5 * folds) == 1.0;
    return select(rest, span - rest, odd) + low;
}

fn held_inside(x: f32, length: f32) -> f32 {
    switch OUTSIDE {
        case OUTSIDE_BORDER: { return clamp(x, 0.0, length - 1.0); }
        case OUTSIDE_REFLECTION: { return clamp(reflected(x, length), 0.0, length - 1.0); }
        default: { return x; }
    }
}

fn picture_place(g: f32, length: f32) -> f32 {
    return select(((g + 1.0) * length - 1.0) * 0.5, (g + 1.0) * 0.5 * (length - 1.0), ALIGN_CORNERS == 1u);
}

fn taken(first: u32, x: f32, y: f32) -> vec4<f32> {
    let at = vec2(held_inside(x, f32(params.in_width)), held_inside(y, f32(params.in_height)));
    let inside = at.x >= 0.0 && at.y >= 0.0 && at.x < f32(params.in_width) && at.y < f32(params.in_height);
    if (!inside) {
        return vec4<f32>();
    }
    return vec4<f32>(source[(first + u32(at.y)) * params.in_width + u32(at.x)]);
}

fn cubic_weights(t: f32) -> vec4<f32> {
    let u = vec4(1.0 + t, t, 1.0 - t, 2.0 - t);
    let near = ((CUBIC_A + 2.0) * u - (CUBIC_A + 3.0)) * u * u + 1.0;
    let far = ((CUBIC_A * u - 5.0 * CUBIC_A) * u + 8.0 * CUBIC_A) * u - 4.0 * CUBIC_A;
    return vec4(far.x, near.y, near.z, far.w);
}

fn sampled(first: u32, x: f32, y: f32) -> vec4<f32> {
    if (SAMPLING == SAMPLE_NEAREST) {
        return taken(first, round(x), round(y));
    }
    let left = floor(x);
    let top = floor(y);
    if (SAMPLING == SAMPLE_CUBIC) {
        let across = cubic_weights(x - left);
        let down = cubic_weights(y - top);
        var sum = vec4<f32>();
        for (var j = 0u; j < 4u; j++) {
            for (var i = 0u; i < 4u; i++) {
                sum += across[i] * down[j] * taken(first, left + f32(i) - 1.0, top + f32(j) - 1.0);
            }
        }
        return sum;
    }
    let upper = mix(taken(first, left, top), taken(first, left + 1.0, top), x - left);
    let lower = mix(taken(first, left, top + 1.0), taken(first, left + 1.0, top + 1.0), x - left);
    return mix(upper, lower, y - top);
}

@compute @workgroup_size(8, 8, 1)
fn net_grid_sample(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let n = id.z / params.blocks;
    let block = id.z % params.blocks;
    let first = (n * params.from_total + params.from_first + block) * params.in_height;
    let place = params.grid_offset + n * params.grid_picture + (id.y * params.out_width + id.x) * params.grid_place;
    let g = vec2(f32(grid[place]), f32(grid[place + params.grid_y]));
    var at = vec2(picture_place(g.x, f32(params.in_width)), picture_place(g.y, f32(params.in_height)));
    if (WARP == 1u) {
        at = vec2<f32>(id.xy) + g;
    }
    // A place held inside before its neighbours are looked up takes the edge's value exactly.
    if (OUTSIDE != OUTSIDE_ZEROS && SAMPLING != SAMPLE_CUBIC) {
        at = vec2(held_inside(at.x, f32(params.in_width)), held_inside(at.y, f32(params.in_height)));
    }
    let to_row = (n * params.to_total + params.to_first + block) * params.out_height + id.y;
    result[to_row * params.out_width + id.x] = vec4<REAL>(sampled(first, at.x, at.y));
}
