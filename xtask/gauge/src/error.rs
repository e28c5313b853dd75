//! Why a measurement stopped, for the person at the terminal.

use std::io;
use std::path::{Path, PathBuf};

use shotfarm_shared::recipe::InvalidRecipe;
use shotfarm_tests::film::EncodeError;
use shotfarm_tests::pictures::PictureError;
use shotfarm_worker::gpu::measure::MeasureError;
use shotfarm_worker::gpu::{GpuError, RecordError};
use shotfarm_worker::media::MediaError;
use shotfarm_worker::net::Refusal;
use shotfarm_worker::reframe::{LookError, NoDetector, PlanError};
use shotfarm_worker::task::TaskError;

use crate::reframe::AnnotationError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GaugeError {
    #[error(transparent)]
    Gpu(#[from] GpuError),
    #[error(transparent)]
    Record(#[from] RecordError),
    #[error(transparent)]
    Measure(#[from] MeasureError),
    #[error(transparent)]
    Network(#[from] Refusal),
    #[error(transparent)]
    Recipe(#[from] InvalidRecipe),
    #[error(transparent)]
    Media(#[from] MediaError),
    #[error(transparent)]
    Task(#[from] TaskError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
    #[error(transparent)]
    Look(#[from] LookError),
    #[error(transparent)]
    Detector(#[from] NoDetector),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Annotation(#[from] AnnotationError),
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error("{doing} {path}")]
    File { doing: &'static str, path: PathBuf, source: io::Error },
    #[error("cannot start ffmpeg for {what}; is it installed? (`cargo xtask setup`)")]
    Start { what: String, source: io::Error },
    #[error("{what} failed: {words}")]
    Child { what: String, words: String },
    #[error("raw frames could not be moved")]
    Pipe(#[source] io::Error),
    #[error("{0}")]
    Argument(String),
    #[error("{missed} of {all} bars are missed; the table above names them")]
    Missed { missed: usize, all: usize },
}

impl GaugeError {
    /// Names what was done to which file when the system refuses it.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::File { doing, path, source }
    }
}

/// An error with what caused it, in one line: this is the outermost place, where sources are told.
pub(crate) fn told(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {}", told(source)))
}
