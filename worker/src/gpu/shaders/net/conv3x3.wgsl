// 3x3 convolution of stride 1: one invocation makes eight pixels of a row in two blocks of output channels. Each value read
// serves three taps and two blocks, each weight eight pixels.
//#variants REAL: f32 f16
//#include shared/net_conv_row.wgsl

@compute @workgroup_size(8, 8, 1)
fn net_conv3x3(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let pairs = (params.out_blocks + 1u) / 2u;
    let n = group.z / pairs;
    let low = group.z % pairs * 2u;
    let left = id.x * ROW_PIXELS;
    if (left >= params.out_width || id.y >= params.out_height) {
        return;
    }
    // The last block of an odd number is made twice; only its first making is stored. Both blocks belong to one group.
    let high = min(low + 1u, params.out_blocks - 1u);
    let first = low / params.group_blocks * params.in_blocks;
    var lows = eight_of(extras[low]);
    var highs = eight_of(extras[high]);
    for (var c = 0u; c < params.in_blocks; c++) {
        for (var ky = 0u; ky < 3u; ky++) {
            let values = ten_at(n, first + c, i32(left) - params.pad_x, i32(id.y + ky) - params.pad_y);
            let tap = (c * 3u + ky) * 3u * params.out_blocks;
            lows = accumulate(lows, left_of(values), weights[tap + low]);
            highs = accumulate(highs, left_of(values), weights[tap + high]);
            lows = accumulate(lows, middle_of(values), weights[tap + params.out_blocks + low]);
            highs = accumulate(highs, middle_of(values), weights[tap + params.out_blocks + high]);
            lows = accumulate(lows, right_of(values), weights[tap + 2u * params.out_blocks + low]);
            highs = accumulate(highs, right_of(values), weights[tap + 2u * params.out_blocks + high]);
        }
    }
    store(n, low, left, id.y, lows);
    if (high != low) {
        store(n, high, left, id.y, highs);
    }
}
