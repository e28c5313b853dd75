//! What people are told about a network. Found by whoever adds it; the farm keeps it and shows it.

use serde::{Deserialize, Serialize};

use super::{InvalidModel, short_text};
use crate::limits::{MODEL_OPERATORS_MAX, MODEL_PORTS_MAX, MODEL_TEXT_BYTES_MAX};

/// What was found in a network. Absent numbers are those that nobody could tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ModelFacts {
    /// What it can do as an upscaler; `None` when it is something else.
    #[serde(default)]
    pub upscaling: Option<Upscaling>,
    /// The family of face detectors that it belongs to, such as YuNet; `None` when it is something else.
    #[serde(default)]
    pub detector: Option<String>,
    /// Its inputs, each with name and shape, such as `input: 1 x 3 x H x W`.
    #[serde(default)]
    pub inputs: Vec<String>,
    /// Its outputs, likewise.
    #[serde(default)]
    pub outputs: Vec<String>,
    /// Its operators, the most frequent first.
    #[serde(default)]
    pub operators: Vec<OperatorCount>,
    /// Numbers that were learned.
    #[serde(default)]
    pub parameters: u64,
    /// Multiply-adds for each pixel that goes in.
    #[serde(default)]
    pub multiply_adds_per_pixel: Option<u64>,
}

/// A network that enlarges pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upscaling {
    /// How many times larger each side comes out; 1 for one that only restores.
    pub factor: u32,
    /// Channels that go in and come out: 1 for luma, 3 for RGB.
    pub channels: u32,
    /// Pixels on each side that a pixel of its result depends on; `None` when that is the whole picture, or nobody can tell.
    #[serde(default)]
    pub radius_pixels: Option<u32>,
}

/// How often an operator occurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorCount {
    /// Its name, as the format calls it.
    pub operator: String,
    /// How many nodes are of it.
    pub count: u32,
}

impl ModelFacts {
    /// Holds every list and text to its bound.
    pub(super) fn check(&self) -> Result<(), InvalidModel> {
        for (what, ports) in [("the list of inputs", &self.inputs), ("the list of outputs", &self.outputs)] {
            bounded(what, ports.len(), MODEL_PORTS_MAX)?;
            ports.iter().try_for_each(|port| short_text(what, port, MODEL_TEXT_BYTES_MAX))?;
        }
        if let Some(family) = &self.detector {
            short_text("the family", family, MODEL_TEXT_BYTES_MAX)?;
        }
        bounded("the list of operators", self.operators.len(), MODEL_OPERATORS_MAX)?;
        self.operators.iter().try_for_each(|counted| short_text("an operator", &counted.operator, MODEL_TEXT_BYTES_MAX))
    }

    /// What it is for, in a few words.
    #[must_use]
    pub fn purpose(&self) -> String {
        match (self.upscaling, &self.detector) {
            (Some(Upscaling { factor: 1, channels, .. }), _) => format!("restores {}", channels_word(channels)),
            (Some(Upscaling { factor, channels, .. }), _) => format!("upscales {} {factor}x", channels_word(channels)),
            (None, Some(family)) => format!("finds faces ({family})"),
            (None, None) => "no upscaler".to_owned(),
        }
    }
}

fn channels_word(channels: u32) -> String {
    match channels {
        1 => "luma".to_owned(),
        3 => "RGB".to_owned(),
        other => format!("{other} channels"),
    }
}

fn bounded(what: &'static str, got: usize, max: usize) -> Result<(), InvalidModel> {
    if got > max { Err(InvalidModel::TooLarge { what, got: got as u64, max: max as u64 }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_purpose_is_said_in_words() {
        let purpose = |upscaling| ModelFacts { upscaling, ..ModelFacts::default() }.purpose();
        assert_eq!(purpose(None), "no upscaler");
        let faces = ModelFacts { detector: Some("YuNet".to_owned()), ..ModelFacts::default() };
        assert_eq!(faces.purpose(), "finds faces (YuNet)");
        assert_eq!(purpose(Some(Upscaling { factor: 2, channels: 1, radius_pixels: Some(9) })), "upscales luma 2x");
        assert_eq!(purpose(Some(Upscaling { factor: 1, channels: 3, radius_pixels: Some(9) })), "restores RGB");
    }
}
