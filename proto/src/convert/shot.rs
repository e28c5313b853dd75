//! Shots of a submitted batch.

use shotfarm_shared::label::Label;
use shotfarm_shared::shot::{OutputName, Shot};

use super::{InvalidMessage, parse, required};
use crate::v1;

impl From<&Shot> for v1::Shot {
    fn from(shot: &Shot) -> Self {
        Self {
            show: shot.label.show().to_owned(),
            episode: shot.label.episode().to_owned(),
            shot: shot.label.shot().to_owned(),
            source: shot.source.to_string(),
            source_name: shot.source_name.clone(),
            recipe: Some((&shot.recipe).into()),
            output: shot.output.to_string(),
        }
    }
}

impl TryFrom<v1::Shot> for Shot {
    type Error = InvalidMessage;

    fn try_from(message: v1::Shot) -> Result<Self, InvalidMessage> {
        let label = Label::new(&message.show, &message.episode, &message.shot);
        Ok(Self {
            label: label.map_err(|error| InvalidMessage::new("label", error))?,
            source: parse("source", &message.source)?,
            source_name: message.source_name,
            recipe: required("recipe", message.recipe)?.try_into().map_err(|error: InvalidMessage| error.within("recipe"))?,
            output: OutputName::new(&message.output).map_err(|error| InvalidMessage::new("output", error))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::recipe::{Profile, Recipe, read_steps};

    use super::*;

    #[test]
    fn a_shot_survives_the_wire_and_a_wrong_field_is_named() {
        let shot = Shot {
            label: "九五/ep01/sh0010".parse().expect("a label"),
            source: Digest::of(b"clip"),
            source_name: "素材/镜1.mp4".into(),
            recipe: Recipe { steps: read_steps("upscale 2x filter=fsr").expect("a step"), profile: Profile::MasterFfv1 },
            output: OutputName::new("out/镜1.mkv").expect("a name"),
        };
        assert_eq!(Shot::try_from(v1::Shot::from(&shot)), Ok(shot.clone()));

        let mut broken = v1::Shot::from(&shot);
        broken.recipe = Some(v1::Recipe { steps: "blur".into(), profile: "review".into() });
        let error = Shot::try_from(broken).expect_err("blur is no step");
        assert!(error.to_string().starts_with("field `recipe.steps`: `blur` is no step"), "{error}");
    }
}
