//#variants REAL: f16
//#needs cooperative_matrix
// The rate of the matrix units, for `gpu bench`: four sums of products of 16 by 16 halves, kept in 32 bits, by each subgroup of 32.

struct Params {
    rounds: u32,
    // Words of one subgroup's sums.
    stride: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> factors: array<REAL>;
@group(0) @binding(2) var<storage, read_write> sums: array<f32>;

// Products and sums of one subgroup in one round: four times 2 * 16 * 16 * 16.
const MATRIX_ROUND_OPERATIONS: u32 = 32768u;

@compute @workgroup_size(32)
fn bench_matrix(@builtin(workgroup_id) group: vec3<u32>) {
    let left = coopLoad<coop_mat16x16<REAL, A>>(&factors[0], 16u);
    let right = coopLoad<coop_mat16x16<REAL, B>>(&factors[256], 16u);
    let base = group.x * params.stride;
    var a = coopLoad<coop_mat16x16<f32, C>>(&sums[base], 16u);
    var b = coopLoad<coop_mat16x16<f32, C>>(&sums[base + 256u], 16u);
    var c = coopLoad<coop_mat16x16<f32, C>>(&sums[base + 512u], 16u);
    var d = coopLoad<coop_mat16x16<f32, C>>(&sums[base + 768u], 16u);
    for (var round = 0u; round < params.rounds; round++) {
        a = coopMultiplyAdd(left, right, a);
        b = coopMultiplyAdd(left, right, b);
        c = coopMultiplyAdd(left, right, c);
        d = coopMultiplyAdd(left, right, d);
    }
    coopStore(a, &sums[base], 16u);
    coopStore(b, &sums[base + 256u], 16u);
    coopStore(c, &sums[base + 512u], 16u);
    coopStore(d, &sums[base + 768u], 16u);
}
