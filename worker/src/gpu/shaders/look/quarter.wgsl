// Luma at a quarter of the look's size along each axis: means of 4 by 4 pixels, the border going on for ever.
//#include shared/look.wgsl

struct Params {
    // The look.
    width: u32,
    height: u32,
    // The quarter picture.
    quarter_width: u32,
    quarter_height: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> look: array<u32>;
@group(0) @binding(2) var<storage, read_write> quarter: array<u32>;

@compute @workgroup_size(8, 8)
fn look_quarter(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.quarter_width || id.y >= params.quarter_height) {
        return;
    }
    var sum = 0u;
    for (var y = 0u; y < LOOK_QUARTER; y++) {
        let row = min(LOOK_QUARTER * id.y + y, params.height - 1u) * params.width;
        for (var x = 0u; x < LOOK_QUARTER; x++) {
            sum += look[row + min(LOOK_QUARTER * id.x + x, params.width - 1u)] & 0xffu;
        }
    }
    // In sixteenths of a code: the search tells slow motion by them.
    quarter[id.y * params.quarter_width + id.x] = sum;
}
