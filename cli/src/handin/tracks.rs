//! Tracks that were set by hand: each file is read and held to its form, and its digest goes into its shot's recipe. Whether its
//! windows suit the shot is seen where the source is known.

use std::collections::BTreeMap;
use std::path::Path;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::TRACK_BYTES_MAX;
use shotfarm_shared::manifest::Fault;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::recipe::Recipe;
use shotfarm_shared::track::{InvalidTrack, Track, TrackFor};

use super::request::{Request, RequestedShot};
use super::sources::Source;

/// Reads the tracks of all shots, each file once, and writes their digests into the recipes. Gives the files to upload, and the
/// faults of those that cannot be followed, each with the place that names it.
pub(crate) fn take(request: &mut Request) -> (Vec<Source>, Vec<Fault>) {
    let mut read: BTreeMap<_, Result<Source, String>> = BTreeMap::new();
    let mut faults = Vec::new();
    for RequestedShot { shot, track, .. } in &mut request.shots {
        let Some(file) = track else { continue };
        let source = read.entry(file.path.clone()).or_insert_with(|| source_of(&file.path));
        match (source, shot.recipe.reframe_mut()) {
            (Ok(source), Some(reframe)) => reframe.track = Some(source.digest),
            (Ok(_), None) => {}
            (Err(message), _) => faults.push(Fault { place: file.place.clone(), message: message.clone() }),
        }
    }
    (read.into_values().filter_map(Result::ok).collect(), faults)
}

fn source_of(path: &Path) -> Result<Source, String> {
    let (_, bytes) = read(path)?;
    Ok(Source { path: path.to_owned(), digest: Digest::of(&bytes), bytes: bytes.len() as u64 })
}

/// The track of a file and its bytes.
///
/// # Errors
/// Why it cannot be followed, in a sentence that names the file.
pub(crate) fn read(path: &Path) -> Result<(Track, Vec<u8>), String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("track {shown} does not exist"),
        _ => format!("track {shown} cannot be read: {error}"),
    };
    // Asked before it is opened: a named pipe would wait for its writer, and a clip given by mistake would fill the memory.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(format!("track {shown} is no file"));
    }
    let told = |error: InvalidTrack| format!("{shown}: {error}");
    if metadata.len() > TRACK_BYTES_MAX {
        return Err(told(InvalidTrack::Bytes(metadata.len())));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Track::read(&bytes).map(|track| (track, bytes)).map_err(told)
}

/// Holds a track to a source that is known.
pub(crate) fn check(track: &Track, recipe: &Recipe, facts: &MediaFacts) -> Result<(), String> {
    let (wide, high) = facts.pixel_aspect;
    let shot = TrackFor {
        source: facts.layout.extent,
        pixel_aspect: f64::from(wide) / f64::from(high.max(1)),
        frames: facts.frames,
        target: recipe.kept_shape(facts).0,
    };
    track.check_parts(&shot).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::recipe::{Profile, read_steps};

    use super::*;
    use crate::args::WorkArgs;
    use crate::assess::tests::facts;
    use crate::handin::request;

    #[test]
    fn tracks_go_into_recipes_by_digest_and_faults_name_file_and_place() {
        let dir = tempfile::tempdir().expect("a folder");
        let good = br#"{"track":1,"keys":[{"frame":3,"x":20}]}"#;
        for (name, bytes) in [("good.json", &good[..]), ("bad.json", b"{\"track\":7}"), ("cut.json", b"{\"track\":1,")] {
            std::fs::write(dir.path().join(name), bytes).expect("written");
        }
        let rows = "shot,source,reframe.track\n1,a.mp4,good.json\n2,a.mp4,bad.json\n3,a.mp4,gone.json\n4,a.mp4,good.json\n5,a.mp4,\n6,a.mp4,cut.json\n";
        let file = dir.path().join("ep.csv");
        std::fs::write(&file, rows).expect("written");
        let work = WorkArgs {
            steps: Some("reframe 9:16".into()),
            show: Some("s".into()),
            episode: Some("e".into()),
            ..WorkArgs::default()
        };
        let mut request = request::read(&file, &work, jiff::civil::Date::constant(2026, 1, 1)).expect("a manifest");
        let (sources, faults) = take(&mut request);
        assert_eq!(sources.iter().map(|source| (source.digest, source.bytes)).collect::<Vec<_>>(), [(Digest::of(good), 39)]);
        let digests: Vec<_> =
            request.shots.iter().map(|shot| shot.shot.recipe.reframe().and_then(|reframe| reframe.track).is_some()).collect();
        assert_eq!(digests, [true, false, false, true, false, false]);
        let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert!(
            faults[0].starts_with("row 3, column reframe.track: ")
                && faults[0].contains("bad.json: the track's `track`: version 7")
        );
        assert!(faults[1].starts_with("row 4, column reframe.track: track ") && faults[1].ends_with("gone.json does not exist"));
        assert!(faults[2].contains("cut.json: the track cannot be read"), "{faults:?}");
    }

    #[test]
    fn a_track_is_held_to_a_source_that_is_known() {
        let recipe = Recipe { steps: read_steps("reframe 9:16").expect("steps"), profile: Profile::Review };
        let track = |text: &str| Track::read(text.as_bytes()).expect("a track");
        let facts = facts(1920, 1080, "aac");
        assert_eq!(check(&track(r#"{"track":1,"keys":[{"frame":95,"x":960}]}"#), &recipe, &facts), Ok(()));
        let late = check(&track(r#"{"track":1,"keys":[{"frame":96,"x":960}]}"#), &recipe, &facts).expect_err("96 frames");
        assert!(late.contains("`keys[0].frame`: 96 is not in the shot, which has 96 frames"), "{late}");
    }
}
