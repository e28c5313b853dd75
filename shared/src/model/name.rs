//! The names of networks, alone and with the digest of the bytes that are meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::DIGITS_SHOWN;
use crate::digest::{Digest, InvalidDigest};
use crate::limits::LABEL_BYTES_MAX;

/// The name of a network: a word that can stand in a recipe and in a file name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelName(String);

/// A text that cannot name a network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModelName {
    /// Nothing.
    #[error("no model is named; write a name such as `compact-2x`")]
    Empty,
    /// Longer than a file name may be.
    #[error("the name of a model is longer than {LABEL_BYTES_MAX} bytes")]
    TooLong,
    /// What would end the word in a recipe, change where a file lies, or read as a digest.
    #[error(
        "`{0}` cannot name a model: a name has no slash, backslash, white space, control character, `@`, `|` or `=`, and is not only dots"
    )]
    Characters(String),
    /// What stands behind the `@` is no digest.
    #[error("`{name}` is pinned to no model: {source}")]
    Digest {
        /// The name before it.
        name: String,
        /// What is wrong with the digest.
        source: InvalidDigest,
    },
}

/// What may not stand in a name, besides white space and control characters.
const RESERVED: [char; 5] = ['/', '\\', '@', '|', '='];

impl ModelName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ModelName {
    type Err = InvalidModelName;

    fn from_str(text: &str) -> Result<Self, InvalidModelName> {
        if text.trim().is_empty() {
            return Err(InvalidModelName::Empty);
        }
        if text.len() > LABEL_BYTES_MAX {
            return Err(InvalidModelName::TooLong);
        }
        let is_reserved = |c: char| c.is_control() || c.is_whitespace() || RESERVED.contains(&c);
        if text.contains(is_reserved) || text.chars().all(|c| c == '.') {
            return Err(InvalidModelName::Characters(text.escape_debug().to_string()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for ModelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for ModelName {
    type Error = InvalidModelName;

    fn try_from(text: String) -> Result<Self, InvalidModelName> {
        text.parse()
    }
}

impl From<ModelName> for String {
    fn from(name: ModelName) -> Self {
        name.0
    }
}

/// A network as a recipe names it. Without a digest it is whatever the name means when the farm takes the batch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ModelRef {
    /// The name.
    pub name: ModelName,
    /// Exactly these bytes.
    pub digest: Option<Digest>,
}

impl ModelRef {
    /// The form for people: the name, and the first digits of the digest where there is one.
    #[must_use]
    pub fn short(&self) -> String {
        match self.digest {
            Some(digest) => format!("{}@{}", self.name, &digest.to_string()[..DIGITS_SHOWN]),
            None => self.name.to_string(),
        }
    }
}

impl FromStr for ModelRef {
    type Err = InvalidModelName;

    fn from_str(text: &str) -> Result<Self, InvalidModelName> {
        let Some((name, digest)) = text.split_once('@') else { return Ok(Self { name: text.parse()?, digest: None }) };
        let digest =
            digest.parse().map_err(|source| InvalidModelName::Digest { name: name.escape_debug().to_string(), source })?;
        Ok(Self { name: name.parse()?, digest: Some(digest) })
    }
}

impl fmt::Display for ModelRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.digest {
            Some(digest) => write!(f, "{}@{digest}", self.name),
            None => self.name.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_that_would_break_a_recipe_or_escape_are_refused() {
        for text in ["", " ", "a/b", "a\\b", "..", ".", "a b", "a@b", "a|b", "a=b", "a\u{7}", "a\u{3000}b", &"x".repeat(201)] {
            assert!(text.parse::<ModelName>().is_err(), "{text:?}");
        }
        for text in ["compact-2x", "影视_v3.1", "realesr-animevideov3", "-"] {
            assert_eq!(text.parse::<ModelName>().map(String::from), Ok(text.to_owned()));
        }
        let stored: Result<ModelName, _> = serde_json::from_str("\"a/b\"");
        assert!(stored.is_err(), "what is stored is held to the same rules");
    }

    #[test]
    fn a_digest_is_whole_or_none() {
        let digest = Digest::of(b"net");
        let pinned: ModelRef = format!("a@{digest}").parse().expect("a whole digest");
        assert_eq!((pinned.digest, pinned.short()), (Some(digest), format!("a@{}", &digest.to_string()[..8])));
        assert_eq!(pinned.to_string(), format!("a@{digest}"));
        let error = "a@abcdef12".parse::<ModelRef>().expect_err("eight digits");
        assert_eq!(error.to_string(), "`a` is pinned to no model: a digest is 64 hexadecimal digits, this is `abcdef12`");
    }

    proptest! {
        #[test]
        fn what_is_a_name_is_read_back_and_nothing_panics(text in "\\PC{0,24}") {
            if let Ok(model) = text.parse::<ModelRef>() {
                prop_assert_eq!(model.to_string().parse(), Ok(model));
            }
        }
    }
}
