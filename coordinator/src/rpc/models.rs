//! The farm's networks in the words of the wire.

use shotfarm_proto::blobs::{BlobDir, BlobState};
use shotfarm_proto::v1;
use shotfarm_shared::model::{Model, ModelFacts, ModelRef, ModelVersion};
use tonic::Status;

use crate::core::command::Refusal;
use crate::core::farm::Farm;

/// Refuses a network whose files are not here whole, or are of another size than is said: what is added can be run.
///
/// # Errors
/// What is missing or wrong.
pub fn check_files(blobs: &BlobDir, model: &Model) -> Result<(), Status> {
    let mut bytes = 0;
    for digest in model.files.blobs() {
        match blobs.stat(digest) {
            Ok(BlobState::Whole(whole)) => bytes += whole,
            Ok(_) => {
                return Err(Status::failed_precondition(format!("blob {digest} of model {} is not uploaded yet", model.name)));
            }
            Err(error) => return Err(Status::internal(error.to_string())),
        }
    }
    if bytes == model.bytes {
        return Ok(());
    }
    Err(Status::invalid_argument(format!("field `model.bytes`: {} is said and its files have {bytes}", model.bytes)))
}

/// Every version of every network, with no more of the facts than what it is for: the lists are long.
#[must_use]
pub fn listing(farm: &Farm) -> v1::ListModelsReply {
    let slim = |version: &ModelVersion| {
        let facts = &version.model.facts;
        let (inputs, outputs, operators) = (Vec::new(), Vec::new(), Vec::new());
        let facts = ModelFacts { inputs, outputs, operators, ..facts.clone() };
        v1::ModelVersion::from(&ModelVersion { model: Model { facts, ..version.model.clone() }, ..version.clone() })
    };
    v1::ListModelsReply { versions: farm.models().all().map(slim).collect() }
}

/// Everything about one network, and who needs it.
///
/// # Errors
/// When there is none of that name or digest.
pub fn detail(farm: &Farm, wanted: &ModelRef) -> Result<v1::ModelDetail, Refusal> {
    let version = farm.models().find(wanted).map_err(Refusal::NoModel)?;
    let digest = version.model.files.digest();
    let needing = farm.open_jobs(|job| job.shot.recipe.models().any(|model| model.digest == Some(digest)));
    Ok(v1::ModelDetail {
        version: Some(version.into()),
        versions: farm.models().versions(&wanted.name).len() as u32,
        jobs: needing.into_iter().map(|(_, job)| job.shot.label.to_string()).collect(),
    })
}
