//! What would be made of one shot: its output's size, a guess at its bytes, what to know before, and what would fail.
//!
//! Pure: facts in, words out. Sizes are guesses for planning disks, never shown as more.

use shotfarm_shared::media::{Extent, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Profile, Recipe};

/// Bits a pixel that x264 spends at the quality of `phone-h264`, on generated footage of the kind we render. A guess within a
/// factor of two: grain doubles it, flat drawings halve it.
const PHONE_BITS_PER_PIXEL: f64 = 0.2;
/// The same for `review`.
const REVIEW_BITS_PER_PIXEL: f64 = 0.06;
/// FFV1 keeps about half of the raw bytes of clean footage.
const FFV1_OF_RAW: f64 = 0.5;
/// Shapes that differ by less are the rounding of sizes to even numbers.
const SHAPE_TOLERANCE: f64 = 0.01;

/// One shot, thought through.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Assessment {
    /// The frames that would be made.
    pub(crate) output: FrameLayout,
    /// A guess at the output's size.
    pub(crate) bytes: u64,
    /// What to know before.
    pub(crate) warnings: Vec<String>,
}

/// Thinks `recipe` through for a source with `facts`.
///
/// # Errors
/// Why the job would fail.
pub(crate) fn assess(recipe: &Recipe, facts: &MediaFacts) -> Result<Assessment, String> {
    let output = recipe.check_source(facts).map_err(|error| error.to_string())?;
    let warnings = warnings(recipe, facts, &output);
    Ok(Assessment { bytes: bytes(recipe.profile, &output, facts.frames), output, warnings })
}

fn warnings(recipe: &Recipe, facts: &MediaFacts, output: &FrameLayout) -> Vec<String> {
    let source = &facts.layout;
    let mut warnings = Vec::new();
    let (kept, aspect) = recipe.kept_shape(facts);
    let pixel = f64::from(aspect.0) / f64::from(aspect.1);
    let pixel_after = pixel * shape(kept) / shape(output.extent);
    if (pixel_after / pixel - 1.0).abs() > SHAPE_TOLERANCE {
        warnings.push(format!(
            "display shape kept by non-square pixels: {kept} becomes {} with pixels {pixel_after:.3}:1",
            output.extent
        ));
    }
    // A window is smaller than what it is cut from, as everybody expects.
    if recipe.reframe().is_none() && output.extent.pixels() < source.extent.pixels() {
        warnings.push(format!("the output is smaller than the source ({} from {})", output.extent, source.extent));
    }
    if output.format.bits() < source.format.bits() {
        warnings.push(format!("{} bits become {}", source.format.bits(), output.format.bits()));
    }
    if source.colour.tags.matrix.is_none() {
        warnings.push(format!("the source has no colour tags; {:?} is assumed", source.colour.matrix).to_lowercase());
    }
    warnings
}

fn shape(extent: Extent) -> f64 {
    f64::from(extent.width) / f64::from(extent.height)
}

fn bytes(profile: Profile, output: &FrameLayout, frames: u64) -> u64 {
    let a_frame = match profile {
        Profile::PhoneH264 => output.extent.pixels() as f64 * PHONE_BITS_PER_PIXEL / 8.0,
        Profile::Review => output.extent.pixels() as f64 * REVIEW_BITS_PER_PIXEL / 8.0,
        Profile::MasterFfv1 => output.frame_bytes() as f64 * FFV1_OF_RAW,
    };
    (a_frame * frames as f64) as u64
}

#[cfg(test)]
pub(crate) mod tests {
    use shotfarm_shared::media::{AudioFacts, Colour, ColourTags, PixelFormat};
    use shotfarm_shared::recipe::read_steps;

    use super::*;

    pub(crate) fn facts(width: u32, height: u32, audio: &str) -> MediaFacts {
        let extent = Extent::new(width, height);
        let tags = ColourTags { matrix: Some("bt709".into()), ..ColourTags::default() };
        let colour = Colour::from_tags(tags, extent).expect("bt709 is known");
        MediaFacts {
            container: "mov".into(),
            codec: "h264".into(),
            layout: FrameLayout { extent, format: PixelFormat::Yuv420p, colour },
            pixel_aspect: (1, 1),
            rate: "24".parse().expect("a rate"),
            frames: 96,
            start_micros: 0,
            audio: vec![AudioFacts { codec: audio.into(), sample_rate: 48_000, channels: 2, samples: 192_000 }],
        }
    }

    fn recipe(steps: &str, profile: Profile) -> Recipe {
        Recipe { steps: read_steps(steps).expect("steps"), profile }
    }

    #[test]
    fn a_plain_upscale_has_no_warnings() {
        let assessment = assess(&recipe("upscale 2x", Profile::PhoneH264), &facts(720, 1280, "aac")).expect("possible");
        assert_eq!(assessment.output.extent, Extent::new(1440, 2560));
        assert_eq!(assessment.warnings, Vec::<String>::new());
        assert_eq!(assessment.bytes, (1440.0 * 2560.0 * 0.2 / 8.0 * 96.0) as u64);
        let master = assess(&recipe("upscale 2x", Profile::MasterFfv1), &facts(720, 1280, "pcm_s16le")).expect("possible");
        assert_eq!(master.bytes, 1440 * 2560 * 3 / 2 * 96 / 2);
    }

    #[test]
    fn another_aspect_that_was_asked_for_is_no_warning() {
        let phone =
            assess(&recipe("reframe 9:16 | upscale 1080x1920", Profile::Review), &facts(1920, 1080, "aac")).expect("possible");
        assert_eq!((phone.output.extent, phone.warnings), (Extent::new(1080, 1920), Vec::new()));
        let small = assess(&recipe("reframe 9:16", Profile::Review), &facts(1920, 1080, "aac")).expect("possible");
        assert_eq!((small.output.extent, small.warnings), (Extent::new(608, 1080), Vec::new()));
    }

    #[test]
    fn what_changes_is_said_before() {
        let wide = assess(&recipe("upscale 1080x1920", Profile::Review), &facts(1280, 720, "aac")).expect("possible");
        let text = "display shape kept by non-square pixels: 1280x720 becomes 1080x1920 with pixels 3.160:1";
        assert_eq!(wide.warnings, [text]);
        let mut deep = facts(1280, 720, "aac");
        deep.layout.format = PixelFormat::Yuv422p10le;
        deep.layout.colour.tags = ColourTags::default();
        let smaller = assess(&recipe("upscale 0.5x", Profile::Review), &deep).expect("possible");
        let texts = [
            "the output is smaller than the source (640x360 from 1280x720)",
            "10 bits become 8",
            "the source has no colour tags; bt709 is assumed",
        ];
        assert_eq!(smaller.warnings, texts);
    }

    #[test]
    fn what_would_fail_is_a_fault() {
        let error = assess(&recipe("upscale 2x", Profile::PhoneH264), &facts(640, 360, "pcm_s16le")).expect_err("mp4 has no pcm");
        assert!(error.contains("pcm_s16le") && error.contains("use profile master-ffv1"), "{error}");
        let error = assess(&recipe("upscale 16x", Profile::PhoneH264), &facts(7680, 4320, "aac")).expect_err("too large");
        assert!(error.contains("outside the limits"), "{error}");
    }
}
