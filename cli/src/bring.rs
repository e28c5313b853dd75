//! Bringing a blob of the farm to a place on this machine: kept where the same bytes are there, refused where others are.

use std::path::{Path, PathBuf};

use shotfarm_proto::blobs::{download_file, hash_file};
use shotfarm_proto::client::Blobs;
use shotfarm_shared::digest::Digest;

use crate::connect::{local_failed, transfer_failed};
use crate::error::CliError;

/// One file of the farm and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// The shot that it belongs to.
    pub(crate) label: String,
    /// Its place here.
    pub(crate) path: PathBuf,
    /// Its blob.
    pub(crate) digest: Digest,
    /// Its size.
    pub(crate) bytes: u64,
}

/// What became of one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Downloaded.
    Fetched,
    /// The same bytes were there.
    Kept,
    /// Other bytes are there and were not touched.
    Refused,
    /// It could not be written, for this reason.
    Failed(String),
}

/// Brings one file. `on_progress` hears bytes that are here and bytes in all.
///
/// # Errors
/// A farm that cannot be reached, a place that cannot be written.
pub(crate) async fn bring_one(
    client: &Blobs,
    output: &Wanted,
    force: bool,
    on_progress: &mut (dyn FnMut(u64, u64) + Send),
) -> Result<Fate, CliError> {
    match there(output)? {
        Some(same) if same == output.digest => return Ok(Fate::Kept),
        Some(_) if !force => return Ok(Fate::Refused),
        _ => {}
    }
    make_folder(&output.path)?;
    download_file(client, output.digest, &output.path, on_progress).await.map_err(|error| transfer_failed(&error))?;
    Ok(Fate::Fetched)
}

/// The digest of what is at the output's place, if anything is.
fn there(output: &Wanted) -> Result<Option<Digest>, CliError> {
    match std::fs::metadata(&output.path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::refused(format!("cannot look at {}: {error}", output.path.display()))),
        Ok(metadata) if !metadata.is_file() => {
            Err(CliError::refused(format!("{} is there and is no file", output.path.display())))
        }
        // A file of another size is another file; it need not be read.
        Ok(metadata) if metadata.len() != output.bytes => Ok(Some(Digest::of(b"another size"))),
        Ok(_) => hash_file(&output.path, &mut |_, _| {}).map(|(digest, _)| Some(digest)).map_err(|error| local_failed(&error)),
    }
}

fn make_folder(path: &Path) -> Result<(), CliError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::refused(format!("cannot make folder {}: {error}", folder.display())))
}

impl Fate {
    /// The fate in one word, for scripts.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Fetched => "fetched",
            Self::Kept => "kept",
            Self::Refused => "refused",
            Self::Failed(_) => "failed",
        }
    }
}

/// The place beside `output` of the file that comes with it: its name without the ending, then `suffix`.
pub(crate) fn beside(output: &Path, suffix: &str) -> PathBuf {
    let mut name = output.file_stem().unwrap_or_default().to_owned();
    name.push(suffix);
    output.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_an_output_stands_beside_it() {
        assert_eq!(beside(Path::new("out/第一集/镜1.v2.mp4"), ".track.json"), Path::new("out/第一集/镜1.v2.track.json"));
    }

    #[test]
    fn what_is_there_is_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let output = Wanted { label: "s/e/1".into(), path: dir.path().join("x"), digest: Digest::of(b"abc"), bytes: 3 };
        assert!(matches!(there(&output), Ok(None)));
        std::fs::write(&output.path, "abc").expect("written");
        assert!(matches!(there(&output), Ok(Some(digest)) if digest == output.digest));
        for other in ["abd", "abcd"] {
            std::fs::write(&output.path, other).expect("written");
            assert!(matches!(there(&output), Ok(Some(digest)) if digest != output.digest), "{other}");
        }
    }
}
