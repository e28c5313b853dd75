//! A shot as it is handed to the farm: its label, its source by digest, its recipe and the name of its output.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::label::Label;
use crate::limits::LABEL_BYTES_MAX;
use crate::recipe::Recipe;

/// One shot of a batch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shot {
    /// The studio's name for it.
    pub label: Label,
    /// The uploaded source.
    pub source: Digest,
    /// The source's path as the manifest has it, for people.
    pub source_name: String,
    /// What to do with it.
    pub recipe: Recipe,
    /// Where the client will put the output, relative to a folder of the client's choice.
    pub output: OutputName,
}

/// A relative path that stays below the folder it is resolved against, with `/` between its parts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OutputName(String);

/// A path that an output may not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{path}` is no output name: {reason}")]
pub struct InvalidOutputName {
    /// The path as given, control characters escaped.
    pub path: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

/// Longest output path: what Linux and Windows can open below a folder of ordinary depth.
const OUTPUT_NAME_BYTES_MAX: usize = 1_024;

impl OutputName {
    /// Checks a relative path.
    ///
    /// # Errors
    /// When it is empty, too long, absolute, climbs up with `..`, or holds a control character or backslash.
    pub fn new(path: &str) -> Result<Self, InvalidOutputName> {
        let refuse = |reason| Err(InvalidOutputName { path: path.escape_debug().to_string(), reason });
        if path.trim().is_empty() {
            return refuse("it is empty");
        }
        if path.len() > OUTPUT_NAME_BYTES_MAX {
            return refuse("it is longer than 1024 bytes");
        }
        if path.chars().any(char::is_control) || path.contains('\\') {
            return refuse("it contains a control character or a backslash; write folders with /");
        }
        let windows_drive = path.as_bytes().get(1) == Some(&b':');
        if path.starts_with('/') || windows_drive {
            return refuse("it is absolute; write it relative to the folder that outputs are fetched into");
        }
        let mut parts = Vec::new();
        for part in path.split('/') {
            match part {
                "" => return refuse("it has an empty part"),
                "." => {}
                ".." => return refuse("it climbs out of its folder with `..`"),
                _ if part.len() > LABEL_BYTES_MAX + 55 => return refuse("one of its parts is longer than 255 bytes"),
                _ => parts.push(part),
            }
        }
        if parts.is_empty() {
            return refuse("it names a folder");
        }
        Ok(Self(parts.join("/")))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for OutputName {
    type Error = InvalidOutputName;

    fn try_from(path: String) -> Result<Self, InvalidOutputName> {
        Self::new(&path)
    }
}

impl From<OutputName> for String {
    fn from(name: OutputName) -> Self {
        name.0
    }
}

impl std::fmt::Display for OutputName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_stay_below_their_folder() {
        assert_eq!(OutputName::new("./第一集/镜 1.mp4").map(String::from), Ok("第一集/镜 1.mp4".to_owned()));
        for path in ["", " ", "/etc/x", "../x", "a/../../x", "a//b", ".", "a\\b", "C:/x", "a\nb"] {
            assert!(OutputName::new(path).is_err(), "{path:?}");
        }
    }
}
