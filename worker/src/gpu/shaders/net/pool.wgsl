// The largest or the mean of a window.
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
    kernel_x: u32,
    kernel_y: u32,
    stride_x: u32,
    stride_y: u32,
    dilation_x: u32,
    dilation_y: u32,
    pad_x: i32,
    pad_y: i32,
    // Padding right of and below the input that counts as zeros in a mean; all of it counts only where count_padding is 1.
    pad_end_x: i32,
    pad_end_y: i32,
    count_padding: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<REAL>>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4<REAL>>;

override LARGEST: u32 = 1u;

@compute @workgroup_size(8, 8, 1)
fn net_pool(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let n = id.z / params.blocks;
    let block = id.z % params.blocks;
    let first = (n * params.from_total + params.from_first + block) * params.in_height;
    var kept = vec4<f32>();
    var seen = 0u;
    var counted = 0u;
    for (var ky = 0u; ky < params.kernel_y; ky++) {
        let y = i32(id.y * params.stride_y + ky * params.dilation_y) - params.pad_y;
        for (var kx = 0u; kx < params.kernel_x; kx++) {
            let x = i32(id.x * params.stride_x + kx * params.dilation_x) - params.pad_x;
            let padded = x < i32(params.in_width) + params.pad_end_x && y < i32(params.in_height) + params.pad_end_y;
            counted += select(0u, 1u, padded);
            if (x < 0 || y < 0 || x >= i32(params.in_width) || y >= i32(params.in_height)) {
                continue;
            }
            let value = vec4<f32>(source[(first + u32(y)) * params.in_width + u32(x)]);
            if (LARGEST == 1u) {
                kept = select(max(kept, value), value, seen == 0u);
            } else {
                kept += value;
            }
            seen += 1u;
        }
    }
    if (LARGEST == 0u) {
        kept /= f32(max(select(seen, counted, params.count_padding == 1u), 1u));
    }
    let to_row = (n * params.to_total + params.to_first + block) * params.out_height + id.y;
    result[to_row * params.out_width + id.x] = vec4<REAL>(kept);
}
