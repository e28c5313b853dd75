//! What was asked for: the rows of a manifest, or one clip with the steps of the command line. All faults at once.

use std::path::{Path, PathBuf};

use jiff::civil::Date;
use shotfarm_shared::label::Label;
use shotfarm_shared::limits::MANIFEST_BYTES_MAX;
use shotfarm_shared::manifest::{self, Defaults, Fault, ManifestShot};
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::shot::OutputName;

use super::sources::check;
use crate::args::{WorkArgs, manifest_form};
use crate::error::CliError;

/// The show that a clip belongs to when nobody says.
const CLIP_SHOW: &str = "quick";

/// Shots as they were asked for, with their sources' paths on this machine.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Request {
    /// The file's name, for people.
    pub(crate) name: String,
    /// In file order.
    pub(crate) shots: Vec<RequestedShot>,
    /// What was not used.
    pub(crate) notes: Vec<String>,
}

/// One shot and where its source is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RequestedShot {
    /// As the manifest has it.
    pub(crate) shot: ManifestShot,
    /// Its source, resolved against the manifest's folder.
    pub(crate) path: PathBuf,
    /// The file of a track that was set by hand, if there is one.
    pub(crate) track: Option<TrackFile>,
}

/// The file of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrackFile {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Where it is named; empty for one of the command line.
    pub(crate) place: String,
}

/// Endings of lists and documents, which are never clips.
const NO_CLIPS: [&str; 9] = ["yaml", "yml", "xls", "xlsx", "ods", "txt", "xml", "md", "numbers"];

/// Reads `file`: by its ending a manifest, else a clip. `today` names the episode of a clip.
pub(crate) fn read(file: &Path, work: &WorkArgs, today: Date) -> Result<Request, CliError> {
    if file.is_dir() {
        return Err(CliError::refused(format!("{} is a folder; name a manifest or a clip", file.display())));
    }
    let ending = file.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    if NO_CLIPS.contains(&ending.as_str()) {
        let refused = CliError::refused(format!("{} is neither a manifest nor a clip", file.display()));
        return Err(refused.hint("manifests are .csv, .tsv, .json or .toml"));
    }
    match manifest_form(file) {
        Some(form) => read_manifest(file, form, work),
        None => read_clip(file, work, today),
    }
}

fn read_manifest(file: &Path, form: manifest::Form, work: &WorkArgs) -> Result<Request, CliError> {
    if work.track.is_some() {
        let refused = CliError::refused("--track is for one clip, and this is a manifest");
        return Err(refused.hint("name the tracks of its shots in a column or key `reframe.track`"));
    }
    let bytes = read_bounded(file)?;
    let defaults = Defaults {
        show: work.show.clone(),
        episode: work.episode.clone(),
        steps: work.steps_text(),
        profile: work.profile.clone(),
    };
    let folder = file.parent().unwrap_or(Path::new(""));
    let manifest = manifest::read(&bytes, form, &defaults).map_err(|mut faults| {
        // Missing files too, so that a manifest is mended in one round.
        let checked = manifest::sources(&bytes, form).into_iter().map(|(place, source)| (place, check(&folder.join(source))));
        faults.0.extend(checked.filter_map(|(place, checked)| Some(Fault { place, message: checked.err()? })));
        with_faults(file, faults.0)
    })?;
    let mut notes = manifest.notes;
    notes.extend(overridden(&manifest.shots, work));
    let requested = |shot: ManifestShot| {
        let track = shot.track.as_ref().map(|track| TrackFile { path: folder.join(&track.path), place: track.place.clone() });
        RequestedShot { path: folder.join(&shot.source), track, shot }
    };
    let shots: Vec<RequestedShot> = manifest.shots.into_iter().map(requested).collect();
    Ok(Request { name: file_name(file), shots, notes })
}

/// A note for each option of the command line that rows with a value of their own did not take.
fn overridden(shots: &[ManifestShot], work: &WorkArgs) -> Vec<String> {
    let steps = work.steps_text().and_then(|text| read_steps(&text).ok());
    let profile: Option<Profile> = work.profile.as_deref().and_then(|name| name.parse().ok());
    let count = |differs: &dyn Fn(&ManifestShot) -> bool| shots.iter().filter(|shot| differs(shot)).count() as u64;
    let counts = [
        ("steps", count(&|shot| steps.as_ref().is_some_and(|steps| *steps != shot.recipe.steps))),
        ("profile", count(&|shot| profile.is_some_and(|profile| profile != shot.recipe.profile))),
        ("show", count(&|shot| work.show.as_deref().is_some_and(|show| show.trim() != shot.label.show()))),
        ("episode", count(&|shot| work.episode.as_deref().is_some_and(|episode| episode.trim() != shot.label.episode()))),
    ];
    let note = |(what, number): (&str, u64)| {
        let shots = crate::words::count(number, "shot");
        format!("the {what} of the command line is for what the manifest leaves open; it gives {shots} its own")
    };
    counts.into_iter().filter(|(_, number)| *number > 0).map(note).collect()
}

/// The refusal of a manifest because of `faults`.
pub(crate) fn with_faults(file: &Path, mut faults: Vec<Fault>) -> CliError {
    manifest::sort(&mut faults);
    let many = crate::words::count(faults.len() as u64, "fault");
    CliError::refused(format!("{} has {many}; nothing was handed in", file.display())).faults(faults)
}

