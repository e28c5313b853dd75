//! The steps of a job with all their parameters, in one canonical form whose digest names it exactly.
//!
//! The text form is what people write: `upscale 2x filter=lanczos`, steps joined with `|`. Reading fills in every default, so
//! that two ways of writing the same work have the same digest.

mod deband;
mod denoise;
mod error;
mod filter;
mod grain;
mod model;
mod parameters;
mod profile;
mod reframe;
mod sharpen;
mod size;
mod step;
mod upscale;
mod zones;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::limits::RECIPE_STEPS_MAX;
use crate::media::{Colour, ColourTags, Extent, FrameLayout, MediaFacts};

pub use deband::Deband;
pub use denoise::Denoise;
pub use error::InvalidRecipe;
pub use filter::{Filter, Polar, Separable};
pub use grain::Grain;
pub use model::model_runs;
pub use profile::Profile;
pub use reframe::{CameraChoice, Framing, Overflow, Reframe};
pub use sharpen::Sharpen;
pub use size::Target;
pub use step::Step;
pub use upscale::Upscale;
pub use zones::{Insets, InvalidZones, ZoneRow, ZoneTable, Zones};

/// The version of the picture arithmetic. Part of every recipe's digest: raise it when a pass changes its pixels.
pub const ENGINE_VERSION: u32 = 2;

/// Ordered steps and the form of the output.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// Operations on frames, in order.
    pub steps: Vec<Step>,
    /// How the output is encoded and packed.
    pub profile: Profile,
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
    if steps.iter().filter(|step| matches!(step, Step::Reframe(_))).count() > 1 {
        return Err(InvalidRecipe::TwoReframes);
    }
    Ok(steps)
}

/// The steps in their canonical text form, joined with ` | `.
#[must_use]
pub fn write_steps(steps: &[Step]) -> String {
    steps.iter().map(Step::to_string).collect::<Vec<_>>().join(" | ")
}

/// The steps as [`write_steps`] writes them, with networks in their short form: for people.
#[must_use]
pub fn short_steps(steps: &[Step]) -> String {
    steps.iter().map(Step::short).collect::<Vec<_>>().join(" | ")
}

