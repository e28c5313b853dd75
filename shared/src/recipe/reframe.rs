//! The step `reframe`: another aspect, by a window that moves over the picture along a track.
//!
//! What the window shows is decided by an analysis and a plan before any frame is rendered, or by hand; the step only says
//! what to aim at.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use super::filter::Filter;
use super::parameters::Parameters;
use super::zones::Zones;
use crate::digest::Digest;
use crate::limits::ASPECT_MAX;
use crate::media::Extent;
use crate::model::ModelRef;

/// Another aspect.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reframe {
    /// The aspect or size to reach.
    pub target: Framing,
    /// How the window may move.
    pub camera: CameraChoice,
    /// What is done, in this order of preference, where what must stay does not fit into one window.
    pub overflow: Vec<Overflow>,
    /// A network that finds faces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<ModelRef>,
    /// How samples are made.
    pub filter: Filter,
    /// Edges of the result that what must stay keeps clear of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<Zones>,
    /// A track set by hand, whole or a few of its keys, as a blob. It wins over everything that is found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<Digest>,
}

/// The aspect or size that a reframe reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Framing {
    /// Width to height, in lowest terms: as many pixels as the window has of the source.
    Aspect {
        /// Parts of width.
        width: u32,
        /// Parts of height.
        height: u32,
    },
    /// Exactly this size, of square pixels.
    Size(Extent),
}

/// How the window may move between two cuts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CameraChoice {
    /// Whatever suits each stretch.
    Auto,
    /// Never.
    Steady,
    /// In one even sweep at most.
    Pan,
    /// After what matters.
    Follow,
}

/// What to do where what must stay does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Overflow {
    /// Two windows, one above the other (side by side in a wide picture).
    Split,
    /// One window that sweeps from one to the other.
    Pan,
    /// The whole picture over a blurred, darkened copy of itself.
    Fit,
}

const CAMERAS: [(&str, CameraChoice); 4] = [
    ("auto", CameraChoice::Auto),
    ("steady", CameraChoice::Steady),
    ("pan", CameraChoice::Pan),
    ("follow", CameraChoice::Follow),
];
const OVERFLOWS: [(&str, Overflow); 3] = [("split", Overflow::Split), ("pan", Overflow::Pan), ("fit", Overflow::Fit)];
/// What stands for no overflow at all: the window stays with what matters most.
const NO_OVERFLOW: &str = "none";

impl Reframe {
    /// Reads what stands after the step's name.
    pub(super) fn read(mut parameters: Parameters<'_>) -> Result<Self, InvalidRecipe> {
        let target = parameters.positional().ok_or_else(|| InvalidRecipe::Framing(String::new()))?.parse()?;
        let filter = Filter::read(&mut parameters)?;
        let model = parameters.take("model")?.map(str::parse).transpose()?;
        let camera = parameters.take("camera")?.map_or(Ok(CameraChoice::Auto), |text| {
            let found = CAMERAS.into_iter().find(|(name, _)| *name == text);
            found.map(|(_, camera)| camera).ok_or_else(|| InvalidRecipe::Camera(text.to_owned()))
        })?;
        let overflow = parameters.take("overflow")?.map_or_else(|| Ok(vec![Overflow::Split, Overflow::Pan]), read_overflow)?;
        let zones = parameters.take("zones")?.map(str::parse).transpose()?;
        let track = parameters.take("track")?.map(|text| text.parse().map_err(|_| InvalidRecipe::Track(text.to_owned())));
        parameters.finish(
            "model=..., filter=..., camera=auto|steady|pan|follow, overflow=split,pan,fit, zones=..., track=DIGEST, \
             antiring=0..1 with the ewa filters, and sharpness=0..2 with fsr",
        )?;
        Ok(Self { target, camera, overflow, model, filter, zones, track: track.transpose()? })
    }

    /// Writes the step with its network as `model` writes it.
    pub(super) fn write(&self, f: &mut dyn fmt::Write, model: impl Fn(&ModelRef) -> String) -> fmt::Result {
        write!(f, "reframe {}", self.target)?;
        if let Some(named) = &self.model {
            write!(f, " model={}", model(named))?;
        }
        write!(f, " {}", self.filter)?;
        if self.camera != CameraChoice::Auto {
            write!(f, " camera={}", self.camera)?;
        }
        let names = self.overflow.iter().map(ToString::to_string).collect::<Vec<_>>();
        write!(f, " overflow={}", if names.is_empty() { NO_OVERFLOW.to_owned() } else { names.join(",") })?;
        if let Some(zones) = &self.zones {
            write!(f, " zones={zones}")?;
        }
        match &self.track {
            Some(track) => write!(f, " track={track}"),
            None => Ok(()),
        }
    }
}

