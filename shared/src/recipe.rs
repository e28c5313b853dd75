//! The steps of a job with all their parameters, in one canonical form whose digest names it exactly.
//!
//! The text form is what people write: `upscale 2x filter=lanczos`, steps joined with `|`. Reading fills in every default, so
//! that two ways of writing the same work have the same digest.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::limits::{FRAME_SIDE_MAX, RECIPE_STEPS_MAX, SCALE_FACTOR_MAX};
use crate::media::{Colour, ColourTags, Extent, FrameLayout, MediaFacts, PixelFormat};

/// The version of the picture arithmetic. Part of every recipe's digest: raise it when a pass changes its pixels.
pub const ENGINE_VERSION: u32 = 1;

/// Ordered steps and the form of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Operations on frames, in order.
    pub steps: Vec<Step>,
    /// How the output is encoded and packed.
    pub profile: Profile,
}

/// One operation on frames.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Step {
    /// Change of size.
    Upscale(Upscale),
}

/// A change of size, in any ratio.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upscale {
    /// The size to reach.
    pub target: Target,
    /// How samples are made.
    pub filter: Filter,
}

/// The size an upscale reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Target {
    /// Times the source's size, in thousandths, so that it stays exact: 1500 is 1.5x.
    Factor {
        /// The factor times 1000.
        thousandths: u32,
    },
    /// Exactly this size. The picture's display shape is kept by the shape of its pixels.
    Size(Extent),
}

/// How an upscale makes its samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Filter {
    /// Separable Lanczos, three lobes, each plane by itself in the light it is coded in.
    Lanczos,
    /// Polar Lanczos in linear light with a sigmoid curve: the quality default.
    EwaLanczos,
    /// AMD FidelityFX Super Resolution 1: EASU, then RCAS.
    Fsr {
        /// Sharpness in stops below the most: 0 (most) to 2, in hundredths so that it stays exact.
        stops_hundredths: u32,
    },
}

/// How an output is encoded and packed, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// H.264 High in MP4 for phones and platforms: 8-bit 4:2:0, visually lossless.
    #[default]
    PhoneH264,
    /// H.264 in MP4 for looking at: small and quick.
    Review,
    /// FFV1 in Matroska: every bit of every frame, the source's own subsampling and depth.
    MasterFfv1,
}

/// A recipe that cannot be read or followed: what, where, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRecipe {
    /// No step at all.
    #[error("no step is given; write one such as `upscale 2x`")]
    Empty,
    /// Too many steps.
    #[error("{0} steps are given, at most {RECIPE_STEPS_MAX} are taken")]
    TooManySteps(usize),
    /// A step nobody knows.
    #[error("`{0}` is no step; known is `upscale`")]
    UnknownStep(String),
    /// A size that cannot be read.
    #[error("`{0}` is no size; write a factor such as `2x` or `1.5x`, or a size such as `1080x1920`")]
    Target(String),
    /// A factor or size outside the bounds.
    #[error(
        "`{0}` is outside the bounds: factors go from 1/{SCALE_FACTOR_MAX} to {SCALE_FACTOR_MAX}, sizes from 2x2 to {FRAME_SIDE_MAX} a side"
    )]
    TargetOutOfBounds(String),
    /// A filter nobody knows.
    #[error("`{0}` is no filter; known are lanczos, ewa-lanczos and fsr")]
    UnknownFilter(String),
    /// A parameter that the step or filter does not have.
    #[error("`{0}` is no parameter here; known are filter=..., and sharpness=0..2 with filter=fsr")]
    UnknownParameter(String),
    /// A sharpness outside its range.
    #[error("`{0}` is no sharpness; write stops from 0 (sharpest) to 2")]
    Sharpness(String),
    /// A profile nobody knows.
    #[error("`{0}` is no profile; known are phone-h264, review and master-ffv1")]
    UnknownProfile(String),
    /// A step that this source does not allow.
    #[error("{0}")]
    Unsuitable(String),
}

impl Filter {
    /// FSR at the sharpness its authors' sample ships with.
    pub const FSR_DEFAULT: Self = Self::Fsr { stops_hundredths: 20 };

