//! `reframe-report`: how well windows are chosen, on drawn shots whose truth is known, beside what others would choose.
//!
//! ```text
//! set ─► frames ─► x264 ─► file ─► ours (GPU, plan) ─► windows ─┐
//!   └─► truth                 └──► others ───────────► windows ─┴─► figures ─► bars, tables, sheets
//! ```
//!
//! The truth meets what is judged in the figures alone.

mod area;
mod clip;
mod judged;
mod metrics;
mod ours;
mod outcome;
mod peers;
mod retargetvid;
mod set;
mod sheets;
mod truth;
mod write;

use std::fs;
use std::path::{Path, PathBuf};

use shotfarm_shared::track::Window;
use shotfarm_tests::film::FRAMES_PER_SECOND;
use shotfarm_tests::pictures::Tile;

use crate::bar;
use crate::device::DeviceName;
use crate::error::GaugeError;
use crate::progress::Progress;
use crate::ycbcr::extent;
use judged::centre_crop;
use metrics::{Cuts, Figures};
use ours::Looker;
use outcome::{Measured, Outcome};
pub(crate) use retargetvid::AnnotationError;

use peers::{autoflip, scenedetect};
use set::{Class, Shot};

#[derive(clap::Args)]
pub(crate) struct ReframeArguments {
    /// Where report.md, report.json, the sheets and the shots are put
    #[arg(long, default_value = "target/reframe-report")]
    dir: PathBuf,
    /// The GPU: best, software, or a number from `shotfarm doctor`
    #[arg(long, default_value = "software")]
    gpu: DeviceName,
    /// A network that finds faces, as ONNX (YuNet and its like); ours goes without by default
    #[arg(long, value_name = "FILE")]
    faces: Option<PathBuf>,
    /// Only shots with this in their name or class
    #[arg(long, default_value = "")]
    only: String,
    /// Draw and compress the shots, and measure nothing
    #[arg(long)]
    draw: bool,
    /// Measure on RetargetVid instead: the folder with its annotators' folders, unpacked
    #[arg(long, value_name = "DIR")]
    retargetvid: Option<PathBuf>,
    /// The clips of RetargetVid that are at hand, such as 001.mp4 or 601.AVI
    #[arg(long, value_name = "DIR", requires = "retargetvid")]
    clips: Option<PathBuf>,
}

impl ReframeArguments {
    fn looker(&self) -> Result<Looker, GaugeError> {
        Looker::new(self.gpu.open()?, self.faces.as_deref())
    }
}

/// Measures, writes, and says whether every bar is reached.
pub(crate) fn run(arguments: &ReframeArguments) -> Result<(), GaugeError> {
    if let Some(annotations) = &arguments.retargetvid {
        return retargetvid::run(annotations, arguments.clips.as_deref(), || arguments.looker());
    }
    let folder = arguments.dir.join("shots");
    fs::create_dir_all(&folder).map_err(GaugeError::file("cannot make", &folder))?;
    let wanted = |shot: &Shot| shot.name.contains(&arguments.only) || shot.class.words().contains(&arguments.only);
    let shots = set::shots().into_iter().filter(wanted).collect::<Vec<_>>();
    if shots.is_empty() {
        return Err(GaugeError::Argument(format!("no shot and no class is called `{}`", arguments.only)));
    }
    if arguments.draw {
        return draw(&shots, &folder);
    }
    let measured = measure(&arguments.looker()?, &shots, &arguments.dir)?;
    let bars = outcome::bars(&measured);
    let text = write::markdown(&measured, &bars);
    println!("{text}");
    write_text(&arguments.dir.join("report.md"), &text)?;
    write_text(&arguments.dir.join("report.json"), &write::json(&measured, &bars))?;
    bar::verdict(&bars)
}

fn write_text(path: &Path, text: &str) -> Result<(), GaugeError> {
    fs::write(path, text).map_err(GaugeError::file("cannot write", path))
}

fn file_of(folder: &Path, shot: &Shot) -> PathBuf {
    folder.join(format!("{}.mp4", shot.name))
}

fn draw(shots: &[Shot], folder: &Path) -> Result<(), GaugeError> {
    let mut progress = Progress::new(shots.len() as f64);
    for shot in shots {
        progress.begin(shot.name);
        clip::write(&file_of(folder, shot), shot.size, shot.crf, shot.draw().frames)?;
        progress.end(1.0);
    }
    println!("{}", folder.display());
    Ok(())
}

/// Every shot, class by class, with a sheet for each.
fn measure(looker: &Looker, shots: &[Shot], dir: &Path) -> Result<Measured, GaugeError> {
    let mut measured = Measured { device: looker.device(), outcomes: Vec::with_capacity(shots.len()) };
    let mut progress = Progress::new(shots.iter().map(|shot| f64::from(shot.frames())).sum());
    for class in Class::ALL {
        let mut tiles = Vec::new();
        for shot in shots.iter().filter(|shot| shot.class == class) {
            progress.begin(shot.name);
            let (outcome, strip) = measure_shot(looker, shot, &dir.join("shots"))?;
            measured.outcomes.push(outcome);
            tiles.extend(strip);
            progress.end(f64::from(shot.frames()));
        }
        if !tiles.is_empty() {
            eprintln!("{}", sheets::write(dir, class.words(), &tiles)?.display());
        }
    }
    Ok(measured)
}

/// One shot: drawn, compressed, judged by all from the file, and only then set beside its truth.
fn measure_shot(looker: &Looker, shot: &Shot, folder: &Path) -> Result<(Outcome, Vec<Tile>), GaugeError> {
    let film = shot.draw();
    let path = file_of(folder, shot);
    clip::write(&path, shot.size, shot.crf, film.frames)?;
    let chosen = looker.choose(&path, shot.target())?;
    let frames = clip::read(&path)?;
    let picture = Window::whole(extent(shot.size));
    let centre = centre_crop(&picture, shot.aspect(), frames.len());
    let flip = autoflip::judge(&frames, &chosen.subjects, shot.aspect(), f64::from(FRAMES_PER_SECOND));
    let differences = scenedetect::differences(&frames);
    let judges = [&chosen.judged, &centre, &flip];
    let figures = judges.map(|judged| Figures::of(&film.truth, &picture, judged));
    let content = scenedetect::content_cuts(&differences);
    let adaptive = scenedetect::adaptive_cuts(&differences);
    let cuts = [&chosen.judged.cuts, &flip.cuts, &content, &adaptive].map(|found| Cuts::of(found, &film.truth.cuts));
    let overlaps = [0, 1, 2].map(|judge| (judges[judge], figures[judge].iou()));
    let strip = sheets::strip(shot.name, &frames, &film.truth, &chosen.subjects, &overlaps);
    let outcome = Outcome {
        name: shot.name.to_owned(),
        class: shot.class,
        figures,
        acceleration: chosen.acceleration,
        cuts,
        told: chosen.told,
    };
    Ok((outcome, strip))
}
