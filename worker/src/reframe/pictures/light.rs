//! Pictures of high dynamic range for ordinary screens: a curve on each coded value, near enough to judge a crop by.
//!
//! Sources: ITU-R BT.2100 for the two transfers; Reinhard's curve with a white point ("Photographic Tone Reproduction for Digital
//! Images", 2002, equation 4) for what is brighter than a screen.

use shotfarm_shared::media::Colour;

/// What a white wall has in a graded picture, in nits (ITU-R BT.2408).
const WHITE_NITS: f64 = 203.0;
/// What becomes a screen's white.
const PEAK_NITS: f64 = 1_000.0;
/// Between light and code on an ordinary screen.
const SCREEN_GAMMA: f64 = 2.2;

/// For each code of 8 bits the one to show, if the colour is one of high dynamic range.
pub(super) fn curve(colour: &Colour) -> Option<[u8; 256]> {
    let nits: fn(f64) -> f64 = match colour.tags.transfer.as_deref() {
        Some("smpte2084") => pq_nits,
        Some("arib-std-b67") => hlg_nits,
        _ => return None,
    };
    Some(std::array::from_fn(|code| (shown(nits(code as f64 / 255.0)) * 255.0).round() as u8))
}

fn pq_nits(code: f64) -> f64 {
    let (m1, m2) = (2_610.0 / 16_384.0, 2_523.0 / 4_096.0 * 128.0);
    let (c1, c2, c3) = (3_424.0 / 4_096.0, 2_413.0 / 4_096.0 * 32.0, 2_392.0 / 4_096.0 * 32.0);
    let power = code.powf(1.0 / m2);
    10_000.0 * ((power - c1).max(0.0) / (c2 - c3 * power)).powf(1.0 / m1)
}

fn hlg_nits(code: f64) -> f64 {
    let (a, b, c) = (0.178_832_77, 0.284_668_92, 0.559_910_73);
    let scene = if code <= 0.5 { code * code / 3.0 } else { (((code - c) / a).exp() + b) / 12.0 };
    // The system gamma of a screen of 1000 nits.
    PEAK_NITS * scene.powf(1.2)
}

/// The code, 0..1, that shows so many nits.
fn shown(nits: f64) -> f64 {
    let (light, peak) = (nits / WHITE_NITS, PEAK_NITS / WHITE_NITS);
    let mapped = light * (1.0 + light / (peak * peak)) / (1.0 + light);
    mapped.clamp(0.0, 1.0).powf(1.0 / SCREEN_GAMMA)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::{ColourTags, Extent};

    use super::*;

    #[test]
    fn high_range_is_brought_down_and_the_rest_left_alone() {
        let of = |transfer: &str| {
            let tags = ColourTags { transfer: Some(transfer.to_owned()), ..ColourTags::default() };
            curve(&Colour::from_tags(tags, Extent::new(1920, 1080)).expect("known"))
        };
        assert_eq!(of("bt709"), None);
        for transfer in ["smpte2084", "arib-std-b67"] {
            let curve = of(transfer).expect("high dynamic range");
            assert!(curve.windows(2).all(|pair| pair[0] <= pair[1]) && curve[0] == 0 && curve[255] == 255, "{transfer}");
        }
        assert!((pq_nits(0.580_689) - WHITE_NITS).abs() < 1.0, "BT.2408: 58 % of PQ is 203 nits");
        assert!((hlg_nits(0.75) - WHITE_NITS).abs() < 2.0, "BT.2408: 75 % of HLG is 203 nits");
    }
}
