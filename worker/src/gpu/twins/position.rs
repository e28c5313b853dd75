//! Twin of `shared/position.wgsl`.

pub(super) struct Position {
    pub(super) whole: i32,
    pub(super) fraction: f32,
}

pub(super) fn source_position(index: u32, source: u32, target_length: u32) -> Position {
    let unit = 2 * target_length;
    let shifted = (2 * index + 1) * source + target_length;
    Position { whole: (shifted / unit) as i32 - 1, fraction: (shifted % unit) as f32 / unit as f32 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_centre_of_the_output_sample(source in 1_u32..=16_384, target in 1_u32..=16_384, pick in 0.0_f64..1.0) {
            let index = (pick * f64::from(target)) as u32;
            let expected = (f64::from(index) + 0.5) * f64::from(source) / f64::from(target) - 0.5;
            let found = source_position(index, source, target);
            prop_assert!((0.0..=1.0).contains(&found.fraction));
            prop_assert!((f64::from(found.whole) + f64::from(found.fraction) - expected).abs() < 1e-6);
        }
    }
}
