//! One shot of the episode for the phone: framed anew by the farm, then once more with its window moved by hand.

use std::path::{Path, PathBuf};

use shotfarm_tests::film::{Clip, Shot, Size};
use shotfarm_tests::pictures::look_at;

use super::farm::Farm;
use super::plan::SHOW;
use super::status::read_batch;
use crate::run::TaskError;

/// The shot in which most happens from one side to the other.
const SHOT: Shot = Shot::Street;
const EPISODE: &str = "ep01-phone";
/// A window of 202x360 is enlarged to what a review on a phone needs.
const STEPS: &str = "reframe 9:16 zones=shorts | upscale 540x960 filter=lanczos";
const SIZE: Size = Size { width: 540, height: 960 };
/// Where a hand puts the window's centre, and when: the plan follows the car, the hand wants her who waits.
const KEY: (u32, &str) = (20, "77%");

/// Frames the shot for the phone, twice, and gives the sheets to look at.
pub(super) fn frame(farm: &Farm, clips: &[Clip], dir: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let clip = clips.iter().find(|clip| clip.shot == SHOT);
    let clip = clip.ok_or_else(|| TaskError(format!("the episode has no shot {}", SHOT.label())))?;
    let label = format!("{SHOW}/{EPISODE}/{}", SHOT.label());
    let source = clip.path.display().to_string();
    println!("==> {} ({}) for the phone: its frames are looked at, its window is planned", SHOT.label(), SHOT.caption());
    let said = farm.say(&["submit", &source, "--show", SHOW, "--episode", EPISODE, "--steps", STEPS, "--json"])?;
    let first = finish(farm, clip, &read_batch(&said)?, &label, &dir.join("phone"))?;
    let (frame, place) = KEY;
    println!("    and again with a hand on it: at frame {frame} the window's centre is to be at {place} of the width");
    let batch = farm.say(&["reframe", &label, "--key", &format!("{frame}={place}"), "--quiet"])?;
    let second = finish(farm, clip, batch.trim(), &label, &dir.join("phone-by-hand"))?;
    Ok(vec![first, second])
}

/// Waits for a batch of the one shot, says how it is framed, brings it home and looks at it. Gives its sheet.
fn finish(farm: &Farm, clip: &Clip, batch: &str, label: &str, folder: &Path) -> Result<PathBuf, TaskError> {
    farm.say(&["job", "wait", batch])?;
    for line in farm.say(&["reframe", batch, "--quiet"])?.lines() {
        println!("    {line}");
    }
    let shown = folder.display().to_string();
    farm.say(&["fetch", batch, "--dir", &shown])?;
    let name = label.replace('/', "_");
    let output = look_at(&folder.join(format!("{name}.mp4")))?;
    if output.size != SIZE || output.frames != u64::from(clip.frames) {
        let (got, asked) = ((output.size, output.frames), (SIZE, clip.frames));
        return Err(TaskError(format!("{name}.mp4 has (size, frames) {got:?} instead of {asked:?}")));
    }
    let preview = look_at(&folder.join(format!("{name}.overlay.mp4")))?;
    if preview.frames != output.frames {
        return Err(TaskError(format!("the preview of {label} has {} frames instead of {}", preview.frames, output.frames)));
    }
    Ok(folder.join(format!("{name}.sheet.png")))
}
