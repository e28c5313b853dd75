// Resizes pictures by weights from tables: each output column (and row) has `taps` input columns and a weight for each. The
// table has edges, rounding and every way of placing samples folded in.
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
    taps_x: u32,
    taps_y: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// places[tap * out_width + x] for columns, after them the same for rows
@group(0) @binding(1) var<storage, read> places: array<u32>;
// in the same order
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> source: array<vec4<REAL>>;
@group(0) @binding(4) var<storage, read_write> result: array<vec4<REAL>>;

@compute @workgroup_size(8, 8, 1)
fn net_resize(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let n = id.z / params.blocks;
    let block = id.z % params.blocks;
    let first = (n * params.from_total + params.from_first + block) * params.in_height;
    let rows = params.taps_x * params.out_width;
    var sum = vec4<f32>();
    for (var ky = 0u; ky < params.taps_y; ky++) {
        let tap_y = rows + ky * params.out_height + id.y;
        let row = (first + places[tap_y]) * params.in_width;
        var line = vec4<f32>();
        for (var kx = 0u; kx < params.taps_x; kx++) {
            let tap_x = kx * params.out_width + id.x;
            line = fma(vec4(weights[tap_x]), vec4<f32>(source[row + places[tap_x]]), line);
        }
        sum = fma(vec4(weights[tap_y]), line, sum);
    }
    let to_row = (n * params.to_total + params.to_first + block) * params.out_height + id.y;
    result[to_row * params.out_width + id.x] = vec4<REAL>(sum);
}
