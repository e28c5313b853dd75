//! The studios' service: submit, watch, steer.

use std::pin::Pin;
use std::time::Duration;

use shotfarm_proto::blobs::{BlobDir, BlobState};
use shotfarm_proto::convert::{InvalidMessage, parse};
use shotfarm_proto::v1;
use shotfarm_shared::ids::BatchId;
use shotfarm_shared::model::{Model, ModelRef};
use shotfarm_shared::shot::Shot;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use super::status::{job_detail, status};
use super::{engine_status, models, refusal_status};
use crate::core::command::{Command, Reply};
use crate::engine::Engine;

/// A watcher gets at most this many states a second.
const WATCH_MILLIS_MIN: u64 = 250;
/// A watcher gets a state at least this often, so that ages and finish times stay true while nothing happens.
const WATCH_MILLIS_MAX: u64 = 2_000;
/// Longest client token.
const TOKEN_BYTES_MAX: usize = 256;
/// Missing sources named in one refusal.
const MISSING_NAMED_MAX: usize = 5;

/// The `Studio` service.
pub struct StudioService {
    engine: Engine,
    blobs: BlobDir,
}

impl StudioService {
    /// Serves studios with `engine`; sources must be in `blobs` before their batch is taken.
    #[must_use]
    pub fn new(engine: Engine, blobs: BlobDir) -> Self {
        Self { engine, blobs }
    }

    async fn change(&self, command: Command) -> Result<Response<v1::Changed>, Status> {
        match self.engine.run(command).await.map_err(engine_status)? {
            Reply::Changed { labels } => Ok(Response::new(v1::Changed { count: labels.len() as u32, labels })),
            Reply::Refused(refusal) => Err(refusal_status(&refusal)),
            Reply::Nothing | Reply::Submitted { .. } | Reply::ModelAdded { .. } => Err(wrong_answer()),
        }
    }

