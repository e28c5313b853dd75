// Changes the height of one plane with weights from a table: `taps` for each output row, from `firsts[row]` on. The table has
// the edges folded in, so no tap lies outside the column.

struct Params {
    width: u32,
    target_height: u32,
    taps: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> firsts: array<u32>;
// weights[tap * target_height + row]
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> source: array<f32>;
@group(0) @binding(4) var<storage, read_write> resampled: array<f32>;

@compute @workgroup_size(64)
fn resample_down(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.width || id.y >= params.target_height) {
        return;
    }
    let first = firsts[id.y] * params.width + id.x;
    var sum = 0.0;
    for (var tap = 0u; tap < params.taps; tap++) {
        sum += weights[tap * params.target_height + id.y] * source[first + tap * params.width];
    }
    resampled[id.y * params.width + id.x] = sum;
}
