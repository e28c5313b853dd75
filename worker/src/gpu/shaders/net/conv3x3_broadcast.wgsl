// 3x3 convolution of stride 1 like `conv3x3`, for devices on which reading one address by all invocations of a subgroup costs
// as much as reading as many addresses (software Vulkan): eight invocations read a weight matrix together, two numbers each, and
// hand them round.
//#variants REAL: f32 f16
//#needs subgroups
//#include shared/net_conv_row.wgsl

// Invocations of a workgroup in a row; it has four rows. Subgroups are of eight or more.
const ROW_GROUP_COLUMNS: u32 = 8u;

fn handed_round(matrix: u32, lane: u32) -> mat4x4<f32> {
    let even = weights[matrix][lane / 4u][lane % 4u];
    let odd = weights[matrix][2u + lane / 4u][lane % 4u];
    return mat4x4<f32>(
        vec4(subgroupBroadcast(even, 0u), subgroupBroadcast(even, 1u), subgroupBroadcast(even, 2u), subgroupBroadcast(even, 3u)),
        vec4(subgroupBroadcast(even, 4u), subgroupBroadcast(even, 5u), subgroupBroadcast(even, 6u), subgroupBroadcast(even, 7u)),
        vec4(subgroupBroadcast(odd, 0u), subgroupBroadcast(odd, 1u), subgroupBroadcast(odd, 2u), subgroupBroadcast(odd, 3u)),
        vec4(subgroupBroadcast(odd, 4u), subgroupBroadcast(odd, 5u), subgroupBroadcast(odd, 6u), subgroupBroadcast(odd, 7u)),
    );
}

@compute @workgroup_size(32)
fn net_conv3x3_broadcast(
    @builtin(local_invocation_id) id: vec3<u32>,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_invocation_id) invocation: u32,
) {
    let lane = invocation % 8u;
    let pairs = (params.out_blocks + 1u) / 2u;
    let n = group.z / pairs;
    let low = group.z % pairs * 2u;
    // No invocation may leave before the end: each holds weights that the others need.
    let left = (group.x * ROW_GROUP_COLUMNS + id.x % ROW_GROUP_COLUMNS) * ROW_PIXELS;
    let row = group.y * 4u + id.x / ROW_GROUP_COLUMNS;
    let high = min(low + 1u, params.out_blocks - 1u);
    let first = low / params.group_blocks * params.in_blocks;
    var lows = eight_of(extras[low]);
    var highs = eight_of(extras[high]);
    for (var c = 0u; c < params.in_blocks; c++) {
        for (var ky = 0u; ky < 3u; ky++) {
            let values = ten_at(n, first + c, i32(left) - params.pad_x, i32(row + ky) - params.pad_y);
            let tap = (c * 3u + ky) * 3u * params.out_blocks;
            lows = accumulate(lows, left_of(values), handed_round(tap + low, lane));
            highs = accumulate(highs, left_of(values), handed_round(tap + high, lane));
            lows = accumulate(lows, middle_of(values), handed_round(tap + params.out_blocks + low, lane));
            highs = accumulate(highs, middle_of(values), handed_round(tap + params.out_blocks + high, lane));
            lows = accumulate(lows, right_of(values), handed_round(tap + 2u * params.out_blocks + low, lane));
            highs = accumulate(highs, right_of(values), handed_round(tap + 2u * params.out_blocks + high, lane));
        }
    }
    store(n, low, left, row, lows);
    if (high != low) {
        store(n, high, left, row, highs);
    }
}
