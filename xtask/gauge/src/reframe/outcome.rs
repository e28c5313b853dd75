//! What was measured of every shot, added up, and what is asked of it.

use super::metrics::{Cuts, Figures};
use super::set::Class;
use crate::bar::{Bar, Wanted};

/// Who chooses windows, in the order of all lists here.
pub(crate) const JUDGES: [&str; 3] = ["ours", "centre", "AutoFlip"];
/// Who says where cuts are.
pub(crate) const CUTTERS: [&str; 4] = ["ours", "AutoFlip", "PySceneDetect content", "PySceneDetect adaptive"];

/// One shot.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Outcome {
    pub(crate) name: String,
    pub(crate) class: Class,
    /// By judge.
    pub(crate) figures: [Figures; 3],
    /// The largest acceleration of our windows, as a share of what the plan allows them.
    pub(crate) acceleration: f64,
    /// By cutter.
    pub(crate) cuts: [Cuts; 4],
    /// What the plan says of its stretches.
    pub(crate) told: Vec<String>,
}

/// All shots.
#[derive(Clone, Debug)]
pub(crate) struct Measured {
    pub(crate) device: String,
    pub(crate) outcomes: Vec<Outcome>,
}

impl Measured {
    /// The shots of a class.
    pub(crate) fn of(&self, class: Class) -> impl Iterator<Item = &Outcome> {
        self.outcomes.iter().filter(move |outcome| outcome.class == class)
    }

    /// The classes that were measured, in order.
    pub(crate) fn classes(&self) -> Vec<Class> {
        Class::ALL.into_iter().filter(|class| self.of(*class).next().is_some()).collect()
    }

    /// A judge's figures over all shots.
    pub(crate) fn all(&self, judge: usize) -> Figures {
        Figures::sum(self.outcomes.iter().map(|outcome| &outcome.figures[judge]))
    }

    /// A judge's figures over a class.
    pub(crate) fn class(&self, class: Class, judge: usize) -> Figures {
        Figures::sum(self.of(class).map(|outcome| &outcome.figures[judge]))
    }

    /// A cutter's cuts over all shots.
    pub(crate) fn cuts(&self, cutter: usize) -> Cuts {
        let mut cuts = Cuts::default();
        self.outcomes.iter().for_each(|outcome| cuts.add(outcome.cuts[cutter]));
        cuts
    }
}

/// Share of the frames whose subjects fit in which they are wholly inside.
const INSIDE_LEAST: f64 = 0.98;
/// F1 of cuts at the exact frame.
const CUTS_F1_LEAST: f64 = 0.95;
/// What sums of decimals may add to an acceleration, as a share of its bound.
const ROUNDING_SHARE: f64 = 1e-6;

/// Everything that is asked of ours.
pub(crate) fn bars(measured: &Measured) -> Vec<Bar> {
    let ours = measured.all(0);
    let mut bars = measured.classes().into_iter().map(|class| ahead(measured, class)).collect::<Vec<_>>();
    if let Some(inside) = ours.inside_share() {
        let share = |outcome: &Outcome| outcome.figures[0].inside_share().unwrap_or(1.0);
        let least = told(measured.outcomes.iter().min_by(|a, b| share(a).total_cmp(&share(b))), share);
        bars.push(bar("frames that show their subjects whole, where they fit", Wanted::AtLeast(INSIDE_LEAST), inside, "", least));
    }
    let worst = |figure: fn(&Outcome) -> f64| {
        told(
            measured.outcomes.iter().max_by(|a, b| figure(a).total_cmp(&figure(b))).filter(|outcome| figure(outcome) > 0.0),
            figure,
        )
    };
    let acceleration = |outcome: &Outcome| outcome.acceleration;
    let fastest = measured.outcomes.iter().map(acceleration).fold(0.0, f64::max);
    let most = Wanted::AtMost(1.0 + ROUNDING_SHARE);
    bars.push(bar("acceleration within a stretch, of the plan's bound", most, fastest, "", worst(acceleration)));
    let unrest = |outcome: &Outcome| outcome.figures[0].unrest;
    bars.push(bar("movement of windows that stand", Wanted::AtMost(0.0), ours.unrest, "px", worst(unrest)));
    let outside = |outcome: &Outcome| outcome.figures[0].outside as f64;
    bars.push(bar("windows outside of the picture", Wanted::AtMost(0.0), ours.outside as f64, "", worst(outside)));
    let faults = |outcome: &Outcome| (outcome.cuts[0].missed + outcome.cuts[0].wrong) as f64;
    let f1 = measured.cuts(0).f1();
    bars.push(bar("F1 of cuts at the exact frame", Wanted::AtLeast(CUTS_F1_LEAST), f1, "", worst(faults)));
    bars
}

