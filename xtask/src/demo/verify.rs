//! Looking at the outputs with our own eyes: sizes, frames and sound counted by ffprobe, bytes by BLAKE3, not taken from the farm.

use std::path::{Path, PathBuf};

use shotfarm_tests::film::{Clip, Shot, Size};
use shotfarm_tests::pictures::{MediaLook, Tile, before_after, contact_sheet, frame_of, look_at, write_png};

use super::plan::PlannedShot;
use super::status::JobStatus;
use crate::run::{TaskError, while_trying};

/// One shot as it came back.
pub(super) struct Outcome {
    pub(super) shot: Shot,
    pub(super) clip: Clip,
    pub(super) path: PathBuf,
    /// What the output holds, if it could be read.
    pub(super) look: Option<MediaLook>,
    pub(super) digest: String,
    /// What is wrong with it, in a producer's words; empty when verified.
    pub(super) faults: Vec<String>,
}

impl Outcome {
    pub(super) fn is_verified(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Looks at the output of one shot and compares it with its source, its plan and what the farm said.
pub(super) fn verify(clip: &Clip, planned: &PlannedShot, job: Option<&JobStatus>, dir: &Path) -> Outcome {
    let path = dir.join(planned.output());
    let mut outcome = Outcome {
        shot: clip.shot,
        clip: clip.clone(),
        path: path.clone(),
        look: None,
        digest: String::new(),
        faults: Vec::new(),
    };
    if let Some(failure) = job.and_then(|job| job.failure.as_deref()) {
        outcome.faults.push(failure.to_owned());
    }
    let looks = digest_of(&path).and_then(|digest| Ok((digest, look_at(&clip.path)?, look_at(&path)?)));
    match looks {
        Ok((digest, source, output)) => {
            outcome.faults.extend(faults(&source, &output, planned.size, &digest, job));
            outcome.digest = digest;
            outcome.look = Some(output);
        }
        Err(error) => outcome.faults.push(error.0),
    }
    outcome
}

/// Everything in which the output is not what was asked for.
fn faults(source: &MediaLook, output: &MediaLook, size: Size, digest: &str, job: Option<&JobStatus>) -> Vec<String> {
    let mut faults = Vec::new();
    if output.size != size {
        faults.push(format!("{}x{} instead of {}x{}", output.size.width, output.size.height, size.width, size.height));
    }
    if output.frames != source.frames {
        faults.push(format!("{} frames instead of {}", output.frames, source.frames));
    }
    if output.audio_streams != source.audio_streams {
        faults.push(format!("{} sound tracks instead of {}", output.audio_streams, source.audio_streams));
    }
    if output.colour != source.colour {
        faults.push(format!("colours tagged {} instead of {}", output.colour, source.colour));
    }
    match job {
        None => faults.push("the farm does not know this shot".to_owned()),
        Some(job) if job.state != "succeeded" => faults.push(format!("the farm says {}", job.state)),
        Some(job) if !job.digest.as_deref().is_some_and(|told| told.ends_with(digest)) => {
            faults.push("the file is not the one the farm made: digests differ".to_owned());
        }
        Some(_) => {}
    }
    faults
}

fn digest_of(path: &Path) -> Result<String, TaskError> {
    let what = format!("read the output {}", path.display());
    let mut hasher = blake3::Hasher::new();
    let file = std::fs::File::open(path).map_err(while_trying(&what))?;
    hasher.update_reader(file).map_err(while_trying(&what))?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// The outcomes as lines of a table.
pub(super) fn table(outcomes: &[Outcome]) -> String {
    let heading =
        ["shot", "what", "source", "output", "frames in = out", "seconds", "sound", "digest", "state"].map(str::to_owned);
    let mut rows = vec![heading];
    rows.extend(outcomes.iter().map(row));
    let widths: Vec<usize> = (0..9).map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0)).collect();
    let line = |row: &[String; 9]| {
        let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}")).collect();
        cells.join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn row(outcome: &Outcome) -> [String; 9] {
    let size = |size: Size| format!("{}x{}", size.width, size.height);
    let seen = |of: fn(&MediaLook) -> String| outcome.look.as_ref().map_or_else(|| "-".to_owned(), of);
    let equal = outcome.look.as_ref().map_or_else(
        || format!("{} = ?", outcome.clip.frames),
        |look| {
            format!(
                "{} {} {}",
                outcome.clip.frames,
                if u64::from(outcome.clip.frames) == look.frames { "=" } else { "!=" },
                look.frames
            )
        },
    );
    [
        outcome.shot.label().to_owned(),
        outcome.shot.caption().to_owned(),
        size(outcome.clip.size),
        outcome.look.as_ref().map_or_else(|| "-".to_owned(), |look| size(look.size)),
        equal,
        seen(|look| format!("{:.2}", look.seconds)),
        seen(|look| if look.audio_streams > 0 { "yes".to_owned() } else { "none".to_owned() }),
        outcome.digest.chars().take(12).collect(),
        if outcome.is_verified() { "verified".to_owned() } else { outcome.faults.join("; ") },
    ]
}

/// Pixels across of one tile of the contact sheet: six shots fit a laptop's screen.
const TILE_WIDTH: u32 = 480;
/// Size of each half of a before/after picture.
const CROP: Size = Size { width: 620, height: 600 };
/// The shots compared, and where to look: her eyes, and the drawn letters.
const COMPARED: [(Shot, &str, (f32, f32)); 2] =
    [(Shot::She, "before-after.png", (0.44, 0.5)), (Shot::Title, "before-after-title.png", (0.7, 0.45))];

/// Writes the contact sheet and the before/after pictures and returns their paths.
pub(super) fn write_pictures(outcomes: &[Outcome], dir: &Path) -> Result<Vec<PathBuf>, TaskError> {
    let mut written = Vec::new();
    let mut tiles = Vec::new();
    for outcome in outcomes {
        let Some(look) = &outcome.look else { continue };
        tiles.push(Tile {
            frame: frame_of(&outcome.path, look.size, look.frames / 2)?,
            caption: format!("{} · {}", outcome.shot.label(), outcome.shot.caption()),
            note: format!(
                "{:.2} s  {} frames  {}x{} → {}x{}",
                look.seconds, look.frames, outcome.clip.size.width, outcome.clip.size.height, look.size.width, look.size.height
            ),
            verified: outcome.is_verified(),
        });
    }
    if !tiles.is_empty() {
        let seconds: f64 = outcomes.iter().filter_map(|outcome| outcome.look.as_ref()).map(|look| look.seconds).sum();
        let title = format!("九五 · EP01 · {} SHOTS · {seconds:.1} S OF FINISHED PICTURE", tiles.len());
        let path = dir.join("contact-sheet.png");
        write_png(&contact_sheet(&title, &tiles, 3, TILE_WIDTH), &path)?;
        written.push(path);
    }
    for (shot, name, centre) in COMPARED {
        let Some((outcome, look)) =
            outcomes.iter().find(|outcome| outcome.shot == shot).and_then(|outcome| Some((outcome, outcome.look.as_ref()?)))
        else {
            continue;
        };
        let middle = look.frames / 2;
        let (before, after) =
            (frame_of(&outcome.clip.path, outcome.clip.size, middle)?, frame_of(&outcome.path, look.size, middle)?);
        let captions = (
            format!("SOURCE {}x{}, ENLARGED", before.size.width, before.size.height),
            format!("OUTPUT {}x{}, 100 %", after.size.width, after.size.height),
        );
        let path = dir.join(name);
        write_png(&before_after(&before, &after, centre, CROP, (&captions.0, &captions.1)), &path)?;
        written.push(path);
    }
    Ok(written)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size { width: 64, height: 36 };

    fn look(frames: u64) -> MediaLook {
        MediaLook { size: SIZE, frames, seconds: 1.0, audio_streams: 1, colour: "bt709".into() }
    }

    fn job(state: &str) -> JobStatus {
        JobStatus { label: "a/b/sh0010".into(), state: state.into(), digest: Some("ab".into()), failure: None }
    }

    #[test]
    fn a_true_output_has_no_faults() {
        assert_eq!(faults(&look(24), &look(24), SIZE, "ab", Some(&job("succeeded"))), Vec::<String>::new());
    }

    #[test]
    fn every_difference_is_told() {
        let output =
            MediaLook { size: Size { width: 2, height: 2 }, frames: 22, audio_streams: 0, colour: "bt601".into(), ..look(24) };
        let told = faults(&look(24), &output, SIZE, "cd", Some(&job("succeeded")));
        assert_eq!(told.len(), 5, "{told:?}");
        assert!(told.contains(&"22 frames instead of 24".to_owned()));
        assert_eq!(faults(&look(24), &look(24), SIZE, "ab", Some(&job("running"))), ["the farm says running"]);
        assert_eq!(faults(&look(24), &look(24), SIZE, "ab", None).len(), 1);
    }
}
