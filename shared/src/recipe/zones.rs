//! Keep-out zones: the edges of a picture that a platform's own buttons and texts cover.
//!
//! The known ones stand in `zones.json`, dated; a studio hands in its own file of the same form. A recipe carries the numbers
//! themselves, so that what was planned does not change when a file does.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use crate::limits::ZONES_MAX;

/// The table that comes with the program.
const TABLE: &str = include_str!("zones.json");
/// A thousand thousandths: the whole of a side.
const WHOLE: u32 = 1_000;

/// How far the covered parts reach in from each edge, in thousandths of the picture's width or height.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Insets {
    /// From the top edge, of the height.
    pub top: u32,
    /// From the right edge, of the width.
    pub right: u32,
    /// From the bottom edge, of the height.
    pub bottom: u32,
    /// From the left edge, of the width.
    pub left: u32,
}

/// A platform's zones.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zones {
    /// What they are called.
    pub name: String,
    /// Where they are; `None` until a file that has them was read.
    pub insets: Option<Insets>,
}

/// A table of zones, from the program or a studio's file.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneTable {
    /// Its rows, in the order of the file.
    pub rows: Vec<ZoneRow>,
}

/// One platform of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct ZoneRow {
    /// What it is called in recipes.
    pub name: String,
    /// When the numbers were collected, for people.
    pub dated: String,
    /// Where they are from, for people.
    pub source: String,
    /// The zones.
    pub insets: Insets,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default, rename = "about")]
    _about: String,
    picture: Side,
    zones: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Side {
    width: u32,
    height: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    name: String,
    #[serde(default)]
    dated: String,
    #[serde(default)]
    source: String,
    top: u32,
    right: u32,
    bottom: u32,
    left: u32,
}

/// A file of zones that cannot be used: what, where and what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidZones {
    /// It is not the JSON that is expected.
    #[error("the zones cannot be read: {0}; `shotfarm zones --template` prints a table to start from")]
    Form(String),
    /// A row that does not fit.
    #[error("zones[{row}] `{name}`: {reason}")]
    Row {
        /// Counted from 0.
        row: usize,
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Too many rows.
    #[error("{0} zones are given, at most {ZONES_MAX} are taken")]
    TooMany(usize),
}

impl ZoneTable {
    /// The table that comes with the program.
    #[must_use]
    pub fn built_in() -> Self {
        Self::read(TABLE).expect("the test `the_table_that_comes_along_is_whole` reads it")
    }

    /// The file of that table, for people to copy.
    #[must_use]
    pub fn built_in_file() -> &'static str {
        TABLE
    }

    /// Reads a file of the same form.
    ///
    /// # Errors
    /// When it is not that form, or zones leave less than a quarter of a side.
    pub fn read(text: &str) -> Result<Self, InvalidZones> {
        let file: File = serde_json::from_str(text).map_err(|error| InvalidZones::Form(error.to_string()))?;
        if file.zones.len() > ZONES_MAX {
            return Err(InvalidZones::TooMany(file.zones.len()));
        }
        let picture = file.picture;
        let rows = file.zones.into_iter().enumerate().map(|(row, zone)| {
            let refuse = |reason| InvalidZones::Row { row, name: zone.name.clone(), reason };
            if !is_name(&zone.name) {
                return Err(refuse("a name is 1 to 40 letters, digits, `-`, `_` or `.`"));
            }
            let part = |pixels: u32, side: u32| {
                u32::try_from((u64::from(pixels) * u64::from(WHOLE)).div_ceil(u64::from(side.max(1)))).unwrap_or(u32::MAX)
            };
            let insets = Insets {
                top: part(zone.top, picture.height),
                right: part(zone.right, picture.width),
                bottom: part(zone.bottom, picture.height),
                left: part(zone.left, picture.width),
            };
            if !insets.leave_room() {
                return Err(refuse("it leaves less than a quarter of a side free; count pixels of `picture` from each edge"));
            }
            Ok(ZoneRow { name: zone.name, dated: zone.dated, source: zone.source, insets })
        });
        Ok(Self { rows: rows.collect::<Result<_, _>>()? })
    }

    /// The zones of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Insets> {
        self.rows.iter().find(|row| row.name == name).map(|row| row.insets)
    }
}

fn is_name(text: &str) -> bool {
    (1..=40).contains(&text.chars().count())
        && text.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.'))
}

impl Insets {
    /// Whether a quarter of each side is left.
    fn leave_room(self) -> bool {
        let most = WHOLE - WHOLE / 4;
        self.top.saturating_add(self.bottom) <= most && self.left.saturating_add(self.right) <= most
    }
}

impl FromStr for Zones {
    type Err = InvalidRecipe;

    /// `NAME`, with the numbers of the table that comes along if it has that name, or `NAME:TOP/RIGHT/BOTTOM/LEFT`.
    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let invalid = || InvalidRecipe::Zones(text.to_owned());
        let (name, numbers) = text.split_once(':').map_or((text, None), |(name, numbers)| (name, Some(numbers)));
        if !is_name(name) {
            return Err(invalid());
        }
        let insets = match numbers {
            None => ZoneTable::built_in().find(name),
            Some(numbers) => {
                let parts = numbers.split('/').map(str::parse).collect::<Result<Vec<u32>, _>>().map_err(|_| invalid())?;
                let [top, right, bottom, left] = parts[..] else { return Err(invalid()) };
                Some(Insets { top, right, bottom, left }).filter(|insets| insets.leave_room()).map(Some).ok_or_else(invalid)?
            }
        };
        Ok(Self { name: name.to_owned(), insets })
    }
}

impl fmt::Display for Zones {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        match self.insets {
            Some(Insets { top, right, bottom, left }) => write!(f, ":{top}/{right}/{bottom}/{left}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_that_comes_along_is_whole() {
        let table = ZoneTable::built_in();
        assert!(table.rows.len() >= 6 && table.rows.iter().all(|row| !row.dated.is_empty() && !row.source.is_empty()));
        assert_eq!(table.find("tiktok"), Some(Insets { top: 79, right: 139, bottom: 230, left: 0 }));
    }

    #[test]
    fn names_bring_their_numbers_and_numbers_stand_for_themselves() {
        let read = |text: &str| text.parse::<Zones>().map(|zones| zones.to_string()).map_err(|error| error.to_string());
        assert_eq!(read("tiktok"), Ok("tiktok:79/139/230/0".to_owned()));
        assert_eq!(read("tiktok:1/2/3/4"), Ok("tiktok:1/2/3/4".to_owned()));
        assert_eq!(read("快手"), Ok("快手".to_owned()));
        for text in ["", "a b", "tiktok:1/2/3", "tiktok:1/2/3/-4", "x:400/0/400/0", "x:1/2/3/4/5"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_file_is_refused_by_row() {
        let file = |zone: &str| format!(r#"{{"picture":{{"width":1080,"height":1920}},"zones":[{zone}]}}"#);
        let good = r#"{"name":"ours","top":10,"right":0,"bottom":20,"left":0}"#;
        assert_eq!(ZoneTable::read(&file(good)).map(|table| table.rows.len()), Ok(1));
        for (zone, part) in [
            (r#"{"name":"ours","top":1900,"right":0,"bottom":20,"left":0}"#, "zones[0] `ours`: it leaves less than"),
            (r#"{"name":"a b","top":1,"right":0,"bottom":20,"left":0}"#, "zones[0] `a b`: a name is"),
            (r#"{"name":"ours","top":-1,"right":0,"bottom":20,"left":0}"#, "cannot be read"),
        ] {
            let error = ZoneTable::read(&file(zone)).expect_err(zone).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
