// Whether a value is a number, by its bits: a device may take for granted that comparisons never meet anything else.

const EXPONENT_BITS: u32 = 0x7f800000u;

fn is_finite(value: f32) -> bool {
    return (bitcast<u32>(value) & EXPONENT_BITS) != EXPONENT_BITS;
}
