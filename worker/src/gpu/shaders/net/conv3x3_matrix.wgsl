// 3x3 convolution of stride 1 on matrix units: a workgroup makes 16 by 8 pixels of 64 output channels. Sixteen input channels at a
// time are laid out in shared memory, pixel by pixel; then each tap is a product of 16 pixels by 16 channels with 16 by 16
// weights, f16 factors and f32 sums. The sums' order is the hardware's, so bits differ from the other kernels'.
//#variants REAL: f16
//#needs subgroups
//#needs cooperative_matrix
//#include shared/net_conv.wgsl

// weights[(((chunk * 9 + tap) * column_tiles + tile) * 16 + input) * 16 + output], chunks and tiles of sixteen channels, tiles
// padded to whole groups of MATRIX_TILES.
@group(0) @binding(2) var<storage, read> weights: array<f16>;

// Pixels of a workgroup, and tiles of sixteen output channels.
const MATRIX_COLUMNS: u32 = 16u;
const MATRIX_ROWS: u32 = 8u;
const MATRIX_TILES: u32 = 4u;
// Channels that a product takes at once.
const MATRIX_DEPTH: u32 = 16u;

// The tile with the neighbours that its edges see: 10 rows of 18 pixels.
var<workgroup> staged: array<f16, 2880>;
// A place of sixteen by sixteen sums for each of four subgroups.
var<workgroup> sums: array<f32, 1024>;

fn stage(n: u32, chunk: u32, left: i32, top: i32, id: u32) {
    for (var i = id; i < 720u; i += 128u) {
        let pixel = i / 4u;
        let block = chunk * 4u + i % 4u;
        var value = vec4<f16>();
        if (block < params.in_blocks) {
            value = vec4<f16>(source_at(n, block, left + i32(pixel % 18u), top + i32(pixel / 18u)));
        }
        staged[i * 4u] = value.x;
        staged[i * 4u + 1u] = value.y;
        staged[i * 4u + 2u] = value.z;
        staged[i * 4u + 3u] = value.w;
    }
}

@compute @workgroup_size(128)
fn net_conv3x3_matrix(
    @builtin(local_invocation_index) id: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(subgroup_invocation_id) lane: u32,
    @builtin(subgroup_size) lanes: u32,
) {
    let tiles = (params.out_blocks + 15u) / 16u;
    let all_tiles = tiles * MATRIX_TILES;
    let n = group.z / tiles;
    let first_tile = group.z % tiles * MATRIX_TILES;
    let left = group.x * MATRIX_COLUMNS;
    let top = group.y * MATRIX_ROWS;
    // Each of four subgroups makes two rows. Subgroups are of 32 invocations: the choice of kernels sees to it.
    let row = subgroup * 2u;
    let nothing = coop_mat16x16<f32, C>();
    var upper_0 = nothing;
    var upper_1 = nothing;
    var upper_2 = nothing;
    var upper_3 = nothing;
    var lower_0 = nothing;
    var lower_1 = nothing;
    var lower_2 = nothing;
    var lower_3 = nothing;
    let chunks = (params.in_blocks + 3u) / 4u;
    for (var chunk = 0u; chunk < chunks; chunk++) {
        workgroupBarrier();
        stage(n, chunk, i32(left) - params.pad_x, i32(top) - params.pad_y, id);
        workgroupBarrier();
        for (var tap = 0u; tap < 9u; tap++) {
            let place = ((row + tap / 3u) * 18u + tap % 3u) * MATRIX_DEPTH;
            let upper = coopLoadT<coop_mat16x16<f16, A>>(&staged[place], MATRIX_DEPTH);
            let lower = coopLoadT<coop_mat16x16<f16, A>>(&staged[place + 288u], MATRIX_DEPTH);
            let first = ((chunk * 9u + tap) * all_tiles + first_tile) * 256u;
            let b_0 = coopLoadT<coop_mat16x16<f16, B>>(&weights[first], MATRIX_DEPTH);
            let b_1 = coopLoadT<coop_mat16x16<f16, B>>(&weights[first + 256u], MATRIX_DEPTH);
            let b_2 = coopLoadT<coop_mat16x16<f16, B>>(&weights[first + 512u], MATRIX_DEPTH);
            let b_3 = coopLoadT<coop_mat16x16<f16, B>>(&weights[first + 768u], MATRIX_DEPTH);
            upper_0 = coopMultiplyAdd(upper, b_0, upper_0);
            upper_1 = coopMultiplyAdd(upper, b_1, upper_1);
            upper_2 = coopMultiplyAdd(upper, b_2, upper_2);
            upper_3 = coopMultiplyAdd(upper, b_3, upper_3);
            lower_0 = coopMultiplyAdd(lower, b_0, lower_0);
            lower_1 = coopMultiplyAdd(lower, b_1, lower_1);
            lower_2 = coopMultiplyAdd(lower, b_2, lower_2);
            lower_3 = coopMultiplyAdd(lower, b_3, lower_3);
        }
    }
    let own = subgroup * 256u;
    for (var part = 0u; part < 8u; part++) {
        workgroupBarrier();
        switch part {
            case 0u: { coopStoreT(upper_0, &sums[own], 16u); }
            case 1u: { coopStoreT(upper_1, &sums[own], 16u); }
            case 2u: { coopStoreT(upper_2, &sums[own], 16u); }
            case 3u: { coopStoreT(upper_3, &sums[own], 16u); }
            case 4u: { coopStoreT(lower_0, &sums[own], 16u); }
            case 5u: { coopStoreT(lower_1, &sums[own], 16u); }
            case 6u: { coopStoreT(lower_2, &sums[own], 16u); }
            default: { coopStoreT(lower_3, &sums[own], 16u); }
        }
        workgroupBarrier();
        // Sixteen pixels of four blocks: each invocation finishes some.
        for (var i = lane; i < 64u; i += lanes) {
            let pixel = i % 16u;
            let block = (first_tile + part % 4u) * 4u + i / 16u;
            let place = own + pixel * 16u + i / 16u * 4u;
            if (block < params.out_blocks) {
                let sum = vec4(sums[place], sums[place + 1u], sums[place + 2u], sums[place + 3u]) + extras[block];
                finish(n, block, left + pixel, top + row + part / 4u, sum);
            }
        }
    }
}
