//! The public RetargetVid set: what annotators agree on, and, where its clips are at hand, what ours and others choose.
//!
//! Published for the tall target: a static centre crop 45.0, the best method 52.9 (SmartVidCrop, 2021), mean IoU in percent.

mod annotations;
mod score;

use std::fs;
use std::path::{Path, PathBuf};

use shotfarm_shared::track::Window;

use super::judged::Judged;
use super::ours::Looker;
use super::peers::autoflip;
use super::{Progress, clip};
use crate::error::GaugeError;
use crate::table;
use annotations::{Annotations, Aspect};

pub(crate) use annotations::AnnotationError;

/// Clips that are looked at in a folder; the set has 200.
const CLIPS_MAX: usize = 1_000;

/// Reads the annotations, measures what is at hand (a device is opened only for clips), and prints the table. There is no bar: it depends on the clips given.
pub(crate) fn run(
    folder: &Path,
    clips: Option<&Path>,
    looker: impl FnOnce() -> Result<Looker, GaugeError>,
) -> Result<(), GaugeError> {
    let annotations = Annotations::read(folder)?;
    let mut rows = vec![
        row("annotators among themselves", Aspect::ALL.map(|aspect| score::ceiling(&annotations, aspect))),
        row("centre crop", Aspect::ALL.map(|aspect| score::mean_overlap(&annotations, aspect, &centres(&annotations, aspect)))),
    ];
    let count = annotations.clips.len() / Aspect::ALL.len();
    println!("{count} clips, {} annotators; mean IoU in percent\n", annotations.annotators.len());
    if let Some(clips) = clips {
        let found = found(clips, &annotations)?;
        let chosen = choose_all(&looker()?, &annotations, &found)?;
        let judge = |judge: usize| {
            let of = |aspect: usize| score::mean_overlap(&annotations, Aspect::ALL[aspect], &chosen[aspect][judge]);
            [of(0), of(1)]
        };
        let names = ["ours", "centre crop", "AutoFlip's rules"].map(|name| format!("{name}, {} clips at hand", found.len()));
        rows.extend(names.iter().enumerate().map(|(index, name)| row(name, judge(index))));
    }
    println!("{}", table::markdown(&["", "1:3", "3:1"], &rows));
    Ok(())
}

fn row(name: &str, overlaps: [Option<f64>; 2]) -> Vec<String> {
    let percent = |share: Option<f64>| share.map_or_else(|| "-".to_owned(), |share| format!("{:.2}", share * 100.0));
    std::iter::once(name.to_owned()).chain(overlaps.map(percent)).collect()
}

/// Windows for clips.
type Choices = Vec<(u32, Vec<Window>)>;

/// The static centre crop of every annotated clip.
fn centres(annotations: &Annotations, aspect: Aspect) -> Choices {
    let clips = annotations.clips.iter().filter(|((_, of), _)| *of == aspect);
    let centred = clips.filter_map(|((clip, _), annotated)| {
        let frames = annotated.first()?.len();
        Some((*clip, score::centre(score::picture(annotations, *clip)?, aspect, frames)))
    });
    centred.collect()
}

/// The annotated clips that a folder has.
fn found(folder: &Path, annotations: &Annotations) -> Result<Vec<(u32, PathBuf)>, GaugeError> {
    let listed = fs::read_dir(folder).map_err(GaugeError::file("cannot list", folder))?;
    let clip = |path: PathBuf| {
        let number = path.file_stem()?.to_str()?.parse::<u32>().ok()?;
        let ending = path.extension()?.to_str()?.to_ascii_lowercase();
        let is_clip = ["mp4", "avi", "mov", "mkv", "webm"].contains(&ending.as_str());
        let is_annotated = Aspect::ALL.iter().all(|aspect| annotations.clips.contains_key(&(number, *aspect)));
        (is_clip && is_annotated).then_some((number, path))
    };
    let mut clips = listed.filter_map(|file| clip(file.ok()?.path())).take(CLIPS_MAX).collect::<Vec<_>>();
    clips.sort();
    clips.dedup_by_key(|(number, _)| *number);
    if clips.is_empty() {
        return Err(GaugeError::Argument(format!("no annotated clip such as 001.mp4 is in {}", folder.display())));
    }
    Ok(clips)
}

/// By aspect, then by judge (ours, centre, AutoFlip): windows for every clip at hand.
fn choose_all(looker: &Looker, annotations: &Annotations, clips: &[(u32, PathBuf)]) -> Result<[[Choices; 3]; 2], GaugeError> {
    let mut chosen: [[Choices; 3]; 2] = Default::default();
    let mut progress = Progress::new(clips.len() as f64);
    for (number, path) in clips {
        progress.begin(&format!("clip {number:03}"));
        for (aspect, choices) in Aspect::ALL.into_iter().zip(&mut chosen) {
            let ours = looker.choose(path, aspect.parts())?;
            let frames = clip::read(path)?;
            let flip = autoflip::judge(&frames, &ours.subjects, aspect.ratio(), ours.rate.per_second());
            let size = score::picture(annotations, *number).unwrap_or_default();
            let centre = score::centre(size, aspect, frames.len());
            for (choice, windows) in choices.iter_mut().zip([first_windows(&ours.judged), centre, first_windows(&flip)]) {
                choice.push((*number, windows));
            }
        }
        progress.end(1.0);
    }
    Ok(chosen)
}

/// One window a frame, on whole pixels: the set knows no other. Of a split picture it is the first.
fn first_windows(judged: &Judged) -> Vec<Window> {
    judged.shown.iter().filter_map(|shown| shown.first()).map(score::whole).collect()
}
