//! The pictures of the report: for each class a sheet with a strip of frames for every shot, and everybody's windows on them.

use std::path::{Path, PathBuf};

use shotfarm_shared::track::Window;
use shotfarm_tests::film::Frame;
use shotfarm_tests::pictures::{Tile, contact_sheet, write_png};

use super::judged::Judged;
use super::peers::autoflip::Region;
use super::truth::Truth;
use crate::error::GaugeError;

/// Frames that are shown of a shot.
const FRAMES: usize = 6;
const TILE_WIDTH: u32 = 300;

/// Colours of outlines: the truth, its subjects; then the judges in their order.
const TRUTH: [u8; 3] = [255, 255, 255];
const SUBJECT: [u8; 3] = [255, 232, 60];
/// What ours took for subjects.
const FOUND: [u8; 3] = [255, 90, 220];
const JUDGES: [[u8; 3]; 3] = [[40, 230, 90], [90, 150, 255], [255, 120, 30]];

/// What the colours mean.
pub(crate) const LEGEND: &str =
    "white: truth, yellow: subjects, green: ours, blue: centre, orange: AutoFlip, pink: what ours took for subjects";

/// One shot's strip. `choices` are in the order of the judges, each with its overlap of the whole shot.
pub(crate) fn strip(name: &str, frames: &[Frame], truth: &Truth, found: &[Vec<Region>], choices: &[(&Judged, f64)]) -> Vec<Tile> {
    let shown = FRAMES.min(frames.len());
    let tile = |index: usize| {
        let at = index * frames.len().saturating_sub(1) / shown.saturating_sub(1).max(1);
        let mut frame = frames[at].clone();
        if let Some(known) = truth.frames.get(at) {
            known.windows.iter().for_each(|window| outline(&mut frame, window, TRUTH, 3));
            known.needed.iter().for_each(|subject| outline(&mut frame, subject, SUBJECT, 1));
        }
        found.get(at).into_iter().flatten().for_each(|region| outline(&mut frame, &region.place, FOUND, 1));
        // Ours last: it is the one to be seen.
        for (index, (judged, _)) in choices.iter().enumerate().rev() {
            judged.shown.get(at).into_iter().flatten().for_each(|window| outline(&mut frame, window, JUDGES[index % 3], 2));
        }
        let overlaps = choices.iter().map(|(_, overlap)| format!("{:.1}", overlap * 100.0)).collect::<Vec<_>>();
        let ahead = choices.split_first().is_none_or(|(ours, others)| others.iter().all(|other| ours.1 >= other.1));
        Tile { frame, caption: format!("{name} {at}"), note: format!("IoU % {}", overlaps.join(" / ")), verified: ahead }
    };
    (0..shown).map(tile).collect()
}

/// Writes a class's sheet and says where.
pub(crate) fn write(folder: &Path, class: &str, tiles: &[Tile]) -> Result<PathBuf, GaugeError> {
    let path = folder.join(format!("{}.png", class.replace(", ", "-").replace(' ', "-")));
    write_png(&contact_sheet(&format!("{class}. {LEGEND}"), tiles, FRAMES as u32, TILE_WIDTH), &path)?;
    Ok(path)
}

/// Draws a window's edge, so many pixels broad, inwards.
fn outline(frame: &mut Frame, window: &Window, colour: [u8; 3], broad: u32) {
    let (width, height) = (frame.size.width, frame.size.height);
    let clamp = |at: f64, most: u32| at.round().clamp(0.0, f64::from(most)) as u32;
    let (left, right) = (clamp(window.x, width), clamp(window.right(), width));
    let (top, bottom) = (clamp(window.y, height), clamp(window.bottom(), height));
    for y in top..bottom {
        for x in left..right {
            let edge = (x - left).min(right - 1 - x).min(y - top).min(bottom - 1 - y);
            if edge < broad {
                let at = (y * width + x) as usize * 3;
                frame.rgb[at..at + 3].copy_from_slice(&colour);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::Size;

    use super::*;

    #[test]
    fn an_outline_lies_on_the_edge_and_never_outside() {
        let size = Size { width: 10, height: 8 };
        let mut frame = Frame { size, rgb: vec![0; 240] };
        outline(&mut frame, &Window { x: 2.0, y: -3.0, width: 20.0, height: 9.0 }, [255; 3], 1);
        let lit = |x: usize, y: usize| frame.rgb[(y * 10 + x) * 3] == 255;
        assert!(lit(2, 0) && lit(9, 0) && lit(2, 5) && lit(9, 3) && !lit(1, 0) && !lit(5, 3) && !lit(5, 6));
    }
}
