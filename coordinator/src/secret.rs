//! The farm's secret on disk: made at the first start, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use shotfarm_proto::access::{SECRET_BYTES, Secret};

/// The secret's file in the coordinator's directory.
pub const SECRET_FILE: &str = "secret";

/// A secret that cannot be made or read.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Reading or writing failed.
    #[error("the farm secret {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("{path} holds no farm secret; restore it, or remove it to have a new one made (every client then needs the new one)")]
    Invalid {
        /// The file.
        path: PathBuf,
    },
    /// Others could read it.
    #[error("{path} can be read by others; make it private with `chmod 600 {path}`")]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no random bytes.
    #[error("the system gives no random bytes for a farm secret: {0}")]
    Random(String),
}

/// Reads the secret below `dir`, or makes one.
///
/// # Errors
/// See [`SecretError`].
pub fn load_or_make(dir: &Path) -> Result<Secret, SecretError> {
    let path = dir.join(SECRET_FILE);
    match read(&path) {
        Err(SecretError::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => make(&path),
        other => other,
    }
}

/// Reads a secret and refuses a file that others can read.
///
/// # Errors
/// See [`SecretError`].
pub fn read(path: &Path) -> Result<Secret, SecretError> {
    let io = |source| SecretError::Io { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(io)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if fs::metadata(path).map_err(io)?.permissions().mode() & 0o077 != 0 {
            return Err(SecretError::Exposed { path: path.to_owned() });
        }
    }
    Secret::parse(&text).map_err(|_| SecretError::Invalid { path: path.to_owned() })
}

fn make(path: &Path) -> Result<Secret, SecretError> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| SecretError::Random(error.to_string()))?;
    let secret = Secret::from_bytes(bytes);
    let io = |source| SecretError::Io { path: path.to_owned(), source };
    let partial = path.with_extension("new");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    let mut file = options.open(&partial).map_err(io)?;
    writeln!(file, "{}", secret.expose()).and_then(|()| file.sync_all()).map_err(io)?;
    fs::rename(&partial, path).map_err(io)?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let made = load_or_make(dir.path()).expect("made");
        let read = load_or_make(dir.path()).expect("read");
        assert_eq!(made.expose(), read.expose());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let path = dir.path().join(SECRET_FILE);
            assert_eq!(fs::metadata(&path).expect("it is there").permissions().mode() & 0o777, 0o600);
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("chmod");
            assert!(matches!(load_or_make(dir.path()), Err(SecretError::Exposed { .. })));
        }
    }

    #[test]
    fn a_damaged_secret_is_not_replaced() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        load_or_make(dir.path()).expect("made");
        fs::write(dir.path().join(SECRET_FILE), "half").expect("written");
        assert!(matches!(load_or_make(dir.path()), Err(SecretError::Invalid { .. })));
    }
}
