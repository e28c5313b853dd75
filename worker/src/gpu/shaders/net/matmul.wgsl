// Products of matrices: one invocation makes four neighbouring elements of a row.
//#variants REAL: f32 f16

struct Params {
    batch: u32,
    rows: u32,
    columns: u32,
    depth: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
// Where the two matrices of each product begin.
@group(0) @binding(1) var<storage, read> offsets: array<u32>;
@group(0) @binding(2) var<storage, read> left: array<REAL>;
@group(0) @binding(3) var<storage, read> right: array<REAL>;
@group(0) @binding(4) var<storage, read_write> result: array<REAL>;

// Elements of one invocation.
const MATMUL_COLUMNS: u32 = 4u;

@compute @workgroup_size(16, 4, 1)
fn net_matmul(@builtin(global_invocation_id) id: vec3<u32>) {
    let column = id.x * MATMUL_COLUMNS;
    if (column >= params.columns || id.y >= params.rows || id.z >= params.batch) {
        return;
    }
    let row = offsets[2u * id.z] + id.y * params.depth;
    let first = offsets[2u * id.z + 1u] + column;
    let end = min(params.columns - column, MATMUL_COLUMNS);
    var sum = vec4<f32>();
    for (var k = 0u; k < params.depth; k++) {
        let place = first + k * params.columns;
        var line = vec4<f32>();
        for (var j = 0u; j < end; j++) {
            line[j] = f32(right[place + j]);
        }
        sum = fma(vec4(f32(left[row + k])), line, sum);
    }
    let to_place = (id.z * params.rows + id.y) * params.columns + column;
    for (var j = 0u; j < end; j++) {
        result[to_place + j] = REAL(sum[j]);
    }
}
