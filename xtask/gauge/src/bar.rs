//! What is asked of a figure, and what was got: the lines that decide how a report ends.

use serde_json::json;

use crate::error::GaugeError;
use crate::table;

/// One bar.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub(crate) struct Bar {
    /// What is compared, in words.
    pub(crate) what: String,
    /// What is asked.
    pub(crate) wanted: Wanted,
    /// What was got.
    pub(crate) got: f64,
    /// Of both: `dB`, or nothing for a share.
    pub(crate) unit: &'static str,
    /// Where it was nearest to missing it, or furthest beyond.
    pub(crate) least: String,
}

/// On which side of a figure the result has to lie.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Wanted {
    /// At or above it.
    AtLeast(f64),
    /// At or below it.
    AtMost(f64),
}

impl Bar {
    pub(crate) fn is_reached(&self) -> bool {
        match self.wanted {
            Wanted::AtLeast(least) => self.got >= least,
            Wanted::AtMost(most) => self.got <= most,
        }
    }
}

/// As a table.
pub(crate) fn table(bars: &[Bar]) -> String {
    let row = |bar: &Bar| {
        let ok = if bar.is_reached() { "ok" } else { "MISSED" };
        let (asked, got) = match bar.wanted {
            Wanted::AtLeast(least) => (format!("{least:+.2} {}", bar.unit), format!("{:+.3} {}", bar.got, bar.unit)),
            Wanted::AtMost(most) => (at_most(most, bar.unit), at_most(bar.got, bar.unit)),
        };
        vec![bar.what.clone(), asked, got, bar.least.clone(), ok.to_owned()]
    };
    table::markdown(&["bar", "asked", "got", "least at", ""], &bars.iter().map(row).collect::<Vec<_>>())
}

fn at_most(value: f64, unit: &str) -> String {
    let number = if value != 0.0 && value.abs() < 1e-2 { format!("{value:.1e}") } else { format!("{value:.2}") };
    format!("{number} {unit}").trim_end().to_owned()
}

/// As data.
pub(crate) fn json(bars: &[Bar]) -> Vec<serde_json::Value> {
    let bar =
        |bar: &Bar| json!({"what": bar.what, "asked": bar.wanted, "got": bar.got, "least": bar.least, "ok": bar.is_reached()});
    bars.iter().map(bar).collect()
}

/// The end of a report: an error where a bar is missed.
pub(crate) fn verdict(bars: &[Bar]) -> Result<(), GaugeError> {
    let missed = bars.iter().filter(|bar| !bar.is_reached()).count();
    if missed == 0 { Ok(()) } else { Err(GaugeError::Missed { missed, all: bars.len() }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_told_and_decide() {
        let bar = |wanted, got| Bar { what: "x".to_owned(), wanted, got, unit: "px", least: "here".to_owned() };
        let bars = [bar(Wanted::AtMost(2.5), 0.004), bar(Wanted::AtMost(0.0), 0.0), bar(Wanted::AtLeast(0.98), 0.97)];
        let text = table(&bars);
        assert!(text.contains("2.50 px | 4.0e-3 px | here     | ok"), "{text}");
        assert!(text.contains("+0.98 px | +0.970 px | here     | MISSED"), "{text}");
        assert!(matches!(verdict(&bars), Err(GaugeError::Missed { missed: 1, all: 3 })) && verdict(&bars[..2]).is_ok());
    }
}