    /// Its name without parameters.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Lanczos => "lanczos",
            Self::EwaLanczos => "ewa-lanczos",
            Self::Fsr { .. } => "fsr",
        }
    }
}

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 3] = [Self::PhoneH264, Self::Review, Self::MasterFfv1];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PhoneH264 => "phone-h264",
            Self::Review => "review",
            Self::MasterFfv1 => "master-ffv1",
        }
    }

    /// The ending of an output's file name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::PhoneH264 | Self::Review => "mp4",
            Self::MasterFfv1 => "mkv",
        }
    }

    /// The pixel format it encodes, given the source's.
    #[must_use]
    pub fn pixel_format(self, source: PixelFormat) -> PixelFormat {
        match self {
            Self::PhoneH264 | Self::Review => PixelFormat::Yuv420p,
            Self::MasterFfv1 => source,
        }
    }

    /// Whether the audio codec can be carried unchanged in its container.
    #[must_use]
    pub fn carries_audio(self, codec: &str) -> bool {
        match self {
            Self::PhoneH264 | Self::Review => matches!(codec, "aac" | "mp3" | "ac3" | "eac3" | "alac" | "opus" | "flac"),
            Self::MasterFfv1 => true,
        }
    }
}

impl FromStr for Profile {
    type Err = InvalidRecipe;

    fn from_str(name: &str) -> Result<Self, InvalidRecipe> {
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| InvalidRecipe::UnknownProfile(name.to_owned()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Target {
    /// The size reached from `source`, each side rounded to the nearest multiple that 4:2:0 needs, and at least that.
    #[must_use]
    pub fn extent(self, source: Extent) -> Extent {
        match self {
            Self::Size(extent) => extent,
            Self::Factor { thousandths } => {
                let side = |length: u32| {
                    let halves = (u64::from(length) * u64::from(thousandths) + 1_000) / 2_000;
                    (halves.max(1) * 2).min(u64::from(u32::MAX)) as u32
                };
                Extent::new(side(source.width), side(source.height))
            }
        }
    }
}

impl FromStr for Target {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let unreadable = || InvalidRecipe::Target(text.to_owned());
        let out_of_bounds = || InvalidRecipe::TargetOutOfBounds(text.to_owned());
        let (left, right) = text.split_once(['x', 'X', '×']).ok_or_else(unreadable)?;
        if right.is_empty() {
            let thousandths = decimal(left, 3).ok_or_else(unreadable)?;
            let bounds = (1_000 / SCALE_FACTOR_MAX)..=(SCALE_FACTOR_MAX * 1_000);
            return if bounds.contains(&thousandths) { Ok(Self::Factor { thousandths }) } else { Err(out_of_bounds()) };
        }
        let side = |digits: &str| digits.parse::<u32>().map_err(|_| unreadable());
        let extent = Extent::new(side(left)?, side(right)?);
        if extent.check().is_err() {
            return Err(out_of_bounds());
        }
        if extent.width % 2 == 1 || extent.height % 2 == 1 {
            return Err(InvalidRecipe::Unsuitable(format!(
                "`{text}` has an odd side; video sizes are even, so write an even one"
            )));
        }
        Ok(Self::Size(extent))
    }
}

/// Reads a decimal number as an integer number of its `places`-th decimal place; more places than that are refused.
fn decimal(text: &str, places: usize) -> Option<u32> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || fraction.len() > places {
        return None;
    }
    format!("{whole}{fraction:0<places$}").parse().ok()
}

/// Writes `value` counted in the `places`-th decimal place as a decimal number without trailing zeros.
fn write_decimal(value: u32, places: usize) -> String {
    let scale = 10_u32.pow(places as u32);
    let text = format!("{}.{:0places$}", value / scale, value % scale);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Factor { thousandths } => write!(f, "{}x", write_decimal(*thousandths, 3)),
            Self::Size(extent) => extent.fmt(f),
        }
    }
}

