//! Thin handlers: convert, ask the engine, convert back.

pub mod blobs;
pub mod farm;
pub mod models;
pub mod status;
pub mod studio;

use shotfarm_shared::model::AddFault;
use tonic::Status;

use crate::core::command::Refusal;
use crate::engine::EngineError;

/// What a client is told when the engine could not do it: all of it may be tried again.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "its shape is that of `map_err`")]
pub fn engine_status(error: EngineError) -> Status {
    match error {
        EngineError::DiskFull => Status::resource_exhausted(error.to_string()),
        EngineError::Store(_) | EngineError::Stopping => Status::unavailable(error.to_string()),
    }
}

fn refusal_status(refusal: &Refusal) -> Status {
    match refusal {
        Refusal::BatchSize { .. } | Refusal::Double(_) => Status::invalid_argument(refusal.to_string()),
        Refusal::TokenReused(..) | Refusal::AddModel(AddFault::Taken { .. }) => Status::already_exists(refusal.to_string()),
        Refusal::Unknown(_) | Refusal::NoModel(_) => Status::not_found(refusal.to_string()),
        Refusal::Incompatible(_)
        | Refusal::ShotModel { .. }
        | Refusal::ModelInUse { .. }
        | Refusal::AddModel(AddFault::Full | AddFault::Worn(_)) => Status::failed_precondition(refusal.to_string()),
    }
}
