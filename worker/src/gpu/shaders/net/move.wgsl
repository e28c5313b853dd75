// Moves elements from one tensor to another: transpositions, slices, parts of concatenations, paddings, repetitions, and the way
// between plain order and blocks of four channels. Up to six axes, each with a line in a table.
//#variants REAL: f32 f16

struct Params {
    count: u32,
    // Invocations in a row of workgroups.
    stride: u32,
    from_offset: u32,
    to_offset: u32,
    // The axis that runs over channels in blocks on either side; MOVE_AXES where there is none.
    from_channels: u32,
    to_channels: u32,
    // Channels written from here on are zero.
    channels: u32,
    // What lies outside, with MOVE_CONSTANT.
    value: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
// For each axis, slowest first: how many elements are written; first element read, step from one to the next, elements that
// there are; distance between two elements read, between two written.
@group(0) @binding(1) var<storage, read> axes: array<i32>;
@group(0) @binding(2) var<storage, read> source: array<REAL>;
@group(0) @binding(3) var<storage, read_write> result: array<REAL>;

const MOVE_AXES: u32 = 6u;
const MOVE_CONSTANT: u32 = 0u;
const MOVE_REFLECT: u32 = 1u;
const MOVE_EDGE: u32 = 2u;
const MOVE_WRAP: u32 = 3u;

// What lies outside.
override OUTSIDE: u32 = 0u;

fn held_inside(index: i32, length: i32) -> i32 {
    switch OUTSIDE {
        case MOVE_REFLECT: {
            let period = max(2 * (length - 1), 1);
            let folded = ((index % period) + period) % period;
            return min(folded, period - folded) % max(length, 1);
        }
        case MOVE_EDGE: { return clamp(index, 0, length - 1); }
        case MOVE_WRAP: { return ((index % length) + length) % length; }
        default: { return index; }
    }
}

// How far element `index` of an axis is from its first: channels in blocks lie four by four.
fn distance_of(index: u32, step: u32, blocked: bool) -> u32 {
    return select(index * step, index / 4u * step + index % 4u, blocked);
}

@compute @workgroup_size(64)
fn net_move(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.y * params.stride + id.x;
    if (i >= params.count) {
        return;
    }
    var rest = i;
    var from_place = params.from_offset;
    var to_place = params.to_offset;
    var inside = true;
    var zero = false;
    for (var a = MOVE_AXES; a > 0u; a--) {
        let axis = a - 1u;
        let line = axis * 6u;
        let size = u32(axes[line]);
        let index = rest % size;
        rest /= size;
        let length = axes[line + 3u];
        let wanted = held_inside(axes[line + 1u] + i32(index) * axes[line + 2u], length);
        inside = inside && wanted >= 0 && wanted < length;
        from_place += distance_of(u32(max(wanted, 0)), u32(axes[line + 4u]), axis == params.from_channels);
        let channels = axis == params.to_channels;
        zero = zero || (channels && index >= params.channels);
        to_place += distance_of(index, u32(axes[line + 5u]), channels);
    }
    var value = REAL(params.value);
    if (inside && !zero) {
        value = source[from_place];
    }
    result[to_place] = select(value, REAL(0.0), zero);
}
