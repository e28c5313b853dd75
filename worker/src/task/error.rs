//! What can go wrong with a task, and whose fault it is.

use std::error::Error;
use std::path::Path;

use shotfarm_proto::blobs::{BlobError, TransferError};
use shotfarm_proto::client::ConnectError;
use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::limits::{MESSAGE_BYTES_MAX, MODEL_BYTES_MAX};
use shotfarm_shared::recipe::InvalidRecipe;
use shotfarm_shared::segment::ReceiptMismatch;
use shotfarm_shared::track::InvalidTrack;

use crate::gpu::fitting::FitError;
use crate::gpu::{GpuError, RecordError};
use crate::media::MediaError;
use crate::net::Refusal;
use crate::reframe::NoDetector;
use crate::reframe::findings::InvalidFindings;
use crate::reframe::plan::PlanError;
use crate::scratch::ScratchError;

/// Why a task has no result.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// Decoding, encoding, or a cancelled task.
    #[error(transparent)]
    Media(#[from] MediaError),
    /// The device.
    #[error(transparent)]
    Gpu(#[from] GpuError),
    /// A black picture out of one that is not.
    #[error("frame {frame} came out black and its source is not; another GPU will try it")]
    Black {
        /// The frame's number in the shot.
        frame: i64,
    },
    /// The steps do not suit the source.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The recipe does not suit the source.
    #[error(transparent)]
    Recipe(#[from] InvalidRecipe),
    /// The farm does not have the source.
    #[error("the farm has no source {0}: it was never uploaded or has been removed; hand the shot in again")]
    NoSource(shotfarm_shared::digest::Digest),
    /// The farm does not have a network's file.
    #[error("the farm does not have a file of model {0} any more; add it again with `shotfarm model add`")]
    NoModel(String),
    /// The farm does not have a shot's track.
    #[error("the farm does not have the track {0} any more, by which the shot is framed; hand the shot in again")]
    NoTrack(shotfarm_shared::digest::Digest),
    /// A track that does not suit its shot.
    #[error(transparent)]
    Track(#[from] InvalidTrack),
    /// No track can be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// A plan for a recipe that frames nothing anew.
    #[error("a track was asked for, and none of the recipe's steps is `reframe`")]
    NoReframe,
    /// A network that cannot be read or run here.
    #[error("model {model}")]
    Network {
        /// What people call it.
        model: String,
        /// Node, operator and reason.
        source: Refusal,
    },
    /// A network that finds no faces, or not in these frames.
    #[error("model {model}")]
    NoDetector {
        /// What people call it.
        model: String,
        /// What it is, or what is wrong.
        source: NoDetector,
    },
    /// Findings that are not whole.
    #[error("this worker's own findings are wrong: {0}")]
    Findings(#[from] InvalidFindings),
    /// A network beyond its bound, which the coordinator should have refused.
    #[error("a file of model {model} has {bytes} bytes, at most {MODEL_BYTES_MAX} are read")]
    ModelTooLarge {
        /// What people call it.
        model: String,
        /// Its size.
        bytes: u64,
    },
    /// A blob could not be moved.
    #[error(transparent)]
    Transfer(#[from] TransferError),
    /// The coordinator did not come back in time for a blob.
    #[error("a blob could not be moved for {waited_seconds} s")]
    Away {
        /// How long it was tried.
        waited_seconds: u64,
        /// The last attempt's words.
        source: ConnectError,
    },
    /// The local blobs.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// The work folder.
    #[error(transparent)]
    Scratch(#[from] ScratchError),
    /// What this worker made is not what was asked for.
    #[error("this worker's own segment is wrong: {0}")]
    Receipt(#[from] ReceiptMismatch),
    /// A rendered frame has too little of its source.
    #[error(
        "frame {frame} came back {found_decibels:.1} dB from its source, below the {asked_decibels} dB that the recipe asks for; \
         look at the network or the source"
    )]
    Unlike {
        /// Its place in the shot.
        frame: u64,
        /// How near it came.
        found_decibels: f64,
        /// How near the recipe wants it.
        asked_decibels: f64,
    },
    /// A measurement of something that is no render.
    #[error("only renders are timed, and this assignment is none")]
    NoRender,
}

impl From<FitError> for TaskError {
    fn from(error: FitError) -> Self {
        match error {
            FitError::Record(error) => Self::Record(error),
            FitError::Exceeds(error) => Self::Gpu(error.into()),
        }
    }
}

impl TaskError {
    /// For the fetch of a source: a missing blob is then the job's fault.
    pub(super) fn about_source(self) -> Self {
        match self {
            Self::Transfer(TransferError::Missing { digest }) => Self::NoSource(digest),
            other => other,
        }
    }

    /// For the fetch of a file of `model`: a missing blob is the job's fault too.
    pub(super) fn about_model(self, model: &str) -> Self {
        match self {
            Self::Transfer(TransferError::Missing { .. }) => Self::NoModel(model.to_owned()),
            other => other,
        }
    }

    /// For the fetch of a track: a missing blob is the job's fault too.
    pub(super) fn about_track(self) -> Self {
        match self {
            Self::Transfer(TransferError::Missing { digest }) => Self::NoTrack(digest),
            other => other,
        }
    }

    /// Whether the GPU has to be opened anew.
    #[must_use]
    pub fn is_device_lost(&self) -> bool {
        matches!(self, Self::Gpu(GpuError::Lost { .. } | GpuError::Stuck { .. } | GpuError::Open { .. } | GpuError::NoDevice))
    }

    fn class(&self) -> FailureClass {
        match self {
            Self::Media(error) => error.class(),
            Self::Gpu(error) => error.class(),
            Self::Record(_)
            | Self::Recipe(_)
            | Self::NoSource(_)
            | Self::NoModel(_)
            | Self::NoTrack(_)
            | Self::Track(_)
            | Self::Plan(PlanError::Hand(_) | PlanError::Own(_))
            | Self::Network { .. }
            | Self::NoDetector { .. }
            | Self::ModelTooLarge { .. }
            | Self::Unlike { .. } => FailureClass::Job,
            Self::Transfer(_) | Self::Away { .. } | Self::Blob(_) | Self::Scratch(_) => FailureClass::Environment,
            Self::Black { .. }
            | Self::Receipt(_)
            | Self::Findings(_)
            | Self::Plan(PlanError::Findings { .. })
            | Self::NoReframe
            | Self::NoRender => FailureClass::Worker,
        }
    }

    fn is_disk_full(&self) -> bool {
        match self {
            Self::Media(error) => matches!(error, MediaError::NoSpace { .. }),
            Self::Transfer(TransferError::Local(error)) | Self::Blob(error) => matches!(error, BlobError::NoSpace { .. }),
            Self::Scratch(ScratchError::Io { source, .. }) => source.kind() == std::io::ErrorKind::StorageFull,
            Self::Scratch(ScratchError::Taken { .. })
            | Self::Transfer(_)
            | Self::Gpu(_)
            | Self::Black { .. }
            | Self::Record(_)
            | Self::Recipe(_)
            | Self::NoSource(_)
            | Self::NoModel(_)
            | Self::NoTrack(_)
            | Self::Track(_)
            | Self::Plan(_)
            | Self::NoReframe
            | Self::Network { .. }
            | Self::NoDetector { .. }
            | Self::Findings(_)
            | Self::ModelTooLarge { .. }
            | Self::Away { .. }
            | Self::Receipt(_)
            | Self::Unlike { .. }
            | Self::NoRender => false,
        }
    }

    /// As it is reported; a full disk names the `work` folder that is on it.
    #[must_use]
    pub fn failure(&self, work: &Path) -> Failure {
        let mut message = self.to_string();
        let mut source = self.source();
        while let Some(cause) = source {
            message = format!("{message}: {cause}");
            source = cause.source();
        }
        if self.is_disk_full() {
            let scratch = work.parent().unwrap_or(work).display();
            message = format!("the disk of the scratch directory {scratch} is full ({message}); free some space there");
        }
        message.truncate(message.floor_char_boundary(MESSAGE_BYTES_MAX));
        Failure { class: self.class(), message }
    }
}
