//! The annotations of RetargetVid (github.com/bmezaris/RetargetVid, `annotations/annotator_N.zip`, unpacked): one file for each
//! clip, aspect and annotator, a line for each frame.
//!
//! A file is called `001_1-3.txt` or `601_3-1.txt`; a line is `left,top,right,bottom`, whole pixels, the last two beyond the
//! window's last pixel. Invariant of what was read: every line of every file has been looked at, and is named when it is wrong.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shotfarm_shared::track::Window;

/// The aspects of the set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Aspect {
    /// One wide, three high.
    Tall,
    /// Three wide, one high.
    Wide,
}

impl Aspect {
    pub(crate) const ALL: [Self; 2] = [Self::Tall, Self::Wide];

    /// As file names have it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tall => "1-3",
            Self::Wide => "3-1",
        }
    }

    /// Width by height.
    pub(crate) fn parts(self) -> (u32, u32) {
        match self {
            Self::Tall => (1, 3),
            Self::Wide => (3, 1),
        }
    }

    /// Width over height.
    pub(crate) fn ratio(self) -> f64 {
        let (width, height) = self.parts();
        f64::from(width) / f64::from(height)
    }
}

/// Annotators that are read at most; the set has six.
const ANNOTATORS_MAX: usize = 64;
/// Files of one annotator that are read at most; the set has 400.
const FILES_MAX: usize = 10_000;
/// Bytes of one file; the longest of the set has below 20 thousand.
const FILE_BYTES_MAX: u64 = 4 << 20;
/// Widest and highest coordinate that is believed.
const SIDE_MAX: u32 = 16_384;

/// Why annotations cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnnotationError {
    #[error("cannot read {path}")]
    Read { path: PathBuf, source: std::io::Error },
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("{path}, line {line}: {reason}")]
    Line { path: PathBuf, line: usize, reason: String },
}

/// Everything that was read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Annotations {
    /// Annotators' folders, in order.
    pub(crate) annotators: Vec<String>,
    /// By clip and aspect: every annotator's windows, frame by frame, in the order of the annotators.
    pub(crate) clips: BTreeMap<(u32, Aspect), Vec<Vec<Window>>>,
}

impl Annotations {
    /// Reads a folder of annotators' folders. Every annotator must have the same clips, with as many frames.
    pub(crate) fn read(folder: &Path) -> Result<Self, AnnotationError> {
        let mut found = Self::default();
        let folders = listed(folder, ANNOTATORS_MAX)?.into_iter().filter(|path| path.is_dir());
        for annotator in folders {
            let files = listed(&annotator, FILES_MAX)?.into_iter().filter_map(|path| Some((named(&path)?, path)));
            let files = files.collect::<Vec<_>>();
            if files.is_empty() {
                continue;
            }
            for (key, path) in files {
                let windows = read_windows(&path)?;
                let clip = found.clips.entry(key).or_default();
                let fault = if clip.len() != found.annotators.len() {
                    Some("an annotator before this one does not have this clip".to_owned())
                } else {
                    let frames = clip.first().map(Vec::len).filter(|frames| *frames != windows.len());
                    frames.map(|frames| format!("it has {} frames, and the first annotator's has {frames}", windows.len()))
                };
                if let Some(reason) = fault {
                    return Err(AnnotationError::File { path, reason });
                }
                clip.push(windows);
            }
            found.annotators.push(annotator.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()));
        }
        found.whole(folder)
    }

    /// Holds every clip to the number of annotators.
    fn whole(self, folder: &Path) -> Result<Self, AnnotationError> {
        let fails = |reason: String| Err(AnnotationError::File { path: folder.to_owned(), reason });
        if self.annotators.is_empty() {
            return fails("no folder in it has annotations such as 001_1-3.txt; are the zip files unpacked?".to_owned());
        }
        let short = self.clips.iter().find(|(_, annotators)| annotators.len() != self.annotators.len());
        match short {
            Some(((clip, aspect), annotators)) => {
                let (got, all) = (annotators.len(), self.annotators.len());
                fails(format!("clip {clip:03} at {} has {got} of {all} annotators", aspect.word()))
            }
            None => Ok(self),
        }
    }
}

