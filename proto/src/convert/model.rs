//! Networks: their files, what is written down of them, their versions.

use shotfarm_shared::model::{Model, ModelFacts, ModelFiles, ModelVersion, OperatorCount, Upscaling};
use shotfarm_shared::time::Timestamp;

use super::{InvalidMessage, parse, required};
use crate::v1;

impl From<&ModelFiles> for v1::ModelFiles {
    fn from(files: &ModelFiles) -> Self {
        use v1::model_files::Files;
        let files = match files {
            ModelFiles::Onnx { file } => Files::Onnx(file.to_string()),
            ModelFiles::Ncnn { param, bin } => Files::Ncnn(v1::NcnnFiles { param: param.to_string(), bin: bin.to_string() }),
        };
        Self { files: Some(files) }
    }
}

impl TryFrom<v1::ModelFiles> for ModelFiles {
    type Error = InvalidMessage;

    fn try_from(message: v1::ModelFiles) -> Result<Self, InvalidMessage> {
        use v1::model_files::Files;
        match required("files", message.files)? {
            Files::Onnx(file) => Ok(Self::Onnx { file: parse("files.onnx", &file)? }),
            Files::Ncnn(v1::NcnnFiles { param, bin }) => {
                Ok(Self::Ncnn { param: parse("files.ncnn.param", &param)?, bin: parse("files.ncnn.bin", &bin)? })
            }
        }
    }
}

impl From<&Model> for v1::Model {
    fn from(model: &Model) -> Self {
        Self {
            name: model.name.to_string(),
            files: Some((&model.files).into()),
            bytes: model.bytes,
            licence: model.licence.clone(),
            source: model.source.clone(),
            facts: Some((&model.facts).into()),
        }
    }
}

impl TryFrom<v1::Model> for Model {
    type Error = InvalidMessage;

    /// Held to the bounds of [`Model::check`].
    fn try_from(message: v1::Model) -> Result<Self, InvalidMessage> {
        let model = Self {
            name: parse("name", &message.name)?,
            files: required("files", message.files)?.try_into()?,
            bytes: message.bytes,
            licence: message.licence,
            source: message.source,
            facts: required("facts", message.facts)?.into(),
        };
        model.check().map_err(|error| InvalidMessage::new("model", error))
    }
}

impl From<&ModelFacts> for v1::ModelFacts {
    fn from(facts: &ModelFacts) -> Self {
        let upscaling = |Upscaling { factor, channels, radius_pixels }| v1::Upscaling { factor, channels, radius_pixels };
        let count = |counted: &OperatorCount| v1::OperatorCount { operator: counted.operator.clone(), count: counted.count };
        Self {
            upscaling: facts.upscaling.map(upscaling),
            detector: facts.detector.clone(),
            inputs: facts.inputs.clone(),
            outputs: facts.outputs.clone(),
            operators: facts.operators.iter().map(count).collect(),
            parameters: facts.parameters,
            multiply_adds_per_pixel: facts.multiply_adds_per_pixel,
        }
    }
}

impl From<v1::ModelFacts> for ModelFacts {
    fn from(message: v1::ModelFacts) -> Self {
        let upscaling = |v1::Upscaling { factor, channels, radius_pixels }| Upscaling { factor, channels, radius_pixels };
        let count = |v1::OperatorCount { operator, count }| OperatorCount { operator, count };
        Self {
            upscaling: message.upscaling.map(upscaling),
            detector: message.detector,
            inputs: message.inputs,
            outputs: message.outputs,
            operators: message.operators.into_iter().map(count).collect(),
            parameters: message.parameters,
            multiply_adds_per_pixel: message.multiply_adds_per_pixel,
        }
    }
}

impl From<&ModelVersion> for v1::ModelVersion {
    fn from(version: &ModelVersion) -> Self {
        Self {
            number: version.number,
            added_millis: version.added.0,
            model: Some((&version.model).into()),
            digest: version.model.files.digest().to_string(),
        }
    }
}

impl TryFrom<v1::ModelVersion> for ModelVersion {
    type Error = InvalidMessage;

    fn try_from(message: v1::ModelVersion) -> Result<Self, InvalidMessage> {
        let model = required("model", message.model)?.try_into()?;
        Ok(Self { number: message.number, added: Timestamp(message.added_millis), model })
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;

    use super::*;

    fn version() -> ModelVersion {
        let facts = ModelFacts {
            upscaling: Some(Upscaling { factor: 4, channels: 3, radius_pixels: Some(18) }),
            detector: Some("YuNet".to_owned()),
            inputs: vec!["input: 1x3xHxW".into()],
            outputs: vec!["output: 1x3x4Hx4W".into()],
            operators: vec![OperatorCount { operator: "Conv".into(), count: 18 }],
            parameters: 621_000,
            multiply_adds_per_pixel: Some(620_000),
        };
        let files = ModelFiles::Ncnn { param: Digest::of(b"p"), bin: Digest::of(b"b") };
        let (licence, source) = ("BSD-3-Clause".into(), "https://example.org".into());
        let model = Model { name: "影视-v3".parse().expect("a name"), files, bytes: 9, licence, source, facts };
        ModelVersion { number: 3, added: Timestamp(77), model }
    }

    #[test]
    fn a_version_survives_the_wire() {
        assert_eq!(ModelVersion::try_from(v1::ModelVersion::from(&version())), Ok(version()));
    }

    #[test]
    fn what_cannot_be_kept_is_refused_by_field() {
        let refused = |change: fn(&mut v1::Model)| {
            let mut message = v1::Model::from(&version().model);
            change(&mut message);
            Model::try_from(message).expect_err("it cannot be kept").to_string()
        };
        assert!(refused(|model| model.name = "a/b".into()).starts_with("field `name`: `a/b` cannot name a model"));
        assert!(refused(|model| model.licence.clear()).starts_with("field `model`: the licence is not given"));
        assert_eq!(refused(|model| model.files = None), "field `files`: missing");
        let half = |model: &mut v1::Model| {
            let files = v1::model_files::Files::Onnx("abc".into());
            model.files = Some(v1::ModelFiles { files: Some(files) });
        };
        assert!(refused(half).starts_with("field `files.onnx`: a digest is 64"));
    }
}