fn read_bounded(file: &Path) -> Result<Vec<u8>, CliError> {
    let unreadable = |error: std::io::Error| CliError::refused(format!("cannot read manifest {}: {error}", file.display()));
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    if metadata.len() > MANIFEST_BYTES_MAX {
        let sizes = (crate::words::bytes(metadata.len()), crate::words::bytes(MANIFEST_BYTES_MAX));
        return Err(CliError::refused(format!("manifest {} has {}, at most {} are read", file.display(), sizes.0, sizes.1)));
    }
    std::fs::read(file).map_err(unreadable)
}

fn read_clip(file: &Path, work: &WorkArgs, today: Date) -> Result<Request, CliError> {
    let stem = file.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let (show, episode) = (work.show.as_deref().unwrap_or(CLIP_SHOW), work.episode.clone().unwrap_or_else(|| today.to_string()));
    let label = Label::new(show, &episode, &stem)
        .map_err(|error| CliError::refused(error).hint("give --show and --episode, or rename the clip"))?;
    let Some(steps) = work.steps_text() else {
        let refused = CliError::refused(format!("nothing is said about what to do with {}", file.display()));
        return Err(
            refused.hint("give --upscale 2x or --upscale 1080x1920, or --steps; a list of shots ends in .csv, .json or .toml")
        );
    };
    let steps = read_steps(&steps).map_err(CliError::refused)?;
    let profile = work.profile.as_deref().map_or(Ok(Profile::default()), str::parse).map_err(CliError::refused)?;
    let output = format!("{}_{}_{}.{}", label.show(), label.episode(), label.shot(), profile.extension());
    let output = OutputName::new(&output).map_err(|error| CliError::refused(error).hint("rename the clip"))?;
    let (source, recipe) = (file_name(file), Recipe { steps, profile });
    if work.track.is_some() && recipe.reframe().is_none() {
        let refused = CliError::refused("--track is for a clip that is framed anew, and none of its steps is `reframe`");
        return Err(refused.hint("give --steps \"reframe 9:16\""));
    }
    let track = work.track.clone().map(|path| TrackFile { path, place: String::new() });
    let shot = ManifestShot { label, source: source.clone(), recipe, output, track: None, place: String::new() };
    Ok(Request { name: source, shots: vec![RequestedShot { shot, path: file.to_owned(), track }], notes: Vec::new() })
}

fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Date = Date::constant(2026, 11, 22);

    fn work(steps: Option<&str>) -> WorkArgs {
        WorkArgs { steps: steps.map(str::to_owned), ..WorkArgs::default() }
    }

    #[test]
    fn a_clip_becomes_a_shot_of_today() {
        let request = read("素材/镜 1.mov".as_ref(), &work(Some("upscale 2x")), TODAY).expect("a clip");
        let RequestedShot { shot, path, .. } = &request.shots[0];
        assert_eq!(shot.label.to_string(), "quick/2026-11-22/镜 1");
        assert_eq!(shot.output.as_str(), "quick_2026-11-22_镜 1.mp4");
        assert_eq!((shot.source.as_str(), path.as_path()), ("镜 1.mov", Path::new("素材/镜 1.mov")));
    }

    #[test]
    fn a_clip_without_steps_is_told_what_to_write() {
        let error = read("a.mp4".as_ref(), &work(None), TODAY).expect_err("no steps");
        assert_eq!(error.message, "nothing is said about what to do with a.mp4");
        assert!(error.hint.expect("a hint").contains("--upscale 2x"));
        let error = read("a.mp4".as_ref(), &work(Some("blur")), TODAY).expect_err("no such step");
        assert_eq!(
            error.message,
            "`blur` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`"
        );
    }

    #[test]
    fn a_manifest_takes_defaults_and_resolves_its_sources() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("ep01.csv");
        std::fs::write(&file, "shot,source\n1,clips/a.mp4\n").expect("written");
        let error = read(&file, &work(None), TODAY).expect_err("no show, no steps");
        assert!(error.message.ends_with("ep01.csv has 3 faults; nothing was handed in"), "{error}");
        let places: Vec<&str> = error.faults.iter().map(|fault| fault.place.as_str()).collect();
        assert_eq!(places, ["row 2, column show", "row 2, column steps", "row 2"], "the missing file is said in the same round");
        let work = WorkArgs { show: Some("九五".into()), episode: Some("01".into()), ..work(Some("upscale 2x")) };
        let request = read(&file, &work, TODAY).expect("defaults fill the gaps");
        assert_eq!(request.shots[0].shot.label.to_string(), "九五/01/1");
        assert_eq!(request.shots[0].path, dir.path().join("clips/a.mp4"));
        assert_eq!(request.notes, Vec::<String>::new());
    }

    #[test]
    fn options_that_rows_override_are_noted() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("ep01.csv");
        std::fs::write(&file, "show,episode,shot,source,steps\na,1,1,a.mp4,upscale 3x\na,1,2,a.mp4,\n").expect("written");
        let request = read(&file, &WorkArgs { show: Some("b".into()), ..work(Some("upscale 2x")) }, TODAY).expect("good rows");
        let starts: Vec<bool> = request.notes.iter().map(|note| note.ends_with("it gives 1 shot its own")).collect();
        assert_eq!(starts, [true, false], "{:?}", request.notes);
        assert!(request.notes[1].starts_with("the show ") && request.notes[1].ends_with("2 shots its own"));
    }

    #[test]
    fn what_is_neither_manifest_nor_clip_is_said() {
        let dir = tempfile::tempdir().expect("a folder");
        let error = |file: &Path| read(file, &work(Some("upscale 2x")), TODAY).expect_err("no request");
        assert!(error(dir.path()).message.ends_with("is a folder; name a manifest or a clip"));
        assert_eq!(error("ep01.YAML".as_ref()).hint.as_deref(), Some("manifests are .csv, .tsv, .json or .toml"));
    }
}
