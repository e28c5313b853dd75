//! What is asked of the pictures, and what was got.

use super::{Measured, networks};
use crate::bar::{Bar, Wanted};
use crate::corpus::{Kind, Shrink};

/// Decibels within which a filter counts as the same as another's of its name.
const SAME_DECIBELS: f64 = 0.05;
/// Two roundings to 8 bits, the reference's and the result's, alone give 55.9 dB (a twelfth of a code squared each). Pictures that
/// both scalers bring beyond this tell nothing of them.
const ROUNDING_DECIBELS: f64 = 55.0;
/// Decibels by which FSR beats Lanczos on line art.
const FSR_GAIN_DECIBELS: f64 = 0.1;

/// Every bar for which both sides were measured.
pub(crate) fn bars(measured: &Measured) -> Vec<Bar> {
    let mut bars = Vec::new();
    for shrink in Shrink::ALL {
        for (ours, peer) in
            [("lanczos", "swscale lanczos"), ("lanczos", "zscale lanczos"), ("ewa-lanczos", "libplacebo ewa_lanczos")]
        {
            bars.extend(same(measured, shrink, ours, peer));
        }
        bars.extend(gain(measured, shrink));
    }
    bars.extend(networks::bars(&measured.networks));
    bars
}

/// PSNR of one scaler less another's, for each reference of the kinds asked for that tells them apart.
fn differences(measured: &Measured, shrink: Shrink, left: &str, right: &str, kind: Option<Kind>) -> Vec<(String, f64)> {
    let psnr = |scaler: &str, entry: usize| {
        let mut cells = measured.cells.iter().filter(|cell| cell.shrink == shrink);
        cells.find(|cell| cell.scaler == scaler && cell.entry == entry).map(|cell| cell.psnr)
    };
    let wanted = measured.entries.iter().enumerate().filter(|(_, (_, of))| kind.is_none_or(|kind| kind == *of));
    let compared = wanted.filter_map(|(entry, (name, _))| Some((name.clone(), psnr(left, entry)?, psnr(right, entry)?)));
    let telling = compared.filter(|(_, left, right)| left.min(*right) < ROUNDING_DECIBELS);
    telling.map(|(name, left, right)| (name, left - right)).collect()
}

/// Nowhere further below the peer than [`SAME_DECIBELS`].
fn same(measured: &Measured, shrink: Shrink, ours: &str, peer: &str) -> Option<Bar> {
    let least = differences(measured, shrink, ours, peer, None).into_iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let what = format!("{ours} less {peer}, every picture below {ROUNDING_DECIBELS} dB, {}", shrink.words());
    Some(Bar { what, wanted: Wanted::AtLeast(-SAME_DECIBELS), got: least.1, unit: "dB", least: least.0 })
}

/// FSR above Lanczos in the mean of the line art.
fn gain(measured: &Measured, shrink: Shrink) -> Option<Bar> {
    let found = differences(measured, shrink, "fsr", "lanczos", Some(Kind::LineArt));
    let least = found.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
    let mean = found.iter().map(|(_, gain)| gain).sum::<f64>() / found.len() as f64;
    let what = format!("fsr less lanczos, mean of the line art, {}", shrink.words());
    let least = format!("{} {:+.2}", least.0, least.1);
    Some(Bar { what, wanted: Wanted::AtLeast(FSR_GAIN_DECIBELS), got: mean, unit: "dB", least })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::figures::Cell;
    use super::*;

    pub(in super::super) fn measured(figures: &[(&str, [f64; 2])]) -> Measured {
        let cell = |scaler: &str, entry: usize, psnr: f64| Cell {
            scaler: scaler.to_owned(),
            shrink: Shrink::AreaLinear,
            entry,
            psnr,
            ssim: 0.9,
            psnr_rgb: psnr - 1.0,
            flicker: (entry == 1).then_some(1.0),
            millis: Some(3.0),
        };
        Measured {
            device: "a GPU".to_owned(),
            ffmpeg: "ffmpeg".to_owned(),
            scalers: figures.iter().map(|(name, _)| (*name).to_owned()).collect(),
            entries: vec![("ink".to_owned(), Kind::LineArt), ("street".to_owned(), Kind::Film)],
            cells: figures.iter().flat_map(|(name, psnr)| [cell(name, 0, psnr[0]), cell(name, 1, psnr[1])]).collect(),
            networks: Vec::new(),
            left_out: Vec::new(),
        }
    }

    #[test]
    fn what_only_rounding_decides_is_left_out() {
        let measured = measured(&[("lanczos", [30.0, 56.0]), ("swscale lanczos", [30.0, 56.3])]);
        assert!(bars(&measured).iter().all(Bar::is_reached), "{:?}", bars(&measured));
    }

    #[test]
    fn the_worst_picture_counts_and_line_art_by_its_mean() {
        let measured = measured(&[
            ("lanczos", [30.0, 31.0]),
            ("fsr", [30.2, 29.0]),
            ("swscale lanczos", [30.04, 30.0]),
            ("zscale lanczos", [29.0, 31.06]),
        ]);
        let bars = bars(&measured);
        let outcomes = bars.iter().map(|bar| (bar.least.as_str(), bar.is_reached())).collect::<Vec<_>>();
        assert_eq!(outcomes, [("ink", true), ("street", false), ("ink +0.20", true)], "and none without both sides: {bars:?}");
    }
}
