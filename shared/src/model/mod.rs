//! A farm's networks as its data: what each is called, which files it consists of, and what is written down about it.
//!
//! Nothing here understands a network: whoever adds one reads it and writes down its facts, and whoever runs one reads it again.
//! A name may come to mean other bytes; a digest never does, so recipes that are worked on name both ([`ModelRef`]).

mod catalogue;
mod facts;
mod name;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::limits::{MODEL_BYTES_MAX, MODEL_TEXT_BYTES_MAX};
use crate::time::Timestamp;

pub use catalogue::{AddFault, Catalogue, ModelFault};
pub use facts::{ModelFacts, OperatorCount, Upscaling};
pub use name::{InvalidModelName, ModelName, ModelRef};

/// Digits of a digest that a person is shown beside a name.
pub const DIGITS_SHOWN: usize = 8;

/// The files of a network, by format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ModelFiles {
    /// One ONNX file.
    Onnx {
        /// Its blob.
        file: Digest,
    },
    /// ncnn's two files.
    Ncnn {
        /// The blob of the layers.
        param: Digest,
        /// The blob of the weights.
        bin: Digest,
    },
}

impl ModelFiles {
    /// The digest that names the network: of an ONNX file its own, of two files that over both.
    #[must_use]
    pub fn digest(&self) -> Digest {
        match self {
            Self::Onnx { file } => *file,
            Self::Ncnn { param, bin } => Digest::of(format!("ncnn {param} {bin}\n").as_bytes()),
        }
    }

    /// The blobs, in the order in which a reader takes them.
    #[must_use]
    pub fn blobs(&self) -> Vec<Digest> {
        match *self {
            Self::Onnx { file } => vec![file],
            Self::Ncnn { param, bin } => vec![param, bin],
        }
    }

    /// The format in one word.
    #[must_use]
    pub fn format(&self) -> &'static str {
        match self {
            Self::Onnx { .. } => "onnx",
            Self::Ncnn { .. } => "ncnn",
        }
    }
}

/// A network as it is handed to the farm.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Model {
    /// What the farm calls it.
    pub name: ModelName,
    /// Its files, which are blobs of the farm.
    pub files: ModelFiles,
    /// Bytes of its files together.
    pub bytes: u64,
    /// Under which terms it may be used, in its owner's words.
    pub licence: String,
    /// Where it came from: an address, or words.
    pub source: String,
    /// What was found in it.
    pub facts: ModelFacts,
}

/// One network that a name has meant.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelVersion {
    /// Counted from 1 for each name, never used again while the name lives.
    pub number: u32,
    /// When it was added.
    pub added: Timestamp,
    /// What was added.
    pub model: Model,
}

/// What keeps a network from being written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModel {
    /// A text that must be given is not.
    #[error("{what} is not given; say {ask}")]
    Missing {
        /// Which text.
        what: &'static str,
        /// What it should say.
        ask: &'static str,
    },
    /// A text, list or file beyond its bound.
    #[error("{what} has {got}, at most {max} are kept")]
    TooLarge {
        /// Which one.
        what: &'static str,
        /// How much it has.
        got: u64,
        /// The bound.
        max: u64,
    },
    /// A text with control characters, which would garble the tables that show it.
    #[error("{what} `{text}` contains a control character or a line break; write it in one line")]
    Characters {
        /// Which text.
        what: &'static str,
        /// The text, escaped.
        text: String,
    },
}

impl Model {
    /// Holds texts and sizes to their bounds and drops white space around texts.
    ///
    /// # Errors
    /// The first part that cannot be kept, and what to write.
    pub fn check(mut self) -> Result<Self, InvalidModel> {
        self.licence = text("the licence", &self.licence, "under which terms it may be used, such as BSD-3-Clause")?;
        self.source = text("the source", &self.source, "where it came from, an address or words")?;
        if self.bytes == 0 || self.bytes > MODEL_BYTES_MAX {
            return Err(InvalidModel::TooLarge { what: "the network's bytes", got: self.bytes, max: MODEL_BYTES_MAX });
        }
        self.facts.check()?;
        Ok(self)
    }
}

/// A text for people: something, in one line, within its bound.
fn text(what: &'static str, given: &str, ask: &'static str) -> Result<String, InvalidModel> {
    let given = given.trim();
    if given.is_empty() {
        return Err(InvalidModel::Missing { what, ask });
    }
    short_text(what, given, MODEL_TEXT_BYTES_MAX)?;
    Ok(given.to_owned())
}

fn short_text(what: &'static str, given: &str, max: usize) -> Result<(), InvalidModel> {
    if given.len() > max {
        return Err(InvalidModel::TooLarge { what, got: given.len() as u64, max: max as u64 });
    }
    if given.chars().any(char::is_control) {
        return Err(InvalidModel::Characters { what, text: given.escape_debug().to_string() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        Model {
            name: "compact".parse().expect("a name"),
            files: ModelFiles::Onnx { file: Digest::of(b"net") },
            bytes: 3,
            licence: " BSD-3-Clause ".into(),
            source: "https://example.org/compact".into(),
            facts: ModelFacts::default(),
        }
    }

    #[test]
    fn two_files_have_a_digest_of_their_own() {
        let (param, bin) = (Digest::of(b"p"), Digest::of(b"b"));
        let pair = ModelFiles::Ncnn { param, bin };
        assert_eq!(ModelFiles::Onnx { file: param }.digest(), param);
        assert_ne!(pair.digest(), ModelFiles::Ncnn { param: bin, bin: param }.digest());
        assert_eq!((pair.blobs(), pair.format()), (vec![param, bin], "ncnn"));
    }

    #[test]
    fn words_are_needed_and_bounded() {
        assert_eq!(model().check().map(|model| model.licence), Ok("BSD-3-Clause".to_owned()));
        let refused = |change: fn(&mut Model)| {
            let mut model = model();
            change(&mut model);
            model.check().expect_err("it cannot be kept").to_string()
        };
        assert!(refused(|model| model.licence = " ".into()).starts_with("the licence is not given; say under which terms"));
        assert!(refused(|model| model.source.clear()).starts_with("the source is not given"));
        assert!(refused(|model| model.source = "a\nb".into()).contains("`a\\nb` contains a control character"));
        assert!(refused(|model| model.licence = "x".repeat(1_001)).contains("has 1001, at most 1000"));
        assert!(refused(|model| model.bytes = u64::MAX).starts_with("the network's bytes has"));
        assert!(refused(|model| model.facts.inputs = vec![String::new(); 65]).contains("inputs has 65, at most 64"));
    }
}
