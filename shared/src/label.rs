//! The studio's names for a shot: `show/episode/shot`, kept exactly as they were written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::limits::LABEL_BYTES_MAX;

/// The three names of a shot. None is empty, none contains `/` or a control character.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    show: String,
    episode: String,
    shot: String,
}

/// A name that cannot stand in a label.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLabel {
    /// Nothing, or only white space.
    #[error("{0} is empty; give every shot a show, an episode and a shot name")]
    Empty(&'static str),
    /// Longer than a file name may be.
    #[error("{0} is longer than {LABEL_BYTES_MAX} bytes")]
    TooLong(&'static str),
    /// `/`, `\`, a control character, or only dots: these would change where the output lies.
    #[error("{0} `{1}` contains a slash, a backslash or a control character, or is only dots")]
    Characters(&'static str, String),
    /// Not three parts.
    #[error("`{0}` is no label; a label is show/episode/shot")]
    Parts(String),
}

impl Label {
    /// Checks and joins the three names. White space around each is dropped, nothing else is changed.
    ///
    /// # Errors
    /// Names the part that cannot stand, and why.
    pub fn new(show: &str, episode: &str, shot: &str) -> Result<Self, InvalidLabel> {
        Ok(Self { show: part("show", show)?, episode: part("episode", episode)?, shot: part("shot", shot)? })
    }

    /// The show.
    #[must_use]
    pub fn show(&self) -> &str {
        &self.show
    }

    /// The episode.
    #[must_use]
    pub fn episode(&self) -> &str {
        &self.episode
    }

    /// The shot.
    #[must_use]
    pub fn shot(&self) -> &str {
        &self.shot
    }

    /// Whether `text` is this label or the front of it, part by part: `nine5` and `nine5/ep01` select `nine5/ep01/sh0010`.
    #[must_use]
    pub fn is_selected_by(&self, text: &str) -> bool {
        let mine = [&self.show, &self.episode, &self.shot];
        let wanted: Vec<&str> = text.trim_end_matches('/').split('/').collect();
        wanted.len() <= mine.len() && wanted.iter().zip(mine).all(|(wanted, mine)| wanted == mine)
    }
}

fn part(name: &'static str, text: &str) -> Result<String, InvalidLabel> {
    let text = text.trim();
    if text.is_empty() {
        return Err(InvalidLabel::Empty(name));
    }
    if text.len() > LABEL_BYTES_MAX {
        return Err(InvalidLabel::TooLong(name));
    }
    if text.contains(['/', '\\']) || text.chars().any(char::is_control) || text.chars().all(|c| c == '.') {
        return Err(InvalidLabel::Characters(name, text.escape_debug().to_string()));
    }
    Ok(text.to_owned())
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.show, self.episode, self.shot)
    }
}

impl FromStr for Label {
    type Err = InvalidLabel;

    fn from_str(text: &str) -> Result<Self, InvalidLabel> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts[..] {
            [show, episode, shot] => Self::new(show, episode, shot),
            _ => Err(InvalidLabel::Parts(text.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_and_selected_by_their_front() {
        let label = Label::new("九五", " 007 ", "sh 0010").expect("three good names");
        assert_eq!(label.to_string(), "九五/007/sh 0010");
        assert_eq!(label.to_string().parse(), Ok(label.clone()));
        for text in ["九五", "九五/007", "九五/007/", "九五/007/sh 0010"] {
            assert!(label.is_selected_by(text), "{text}");
        }
        for text in ["", "九", "九五/07", "九五/007/sh 0010/x"] {
            assert!(!label.is_selected_by(text), "{text}");
        }
    }

    #[test]
    fn names_that_would_escape_are_refused() {
        for (show, part) in [(" ", "show is empty"), ("a/b", "slash"), ("..", "only dots"), ("a\u{7}", "control")] {
            let error = Label::new(show, "e", "s").expect_err(show).to_string();
            assert!(error.contains(part), "{error}");
        }
    }
}
