//! The report as text and as data.

use std::fmt::Write as _;

use serde_json::json;

use super::metrics::Figures;
use super::outcome::{CUTTERS, JUDGES, Measured};
use crate::bar::{self, Bar};
use crate::table;

/// The whole report of the drawn set.
pub(crate) fn markdown(measured: &Measured, bars: &[Bar]) -> String {
    let frames = measured.all(0).frames;
    let mut text = format!(
        "# Reframe report\n\n{}; {} drawn shots, {frames} frames, compressed by x264. AutoFlip is given the subjects that ours \
         found.\n\n## Bars\n\n{}",
        measured.device,
        measured.outcomes.len(),
        bar::table(bars)
    );
    let _ = write!(text, "\n## Overlap with the true window (mean IoU, %), class by class\n\n{}", class_table(measured));
    let _ = write!(text, "\n## All shots\n\n{}", judge_table(measured));
    let _ = write!(text, "\n## Cuts at the exact frame\n\n{}", cut_table(measured));
    let _ = write!(text, "\n## Shot by shot\n\n{}", shot_table(measured));
    text
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "-".to_owned(), |share| format!("{:.1}", share * 100.0))
}

fn row_of(name: &str, figures: &[Figures; 3]) -> Vec<String> {
    let overlaps = figures.iter().map(|figures| percent(Some(figures.iou())));
    let insides = figures.iter().map(|figures| percent(figures.inside_share()));
    let betweens = figures.iter().map(|figures| percent(figures.between_share()));
    std::iter::once(name.to_owned()).chain(overlaps).chain(insides).chain(betweens).collect()
}

fn header(first: &'static str) -> Vec<String> {
    let columns = |what: &str| JUDGES.map(|judge| format!("{what}{judge}"));
    let all = [columns(""), columns("whole, "), columns("between, ")].concat();
    std::iter::once(first.to_owned()).chain(all).collect()
}

fn written(header: &[String], rows: &[Vec<String>]) -> String {
    table::markdown(&header.iter().map(String::as_str).collect::<Vec<_>>(), rows)
}

/// A row a class: overlap, subjects whole, windows between subjects, for each judge.
fn class_table(measured: &Measured) -> String {
    let figures = |class| [0, 1, 2].map(|judge| measured.class(class, judge));
    let mut rows = measured.classes().into_iter().map(|class| row_of(class.words(), &figures(class))).collect::<Vec<_>>();
    rows.push(row_of("all", &[0, 1, 2].map(|judge| measured.all(judge))));
    written(&header("class"), &rows)
}

/// A row a shot, likewise.
fn shot_table(measured: &Measured) -> String {
    let rows = measured.outcomes.iter().map(|outcome| row_of(&outcome.name, &outcome.figures)).collect::<Vec<_>>();
    written(&header("shot"), &rows)
}

/// A row a judge.
fn judge_table(measured: &Measured) -> String {
    let row = |(judge, name): (usize, &&str)| {
        let all = measured.all(judge);
        vec![
            (*name).to_owned(),
            percent(Some(all.iou())),
            percent(all.inside_share()),
            percent(all.between_share()),
            format!("{:.3}", all.acceleration),
            format!("{:.3}", all.unrest),
            all.outside.to_string(),
            all.barred.to_string(),
        ]
    };
    let header = ["", "IoU %", "whole %", "between %", "acceleration px", "unrest px", "outside", "bars shown"];
    table::markdown(&header, &JUDGES.iter().enumerate().map(row).collect::<Vec<_>>())
}

/// A row a cutter.
fn cut_table(measured: &Measured) -> String {
    let frames = measured.all(0).frames.max(1) as f64;
    let row = |(cutter, name): (usize, &&str)| {
        let cuts = measured.cuts(cutter);
        let wrong = cuts.wrong as f64 * 1_000.0 / frames;
        let counts = [cuts.found, cuts.missed, cuts.wrong].map(|count| count.to_string());
        [vec![(*name).to_owned(), format!("{:.3}", cuts.f1())], counts.to_vec(), vec![format!("{wrong:.2}")]].concat()
    };
    let header = ["", "F1", "found", "missed", "wrong", "wrong in 1000 frames"];
    table::markdown(&header, &CUTTERS.iter().enumerate().map(row).collect::<Vec<_>>())
}

/// Everything, for scripts.
pub(crate) fn json(measured: &Measured, bars: &[Bar]) -> String {
    let judges = |figures: &dyn Fn(usize) -> Figures| {
        let of = |judge: usize| {
            let figures = figures(judge);
            json!({"judge": JUDGES[judge], "iou": figures.iou(), "inside": figures.inside_share(), "between": figures.between_share(), "sums": figures})
        };
        (0..JUDGES.len()).map(of).collect::<Vec<_>>()
    };
    let classes = measured
        .classes()
        .into_iter()
        .map(|class| json!({"class": class, "judges": judges(&|judge| measured.class(class, judge))}));
    let cuts = CUTTERS.iter().enumerate().map(|(cutter, name)| {
        let cuts = measured.cuts(cutter);
        json!({"by": name, "f1": cuts.f1(), "counts": cuts})
    });
    let data = json!({
        "device": measured.device, "bars": bar::json(bars), "all": judges(&|judge| measured.all(judge)),
        "classes": classes.collect::<Vec<_>>(), "cuts": cuts.collect::<Vec<_>>(), "shots": measured.outcomes,
    });
    format!("{data:#}\n")
}

#[cfg(test)]
mod tests {
    use super::super::outcome::{bars, tests::measured};
    use super::*;

    #[test]
    fn the_report_shows_what_was_measured() {
        let measured = measured();
        let bars = bars(&measured);
        let text = markdown(&measured, &bars);
        assert!(text.contains("| one, still | 80.0 |   40.0 |     77.5 |"), "{text}");
        assert!(text.contains("3 drawn shots, 30 frames") && text.contains("MISSED"), "{text}");
        let data: serde_json::Value = serde_json::from_str(&json(&measured, &bars)).expect("JSON");
        assert_eq!((&data["shots"][0]["class"], &data["all"][0]["iou"]), (&json!("still"), &json!(0.7)));
    }
}