fn read_overflow(text: &str) -> Result<Vec<Overflow>, InvalidRecipe> {
    let invalid = || InvalidRecipe::Overflow(text.to_owned());
    if text == NO_OVERFLOW {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for word in text.split(',') {
        let (_, overflow) = OVERFLOWS.into_iter().find(|(name, _)| *name == word).ok_or_else(invalid)?;
        if found.contains(&overflow) {
            return Err(invalid());
        }
        found.push(overflow);
    }
    Ok(found)
}

impl Framing {
    /// The size reached from a picture of `source`, of square pixels: the given one, or that of the largest window with this
    /// aspect, each side rounded to the nearest multiple that 4:2:0 needs, and at least that.
    #[must_use]
    pub fn extent(self, source: Extent) -> Extent {
        match self {
            Self::Size(extent) => extent,
            Self::Aspect { .. } => {
                let (wide, high) = (f64::from(source.width), f64::from(source.height));
                let aspect = self.aspect();
                let (wide, high) = if wide / high > aspect { (high * aspect, high) } else { (wide, wide / aspect) };
                let even = |side: f64| ((side / 2.0).round() as u32).max(1) * 2;
                Extent::new(even(wide), even(high))
            }
        }
    }

    /// Width over height.
    #[must_use]
    pub fn aspect(self) -> f64 {
        match self {
            Self::Aspect { width, height } | Self::Size(Extent { width, height }) => f64::from(width) / f64::from(height),
        }
    }
}

impl FromStr for Framing {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let unreadable = || InvalidRecipe::Framing(text.to_owned());
        let number = |digits: &str| digits.parse::<u32>().map_err(|_| unreadable());
        let framing = if let Some((width, height)) = text.split_once(':') {
            let (width, height) = (number(width)?, number(height)?);
            let common = common_divisor(width, height);
            if width == 0 || height == 0 {
                return Err(unreadable());
            }
            Self::Aspect { width: width / common, height: height / common }
        } else {
            let (width, height) = text.split_once(['x', 'X', '×']).ok_or_else(unreadable)?;
            let extent = Extent::new(number(width)?, number(height)?);
            if extent.check().is_err() || extent.width % 2 == 1 || extent.height % 2 == 1 {
                return Err(unreadable());
            }
            Self::Size(extent)
        };
        let most = f64::from(ASPECT_MAX);
        if (1.0 / most..=most).contains(&framing.aspect()) { Ok(framing) } else { Err(InvalidRecipe::Aspect(text.to_owned())) }
    }
}

fn common_divisor(left: u32, right: u32) -> u32 {
    if right == 0 { left.max(1) } else { common_divisor(right, left % right) }
}

impl fmt::Display for Framing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aspect { width, height } => write!(f, "{width}:{height}"),
            Self::Size(extent) => extent.fmt(f),
        }
    }
}

impl fmt::Display for CameraChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = CAMERAS.into_iter().find(|(_, camera)| camera == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl fmt::Display for Overflow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = OVERFLOWS.into_iter().find(|(_, overflow)| overflow == self).map_or("", |(name, _)| name);
        f.write_str(name)
    }
}

impl fmt::Display for Reframe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, ModelRef::to_string)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Step, model, read_steps, write_steps};
    use super::*;

    fn steps(text: &str) -> Result<String, String> {
        read_steps(text).map(|steps| write_steps(&steps)).map_err(|error| error.to_string())
    }

    #[test]
    fn reading_fills_in_the_defaults() {
        assert_eq!(steps("reframe 18:32"), Ok("reframe 9:16 filter=ewa-lanczos overflow=split,pan".to_owned()));
        assert_eq!(
            steps("reframe 1080x1920 overflow=none camera=auto zones=shorts filter=lanczos"),
            Ok("reframe 1080x1920 filter=lanczos overflow=none zones=shorts:0/0/250/0".to_owned())
        );
    }

    #[test]
    fn errors_say_what_to_write() {
        for (text, part) in [
            ("reframe", "`` is no aspect or size"),
            ("reframe 2x", "`2x` is no aspect or size"),
            ("reframe 0:9", "`0:9` is no aspect or size"),
            ("reframe 1081x1920", "`1081x1920` is no aspect or size"),
            ("reframe 1:1000", "`1:1000` is narrower or wider than a picture is taken"),
            ("reframe 9:16 camera=wild", "`wild` is no camera; known are auto, steady, pan and follow"),
            ("reframe 9:16 overflow=split,split", "`split,split` is no order of layouts"),
            ("reframe 9:16 overflow=", "`` is no order of layouts"),
            ("reframe 9:16 track=mine.json", "`mine.json` is no track"),
            ("reframe 9:16 zones=a:b", "`a:b` names no zones"),
            ("reframe 9:16 | reframe 16:9", "`reframe` is given twice"),
        ] {
            let error = steps(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn an_aspect_is_the_largest_window_of_it() {
        let extent =
            |text: &str, width, height| text.parse::<Framing>().map(|framing| framing.extent(Extent::new(width, height)));
        assert_eq!(extent("9:16", 1920, 1080), Ok(Extent::new(608, 1080)));
        assert_eq!(extent("16:9", 1080, 1920), Ok(Extent::new(1080, 608)));
        assert_eq!(extent("1:1", 640, 480), Ok(Extent::new(480, 480)));
        assert_eq!(extent("1080x1920", 64, 36), Ok(Extent::new(1080, 1920)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            width in 10_u32..40, height in 10_u32..40, camera in 0_usize..4, order in proptest::sample::subsequence(vec![0_usize, 1, 2], 0..=3),
            model in proptest::option::of(model::tests::model_ref()), track in proptest::option::of(any::<[u8; 32]>()),
        ) {
            let step = Step::Reframe(Reframe {
                target: format!("{width}:{height}").parse().expect("in bounds"),
                camera: CAMERAS[camera].1,
                overflow: order.into_iter().map(|index| OVERFLOWS[index].1).collect(),
                model,
                filter: Filter::EWA_LANCZOS,
                zones: None,
                track: track.map(Digest),
            });
            prop_assert_eq!(step.to_string().parse::<Step>(), Ok(step));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = read_steps(&format!("reframe {text}"));
            let _ = read_steps(&format!("reframe 9:16 zones={text}"));
        }
    }
}
