//! Where things are when nobody says: the farm's address, its secret, the folders. The only place that reads the environment.

use std::path::{Path, PathBuf};

use shotfarm_proto::access::Secret;

use crate::args::Common;
use crate::error::CliError;

/// The address a farm has when nobody says: this machine only.
pub(crate) const LISTEN_DEFAULT: &str = "127.0.0.1:7878";
/// The same as clients write it.
pub(crate) const FARM_DEFAULT: &str = "http://127.0.0.1:7878";

/// Everything of shotfarm on this machine: `~/.shotfarm`.
pub(crate) fn home() -> Result<PathBuf, CliError> {
    let home = std::env::home_dir().filter(|home| !home.as_os_str().is_empty());
    let home =
        home.ok_or_else(|| CliError::refused("no home folder is known (HOME is not set)").hint("give --dir and --secret-file"))?;
    Ok(home.join(".shotfarm"))
}

/// The farm's folder: what was given, else `~/.shotfarm/farm`.
pub(crate) fn farm_dir(given: Option<&Path>) -> Result<PathBuf, CliError> {
    given.map_or_else(|| Ok(home()?.join("farm")), |dir| Ok(dir.to_owned()))
}

/// The worker's folder: what was given, else one of its own for each GPU below `~/.shotfarm/scratch`.
pub(crate) fn scratch_dir(given: Option<&Path>, gpu: &str) -> Result<PathBuf, CliError> {
    given.map_or_else(|| Ok(home()?.join("scratch").join(gpu)), |dir| Ok(dir.to_owned()))
}

/// The file of the farm's secret: what was given, else that of a farm in the standard folder of this machine.
pub(crate) fn secret_file(common: &Common) -> Result<PathBuf, CliError> {
    common.secret_file.as_ref().map_or_else(|| Ok(farm_dir(None)?.join("secret")), |file| Ok(file.clone()))
}

/// Reads the secret.
pub(crate) fn secret(common: &Common) -> Result<Secret, CliError> {
    read_secret(&secret_file(common)?)
}

fn read_secret(file: &Path) -> Result<Secret, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| {
        let refused = CliError::refused(format!("cannot read the farm's secret from {}: {error}", file.display()));
        if error.kind() == std::io::ErrorKind::NotFound {
            refused.hint("start a farm here with `shotfarm up`, or copy DIR/secret from the coordinator's machine and give it with --secret-file")
        } else {
            refused.hint("give a file you may read with --secret-file or SHOTFARM_SECRET_FILE")
        }
    })?;
    Secret::parse(&text).map_err(|error| CliError::refused(format!("{}: {error}", file.display())))
}

/// Reads a size: bytes, or a number with `k`, `M`, `G`, `T` (powers of 1000) or `Ki`, `Mi`, `Gi`, `Ti` (powers of 1024), `B` optional.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    let wrong = || format!("`{text}` is no size; write one such as 20GiB or 500M");
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().trim_end_matches(['b', 'B']).to_ascii_lowercase().as_str() {
        "" => 1,
        "k" => 1_000,
        "m" => 1_000_000,
        "g" => 1_000_000_000,
        "t" => 1_000_000_000_000,
        "ki" => 1 << 10,
        "mi" => 1 << 20,
        "gi" => 1 << 30,
        "ti" => 1 << 40,
        _ => return Err(wrong()),
    };
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let bytes = number * factor as f64;
    if bytes >= 1.0 && bytes < u64::MAX as f64 { Ok(bytes as u64) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_both_systems() {
        for (text, bytes) in [("1", 1), ("500M", 500_000_000), ("20GiB", 20 << 30), ("1.5 kB", 1_500), ("2t", 2_000_000_000_000)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "G", "0", "-1G", "1X", "1..5k", "1e9", "999999999T"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_missing_and_a_wrong_secret_are_told_apart() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("secret");
        let error = read_secret(&file).expect_err("there is none");
        assert!(error.message.starts_with("cannot read the farm's secret from "), "{error}");
        assert!(error.hint.expect("a hint").contains("shotfarm up"));
        std::fs::write(&file, "abc").expect("written");
        assert!(read_secret(&file).expect_err("too short").message.contains("64 hexadecimal digits"));
        std::fs::write(&file, "ab".repeat(32)).expect("written");
        assert!(read_secret(&file).is_ok());
    }
}