impl fmt::Display for Upscale {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "upscale {} filter={}", self.target, self.filter.name())?;
        if let Filter::Fsr { stops_hundredths } = self.filter {
            write!(f, " sharpness={}", write_decimal(stops_hundredths, 2))?;
        }
        Ok(())
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Upscale(upscale) => upscale.fmt(f),
        }
    }
}

impl FromStr for Step {
    type Err = InvalidRecipe;

    fn from_str(text: &str) -> Result<Self, InvalidRecipe> {
        let mut words = text.split_whitespace();
        match words.next() {
            None => Err(InvalidRecipe::Empty),
            Some("upscale") => read_upscale(words).map(Self::Upscale),
            Some(other) => Err(InvalidRecipe::UnknownStep(other.to_owned())),
        }
    }
}

fn read_upscale<'a>(mut words: impl Iterator<Item = &'a str>) -> Result<Upscale, InvalidRecipe> {
    let target = words.next().ok_or_else(|| InvalidRecipe::Target(String::new()))?.parse()?;
    let (mut filter, mut sharpness) = ("ewa-lanczos", None);
    for word in words {
        match word.split_once('=') {
            Some(("filter", name)) => filter = name,
            Some(("sharpness", stops)) => sharpness = Some(stops),
            _ => return Err(InvalidRecipe::UnknownParameter(word.to_owned())),
        }
    }
    let filter = match filter {
        "lanczos" => Filter::Lanczos,
        "ewa-lanczos" => Filter::EwaLanczos,
        "fsr" => Filter::FSR_DEFAULT,
        other => return Err(InvalidRecipe::UnknownFilter(other.to_owned())),
    };
    let filter = match (filter, sharpness) {
        (filter, None) => filter,
        (Filter::Fsr { .. }, Some(stops)) => {
            let invalid = || InvalidRecipe::Sharpness(stops.to_owned());
            Filter::Fsr { stops_hundredths: decimal(stops, 2).filter(|&value| value <= 200).ok_or_else(invalid)? }
        }
        (_, Some(stops)) => return Err(InvalidRecipe::UnknownParameter(format!("sharpness={stops}"))),
    };
    Ok(Upscale { target, filter })
}

/// Reads steps joined with `|`.
///
/// # Errors
/// The first step that cannot be read, in its own words.
pub fn read_steps(text: &str) -> Result<Vec<Step>, InvalidRecipe> {
    let steps = text.split('|').map(str::parse).collect::<Result<Vec<_>, _>>()?;
    if steps.len() > RECIPE_STEPS_MAX {
        return Err(InvalidRecipe::TooManySteps(steps.len()));
    }
    Ok(steps)
}

/// The steps in their canonical text form, joined with ` | `.
#[must_use]
pub fn write_steps(steps: &[Step]) -> String {
    steps.iter().map(Step::to_string).collect::<Vec<_>>().join(" | ")
}

