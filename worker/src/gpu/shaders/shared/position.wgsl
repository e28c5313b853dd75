// Where an output sample lies in the source: whole part and fraction, exact for every size up to 16,384 because it is counted
// in integers. A product in f32 would be off by a thousandth of a sample at the right edge of a wide frame.

struct Position {
    // The source sample at or before it; -1 at the very edge.
    whole: i32,
    // How far beyond it, 0 <= fraction < 1.
    fraction: f32,
}

// (index + 1/2) * source / target - 1/2, in units of 1 / (2 * target).
fn source_position(index: u32, source: u32, target_length: u32) -> Position {
    let unit = 2u * target_length;
    let shifted = (2u * index + 1u) * source + target_length;
    return Position(i32(shifted / unit) - 1, f32(shifted % unit) / f32(unit));
}
