// Convolution the plain way: one invocation makes one pixel of four output channels. Any kernel, stride, dilation and grouping
// in fours. The other kernels are measured against this one.
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

@compute @workgroup_size(8, 8, 1)
fn net_conv_plain(@builtin(global_invocation_id) id: vec3<u32>) {
    let block = id.z % params.out_blocks;
    let n = id.z / params.out_blocks;
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let first = block / params.group_blocks * params.in_blocks;
    var sum = extras[block];
    for (var c = 0u; c < params.in_blocks; c++) {
        for (var ky = 0u; ky < KERNEL_HEIGHT; ky++) {
            let y = i32(id.y * STRIDE_Y + ky * DILATION_Y) - params.pad_y;
            for (var kx = 0u; kx < KERNEL_WIDTH; kx++) {
                let x = i32(id.x * STRIDE_X + kx * DILATION_X) - params.pad_x;
                let tap = (c * KERNEL_HEIGHT + ky) * KERNEL_WIDTH + kx;
                sum = multiply_add(sum, source_at(n, first + c, x, y), weights[tap * params.out_blocks + block]);
            }
        }
    }
    finish(n, block, id.x, id.y, sum);
}
