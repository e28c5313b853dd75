// Convolution in which every channel sees only itself: one invocation makes one pixel of four channels.
//#variants REAL: f32 f16
//#include shared/net_conv.wgsl

// For each tap the weights of every channel, four matrices' rows to sixteen channels.
@group(0) @binding(2) var<storage, read> weights: array<mat4x4<f32>>;

override KERNEL_WIDTH: u32 = 3u;
override KERNEL_HEIGHT: u32 = 3u;
override STRIDE_X: u32 = 1u;
override STRIDE_Y: u32 = 1u;
override DILATION_X: u32 = 1u;
override DILATION_Y: u32 = 1u;

@compute @workgroup_size(8, 8, 1)
fn net_conv_depthwise(@builtin(global_invocation_id) id: vec3<u32>) {
    let block = id.z % params.out_blocks;
    let n = id.z / params.out_blocks;
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    var sum = extras[block];
    for (var ky = 0u; ky < KERNEL_HEIGHT; ky++) {
        let y = i32(id.y * STRIDE_Y + ky * DILATION_Y) - params.pad_y;
        for (var kx = 0u; kx < KERNEL_WIDTH; kx++) {
            let x = i32(id.x * STRIDE_X + kx * DILATION_X) - params.pad_x;
            let place = (ky * KERNEL_WIDTH + kx) * params.out_blocks + block;
            sum = fma(source_at(n, block, x, y), weights[place / 4u][place % 4u], sum);
        }
    }
    finish(n, block, id.x, id.y, sum);
}