/// What lies in a folder, in the order of names.
fn listed(folder: &Path, most: usize) -> Result<Vec<PathBuf>, AnnotationError> {
    let fails = |source| AnnotationError::Read { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(fails)? {
        paths.push(entry.map_err(fails)?.path());
        if paths.len() > most {
            let reason = format!("it holds more than {most} entries; it is not the set");
            return Err(AnnotationError::File { path: folder.to_owned(), reason });
        }
    }
    paths.sort();
    Ok(paths)
}

/// The clip and aspect of a file's name; nothing for files that are called otherwise.
fn named(path: &Path) -> Option<(u32, Aspect)> {
    let name = path.file_name()?.to_str()?.strip_suffix(".txt")?;
    let (clip, word) = name.split_once('_')?;
    let aspect = Aspect::ALL.into_iter().find(|aspect| aspect.word() == word)?;
    Some((clip.parse().ok()?, aspect))
}

fn read_windows(path: &Path) -> Result<Vec<Window>, AnnotationError> {
    let fails = |source| AnnotationError::Read { path: path.to_owned(), source };
    let bytes = fs::metadata(path).map_err(fails)?.len();
    let file = |reason: String| AnnotationError::File { path: path.to_owned(), reason };
    if bytes > FILE_BYTES_MAX {
        return Err(file(format!("it has {bytes} bytes, at most {FILE_BYTES_MAX} are read")));
    }
    let text = fs::read_to_string(path).map_err(fails)?;
    let line = |(index, line): (usize, &str)| {
        window(line).map_err(|reason| AnnotationError::Line { path: path.to_owned(), line: index + 1, reason })
    };
    let windows = text.lines().enumerate().map(line).collect::<Result<Vec<_>, _>>()?;
    if windows.is_empty() { Err(file("it has no frame".to_owned())) } else { Ok(windows) }
}

/// One line. Coordinates below 0 are 0, as the set's own evaluation takes them.
fn window(line: &str) -> Result<Window, String> {
    let numbers = line.split(',').map(|number| {
        let number = number.trim();
        let read = number.parse::<i64>().map_err(|_| format!("`{number}` is no whole number"))?;
        if read > i64::from(SIDE_MAX) { Err(format!("{read} is beyond {SIDE_MAX}")) } else { Ok(read.max(0) as f64) }
    });
    let numbers = numbers.collect::<Result<Vec<_>, _>>()?;
    let [left, top, right, bottom] = <[f64; 4]>::try_from(numbers)
        .map_err(|numbers| format!("it has {} numbers, not left,top,right,bottom", numbers.len()))?;
    if right <= left || bottom <= top {
        return Err("the window is empty".to_owned());
    }
    Ok(Window { x: left, y: top, width: right - left, height: bottom - top })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A small set: files by annotator and name.
    pub(crate) fn set(files: &[(&str, &str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a folder");
        for (annotator, name, text) in files {
            let own = folder.path().join(annotator);
            fs::create_dir_all(&own).expect("a folder");
            fs::write(own.join(name), text).expect("a file");
        }
        folder
    }

    #[test]
    fn clips_are_read_by_aspect_and_annotator() {
        let folder = set(&[
            ("annotator_1", "007_1-3.txt", "10,0,130,360\r\n-4,0,116,360\r\n"),
            ("annotator_2", "007_1-3.txt", "0,0,120,360\n0,0,120,360"),
            ("annotator_1", "007_3-1.txt", "0,10,640,223\n0,10,640,223"),
            ("annotator_2", "007_3-1.txt", "0,10,640,223\n0,10,640,223"),
            ("annotator_1", "readme.txt", "not an annotation"),
        ]);
        let found = Annotations::read(folder.path()).expect("annotations");
        assert_eq!(found.annotators, ["annotator_1", "annotator_2"]);
        let tall = &found.clips[&(7, Aspect::Tall)];
        assert_eq!(tall[0][0], Window { x: 10.0, y: 0.0, width: 120.0, height: 360.0 });
        assert_eq!((tall[0][1].x, tall[0][1].width), (0.0, 116.0), "what lies outside is cut off");
        assert_eq!(found.clips[&(7, Aspect::Wide)][1].len(), 2);
    }

    #[test]
    fn faults_are_told_by_file_and_line() {
        let one = |text: &str| set(&[("annotator_1", "001_1-3.txt", text)]);
        let cases = [
            (one("0,0,120,360\n0,0,x,360"), "001_1-3.txt, line 2: `x` is no whole number"),
            (one("0,0,120"), "line 1: it has 3 numbers"),
            (one("0,0,120,360,4"), "line 1: it has 5 numbers"),
            (one("120,0,120,360"), "line 1: the window is empty"),
            (one("0,0,99999,360"), "line 1: 99999 is beyond"),
            (one(""), "001_1-3.txt: it has no frame"),
            (one("0,0,120,360\n\n"), "line 2: `` is no whole number"),
            (set(&[("annotator_1", "x.txt", "")]), "are the zip files unpacked?"),
            (set(&[("a", "001_1-3.txt", "0,0,9,9"), ("b", "001_1-3.txt", "0,0,9,9\n0,0,9,9")]), "it has 2 frames"),
            (set(&[("a", "001_1-3.txt", "0,0,9,9"), ("b", "002_1-3.txt", "0,0,9,9")]), "does not have this clip"),
            (
                set(&[("a", "001_1-3.txt", "0,0,9,9"), ("a", "002_1-3.txt", "0,0,9,9"), ("b", "001_1-3.txt", "0,0,9,9")]),
                "clip 002 at 1-3 has 1 of 2",
            ),
        ];
        for (folder, part) in cases {
            let error = Annotations::read(folder.path()).expect_err(part).to_string();
            assert!(error.contains(part), "{part}: {error}");
        }
        assert!(Annotations::read(Path::new("/nowhere/at/all")).is_err());
    }
}
