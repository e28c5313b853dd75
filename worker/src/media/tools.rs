//! ffmpeg and ffprobe as they are installed: found once, held to what we need, and started in one fenced way.

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::limits::FRAME_PIXELS_MAX;

use super::error::MediaError;
use super::process::{Cancel, Child, Purpose};

/// Encoders and decoders that the profiles and their verification need.
const ENCODERS: [&str; 2] = ["libx264", "ffv1"];
const DECODERS: [&str; 2] = ["h264", "ffv1"];
/// The oldest version that knows every option we give (`-movie_timescale`, the `setts` filter).
const VERSION_MIN: (u32, u32) = (5, 0);
/// The first version with `-fps_mode`; older ones say `-vsync`.
const VERSION_FPS_MODE: (u32, u32) = (5, 1);

/// One installed program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tool {
    /// Where it is.
    pub path: PathBuf,
    /// Its version in its own words, such as `5.1.9-0+deb12u1`.
    pub version: String,
}

/// Both programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tools {
    /// `ffmpeg`.
    pub ffmpeg: Tool,
    /// `ffprobe`.
    pub ffprobe: Tool,
}

impl Tools {
    /// Finds both programs in `PATH` and holds them to the codecs and the version that are needed.
    ///
    /// # Errors
    /// One sentence on what is missing and how to get it.
    pub fn find() -> Result<Self, MediaError> {
        Self::find_in(&std::env::var_os("PATH").unwrap_or_default())
    }

    fn find_in(path: &OsString) -> Result<Self, MediaError> {
        let tools = Self { ffmpeg: tool("ffmpeg", path)?, ffprobe: tool("ffprobe", path)? };
        if version_number(&tools.ffmpeg.version).is_some_and(|version| version < VERSION_MIN) {
            let what = format!("what came after its version {}", tools.ffmpeg.version);
            return Err(MediaError::ToolLacks { path: tools.ffmpeg.path, what });
        }
        for (list, kind, names) in [("-encoders", "encoder", ENCODERS), ("-decoders", "decoder", DECODERS)] {
            let text = run(&tools.ffmpeg.path, &[list])?;
            // Lines look like ` V....D libx264   libx264 H.264 (codec h264)`.
            let has = |name: &&str| text.lines().any(|line| line.split_whitespace().nth(1) == Some(*name));
            if let Some(missing) = names.iter().find(|name| !has(name)) {
                return Err(MediaError::ToolLacks { path: tools.ffmpeg.path, what: format!("the {kind} {missing}") });
            }
        }
        Ok(tools)
    }

    /// The arguments that pass every frame on as it came, with its own timestamp.
    pub(crate) fn passthrough(&self) -> [&'static str; 2] {
        match version_number(&self.ffmpeg.version) {
            Some(version) if version < VERSION_FPS_MODE => ["-vsync", "passthrough"],
            _ => ["-fps_mode", "passthrough"],
        }
    }

    /// An ffmpeg command that never asks, says only errors, and reaches nothing but files and pipes.
    pub(crate) fn ffmpeg(&self) -> Command {
        let mut command = fenced(&self.ffmpeg.path);
        command.args(["-nostdin", "-hide_banner", "-loglevel", "error", "-xerror", "-y"]);
        command
    }

    /// An ffprobe command, fenced likewise.
    pub(crate) fn ffprobe(&self) -> Command {
        let mut command = fenced(&self.ffprobe.path);
        command.args(["-hide_banner", "-loglevel", "error"]);
        command
    }
}

/// Adds `path` as an input that only `demuxer` may open, with errors taken seriously and no rotation done behind our back.
pub(crate) fn source_input(command: &mut Command, demuxer: &str, path: &Path) -> Result<(), MediaError> {
    command.args(["-err_detect", "explode", "-max_pixels", &FRAME_PIXELS_MAX.to_string(), "-noautorotate"]);
    container_input(command, demuxer, path)
}

/// Adds `path` as an input that only `demuxer` may open.
pub(crate) fn container_input(command: &mut Command, demuxer: &str, path: &Path) -> Result<(), MediaError> {
    let url = file_url(path)?;
    command.args(["-protocol_whitelist", "file,pipe", "-f", demuxer, "-i"]).arg(url);
    Ok(())
}

/// `path` so that ffmpeg reads it as a file whatever its name is: absolute and behind `file:`.
pub(crate) fn file_url(path: &Path) -> Result<OsString, MediaError> {
    let absolute = std::path::absolute(path).map_err(|error| MediaError::io("finding", path, error))?;
    let mut url = OsString::from("file:");
    url.push(absolute);
    Ok(url)
}

/// Runs a command to its end and gives its standard output.
pub(crate) fn output(command: Command, purpose: Purpose<'_>, cancel: &Cancel) -> Result<Vec<u8>, MediaError> {
    let mut child = Child::start(command, false, purpose, cancel)?;
    let mut bytes = Vec::new();
    let read = child.read_to_end(&mut bytes);
    child.finish()?;
    read.map_err(|error| MediaError::io(purpose.operation, purpose.path, error))?;
    Ok(bytes)
}

/// A command with nothing of our environment but what the dynamic loader and Windows need.
fn fenced(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().envs(["LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SystemRoot"].into_iter().filter_map(|name| {
        let value = std::env::var_os(name)?;
        Some((name, value))
    }));
    command.env("LC_ALL", "C").env("AV_LOG_FORCE_NOCOLOR", "1");
    command
}

fn tool(name: &'static str, search: &OsString) -> Result<Tool, MediaError> {
    let file = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::split_paths(search)
        .map(|folder| folder.join(&file))
        .find(|path| path.is_file())
        .ok_or(MediaError::ToolMissing { tool: name })?;
    let text = run(&path, &["-version"])?;
    let version = text.split_whitespace().nth(2).unwrap_or_default().to_owned();
    Ok(Tool { path, version })
}

fn run(path: &Path, args: &[&str]) -> Result<String, MediaError> {
    let mut command = fenced(path);
    command.arg("-hide_banner").args(args);
    let purpose = Purpose { operation: "asking", path, fault: FailureClass::Worker };
    Ok(String::from_utf8_lossy(&output(command, purpose, &Cancel::new())?).into_owned())
}

/// Major and minor of a version; `None` for builds named after a commit, which are taken to be new.
fn version_number(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.trim_start_matches('n').split(|c: char| !c.is_ascii_digit());
    let major = parts.next()?.parse().ok()?;
    Some((major, parts.next().and_then(|minor| minor.parse().ok()).unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_in_all_their_spellings() {
        for (text, number) in [
            ("5.1.9-0+deb12u1", Some((5, 1))),
            ("n7.0", Some((7, 0))),
            ("4.4.2-0ubuntu0.22.04.1", Some((4, 4))),
            ("8", Some((8, 0))),
            ("N-112345-gabcdef", None),
        ] {
            assert_eq!(version_number(text), number, "{text}");
        }
    }

    #[test]
    fn a_missing_program_is_one_sentence_with_a_remedy() {
        let error = Tools::find_in(&OsString::from("/nowhere")).unwrap_err();
        assert_eq!(error.to_string(), "ffmpeg is not installed or not in PATH: install it (Debian/Ubuntu: apt install ffmpeg)");
    }

    #[test]
    fn a_path_is_never_a_protocol_or_an_option() {
        let url = file_url(Path::new("-y")).unwrap().into_string().unwrap();
        assert!(url.starts_with("file:") && url.ends_with("/-y"), "{url}");
    }
}
