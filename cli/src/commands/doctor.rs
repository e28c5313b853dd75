//! `doctor`: looks at what rendering needs, one line each, with what to do about it.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use serde_json::{Value, json};
use shotfarm_worker::gpu::{AdapterFacts, AdapterKind};

use super::status::ask;
use crate::args::{Common, Doctor as Args};
use crate::connect::connect;
use crate::error::CliError;
use crate::exit::Exit;
use crate::local;
use crate::settings;
use crate::voice::human::{state, table};
use crate::voice::{Answer, Voice};
use crate::words;

/// Less free space than this is trouble soon: a few sources, their segments and outputs.
const FREE_BYTES_LOW: u64 = 20_000_000_000;
/// Less than this is trouble now: one shot may not fit.
const FREE_BYTES_MIN: u64 = 1_000_000_000;

/// How a check came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Grade {
    Ok,
    /// Works, or is not needed everywhere.
    Warn,
    /// Something will not work.
    Fail,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Check {
    name: &'static str,
    grade: Grade,
    text: String,
    hint: Option<String>,
}

impl Check {
    fn ok(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, grade: Grade::Ok, text: text.into(), hint: None }
    }

    fn warn(name: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, grade: Grade::Warn, text: text.into(), hint: Some(hint.into()) }
    }

    fn fail(name: &'static str, text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { name, grade: Grade::Fail, text: text.into(), hint: Some(hint.into()) }
    }
}

/// The verb. Ends with 1 when a check failed: what it names can be mended, and the call made again.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let mut checks =
        vec![ffmpeg(tokio::task::spawn_blocking(local::ffmpeg_version).await.unwrap_or_else(|error| Err(error.to_string())))];
    checks.extend(vulkan(&local::devices().await));
    checks.push(secret(settings::secret_file(common)));
    checks.push(farm(common).await);
    let folder = args.scratch.clone().map_or_else(settings::home, Ok);
    checks.push(folder.map_or_else(|error| Check::fail("disk", error.message, "give --scratch"), |folder| disk(&folder)));
    let failed = checks.iter().any(|check| check.grade == Grade::Fail);
    voice.answer(&Checks(checks))?;
    Ok(if failed { Exit::NotNow } else { Exit::Done })
}

fn ffmpeg(found: Result<String, String>) -> Check {
    match found {
        Ok(version) => Check::ok("ffmpeg", format!("{version}, with all encoders that are needed")),
        Err(sentence) => Check::fail("ffmpeg", sentence, "workers and `plan` need it"),
    }
}

fn vulkan(devices: &[AdapterFacts]) -> Vec<Check> {
    if devices.is_empty() {
        let hint = "install your GPU's driver, or mesa-vulkan-drivers for rendering on the CPU";
        return vec![Check::fail("gpu", "no Vulkan device", hint)];
    }
    let mut checks: Vec<Check> = devices.iter().map(|device| Check::ok("gpu", device.to_string())).collect();
    if devices.iter().all(|device| device.kind == AdapterKind::Cpu) {
        checks.push(Check::warn("gpu", "only the CPU: works, slowly", "install your GPU's driver if there is a GPU"));
    }
    checks
}

fn secret(file: Result<PathBuf, CliError>) -> Check {
    let file = match file {
        Ok(file) => file,
        Err(error) => return Check::fail("secret", error.message, "give --secret-file"),
    };
    let shown = file.display();
    match std::fs::metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Check::warn(
            "secret",
            format!("{shown} does not exist"),
            "start a farm here with `shotfarm up`, or copy the farm's secret there",
        ),
        Err(error) => Check::fail("secret", format!("{shown}: {error}"), "give a file you may read with --secret-file"),
        Ok(metadata) if open_to_others(&metadata) => {
            Check::warn("secret", format!("{shown} can be read by others on this machine"), format!("chmod 600 {shown}"))
        }
        Ok(_) => Check::ok("secret", shown.to_string()),
    }
}

#[cfg(unix)]
fn open_to_others(metadata: &std::fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

async fn farm(common: &Common) -> Check {
    let answer = match connect(common).await {
        Ok(farm) => ask(&farm, "", false).await,
        Err(error) => Err(error),
    };
    match answer {
        Ok(status) => {
            let workers = words::count(status.workers.len() as u64, "worker");
            Check::ok("farm", format!("{} answers: {}, {workers}", common.farm, status.farm.state))
        }
        Err(error) => Check::warn("farm", error.message, error.hint.unwrap_or_default()),
    }
}

/// Looks at the disk of `folder`, or of the nearest folder above it that is there.
fn disk(folder: &Path) -> Check {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    match free_bytes(there) {
        Err(error) => Check::warn("disk", format!("{}: {error}", there.display()), "give a folder with --scratch"),
        Ok(free) => space(folder, free),
    }
}

fn space(folder: &Path, free: u64) -> Check {
    let text = format!("{} free for {}", words::bytes(free), folder.display());
    let hint = "free some space, or give a folder on another disk with --dir and --scratch";
    match free {
        0..FREE_BYTES_MIN => Check::fail("disk", text, hint),
        FREE_BYTES_MIN..FREE_BYTES_LOW => Check::warn("disk", text, hint),
        _ => Check::ok("disk", text),
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let stat = rustix::fs::statvfs(folder)?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> std::io::Result<u64> {
    Err(std::io::Error::from(std::io::ErrorKind::Unsupported))
}

/// All lines.
struct Checks(Vec<Check>);

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }
}

impl Answer for Checks {
    fn human(&self) -> String {
        let row = |check: &Check| {
            let text = match &check.hint {
                Some(hint) if !hint.is_empty() => format!("{}: {hint}", check.text),
                _ => check.text.clone(),
            };
            vec![state(check.grade.word()), Cell::new(check.name), Cell::new(text)]
        };
        table(&["", "check", "found"], &[], self.0.iter().map(row).collect())
    }

    fn json(&self) -> Value {
        let check =
            |check: &Check| json!({"name": check.name, "state": check.grade.word(), "text": check.text, "hint": check.hint});
        json!({"checks": self.0.iter().map(check).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        let failed = self.0.iter().filter(|check| check.grade == Grade::Fail);
        failed.map(|check| check.name).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grades_follow_what_was_found() {
        assert_eq!(ffmpeg(Err("ffmpeg is not installed".into())).grade, Grade::Fail);
        assert_eq!(vulkan(&[])[0].grade, Grade::Fail);
        let cpu = AdapterFacts {
            index: 0,
            name: "llvmpipe".into(),
            kind: AdapterKind::Cpu,
            backend: "vulkan".into(),
            driver: String::new(),
        };
        let grades: Vec<Grade> = vulkan(&[cpu]).iter().map(|check| check.grade).collect();
        assert_eq!(grades, [Grade::Ok, Grade::Warn]);
        let grades = [0, 5_000_000_000, 50_000_000_000].map(|free| space(Path::new("/x"), free).grade);
        assert_eq!(grades, [Grade::Fail, Grade::Warn, Grade::Ok]);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let dir = tempfile::tempdir().expect("a folder");
        let check = disk(&dir.path().join("a/b/c"));
        assert!(check.text.contains(" free for ") && check.text.ends_with("a/b/c"), "{}", check.text);
    }

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_can_read_is_told() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("secret");
        assert_eq!(secret(Ok(file.clone())).grade, Grade::Warn);
        std::fs::write(&file, "x").expect("written");
        for (mode, grade) in [(0o600, Grade::Ok), (0o644, Grade::Warn)] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).expect("set");
            assert_eq!(secret(Ok(file.clone())).grade, grade, "{mode:o}");
        }
    }
}