    /// Refuses shots whose source, or track set by hand, is not here: a batch that is taken can be worked on.
    fn check_sources(&self, shots: &[Shot]) -> Result<(), Status> {
        let mut missing = Vec::new();
        for shot in shots {
            let track = shot.recipe.reframe().and_then(|reframe| reframe.track);
            let needed = [(Some(shot.source), shot.source_name.as_str()), (track, "its track")];
            for (digest, name) in needed.into_iter().filter_map(|(digest, name)| Some((digest?, name))) {
                match self.blobs.stat(digest) {
                    Ok(BlobState::Whole(_)) => {}
                    Ok(_) => missing.push(format!("{name} ({})", shot.label)),
                    Err(error) => return Err(Status::internal(error.to_string())),
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let more = missing.len().saturating_sub(MISSING_NAMED_MAX);
        missing.truncate(MISSING_NAMED_MAX);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        Err(Status::failed_precondition(format!("not uploaded yet: {}{more}", missing.join(", "))))
    }
}

#[tonic::async_trait]
impl v1::studio_server::Studio for StudioService {
    async fn submit(&self, request: Request<v1::SubmitRequest>) -> Result<Response<v1::SubmitReply>, Status> {
        let v1::SubmitRequest { token, name, shots } = request.into_inner();
        if token.is_empty() || token.len() > TOKEN_BYTES_MAX {
            return Err(Status::invalid_argument(format!("field `token`: 1 to {TOKEN_BYTES_MAX} bytes are needed")));
        }
        let mut read = Vec::with_capacity(shots.len());
        for (index, shot) in shots.into_iter().enumerate() {
            read.push(Shot::try_from(shot).map_err(|error| error.within(format!("shots[{index}]")))?);
        }
        self.check_sources(&read)?;
        let batch = BatchId(Uuid::now_v7());
        match self.engine.run(Command::Submit { batch, token, name, shots: read }).await.map_err(engine_status)? {
            Reply::Submitted { batch, jobs, known } => {
                let jobs = jobs.iter().map(ToString::to_string).collect();
                Ok(Response::new(v1::SubmitReply { batch: batch.to_string(), jobs, known }))
            }
            Reply::Refused(refusal) => Err(refusal_status(&refusal)),
            Reply::Nothing | Reply::Changed { .. } | Reply::ModelAdded { .. } => Err(wrong_answer()),
        }
    }

    async fn status(&self, request: Request<v1::StatusRequest>) -> Result<Response<v1::StatusReply>, Status> {
        let request = request.into_inner();
        let reply = self.engine.read(move |farm, now| status(farm, &request, now)).await.map_err(engine_status)?;
        Ok(Response::new(reply))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<v1::StatusReply, Status>> + Send>>;

    async fn watch(&self, request: Request<v1::StatusRequest>) -> Result<Response<Self::WatchStream>, Status> {
        let request = request.into_inner();
        let engine = self.engine.clone();
        // One state waits for a slow watcher; it never holds up the farm or other watchers.
        let (states, stream) = mpsc::channel(1);
        tokio::spawn(async move {
            let mut changes = engine.changes();
            loop {
                changes.mark_unchanged();
                let question = request.clone();
                let state = engine.read(move |farm, now| status(farm, &question, now)).await.map_err(engine_status);
                let ended = state.is_err();
                if states.send(state).await.is_err() || ended {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(WATCH_MILLIS_MIN)).await;
                let _ = tokio::time::timeout(Duration::from_millis(WATCH_MILLIS_MAX), changes.changed()).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }

    async fn show_job(&self, request: Request<v1::ShowJobRequest>) -> Result<Response<v1::JobDetail>, Status> {
        let text = request.into_inner().job;
        let name = text.clone();
        let found = self.engine.read(move |farm, _| job_detail(farm, &text)).await.map_err(engine_status)?;
        match found {
            Ok(detail) => Ok(Response::new(detail)),
            Err(0) => Err(Status::not_found(format!("no job goes by `{name}`; see `shotfarm job list`"))),
            Err(count) => Err(Status::invalid_argument(format!("`{name}` selects {count} jobs; name one of them"))),
        }
    }

    async fn cancel(&self, request: Request<v1::Selection>) -> Result<Response<v1::Changed>, Status> {
        self.change(Command::Cancel { selection: request.into_inner().text }).await
    }

    async fn retry(&self, request: Request<v1::Selection>) -> Result<Response<v1::Changed>, Status> {
        self.change(Command::Retry { selection: request.into_inner().text }).await
    }

    async fn drain_worker(&self, request: Request<v1::DrainWorkerRequest>) -> Result<Response<v1::Changed>, Status> {
        self.change(Command::Drain { worker: request.into_inner().worker }).await
    }

    async fn add_model(&self, request: Request<v1::AddModelRequest>) -> Result<Response<v1::AddModelReply>, Status> {
        let v1::AddModelRequest { model, replace } = request.into_inner();
        let model = model.ok_or_else(|| InvalidMessage::new("model", "missing"))?;
        let model = Model::try_from(model).map_err(|error| error.within("model"))?;
        models::check_files(&self.blobs, &model)?;
        match self.engine.run(Command::AddModel { model: Box::new(model), replace }).await.map_err(engine_status)? {
            Reply::ModelAdded { version, known } => {
                Ok(Response::new(v1::AddModelReply { version: Some((&*version).into()), known }))
            }
            Reply::Refused(refusal) => Err(refusal_status(&refusal)),
            Reply::Nothing | Reply::Changed { .. } | Reply::Submitted { .. } => Err(wrong_answer()),
        }
    }

    async fn list_models(&self, _: Request<v1::ListModelsRequest>) -> Result<Response<v1::ListModelsReply>, Status> {
        Ok(Response::new(self.engine.read(|farm, _| models::listing(farm)).await.map_err(engine_status)?))
    }

    async fn show_model(&self, request: Request<v1::ShowModelRequest>) -> Result<Response<v1::ModelDetail>, Status> {
        let wanted: ModelRef = parse("model", &request.into_inner().model)?;
        let found = self.engine.read(move |farm, _| models::detail(farm, &wanted)).await.map_err(engine_status)?;
        found.map(Response::new).map_err(|refusal| refusal_status(&refusal))
    }

    async fn remove_model(&self, request: Request<v1::RemoveModelRequest>) -> Result<Response<v1::Changed>, Status> {
        self.change(Command::RemoveModel { name: parse("name", &request.into_inner().name)? }).await
    }
}

fn wrong_answer() -> Status {
    Status::internal("the core gave an answer to another question")
}
