//! The report as text and as data.

use std::fmt::Write as _;

use serde_json::json;

use super::Measured;
use super::figures::{BORDER, Cell};
use super::networks::Outcome;
use crate::bar::{self, Bar};
use crate::corpus::{Kind, Shrink};
use crate::table;

const KINDS: [(Kind, &str); 4] =
    [(Kind::LineArt, "line art"), (Kind::Film, "film"), (Kind::Pattern, "patterns"), (Kind::Real, "real")];

/// The whole report.
pub(crate) fn markdown(measured: &Measured, bars: &[Bar]) -> String {
    let mut text = format!(
        "# Picture report\n\n{}; {}.\nEvery picture of 640x360 is shrunk to a half and brought back; luma of BT.709 in limited \
         range, 8 bits, 4:4:4; {BORDER} samples at each side do not count.\n\n## Bars\n\n",
        measured.device, measured.ffmpeg
    );
    text.push_str(&bar::table(bars));
    for shrink in Shrink::ALL {
        let _ = write!(text, "\n## PSNR of luma in dB, and SSIM, {}\n\n{}", shrink.words(), mean_table(measured, shrink));
        let _ = write!(text, "\n### Picture by picture, PSNR of luma in dB\n\n{}", picture_table(measured, shrink));
    }
    let flicker = flicker_table(measured);
    if !flicker.is_empty() {
        let _ = write!(
            text,
            "\n## Flicker\n\nThe mean second temporal difference of luma, as a multiple of bilinear's on the same frames.\n\n{flicker}"
        );
    }
    let networks = network_table(measured);
    let _ = write!(
        text,
        "\n## Networks beside the reference\n\nThe greatest difference, as a share of the greatest value.\n\n{networks}"
    );
    for (name, reason) in &measured.left_out {
        let _ = write!(text, "\nLeft out: {name} ({reason})\n");
    }
    text
}

fn cells<'m>(measured: &'m Measured, scaler: &'m str, shrink: Shrink) -> impl Iterator<Item = &'m Cell> {
    measured.cells.iter().filter(move |cell| cell.scaler == scaler && cell.shrink == shrink)
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

fn number(value: Option<f64>, places: usize) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.places$}"))
}

/// A row a scaler: means over each kind of picture.
fn mean_table(measured: &Measured, shrink: Shrink) -> String {
    let kinds = KINDS.iter().filter(|(kind, _)| measured.entries.iter().any(|(_, of)| of == kind)).collect::<Vec<_>>();
    let mut header = vec!["scaler".to_owned()];
    header.extend(kinds.iter().map(|(_, name)| (*name).to_owned()));
    header.extend(["all", "all, SSIM", "all, RGB", "ms/frame"].map(str::to_owned));
    let row = |scaler: &String| {
        let of = |figure: fn(&Cell) -> f64, kind: Option<Kind>| {
            let wanted =
                cells(measured, scaler, shrink).filter(|cell| kind.is_none_or(|kind| measured.entries[cell.entry].1 == kind));
            mean(wanted.map(figure))
        };
        let mut row = vec![scaler.clone()];
        row.extend(kinds.iter().map(|(kind, _)| number(of(|cell| cell.psnr, Some(*kind)), 2)));
        row.push(number(of(|cell| cell.psnr, None), 2));
        row.push(number(of(|cell| cell.ssim, None), 4));
        row.push(number(of(|cell| cell.psnr_rgb, None), 2));
        row.push(number(mean(cells(measured, scaler, shrink).filter_map(|cell| cell.millis)), 1));
        row
    };
    let rows = measured.scalers.iter().map(row).collect::<Vec<_>>();
    table::markdown(&header.iter().map(String::as_str).collect::<Vec<_>>(), &rows)
}

/// A row a scaler, a column a picture.
fn picture_table(measured: &Measured, shrink: Shrink) -> String {
    let mut header = vec!["scaler"];
    header.extend(measured.entries.iter().map(|(name, _)| name.as_str()));
    let row = |scaler: &String| {
        let cell = |entry: usize| cells(measured, scaler, shrink).find(|cell| cell.entry == entry).map(|cell| cell.psnr);
        let figures = (0..measured.entries.len()).map(|entry| number(cell(entry), 2));
        std::iter::once(scaler.clone()).chain(figures).collect()
    };
    table::markdown(&header, &measured.scalers.iter().map(row).collect::<Vec<_>>())
}

/// A row a scaler, a column a reference that moves.
fn flicker_table(measured: &Measured) -> String {
    let shrink = Shrink::ALL[0];
    let moving = (0..measured.entries.len())
        .filter(|&entry| measured.cells.iter().any(|cell| cell.entry == entry && cell.flicker.is_some()))
        .collect::<Vec<_>>();
    if moving.is_empty() {
        return String::new();
    }
    let mut header = vec!["scaler"];
    header.extend(moving.iter().map(|&entry| measured.entries[entry].0.as_str()));
    let row = |scaler: &String| {
        let cell = |entry: usize| cells(measured, scaler, shrink).find(|cell| cell.entry == entry)?.flicker;
        std::iter::once(scaler.clone()).chain(moving.iter().map(|&entry| number(cell(entry), 3))).collect()
    };
    table::markdown(&header, &measured.scalers.iter().map(row).collect::<Vec<_>>())
}

/// A row a network and kind of number.
fn network_table(measured: &Measured) -> String {
    let row = |outcome: &Outcome| {
        let ok = if outcome.is_within() { "ok" } else { "MISSED" };
        let figures = [outcome.tolerance, outcome.apart].map(|figure| format!("{figure:.1e}"));
        [vec![outcome.network.to_owned(), outcome.real.to_owned()], figures.to_vec(), vec![ok.to_owned()]].concat()
    };
    table::markdown(&["network", "numbers", "at most", "found", ""], &measured.networks.iter().map(row).collect::<Vec<_>>())
}

/// Everything, for scripts.
pub(crate) fn json(measured: &Measured, bars: &[Bar]) -> String {
    let entries = measured.entries.iter().map(|(name, kind)| json!({"name": name, "kind": kind})).collect::<Vec<_>>();
    let data = json!({
        "device": measured.device, "ffmpeg": measured.ffmpeg, "bars": bar::json(bars), "pictures": entries,
        "scalers": measured.scalers, "cells": measured.cells, "networks": measured.networks,
        "left_out": measured.left_out.iter().map(|(name, reason)| json!({"name": name, "reason": reason})).collect::<Vec<_>>(),
    });
    format!("{data:#}\n")
}

#[cfg(test)]
mod tests {
    use super::super::bars::bars;
    use super::super::bars::tests::measured;
    use super::*;

    #[test]
    fn the_report_shows_what_was_measured() {
        let measured = measured(&[("lanczos", [30.0, 31.0]), ("swscale lanczos", [30.2, 31.0])]);
        let bars = bars(&measured);
        let text = markdown(&measured, &bars);
        assert!(text.contains("| lanczos         |    30.00 | 31.00 | 30.50 |    0.9000 |    29.50 |      3.0 |"), "{text}");
        assert!(text.contains("-0.200 dB | ink      | MISSED |"), "{text}");
        assert!(text.contains("| swscale lanczos |  1.000 |"), "{text}");
        let data: serde_json::Value = serde_json::from_str(&json(&measured, &bars)).expect("JSON");
        assert_eq!((&data["bars"][0]["ok"], &data["cells"][0]["shrink"]), (&json!(false), &json!("area-linear")));
    }
}
