//! The sources of a request: each is there and can be read, each distinct file is read once to learn its digest.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use shotfarm_proto::blobs::hash_file;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::BLOB_BYTES_MAX;
use shotfarm_shared::manifest::Fault;
use shotfarm_shared::shot::Shot;

use super::request::Request;
use crate::connect::local_failed;
use crate::error::CliError;
use crate::words;

/// A distinct file among the sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Source {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Its name among blobs.
    pub(crate) digest: Digest,
    /// Its size.
    pub(crate) bytes: u64,
}

/// The sources that cannot be used, each with the row that names it.
pub(crate) fn faults(request: &Request) -> Vec<Fault> {
    let mut faults = Vec::new();
    for requested in &request.shots {
        if let Err(message) = check(&requested.path) {
            faults.push(Fault { place: requested.shot.place.clone(), message });
        }
    }
    faults
}

/// Whether the file at `path` can be a source, or why not.
pub(super) fn check(path: &Path) -> Result<(), String> {
    let shown = path.display();
    let unreadable = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("source {shown} does not exist"),
        _ => format!("source {shown} cannot be read: {error}"),
    };
    // Asked before it is opened: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(format!("source {shown} is no file"));
    }
    if metadata.len() == 0 {
        return Err(format!("source {shown} is empty"));
    }
    if metadata.len() > BLOB_BYTES_MAX {
        return Err(format!(
            "source {shown} has {}, at most {} are taken",
            words::bytes(metadata.len()),
            words::bytes(BLOB_BYTES_MAX)
        ));
    }
    File::open(path).map(drop).map_err(unreadable)
}

/// Reads every distinct source once. `on_progress` hears bytes read and bytes in all.
pub(crate) fn hash(request: &Request, on_progress: &mut dyn FnMut(u64, u64)) -> Result<Vec<Source>, CliError> {
    let mut sizes: BTreeMap<&Path, u64> = BTreeMap::new();
    for requested in &request.shots {
        let metadata = std::fs::metadata(&requested.path);
        sizes.insert(&requested.path, metadata.map_or(0, |metadata| metadata.len()));
    }
    let total: u64 = sizes.values().sum();
    let mut before = 0;
    let mut sources = Vec::with_capacity(sizes.len());
    for path in sizes.into_keys() {
        let (digest, bytes) = hash_file(path, &mut |done, _| on_progress(before + done, total.max(before + done)))
            .map_err(|error| local_failed(&error))?;
        before += bytes;
        sources.push(Source { path: path.to_owned(), digest, bytes });
    }
    Ok(sources)
}

/// The shots as they go to the farm, in the order of the request.
pub(crate) fn shots(request: &Request, sources: &[Source]) -> Vec<Shot> {
    let digests: BTreeMap<&Path, Digest> = sources.iter().map(|source| (source.path.as_path(), source.digest)).collect();
    let shot = |requested: &super::request::RequestedShot| {
        let shot = &requested.shot;
        digests.get(requested.path.as_path()).map(|&source| Shot {
            label: shot.label.clone(),
            source,
            source_name: shot.source.clone(),
            recipe: shot.recipe.clone(),
            output: shot.output.clone(),
        })
    };
    request.shots.iter().filter_map(shot).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::WorkArgs;
    use crate::handin::request;

    fn manifest(dir: &Path, rows: &str) -> Request {
        let file = dir.join("list.csv");
        std::fs::write(&file, format!("shot,source\n{rows}")).expect("written");
        let work = WorkArgs {
            steps: Some("upscale 2x".into()),
            show: Some("s".into()),
            episode: Some("e".into()),
            ..WorkArgs::default()
        };
        request::read(&file, &work, jiff::civil::Date::constant(2026, 1, 1)).expect("a manifest")
    }

    #[test]
    fn a_source_that_is_not_there_is_a_fault_of_its_row() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("empty.mp4"), "").expect("written");
        std::fs::write(dir.path().join("good.mp4"), "x").expect("written");
        let request = manifest(dir.path(), "1,good.mp4\n2,gone.mp4\n3,empty.mp4\n4,.\n");
        let faults = faults(&request);
        let text: Vec<String> = faults.iter().map(ToString::to_string).collect();
        assert_eq!(text.len(), 3, "{text:?}");
        assert!(text[0].starts_with("row 3: source ") && text[0].ends_with("gone.mp4 does not exist"), "{}", text[0]);
        assert!(text[1].starts_with("row 4: ") && text[1].ends_with("is empty"), "{}", text[1]);
        assert!(text[2].starts_with("row 5: ") && text[2].ends_with("is no file"), "{}", text[2]);
    }

    #[test]
    fn a_source_of_two_shots_is_read_once() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::write(dir.path().join("a.mp4"), "one").expect("written");
        std::fs::write(dir.path().join("b.mp4"), "twos").expect("written");
        let request = manifest(dir.path(), "1,b.mp4\n2,a.mp4\n3,b.mp4\n");
        let mut last = (0, 0);
        let sources = hash(&request, &mut |done, total| last = (done, total)).expect("readable");
        assert_eq!((sources.len(), last), (2, (7, 7)));
        let shots = shots(&request, &sources);
        let digests: Vec<Digest> = shots.iter().map(|shot| shot.source).collect();
        assert_eq!(digests, [Digest::of(b"twos"), Digest::of(b"one"), Digest::of(b"twos")]);
    }
}
