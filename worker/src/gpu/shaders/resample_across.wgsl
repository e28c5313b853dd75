// Changes the width of one plane with weights from a table: `taps` for each output column, from `firsts[column]` on. The table
// has the edges folded in, so no tap lies outside the row.

struct Params {
    source_width: u32,
    target_width: u32,
    height: u32,
    taps: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> firsts: array<u32>;
// weights[tap * target_width + column]
@group(0) @binding(2) var<storage, read> weights: array<f32>;
@group(0) @binding(3) var<storage, read> source: array<f32>;
@group(0) @binding(4) var<storage, read_write> resampled: array<f32>;

@compute @workgroup_size(64)
fn resample_across(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.target_width || id.y >= params.height) {
        return;
    }
    let first = id.y * params.source_width + firsts[id.x];
    var sum = 0.0;
    for (var tap = 0u; tap < params.taps; tap++) {
        sum += weights[tap * params.target_width + id.x] * source[first + tap];
    }
    resampled[id.y * params.target_width + id.x] = sum;
}