impl Recipe {
    /// The digest that names this recipe: over its canonical text, its profile and [`ENGINE_VERSION`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(format!("engine {ENGINE_VERSION}\n{}\n{}\n", write_steps(&self.steps), self.profile).as_bytes())
    }

    /// The layout of the frames that leave the last step, given the source's.
    ///
    /// # Errors
    /// When a step cannot be done with this source: the size out of bounds, or high dynamic range in a filter that works in
    /// the light of standard dynamic range.
    pub fn output_layout(&self, source: &FrameLayout) -> Result<FrameLayout, InvalidRecipe> {
        let mut extent = source.extent;
        for step in &self.steps {
            let Step::Upscale(upscale) = step;
            if source.colour.is_hdr() && upscale.filter != Filter::Lanczos {
                return Err(InvalidRecipe::Unsuitable(format!(
                    "the source is HDR ({}) and filter {} works in standard dynamic range; use filter=lanczos",
                    source.colour.tags.transfer.as_deref().unwrap_or_default(),
                    upscale.filter.name()
                )));
            }
            extent = upscale.target.extent(extent);
            extent
                .check()
                .map_err(|error| InvalidRecipe::Unsuitable(format!("`{step}` of a {} source: {error}", source.extent)))?;
        }
        Ok(FrameLayout { extent, format: self.profile.pixel_format(source.format), colour: self.output_colour(source) })
    }

    /// Holds the recipe to a probed source: the layout of its output, and whether the profile can carry its sound.
    ///
    /// # Errors
    /// As [`Self::output_layout`], and when an audio stream's codec cannot be carried unchanged.
    pub fn check_source(&self, facts: &MediaFacts) -> Result<FrameLayout, InvalidRecipe> {
        if let Some(audio) = facts.audio.iter().find(|audio| !self.profile.carries_audio(&audio.codec)) {
            return Err(InvalidRecipe::Unsuitable(format!(
                "its sound is {}, which profile {} cannot carry unchanged; use profile master-ffv1, or make the sound AAC first",
                audio.codec, self.profile
            )));
        }
        self.output_layout(&facts.layout)
    }

    /// The colour of the output: the source's. A guess about an untagged source is written down as tags, so that no player
    /// guesses anew from the new size.
    fn output_colour(&self, source: &FrameLayout) -> Colour {
        let colour = &source.colour;
        let matrix = match colour.matrix {
            crate::media::Matrix::Bt601 => "smpte170m",
            crate::media::Matrix::Bt709 => "bt709",
            crate::media::Matrix::Bt2020 => "bt2020nc",
        };
        let tags =
            ColourTags { matrix: Some(colour.tags.matrix.clone().unwrap_or_else(|| matrix.to_owned())), ..colour.tags.clone() };
        Colour { tags, ..colour.clone() }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn steps(text: &str) -> Result<String, String> {
        read_steps(text).map(|steps| write_steps(&steps)).map_err(|error| error.to_string())
    }

    #[test]
    fn reading_fills_in_the_defaults() {
        assert_eq!(steps("upscale 2x"), Ok("upscale 2x filter=ewa-lanczos".to_owned()));
        assert_eq!(steps("upscale 1.50x filter=fsr"), Ok("upscale 1.5x filter=fsr sharpness=0.2".to_owned()));
        assert_eq!(
            steps("upscale 1080x1920 filter=lanczos | upscale 2x"),
            Ok("upscale 1080x1920 filter=lanczos | upscale 2x filter=ewa-lanczos".to_owned())
        );
    }

    #[test]
    fn errors_say_what_to_write() {
        for (text, part) in [
            ("", "no step is given"),
            ("sharpen 2x", "`sharpen` is no step"),
            ("upscale", "`` is no size"),
            ("upscale big", "`big` is no size; write a factor"),
            ("upscale 17x", "`17x` is outside the bounds"),
            ("upscale 0x0", "sizes from 2x2 to 16384 a side"),
            ("upscale 1081x1920", "an odd side"),
            ("upscale 2x filter=cubic", "`cubic` is no filter"),
            ("upscale 2x sharpness=1", "`sharpness=1` is no parameter here"),
            ("upscale 2x filter=fsr sharpness=3", "`3` is no sharpness"),
            ("upscale 2x loud", "`loud` is no parameter"),
        ] {
            let error = steps(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn factors_reach_even_sizes() {
        let extent = |text: &str, width, height| text.parse::<Target>().map(|target| target.extent(Extent::new(width, height)));
        assert_eq!(extent("2x", 640, 360), Ok(Extent::new(1280, 720)));
        assert_eq!(extent("1.5x", 854, 480), Ok(Extent::new(1282, 720)));
        assert_eq!(extent("1.5x", 1, 1), Ok(Extent::new(2, 2)));
        assert_eq!(extent("1080x1920", 720, 1280), Ok(Extent::new(1080, 1920)));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(thousandths in 63_u32..=16_000, stops in 0_u32..=200, pick in 0..3) {
            let filter = match pick {
                0 => Filter::Lanczos,
                1 => Filter::EwaLanczos,
                _ => Filter::Fsr { stops_hundredths: stops },
            };
            let step = Step::Upscale(Upscale { target: Target::Factor { thousandths }, filter });
            prop_assert_eq!(step.to_string().parse::<Step>(), Ok(step));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = read_steps(&text);
            let _ = read_steps(&format!("upscale {text}"));
        }
    }
}
