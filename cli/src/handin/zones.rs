//! The zones that recipes name, held to the tables that are known: a studio's own file stands before the one that comes along.

use std::path::Path;

use shotfarm_shared::limits::TRACK_BYTES_MAX;
use shotfarm_shared::manifest::Fault;
use shotfarm_shared::recipe::{ZoneTable, Zones};

use super::request::{Request, RequestedShot};
use crate::args::ZonesFile;
use crate::error::CliError;

/// The studio's own table, if a file of one was given.
///
/// # Errors
/// A file that cannot be read, or is no table.
pub(crate) fn own(given: &ZonesFile) -> Result<Option<ZoneTable>, CliError> {
    given.zones_file.as_deref().map(read).transpose()
}

fn read(file: &Path) -> Result<ZoneTable, CliError> {
    let shown = file.display();
    let unreadable = |error: std::io::Error| {
        CliError::refused(format!("cannot read zones {shown}: {error}"))
            .hint("`shotfarm zones --template` prints a file to start from")
    };
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    if !metadata.is_file() || metadata.len() > TRACK_BYTES_MAX {
        return Err(CliError::refused(format!("zones {shown} are no file that could be a table of zones")));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    ZoneTable::read(&text).map_err(|error| CliError::refused(format!("{shown}: {error}")))
}

/// Gives every shot's zones the numbers of the studio's table; the faults of those that nobody knows, each with the shot's place.
pub(crate) fn apply(request: &mut Request, own: Option<&ZoneTable>) -> Vec<Fault> {
    let built_in = ZoneTable::built_in();
    let mut faults = Vec::new();
    for RequestedShot { shot, .. } in &mut request.shots {
        let Some(zones) = shot.recipe.reframe_mut().and_then(|reframe| reframe.zones.as_mut()) else { continue };
        if let Some(table) = own {
            override_from(zones, table, &built_in);
        }
        if zones.insets.is_none() {
            let known = own.into_iter().chain([&built_in]).flat_map(|table| &table.rows).map(|row| row.name.as_str());
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            known.dedup();
            let message = format!("nobody knows the zones `{}`; known are {}", zones.name, known.join(", "));
            faults.push(Fault { place: shot.place.clone(), message });
        }
    }
    faults
}

/// Numbers that a recipe gives itself stay: only those that came from the table that comes along are another's to change.
fn override_from(zones: &mut Zones, own: &ZoneTable, built_in: &ZoneTable) {
    if let Some(insets) = own.find(&zones.name)
        && (zones.insets.is_none() || zones.insets == built_in.find(&zones.name))
    {
        zones.insets = Some(insets);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handin::models::tests::request;

    #[test]
    fn a_studios_own_zones_stand_before_those_that_come_along() {
        let own = r#"{"picture":{"width":1000,"height":1000},"zones":[
            {"name":"douyin","top":10,"right":20,"bottom":30,"left":40},
            {"name":"ours","top":1,"right":0,"bottom":0,"left":0}]}"#;
        let own = ZoneTable::read(own).expect("a table");
        let rows = "s,e,1,a.mp4,reframe 9:16 zones=douyin\ns,e,2,a.mp4,reframe 9:16 zones=ours\ns,e,3,a.mp4,reframe 9:16 zones=x\n\
                    s,e,4,a.mp4,reframe 9:16 zones=douyin:5/5/5/5\ns,e,5,a.mp4,reframe 9:16 zones=shorts\ns,e,6,a.mp4,upscale 2x\n";
        let mut asked = request(rows);
        let faults: Vec<String> = apply(&mut asked, Some(&own)).iter().map(ToString::to_string).collect();
        assert_eq!(
            faults,
            ["row 4: nobody knows the zones `x`; known are cautious, douyin, ours, reels, shorts, strict, tiktok"]
        );
        let written = |index: usize| {
            let zones = asked.shots[index].shot.recipe.reframe().and_then(|reframe| reframe.zones.as_ref());
            zones.map(ToString::to_string).unwrap_or_default()
        };
        assert_eq!([0, 1, 3, 4].map(written), ["douyin:10/20/30/40", "ours:1/0/0/0", "douyin:5/5/5/5", "shorts:0/0/250/0"]);
        assert_eq!(apply(&mut request(rows), None).len(), 2, "without the file nobody knows `ours` either");
    }
}
