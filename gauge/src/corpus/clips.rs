//! Pieces of real clips, cut out unscaled: the middle of the picture, some frames running from the middle of the clip.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use shotfarm_tests::film::{Frame, Size};
use shotfarm_tests::pictures::look_at;

use super::{Entry, Kind};
use crate::error::GaugeError;

/// Files looked at in a folder: a corpus, not an archive.
const CLIPS_MAX: usize = 16;

/// One entry for each readable clip of the folder, in the order of their names.
pub(super) fn pieces(folder: &Path, size: Size, frames: u32) -> Result<Vec<Entry>, GaugeError> {
    let listed = fs::read_dir(folder).map_err(GaugeError::file("cannot list", folder))?;
    let is_clip = |path: &PathBuf| {
        path.extension().is_some_and(|ending| ["mp4", "mov", "mkv", "webm"].map(Some).contains(&ending.to_str()))
    };
    let mut paths = listed.filter_map(|file| file.ok().map(|file| file.path())).filter(is_clip).collect::<Vec<_>>();
    paths.sort();
    let mut entries = Vec::new();
    for path in paths.iter().take(CLIPS_MAX) {
        match piece(path, size, frames) {
            Ok(entry) => entries.push(entry),
            Err(error) => eprintln!("left out: {}", crate::error::told(&error)),
        }
    }
    Ok(entries)
}

fn piece(path: &Path, size: Size, frames: u32) -> Result<Entry, GaugeError> {
    let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let look = look_at(path)?;
    if look.size.width < size.width || look.size.height < size.height || look.frames < u64::from(frames) {
        let words = format!("{}x{} with {} frames is too small or too short", look.size.width, look.size.height, look.frames);
        return Err(GaugeError::Child { what: name, words });
    }
    let first = (look.frames - u64::from(frames)) / 2;
    let Size { width, height } = size;
    let cut = format!(
        "select=between(n\\,{first}\\,{}),crop={width}:{height},scale=in_color_matrix=auto:flags=bicubic+accurate_rnd+full_chroma_int",
        first + u64::from(frames) - 1
    );
    let mut command = Command::new("ffmpeg");
    command.args(["-hide_banner", "-loglevel", "error", "-nostdin", "-i"]).arg(path);
    command.args(["-map", "0:v:0", "-vf", &cut, "-vsync", "0", "-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"]);
    let output =
        command.stdin(Stdio::null()).output().map_err(|source| GaugeError::Start { what: format!("reading {name}"), source })?;
    let bytes = width as usize * height as usize * 3;
    if !output.status.success() || output.stdout.len() != bytes * frames as usize {
        let words = String::from_utf8_lossy(&output.stderr).trim().replace('\n', "; ");
        return Err(GaugeError::Child { what: format!("reading {name}"), words });
    }
    let frames = output.stdout.chunks_exact(bytes).map(|rgb| Frame { size, rgb: rgb.to_vec() }).collect();
    Ok(Entry { name, kind: Kind::Real, frames })
}
