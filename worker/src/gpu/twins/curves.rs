//! Twin of `shared/curves.wgsl`: the same series, line by line, so that both sides round alike.

use crate::gpu::shaders::curves::{
    CURVE_CODED, CURVE_LINEAR, LN_2, LOG2_E, SIGMOID_CENTRE, SIGMOID_FOOT, SIGMOID_HEAD, SIGMOID_OFFSET, SIGMOID_SCALE,
    SIGMOID_SLOPE, SQRT_HALF_BITS,
};

fn precise_log2(x: f32) -> f32 {
    let bits = x.to_bits() as i32;
    let exponent = (bits - SQRT_HALF_BITS) >> 23;
    let mantissa = f32::from_bits((bits - (exponent << 23)) as u32);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let q = s * s;
    let series = s * (2.0 + q * (0.666_666_7 + q * (0.4 + q * (0.285_714_3 + q * 0.222_222_2))));
    exponent as f32 + series * LOG2_E
}

fn precise_exp2(x: f32) -> f32 {
    let held = x.clamp(-126.0, 127.0);
    let whole = (held + 0.5).floor();
    let f = (held - whole) * LN_2;
    let high = 0.166_666_67 + f * (0.041_666_668 + f * (0.008_333_334 + f * (0.001_388_888_9 + f * 0.000_198_412_7)));
    let series = 1.0 + f * (1.0 + f * (0.5 + f * high));
    f32::from_bits(((whole as i32 + 127) << 23) as u32) * series
}

fn linearise(coded: f32) -> f32 {
    let size = coded.abs();
    let mut light = size / 12.92;
    if size > 0.040_45 {
        light = precise_exp2(2.4 * precise_log2((size + 0.055) / 1.055));
    }
    if coded < 0.0 { -light } else { light }
}

fn delinearise(light: f32) -> f32 {
    let size = light.abs();
    let mut coded = size * 12.92;
    if size > 0.003_130_8 {
        coded = 1.055 * precise_exp2(precise_log2(size) / 2.4) - 0.055;
    }
    if light < 0.0 { -coded } else { coded }
}

fn sigmoidise(light: f32) -> f32 {
    if light <= 0.0 {
        return light * SIGMOID_FOOT;
    }
    if light >= 1.0 {
        return 1.0 + (light - 1.0) * SIGMOID_HEAD;
    }
    let odds = 1.0 / (light * SIGMOID_SCALE + SIGMOID_OFFSET) - 1.0;
    SIGMOID_CENTRE - precise_log2(odds) * LN_2 / SIGMOID_SLOPE
}

fn unsigmoidise(bent: f32) -> f32 {
    if bent <= 0.0 {
        return bent / SIGMOID_FOOT;
    }
    if bent >= 1.0 {
        return 1.0 + (bent - 1.0) / SIGMOID_HEAD;
    }
    let power = precise_exp2(SIGMOID_SLOPE * (SIGMOID_CENTRE - bent) * LOG2_E);
    (1.0 / (1.0 + power) - SIGMOID_OFFSET) / SIGMOID_SCALE
}

pub(super) fn into_light(coded: f32, curve: u32) -> f32 {
    if curve == CURVE_CODED {
        return coded.clamp(0.0, 1.0);
    }
    let light = linearise(coded);
    if curve == CURVE_LINEAR { light } else { sigmoidise(light) }
}

pub(super) fn out_of_light(value: f32, curve: u32) -> f32 {
    if curve == CURVE_CODED {
        return value;
    }
    if curve == CURVE_LINEAR { delinearise(value) } else { delinearise(unsigmoidise(value)) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::gpu::shaders::curves::CURVE_SIGMOID;

    /// A quarter of a 10-bit code.
    const QUARTER_CODE: f32 = 0.25 / 876.0;

    proptest! {
        #[test]
        fn the_curves_lead_back_even_outside_zero_to_one(coded in -0.6_f32..2.6, sigmoid: bool) {
            let curve = if sigmoid { CURVE_SIGMOID } else { CURVE_LINEAR };
            let back = out_of_light(into_light(coded, curve), curve);
            prop_assert!((back - coded).abs() < 1e-5 && 1e-5 < QUARTER_CODE, "{coded} came back as {back}");
        }

        #[test]
        fn log2_and_exp2_are_good_to_a_few_ulp(x in 1e-6_f32..8.0, power in -20.0_f32..20.0) {
            let log = f64::from(x).log2();
            prop_assert!((f64::from(precise_log2(x)) - log).abs() <= 4e-7 * log.abs().max(1.0), "log2({x})");
            let exp = f64::from(power).exp2();
            prop_assert!((f64::from(precise_exp2(power)) - exp).abs() <= 4e-7 * exp, "exp2({power})");
        }

        #[test]
        fn brighter_stays_brighter(low in -0.5_f32..2.0, step in 0.001_f32..0.5) {
            prop_assert!(into_light(low, CURVE_SIGMOID) < into_light(low + step, CURVE_SIGMOID));
        }
    }

    #[test]
    fn the_sigmoid_constants_follow_from_centre_and_slope() {
        let (centre, slope) = (f64::from(SIGMOID_CENTRE), f64::from(SIGMOID_SLOPE));
        let offset = 1.0 / (1.0 + (slope * centre).exp());
        let top = 1.0 / (1.0 + (slope * (centre - 1.0)).exp());
        let gradient = |place: f64| (top - offset) / (slope * place * (1.0 - place));
        let near = |found: f32, expected: f64| (f64::from(found) / expected - 1.0).abs() < 1e-6;
        assert!(near(SIGMOID_OFFSET, offset) && near(SIGMOID_SCALE, top - offset), "{offset} {}", top - offset);
        assert!(
            near(SIGMOID_FOOT, gradient(offset)) && near(SIGMOID_HEAD, gradient(top)),
            "{} {}",
            gradient(offset),
            gradient(top)
        );
    }

    #[test]
    fn the_linear_curve_is_srgb() {
        // IEC 61966-2-1: code 128 of 255 is 21.586 % of the light.
        assert!((linearise(128.0 / 255.0) - 0.215_861).abs() < 1e-6);
    }
}
