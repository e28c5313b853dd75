//! Media facts, recipes, receipts, outputs and failures.

use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::fidelity::Fidelity;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::limits::{FIDELITY_HUNDREDTHS_MAX, MESSAGE_BYTES_MAX, SHOT_FRAMES_MAX};
use shotfarm_shared::media::{AudioFacts, Colour, ColourTags, Extent, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{self, Recipe};
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::work::Output;

use super::{InvalidMessage, parse, required};
use crate::v1;

impl From<FrameRange> for v1::FrameRange {
    fn from(range: FrameRange) -> Self {
        Self { start: range.start, end: range.end }
    }
}

impl TryFrom<v1::FrameRange> for FrameRange {
    type Error = InvalidMessage;

    fn try_from(range: v1::FrameRange) -> Result<Self, InvalidMessage> {
        if range.start >= range.end || range.end > SHOT_FRAMES_MAX {
            return Err(InvalidMessage::new("range", format!("{}..{} is no range of frames", range.start, range.end)));
        }
        Ok(Self::new(range.start, range.end))
    }
}

impl From<&Recipe> for v1::Recipe {
    fn from(recipe: &Recipe) -> Self {
        Self { steps: recipe::write_steps(&recipe.steps), profile: recipe.profile.name().to_owned() }
    }
}

impl TryFrom<v1::Recipe> for Recipe {
    type Error = InvalidMessage;

    fn try_from(message: v1::Recipe) -> Result<Self, InvalidMessage> {
        let steps = recipe::read_steps(&message.steps).map_err(|error| InvalidMessage::new("steps", error))?;
        Ok(Self { steps, profile: parse("profile", &message.profile)? })
    }
}

impl From<Extent> for v1::Extent {
    fn from(extent: Extent) -> Self {
        Self { width: extent.width, height: extent.height }
    }
}

impl TryFrom<v1::Extent> for Extent {
    type Error = InvalidMessage;

    fn try_from(message: v1::Extent) -> Result<Self, InvalidMessage> {
        let extent = Self::new(message.width, message.height);
        extent.check().map_err(|error| InvalidMessage::new("extent", error))?;
        Ok(extent)
    }
}

impl From<&ColourTags> for v1::ColourTags {
    fn from(tags: &ColourTags) -> Self {
        let ColourTags { matrix, primaries, transfer, range, site } = tags.clone();
        Self { matrix, primaries, transfer, range, site }
    }
}

impl From<v1::ColourTags> for ColourTags {
    fn from(message: v1::ColourTags) -> Self {
        let v1::ColourTags { matrix, primaries, transfer, range, site } = message;
        Self { matrix, primaries, transfer, range, site }
    }
}

impl From<&MediaFacts> for v1::MediaFacts {
    fn from(facts: &MediaFacts) -> Self {
        Self {
            container: facts.container.clone(),
            codec: facts.codec.clone(),
            extent: Some(facts.layout.extent.into()),
            pixel_format: facts.layout.format.name().to_owned(),
            colour_tags: Some((&facts.layout.colour.tags).into()),
            pixel_aspect_width: facts.pixel_aspect.0,
            pixel_aspect_height: facts.pixel_aspect.1,
            rate: facts.rate.to_string(),
            frames: facts.frames,
            start_micros: facts.start_micros,
            audio: facts.audio.iter().map(Into::into).collect(),
        }
    }
}

impl From<&AudioFacts> for v1::AudioFacts {
    fn from(audio: &AudioFacts) -> Self {
        Self { codec: audio.codec.clone(), sample_rate: audio.sample_rate, channels: audio.channels, samples: audio.samples }
    }
}

impl From<v1::AudioFacts> for AudioFacts {
    fn from(message: v1::AudioFacts) -> Self {
        let v1::AudioFacts { codec, sample_rate, channels, samples } = message;
        Self { codec, sample_rate, channels, samples }
    }
}

impl TryFrom<v1::MediaFacts> for MediaFacts {
    type Error = InvalidMessage;

    fn try_from(message: v1::MediaFacts) -> Result<Self, InvalidMessage> {
        let extent: Extent = required("extent", message.extent)?.try_into()?;
        let tags = message.colour_tags.map(ColourTags::from).unwrap_or_default();
        let colour = Colour::from_tags(tags, extent).map_err(|matrix| InvalidMessage::new("colour_tags.matrix", matrix))?;
        if !(1..=SHOT_FRAMES_MAX).contains(&message.frames) {
            return Err(InvalidMessage::new("frames", format!("{} is not between 1 and {SHOT_FRAMES_MAX}", message.frames)));
        }
        if message.pixel_aspect_width == 0 || message.pixel_aspect_height == 0 {
            return Err(InvalidMessage::new("pixel_aspect", "a side is 0"));
        }
        Ok(Self {
            container: message.container,
            codec: message.codec,
            layout: FrameLayout { extent, format: parse("pixel_format", &message.pixel_format)?, colour },
            pixel_aspect: (message.pixel_aspect_width, message.pixel_aspect_height),
            rate: parse("rate", &message.rate)?,
            frames: message.frames,
            start_micros: message.start_micros,
            audio: message.audio.into_iter().map(Into::into).collect(),
        })
    }
}

impl From<&Receipt> for v1::Receipt {
    fn from(receipt: &Receipt) -> Self {
        Self {
            range: Some(receipt.range.into()),
            frames: receipt.frames,
            bytes: receipt.bytes,
            digest: receipt.digest.to_string(),
            frames_digest: receipt.frames_digest.to_string(),
            recipe: receipt.recipe.to_string(),
            work_millis: receipt.work_millis,
            fidelity: receipt.fidelity.map(Into::into),
        }
    }
}

impl TryFrom<v1::Receipt> for Receipt {
    type Error = InvalidMessage;

    fn try_from(message: v1::Receipt) -> Result<Self, InvalidMessage> {
        let range: FrameRange = required("range", message.range)?.try_into()?;
        let fidelity = message.fidelity.map(Fidelity::try_from).transpose().map_err(|error| error.within("fidelity"))?;
        if let Some(fidelity) = fidelity.filter(|fidelity| !(range.start..range.end).contains(&fidelity.worst_frame)) {
            let reason = format!("frame {} is not in {range}", fidelity.worst_frame);
            return Err(InvalidMessage::new("fidelity.worst_frame", reason));
        }
        Ok(Self {
            range,
            frames: message.frames,
            bytes: message.bytes,
            digest: parse("digest", &message.digest)?,
            frames_digest: parse("frames_digest", &message.frames_digest)?,
            recipe: parse("recipe", &message.recipe)?,
            work_millis: message.work_millis,
            fidelity,
        })
    }
}

impl From<Fidelity> for v1::Fidelity {
    fn from(fidelity: Fidelity) -> Self {
        let Fidelity { samples, worst_frame, worst_hundredths, total_hundredths } = fidelity;
        Self { samples, worst_frame, worst_hundredths, total_hundredths }
    }
}

impl TryFrom<v1::Fidelity> for Fidelity {
    type Error = InvalidMessage;

    fn try_from(message: v1::Fidelity) -> Result<Self, InvalidMessage> {
        let v1::Fidelity { samples, worst_frame, worst_hundredths, total_hundredths } = message;
        if !(1..=SHOT_FRAMES_MAX).contains(&u64::from(samples)) {
            return Err(InvalidMessage::new("samples", format!("{samples} is not between 1 and {SHOT_FRAMES_MAX}")));
        }
        if worst_hundredths > FIDELITY_HUNDREDTHS_MAX {
            return Err(InvalidMessage::new(
                "worst_hundredths",
                format!("{worst_hundredths} is above {FIDELITY_HUNDREDTHS_MAX}"),
            ));
        }
        let totals = [worst_hundredths, FIDELITY_HUNDREDTHS_MAX].map(|each| u64::from(samples) * u64::from(each));
        if !(totals[0]..=totals[1]).contains(&total_hundredths) {
            let reason = format!("{total_hundredths} is not between {} and {}", totals[0], totals[1]);
            return Err(InvalidMessage::new("total_hundredths", reason));
        }
        Ok(Self { samples, worst_frame, worst_hundredths, total_hundredths })
    }
}

impl From<&Output> for v1::Output {
    fn from(output: &Output) -> Self {
        Self {
            frames: output.frames,
            seconds: output.seconds,
            width: output.extent.width,
            height: output.extent.height,
            bytes: output.bytes,
            digest: output.digest.to_string(),
            audio_streams: output.audio_streams,
        }
    }
}

impl TryFrom<v1::Output> for Output {
    type Error = InvalidMessage;

    fn try_from(message: v1::Output) -> Result<Self, InvalidMessage> {
        Ok(Self {
            frames: message.frames,
            seconds: message.seconds,
            extent: v1::Extent { width: message.width, height: message.height }.try_into()?,
            bytes: message.bytes,
            digest: parse("digest", &message.digest)?,
            audio_streams: message.audio_streams,
        })
    }
}

impl From<&Failure> for v1::Failure {
    fn from(failure: &Failure) -> Self {
        let class = match failure.class {
            FailureClass::Job => v1::FailureClass::Job,
            FailureClass::Worker => v1::FailureClass::Worker,
            FailureClass::Environment => v1::FailureClass::Environment,
        };
        Self { class: class.into(), message: failure.message.clone() }
    }
}

impl TryFrom<v1::Failure> for Failure {
    type Error = InvalidMessage;

    fn try_from(message: v1::Failure) -> Result<Self, InvalidMessage> {
        let class = match message.class() {
            v1::FailureClass::Job => FailureClass::Job,
            v1::FailureClass::Worker => FailureClass::Worker,
            v1::FailureClass::Environment => FailureClass::Environment,
            v1::FailureClass::Unspecified => return Err(InvalidMessage::new("class", "missing or unknown")),
        };
        Ok(Self { class, message: cut(message.message, MESSAGE_BYTES_MAX) })
    }
}

/// The first `bytes_max` bytes of `text`, cut at a character.
fn cut(mut text: String, bytes_max: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes_max));
    text
}

