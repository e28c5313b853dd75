// From values to codes. Rounds to the nearest; where the depth shrinks, an 8x8 Bayer pattern by position decides instead, the same
// for every frame, so that a still picture stays still.

// 0 < threshold < 1: the bits of (x ^ y, y) interleaved and reversed.
fn bayer(x: u32, y: u32) -> f32 {
    let d = x ^ y;
    let order = ((d & 1u) << 5u) | ((y & 1u) << 4u) | ((d & 2u) << 2u) | ((y & 2u) << 1u) | ((d & 4u) >> 1u) | ((y & 4u) >> 2u);
    return (f32(order) + 0.5) / 64.0;
}

fn threshold(x: u32, y: u32, dither: bool) -> f32 {
    return select(0.5, bayer(x, y), dither);
}

// `place` counts in codes.
fn quantise(place: f32, code_max: f32, threshold: f32) -> u32 {
    return u32(clamp(floor(place + threshold), 0.0, code_max));
}