impl Recipe {
    /// The digest that names this recipe: over its canonical text, its profile and [`ENGINE_VERSION`].
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(format!("engine {ENGINE_VERSION}\n{}\n{}\n", write_steps(&self.steps), self.profile).as_bytes())
    }

    /// The step that frames the picture anew.
    #[must_use]
    pub fn reframe(&self) -> Option<&Reframe> {
        self.steps.iter().find_map(|step| match step {
            Step::Reframe(reframe) => Some(reframe),
            _ => None,
        })
    }

    /// The same, to be given its zones and its track.
    pub fn reframe_mut(&mut self) -> Option<&mut Reframe> {
        self.steps.iter_mut().find_map(|step| match step {
            Step::Reframe(reframe) => Some(reframe),
            _ => None,
        })
    }

    /// The picture whose shape the output keeps: its size and the shape of its pixels, width to height. The source's, or what
    /// a reframe makes of it, which has square pixels.
    #[must_use]
    pub fn kept_shape(&self, facts: &MediaFacts) -> (Extent, (u32, u32)) {
        let mut extent = facts.layout.extent;
        for step in &self.steps {
            extent = step.extent(extent);
            if matches!(step, Step::Reframe(_)) {
                return (extent, (1, 1));
            }
        }
        (facts.layout.extent, facts.pixel_aspect)
    }

    /// What names the findings of an analysis of `source` exactly: two recipes with the same one look alike, whatever they make of
    /// what is found. `None` where nothing is looked at.
    #[must_use]
    pub fn look_digest(&self, source: Digest) -> Option<Digest> {
        self.reframe()?;
        let detectors = self.detectors().map(|model| model.digest.map_or_else(|| model.to_string(), |digest| digest.to_string()));
        let detectors = detectors.collect::<Vec<_>>().join(" ");
        Some(Digest::of(format!("look {ENGINE_VERSION}\n{source}\n{detectors}\n").as_bytes()))
    }

    /// Whether rendered frames are compared with the source's: every step keeps the picture.
    #[must_use]
    pub fn comparable(&self) -> bool {
        self.steps.iter().all(Step::keeps_picture)
    }

    /// The lowest PSNR between a rendered frame and its source that is accepted, in hundredths of a decibel: the highest that a
    /// step asks for. It counts only where frames are [`Self::comparable`].
    #[must_use]
    pub fn check_hundredths(&self) -> Option<u32> {
        self.steps.iter().filter_map(Step::check_hundredths).max()
    }

    /// The layout of the frames that leave the last step, given the source's.
    ///
    /// # Errors
    /// When a step cannot be done with this source: the size out of bounds, or high dynamic range in a filter that works in
    /// the light of standard dynamic range.
    pub fn output_layout(&self, source: &FrameLayout) -> Result<FrameLayout, InvalidRecipe> {
        let mut extent = source.extent;
        for step in &self.steps {
            if let Some(part) = step.needs_sdr().filter(|_| source.colour.is_hdr()) {
                return Err(InvalidRecipe::Unsuitable(format!(
                    "the source is HDR ({}) and {part} works in standard dynamic range; use filter=lanczos alone",
                    source.colour.tags.transfer.as_deref().unwrap_or_default(),
                )));
            }
            extent = step.extent(extent);
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
        if let Some(reframe) = self.reframe() {
            check_framing(reframe, facts)?;
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

/// What a reframe needs to be known, and of its source.
fn check_framing(reframe: &Reframe, facts: &MediaFacts) -> Result<(), InvalidRecipe> {
    if let Some(zones) = reframe.zones.as_ref().filter(|zones| zones.insets.is_none()) {
        return Err(InvalidRecipe::Unsuitable(format!(
            "nobody knows the zones `{}`; `shotfarm zones` lists those that are known, and --zones FILE hands in others",
            zones.name
        )));
    }
    let (wide, high) = facts.pixel_aspect;
    if matches!(reframe.target, Framing::Aspect { .. }) && wide != high {
        return Err(InvalidRecipe::Unsuitable(format!(
            "its pixels are {wide}:{high}, not square; write the size to reach, such as `reframe 1080x1920`"
        )));
    }
    Ok(())
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
        assert_eq!(steps("upscale 2x antiring=0.00"), Ok("upscale 2x filter=ewa-lanczos".to_owned()));
        assert_eq!(
            steps("upscale 2x antiring=0 filter=ewa-lanczos4sharpest"),
            Ok("upscale 2x filter=ewa-lanczos4sharpest antiring=0".to_owned())
        );
        assert_eq!(steps("upscale 1.50x filter=fsr"), Ok("upscale 1.5x filter=fsr sharpness=0.2".to_owned()));
        assert_eq!(
            steps("upscale 1080x1920 filter=lanczos | upscale 2x"),
            Ok("upscale 1080x1920 filter=lanczos | upscale 2x filter=ewa-lanczos".to_owned())
        );
        assert_eq!(
            steps("upscale 2x check=27.50 filter=fsr model=影视-v3"),
            Ok("upscale 2x model=影视-v3 filter=fsr sharpness=0.2 check=27.5".to_owned())
        );
    }

    #[test]
    fn the_strictest_check_counts() {
        let recipe = |text: &str| Recipe { steps: read_steps(text).expect("a recipe"), profile: Profile::Review };
        assert_eq!(recipe("upscale 2x").check_hundredths(), None);
        assert_eq!(recipe("upscale 2x check=25 | upscale 2x check=27.5 | upscale 2x").check_hundredths(), Some(2_750));
        assert!(recipe("upscale 2x check=25").comparable());
    }

    #[test]
    fn finishing_steps_have_defaults_too() {
        assert_eq!(
            steps("denoise | deband | sharpen | grain"),
            Ok("denoise strength=0.2 frames=1 | deband strength=0.4 range=16 | sharpen strength=0.5 | \
                grain strength=0.25 size=1.5 seed=0"
                .to_owned())
        );
        assert_eq!(steps("denoise frames=0 strength=1.00"), Ok("denoise strength=1 frames=0".to_owned()));
    }

    #[test]
    fn finishing_steps_take_hdr_and_keep_the_size() {
        for step in read_steps("denoise | deband | sharpen | grain").expect("steps") {
            assert_eq!((step.needs_sdr(), step.extent(Extent::new(99, 57))), (None, Extent::new(99, 57)), "{step}");
        }
    }

    #[test]
    fn errors_say_what_to_write() {
        for (text, part) in [
            ("", "no step is given"),
            ("blur 2x", "`blur` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`"),
            ("upscale", "`` is no size"),
            ("upscale big", "`big` is no size; write a factor"),
            ("upscale 17x", "`17x` is outside the bounds"),
            ("upscale 0x0", "sizes from 2x2 to 16384 a side"),
            ("upscale 1081x1920", "an odd side"),
            ("upscale 2x filter=cubic", "`cubic` is no filter; known are bilinear, hermite, catmull-rom, mitchell, robidoux, "),
            ("upscale 2x filter=cubic", "ewa-lanczos4sharpest, fsr"),
            ("upscale 2x filter=lanczos antiring=1", "`antiring=1` is no parameter here"),
            ("upscale 2x antiring=1.5", "`1.5` is no anti-ringing"),
            ("upscale 2x sharpness=1", "`sharpness=1` is no parameter here"),
            ("upscale 2x filter=fsr sharpness=3", "`3` is no sharpness"),
            ("upscale 2x loud", "`loud` is no parameter"),
            ("upscale 2x model=a/b", "`a/b` cannot name a model"),
            ("upscale 2x model=", "no model is named"),
            ("upscale 2x model=a@12", "`a` is pinned to no model: a digest is 64"),
            ("upscale 2x check=101", "`101` is no lowest PSNR"),
            ("upscale 2x check=25.125", "`25.125` is no lowest PSNR"),
            ("sharpen 2x", "`2x` is no parameter here; known are strength=0..1"),
            ("denoise strength=1.01", "`strength=1.01` is not taken; write a number of up to 2 decimals from 0 to 1"),
            ("denoise strength=0.123", "`strength=0.123` is not taken"),
            ("denoise frames=3", "`frames=3` is not taken; write a whole number from 0 to 2"),
            ("deband range=0", "`range=0` is not taken; write a whole number from 1 to 64"),
            ("grain size=0.5", "`size=0.5` is not taken; write a number of up to 2 decimals from 1 to 8"),
            ("grain seed=4294967296", "`seed=4294967296` is not taken"),
            ("grain strength=1 strength=1", "`strength=1` is given twice"),
            ("upscale 2x filter=fsr filter=fsr", "`filter=fsr` is given twice"),
        ] {
            let error = steps(text).expect_err(text);
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            thousandths in 63_u32..=16_000, stops in 0_u32..=200, pick in 0..Filter::all().len(),
            model in proptest::option::of(model::tests::model_ref()), check_hundredths in proptest::option::of(0_u32..=10_000),
        ) {
            let filter = match Filter::all()[pick] {
                Filter::Polar { kernel, .. } => Filter::Polar { kernel, antiring_hundredths: stops / 2 },
                Filter::Fsr { .. } => Filter::Fsr { stops_hundredths: stops },
                other => other,
            };
            let target = Target::Factor { thousandths };
            let step = Step::Upscale(Upscale { target, model, filter, check_hundredths });
            prop_assert_eq!(step.to_string().parse::<Step>(), Ok(step));
        }

        #[test]
        fn finishing_steps_are_read_back(
            strength_hundredths in 0_u32..=100, frames in 0_u32..=2, range in 1_u32..=64, size_hundredths in 100_u32..=800,
            seed in 0..=u32::MAX
        ) {
            let steps = [
                Step::Denoise(Denoise { strength_hundredths, frames }),
                Step::Deband(Deband { strength_hundredths, range }),
                Step::Sharpen(Sharpen { strength_hundredths }),
                Step::Grain(Grain { strength_hundredths, size_hundredths, seed }),
            ];
            prop_assert_eq!(read_steps(&write_steps(&steps)), Ok(steps.to_vec()));
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = read_steps(&text);
            for step in ["upscale", "denoise", "deband", "sharpen", "grain"] {
                let _ = read_steps(&format!("{step} {text}"));
                let _ = read_steps(&format!("{step} strength={text}"));
            }
        }
    }
}