/// A class in which ours must be ahead of both.
fn ahead(measured: &Measured, class: Class) -> Bar {
    let gain = |of: &dyn Fn(usize) -> f64| of(0) - of(1).max(of(2));
    let by_shot = |outcome: &Outcome| gain(&|judge| outcome.figures[judge].iou());
    let least = told(measured.of(class).min_by(|a, b| by_shot(a).total_cmp(&by_shot(b))), by_shot);
    let got = gain(&|judge| measured.class(class, judge).iou());
    // Ahead means more, not as much.
    let what = format!("overlap beyond the better of both others, {}", class.words());
    bar(&what, Wanted::AtLeast(f64::EPSILON), got, "", least)
}

fn bar(what: &str, wanted: Wanted, got: f64, unit: &'static str, least: String) -> Bar {
    Bar { what: what.to_owned(), wanted, got, unit, least }
}

fn told(outcome: Option<&Outcome>, figure: impl Fn(&Outcome) -> f64) -> String {
    outcome.map_or_else(|| "-".to_owned(), |outcome| format!("{} {:.3}", outcome.name, figure(outcome)))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    fn figures(overlap: f64, inside: usize) -> Figures {
        Figures { frames: 10, overlap, fitting: 10, inside, ..Figures::default() }
    }

    pub(crate) fn measured() -> Measured {
        let shot = |name: &str, class, overlaps: [f64; 3], inside| Outcome {
            name: name.to_owned(),
            class,
            figures: overlaps.map(|overlap| figures(overlap, inside)),
            acceleration: 0.4,
            cuts: [Cuts::default(); 4],
            told: Vec::new(),
        };
        let outcomes = vec![
            shot("a", Class::Still, [9.0, 4.0, 8.0], 10),
            shot("b", Class::Still, [7.0, 4.0, 7.5], 10),
            shot("c", Class::Pan, [5.0, 6.0, 5.0], 9),
        ];
        Measured { device: "a GPU".to_owned(), outcomes }
    }

    fn missed(measured: &Measured) -> Vec<String> {
        bars(measured).into_iter().filter(|bar| !bar.is_reached()).map(|bar| format!("{} ({})", bar.what, bar.least)).collect()
    }

    #[test]
    fn a_class_counts_as_a_whole_and_its_worst_shot_is_named() {
        let mut measured = measured();
        assert_eq!(
            missed(&measured),
            [
                "overlap beyond the better of both others, camera pan (c -1.000)",
                "frames that show their subjects whole, where they fit (c 0.900)"
            ]
            .map(|text| text.replace("-1.000", "-0.100"))
        );
        measured.outcomes.pop();
        assert_eq!(missed(&measured), [] as [&str; 0]);
        measured.outcomes[1].figures[0].overlap = 6.5;
        assert_eq!(
            missed(&measured),
            ["overlap beyond the better of both others, one, still (b -0.100)"],
            "as much is not ahead"
        );
    }

    #[test]
    fn every_other_bar_can_be_missed() {
        type Change = fn(&mut Outcome);
        let cases: [(Change, &str); 4] = [
            (|shot| shot.acceleration = 1.1, "acceleration"),
            (|shot| shot.figures[0].unrest = 0.01, "movement"),
            (|shot| shot.figures[0].outside = 1, "outside"),
            (|shot| shot.cuts[0].wrong = 1, "F1"),
        ];
        for (change, word) in cases {
            let mut measured = measured();
            measured.outcomes.pop();
            change(&mut measured.outcomes[0]);
            let missed = missed(&measured);
            assert!(missed.len() == 1 && missed[0].contains(word) && missed[0].contains("(a "), "{word}: {missed:?}");
        }
    }
}