#[cfg(test)]
pub(crate) mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::media::PixelFormat;

    use super::*;

    pub(crate) fn facts() -> MediaFacts {
        let tags = ColourTags { matrix: Some("bt709".into()), range: Some("tv".into()), ..ColourTags::default() };
        let extent = Extent::new(640, 360);
        MediaFacts {
            container: "mov".into(),
            codec: "h264".into(),
            layout: FrameLayout {
                extent,
                format: PixelFormat::Yuv420p,
                colour: Colour::from_tags(tags, extent).expect("bt709 is known"),
            },
            pixel_aspect: (1, 1),
            rate: "30000/1001".parse().expect("a rate"),
            frames: 100,
            start_micros: -21_333,
            audio: vec![AudioFacts { codec: "aac".into(), sample_rate: 48_000, channels: 2, samples: 160_160 }],
        }
    }

    #[test]
    fn facts_and_receipts_survive_the_wire() {
        assert_eq!(MediaFacts::try_from(v1::MediaFacts::from(&facts())), Ok(facts()));
        let receipt = Receipt {
            range: FrameRange::new(48, 96),
            frames: 48,
            bytes: 7,
            digest: Digest::of(b"a"),
            frames_digest: Digest::of(b"b"),
            recipe: Digest::of(b"c"),
            work_millis: 12,
            fidelity: Some(Fidelity::of_frame(72, 41.5).join(Fidelity::of_frame(48, 44.0))),
        };
        assert_eq!(Receipt::try_from(v1::Receipt::from(&receipt)), Ok(receipt.clone()));
        let from_before = Receipt { fidelity: None, ..receipt };
        assert_eq!(Receipt::try_from(v1::Receipt::from(&from_before)), Ok(from_before.clone()));
        let broken = |change: fn(&mut v1::Fidelity)| {
            let mut fidelity = v1::Fidelity::from(Fidelity::of_frame(72, 41.5));
            change(&mut fidelity);
            let message = v1::Receipt { fidelity: Some(fidelity), ..(&from_before).into() };
            Receipt::try_from(message).expect_err("broken").to_string()
        };
        assert_eq!(broken(|f| f.worst_frame = 96), "field `fidelity.worst_frame`: frame 96 is not in 48..96");
        assert_eq!(broken(|f| f.samples = 0), "field `fidelity.samples`: 0 is not between 1 and 216000");
        assert_eq!(broken(|f| f.worst_hundredths = 10_001), "field `fidelity.worst_hundredths`: 10001 is above 10000");
        assert_eq!(broken(|f| f.total_hundredths = 1), "field `fidelity.total_hundredths`: 1 is not between 4150 and 10000");
    }

    #[test]
    fn a_wrong_field_is_named() {
        let broken = |change: fn(&mut v1::MediaFacts)| {
            let mut message = v1::MediaFacts::from(&facts());
            change(&mut message);
            MediaFacts::try_from(message).expect_err("broken").to_string()
        };
        assert_eq!(broken(|m| m.extent = None), "field `extent`: missing");
        assert!(broken(|m| m.frames = 0).starts_with("field `frames`: 0 is not between"));
        assert!(broken(|m| m.rate = "fast".into()).starts_with("field `rate`: a frame rate is"));
        assert!(broken(|m| m.pixel_format = "nv12".into()).starts_with("field `pixel_format`: pixel format `nv12`"));
    }

    #[test]
    fn a_long_message_is_cut_at_a_character() {
        let long = v1::Failure { class: v1::FailureClass::Job.into(), message: "九".repeat(2_000) };
        let failure = Failure::try_from(long).expect("only long");
        assert_eq!(failure.message.len(), MESSAGE_BYTES_MAX / 3 * 3);
    }
}
