//! `zones`: the zones that recipes may name, with when and where their numbers were collected.

use comfy_table::Cell;
use serde_json::{Value, json};
use shotfarm_shared::recipe::{Insets, ZoneRow, ZoneTable};

use crate::args::Zones as Args;
use crate::error::CliError;
use crate::exit::Exit;
use crate::handin::zones::own;
use crate::voice::human::table;
use crate::voice::{Answer, Voice};

/// The verb.
pub(crate) fn run(voice: Voice, args: &Args) -> Result<Exit, CliError> {
    if args.template {
        voice.answer(&Template)?;
    } else {
        voice.answer(&Known::new(own(&args.zones)?.as_ref()))?;
    }
    Ok(Exit::Done)
}

/// The file of the zones that come along.
struct Template;

impl Answer for Template {
    fn human(&self) -> String {
        ZoneTable::built_in_file().to_owned()
    }

    fn json(&self) -> Value {
        Value::String(self.human())
    }

    fn quiet(&self) -> String {
        self.human()
    }
}

/// Every zone that a recipe may name, and whether it is the studio's own.
struct Known(Vec<(ZoneRow, bool)>);

impl Known {
    fn new(own: Option<&ZoneTable>) -> Self {
        let own = own.map(|table| table.rows.clone()).unwrap_or_default();
        let hidden = |row: &ZoneRow| own.iter().any(|own| own.name == row.name);
        let built_in = ZoneTable::built_in().rows.into_iter().filter(|row| !hidden(row)).map(|row| (row, false));
        let built_in: Vec<(ZoneRow, bool)> = built_in.collect();
        Self(own.into_iter().map(|row| (row, true)).chain(built_in).collect())
    }
}

/// Thousandths as people read them.
fn percent(thousandths: u32) -> String {
    format!("{}.{} %", thousandths / 10, thousandths % 10)
}

impl Answer for Known {
    fn human(&self) -> String {
        let row = |(row, own): &(ZoneRow, bool)| {
            let Insets { top, right, bottom, left } = row.insets;
            let sides = [top, right, bottom, left].map(|side| Cell::new(percent(side)));
            let source = if *own { format!("your file: {}", row.source) } else { row.source.clone() };
            let words = [Cell::new(&row.dated), Cell::new(source.trim_end_matches([':', ' ']))];
            std::iter::once(Cell::new(&row.name)).chain(sides).chain(words).collect()
        };
        let header = ["zones", "top", "right", "bottom", "left", "dated", "from"];
        let text = table(&header, &[1, 2, 3, 4], self.0.iter().map(row).collect());
        format!("{text}\n\nname one in a recipe: `reframe 9:16 zones=NAME`; bring your own with --zones FILE")
    }

    fn json(&self) -> Value {
        let row = |(row, own): &(ZoneRow, bool)| {
            let Insets { top, right, bottom, left } = row.insets;
            json!({"name": row.name, "dated": row.dated, "source": row.source, "own": own,
                "thousandths": {"top": top, "right": right, "bottom": bottom, "left": left}})
        };
        json!({"zones": self.0.iter().map(row).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        self.0.iter().map(|(row, _)| row.name.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_listed_with_when_and_where_from() {
        let known = Known::new(None);
        let text = anstream::adapter::strip_str(&known.human()).to_string();
        let line = text.lines().find(|line| line.starts_with("tiktok")).expect("it comes along");
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words.join(" "), "tiktok 7.9 % 13.9 % 23.0 % 0.0 % 2026-11 advice for TikTok advertisements");
        assert_eq!(known.json()["zones"][1]["thousandths"]["bottom"], 230);
        assert!(known.quiet().lines().any(|name| name == "shorts"));
    }

    #[test]
    fn a_studios_own_stand_first_and_hide_those_of_their_name() {
        let own = r#"{"picture":{"width":10,"height":10},"zones":[{"name":"reels","top":1,"right":0,"bottom":0,"left":0}]}"#;
        let known = Known::new(Some(&ZoneTable::read(own).expect("a table")));
        assert_eq!(known.quiet().lines().filter(|name| *name == "reels").count(), 1);
        assert_eq!((&known.json()["zones"][0]["name"], &known.json()["zones"][0]["own"]), (&json!("reels"), &json!(true)));
        let text = anstream::adapter::strip_str(&known.human()).to_string();
        assert!(text.lines().nth(1).is_some_and(|line| line.starts_with("reels") && line.ends_with("your file")), "{text}");
    }

    #[test]
    fn the_template_is_a_table() {
        assert_eq!(ZoneTable::read(&Template.quiet()), Ok(ZoneTable::built_in()));
    }
}
