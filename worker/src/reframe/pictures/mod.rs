//! Pictures for people of how a shot is framed: a sheet to read at a glance and a clip to watch.
//!
//! One decode serves both; one frame is held at a time, and of the sheet only the frames that it shows. Nothing here decides
//! anything: what is drawn is the track as it stands.

mod canvas;
mod clip;
mod frames;
mod ink;
mod light;
mod overlay;
mod sheet;
mod strip;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use shotfarm_shared::media::{Extent, MediaFacts};
use shotfarm_shared::recipe::Reframe;
use shotfarm_shared::track::Track;

use self::canvas::Canvas;
use self::clip::Clip;
use self::sheet::Sheet;
use super::Findings;
use crate::media::{Cancel, Decoder, MediaError, Tools};

/// Narrowest side of a picture that is drawn on.
const SIDE_MIN: f64 = 16.0;

/// All that the pictures tell of.
#[derive(Clone, Copy, Debug)]
pub struct Shot<'a> {
    /// What it is called.
    pub label: &'a str,
    /// The clip.
    pub source: &'a Path,
    /// What the probe established about it.
    pub facts: &'a MediaFacts,
    /// The step.
    pub reframe: &'a Reframe,
    /// The size that the step reaches.
    pub target: Extent,
    /// A whole track, held to the shot.
    pub track: &'a Track,
    /// What was found in all of its frames.
    pub findings: &'a Findings,
}

/// The files that were made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pictures {
    /// The crop-overlay sheet, a PNG.
    pub sheet: PathBuf,
    /// The preview clip, an MP4 of as many frames as the shot has.
    pub preview: PathBuf,
}

/// Makes the pictures of a shot in `folder`. `progress` hears how many frames are done.
///
/// # Errors
/// A source that cannot be decoded, ffmpeg or the disk in trouble, a cancelled task.
pub fn make(
    tools: &Tools,
    shot: &Shot<'_>,
    folder: &Path,
    cancel: &Cancel,
    progress: &mut dyn FnMut(u64),
) -> Result<Pictures, MediaError> {
    let files = Pictures { sheet: folder.join("sheet.png"), preview: folder.join("overlay.mp4") };
    let silent = folder.join("picture.mp4");
    let extent = clip::picture_extent(shot);
    let curve = light::curve(&shot.facts.layout.colour);
    let mut sheet = Sheet::new(shot, frames::shown(shot.track, shot.facts.frames).into_iter().collect());
    let mut clip = Clip::start(tools, shot, &silent, cancel)?;
    let mut decoder = Decoder::pictures(tools, shot.source, shot.facts, extent, cancel)?;
    let (mut bytes, mut frame) = (Vec::new(), 0);
    while decoder.read_frame(&mut bytes)? {
        if let Some(curve) = &curve {
            bytes.iter_mut().for_each(|code| *code = curve[usize::from(*code)]);
        }
        let picture = Canvas::of_picture(extent, &bytes);
        sheet.add(frame, &picture);
        clip.add(frame, &picture)?;
        frame += 1;
        progress(frame);
    }
    clip.finish()?;
    clip::add_sound(tools, shot, &silent, &files.preview, cancel)?;
    write_png(&sheet.finish(), &files.sheet)?;
    Ok(files)
}

fn write_png(canvas: &Canvas, path: &Path) -> Result<(), MediaError> {
    let bytes = canvas.png().map_err(|detail| MediaError::own("drawing", path, detail))?;
    fs::write(path, bytes).map_err(|error| MediaError::io("writing", path, error))
}

impl Shot<'_> {
    /// Width over height of the source as it is seen.
    fn shown_aspect(&self) -> f64 {
        let (extent, (wide, high)) = (self.facts.layout.extent, self.facts.pixel_aspect);
        f64::from(extent.width) * f64::from(wide.max(1)) / (f64::from(extent.height) * f64::from(high.max(1)))
    }

    /// The same of the result.
    fn target_aspect(&self) -> f64 {
        f64::from(self.target.width) / f64::from(self.target.height)
    }
}

/// The largest size of that aspect within `most`, with even sides.
fn fitted(aspect: f64, (width_max, height_max): (f64, f64)) -> Extent {
    let (width, height) =
        if aspect > width_max / height_max { (width_max, width_max / aspect) } else { (height_max * aspect, height_max) };
    let even = |side: f64| (side.max(SIDE_MIN) / 2.0).round() as u32 * 2;
    Extent::new(even(width), even(height))
}
