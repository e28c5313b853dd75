// The curves between coded R'G'B' and the light that a filter works in.
//
// log2 and exp2 are written out: drivers differ in theirs (Mesa's software device keeps about 14 bits), and frames of one shot
// that come from different workers must not show a seam.

// Coded values, held to 0..1: what FSR is made for.
const CURVE_CODED: u32 = 0u;
// Linear light: for making pictures smaller.
const CURVE_LINEAR: u32 = 1u;
// Linear light bent by a sigmoid: for making pictures larger with less ringing at edges.
const CURVE_SIGMOID: u32 = 2u;

const LOG2_E: f32 = 1.4426950408889634;
const LN_2: f32 = 0.6931471805599453;
// The bits of sqrt(1/2), so that mantissas lie evenly around 1.
const SQRT_HALF_BITS: i32 = 0x3f3504f3;

// libplacebo's default sigmoid: centre 0.75, slope 6.5. Offset and scale make it pass through (0,0) and (1,1).
const SIGMOID_CENTRE: f32 = 0.75;
const SIGMOID_SLOPE: f32 = 6.5;
const SIGMOID_OFFSET: f32 = 0.0075772413;
const SIGMOID_SCALE: f32 = 0.8279063;
// Its gradients at 0 and 1, with which it goes on as a straight line outside: footroom and super-whites survive.
const SIGMOID_FOOT: f32 = 16.937917;
const SIGMOID_HEAD: f32 = 0.92666032;

// log2 of a positive number to about 2 ulp: the atanh series of the mantissa.
fn precise_log2(x: f32) -> f32 {
    let bits = bitcast<i32>(x);
    let exponent = (bits - SQRT_HALF_BITS) >> 23u;
    let mantissa = bitcast<f32>(bits - (exponent << 23u));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = s * (2.0 + q * (0.6666667 + q * (0.4 + q * (0.2857143 + q * 0.2222222))));
    return f32(exponent) + series * LOG2_E;
}

// 2 to the power of x, to about 2 ulp, for -126 <= x <= 127: the Taylor series of the fraction.
fn precise_exp2(x: f32) -> f32 {
    let held = clamp(x, -126.0, 127.0);
    let whole = floor(held + 0.5);
    let f = (held - whole) * LN_2;
    let high = 0.16666667 + f * (0.041666668 + f * (0.008333334 + f * (0.0013888889 + f * 0.0001984127)));
    let series = 1.0 + f * (1.0 + f * (0.5 + f * high));
    return bitcast<f32>((i32(whole) + 127) << 23u) * series;
}

// The sRGB curve, odd around 0.
fn linearise(coded: f32) -> f32 {
    let size = abs(coded);
    var light = size / 12.92;
    if (size > 0.04045) {
        light = precise_exp2(2.4 * precise_log2((size + 0.055) / 1.055));
    }
    return select(light, -light, coded < 0.0);
}

// The inverse of linearise.
fn delinearise(light: f32) -> f32 {
    let size = abs(light);
    var coded = size * 12.92;
    if (size > 0.0031308) {
        coded = 1.055 * precise_exp2(precise_log2(size) / 2.4) - 0.055;
    }
    return select(coded, -coded, light < 0.0);
}

fn sigmoidise(light: f32) -> f32 {
    if (light <= 0.0) {
        return light * SIGMOID_FOOT;
    }
    if (light >= 1.0) {
        return 1.0 + (light - 1.0) * SIGMOID_HEAD;
    }
    let odds = 1.0 / (light * SIGMOID_SCALE + SIGMOID_OFFSET) - 1.0;
    return SIGMOID_CENTRE - precise_log2(odds) * LN_2 / SIGMOID_SLOPE;
}

// The inverse of sigmoidise.
fn unsigmoidise(bent: f32) -> f32 {
    if (bent <= 0.0) {
        return bent / SIGMOID_FOOT;
    }
    if (bent >= 1.0) {
        return 1.0 + (bent - 1.0) / SIGMOID_HEAD;
    }
    let power = precise_exp2(SIGMOID_SLOPE * (SIGMOID_CENTRE - bent) * LOG2_E);
    return (1.0 / (1.0 + power) - SIGMOID_OFFSET) / SIGMOID_SCALE;
}

// From coded R'G'B' into the light named by `curve`.
fn into_light(coded: f32, curve: u32) -> f32 {
    if (curve == CURVE_CODED) {
        return clamp(coded, 0.0, 1.0);
    }
    let light = linearise(coded);
    if (curve == CURVE_LINEAR) {
        return light;
    }
    return sigmoidise(light);
}

// The inverse of into_light.
fn out_of_light(value: f32, curve: u32) -> f32 {
    if (curve == CURVE_CODED) {
        return value;
    }
    if (curve == CURVE_LINEAR) {
        return delinearise(value);
    }
    return delinearise(unsigmoidise(value));
}
