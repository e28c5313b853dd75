// Convolution of any kernel, stride and dilation: one invocation makes four pixels of a row, two blocks of output channels each,
// so that every weight read serves four pixels and every value read two blocks.
//#variants REAL: f32 f16
//#include shared/net_conv.wgsl

// Row i of a matrix is input channel i, column j output channel j:
// weights[((in_block * kernel_height + ky) * kernel_width + kx) * out_blocks + out_block]
@group(0) @binding(2) var<storage, read> weights: array<mat4x4<f32>>;

override KERNEL_WIDTH: u32 = 3u;
override KERNEL_HEIGHT: u32 = 3u;
override STRIDE_X: u32 = 1u;
override STRIDE_Y: u32 = 1u;
override DILATION_X: u32 = 1u;
override DILATION_Y: u32 = 1u;

// Pixels of one invocation.
const BLOCK_PIXELS: u32 = 4u;

struct Four {
    a: vec4<f32>,
    b: vec4<f32>,
    c: vec4<f32>,
    d: vec4<f32>,
}

fn accumulate(sums: Four, values: Four, m: mat4x4<f32>) -> Four {
    return Four(
        multiply_add(sums.a, values.a, m),
        multiply_add(sums.b, values.b, m),
        multiply_add(sums.c, values.c, m),
        multiply_add(sums.d, values.d, m),
    );
}

fn store(n: u32, block: u32, x: u32, y: u32, sums: Four) {
    finish(n, block, x, y, sums.a);
    finish(n, block, x + 1u, y, sums.b);
    finish(n, block, x + 2u, y, sums.c);
    finish(n, block, x + 3u, y, sums.d);
}

@compute @workgroup_size(8, 8, 1)
fn net_conv_block(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pairs = (params.out_blocks + 1u) / 2u;
    let n = group.z / pairs;
    let low = group.z % pairs * 2u;
    let left = id.x * BLOCK_PIXELS;
    if (left >= params.out_width || id.y >= params.out_height) {
        return;
    }
    // The last block of an odd number is made twice; only its first making is stored. Both blocks belong to one group.
    let high = min(low + 1u, params.out_blocks - 1u);
    let first = low / params.group_blocks * params.in_blocks;
    var lows = Four(extras[low], extras[low], extras[low], extras[low]);
    var highs = Four(extras[high], extras[high], extras[high], extras[high]);
    let step = i32(STRIDE_X);
    for (var c = 0u; c < params.in_blocks; c++) {
        for (var ky = 0u; ky < KERNEL_HEIGHT; ky++) {
            let y = i32(id.y * STRIDE_Y + ky * DILATION_Y) - params.pad_y;
            for (var kx = 0u; kx < KERNEL_WIDTH; kx++) {
                let x = i32(left * STRIDE_X + kx * DILATION_X) - params.pad_x;
                let values = Four(
                    source_at(n, first + c, x, y),
                    source_at(n, first + c, x + step, y),
                    source_at(n, first + c, x + 2 * step, y),
                    source_at(n, first + c, x + 3 * step, y),
                );
                let tap = ((c * KERNEL_HEIGHT + ky) * KERNEL_WIDTH + kx) * params.out_blocks;
                lows = accumulate(lows, values, weights[tap + low]);
                highs = accumulate(highs, values, weights[tap + high]);
            }
        }
    }
    store(n, low, left, id.y, lows);
    if (high != low) {
        store(n, high, left, id.y, highs);
    }
}
