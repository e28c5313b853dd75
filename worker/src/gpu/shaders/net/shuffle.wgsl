// Channels into squares of pixels (depth to space) or squares of pixels into channels (space to depth): one invocation makes four
// channels of one pixel.
//#variants REAL: f32 f16

struct Params {
    // Of the input, in pixels and channels.
    in_width: u32,
    in_height: u32,
    in_channels: u32,
    from_first: u32,
    from_total: u32,
    // Of the output.
    out_width: u32,
    out_height: u32,
    out_channels: u32,
    to_first: u32,
    to_total: u32,
    // Side of a square.
    side: u32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> source: array<vec4<REAL>>;
@group(0) @binding(2) var<storage, read_write> result: array<vec4<REAL>>;

// Channel = (row · side + column) · channels out + channel out, or channel out · side² + row · side + column.
const SHUFFLE_DCR: u32 = 0u;
const SHUFFLE_CRD: u32 = 1u;
// The inverse of SHUFFLE_DCR.
const SHUFFLE_INTO_CHANNELS: u32 = 2u;

override ORDER: u32 = 0u;

@compute @workgroup_size(8, 8, 1)
fn net_shuffle(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= params.out_width || id.y >= params.out_height) {
        return;
    }
    let blocks = (params.out_channels + 3u) / 4u;
    let n = id.z / blocks;
    let block = id.z % blocks;
    let side = params.side;
    var made = vec4<f32>();
    for (var lane = 0u; lane < 4u; lane++) {
        let channel = block * 4u + lane;
        if (channel >= params.out_channels) {
            break;
        }
        var from_channel = 0u;
        var at = id.xy / side;
        if (ORDER == SHUFFLE_INTO_CHANNELS) {
            let part = channel / params.in_channels;
            from_channel = channel % params.in_channels;
            at = id.xy * side + vec2(part % side, part / side);
        } else {
            let part = id.y % side * side + id.x % side;
            from_channel = select(part * params.out_channels + channel, channel * side * side + part, ORDER == SHUFFLE_CRD);
        }
        let row = (n * params.from_total + params.from_first + from_channel / 4u) * params.in_height + at.y;
        made[lane] = f32(source[row * params.in_width + at.x][from_channel % 4u]);
    }
    let to_row = (n * params.to_total + params.to_first + block) * params.out_height + id.y;
    result[to_row * params.out_width + id.x] = vec4<REAL>(made);
}
