//! `worker`: runs a worker in this process, lists those of the farm, and lets one go.

use serde_json::{Value, json};
use shotfarm_proto::v1::DrainWorkerRequest;

use super::status::ask;
use crate::args::{Common, Worker as Args, WorkerVerb};
use crate::board::worker_table;
use crate::connect::{connect, refusal};
use crate::error::CliError;
use crate::exit::Exit;
use crate::local;
use crate::view::Worker;
use crate::voice::{Answer, Voice};

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    match &args.verb {
        None => local::run_worker(common, &args.run).await,
        Some(WorkerVerb::List) => list(voice, common).await,
        Some(WorkerVerb::Drain { name }) => drain(voice, common, name).await,
    }
}

async fn list(voice: Voice, common: &Common) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let status = ask(&farm, "", false).await?;
    voice.answer(&Workers(&status.workers))?;
    Ok(Exit::Done)
}

async fn drain(voice: Voice, common: &Common, name: &str) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let request = DrainWorkerRequest { worker: name.to_owned() };
    let changed = farm.studio().drain_worker(request).await.map_err(|status| refusal(&status))?.into_inner();
    if changed.count == 0 {
        return Err(CliError::refused(format!("no worker is called `{name}`")).hint("see `shotfarm worker list`"));
    }
    voice.answer(&Drained { name: name.to_owned() })?;
    Ok(Exit::Done)
}

/// A list of workers.
struct Workers<'a>(&'a [Worker]);

impl Answer for Workers<'_> {
    fn human(&self) -> String {
        if self.0.is_empty() {
            return "no workers; start one with `shotfarm worker`".to_owned();
        }
        worker_table(self.0)
    }

    fn json(&self) -> Value {
        json!({"workers": self.0})
    }

    fn quiet(&self) -> String {
        self.0.iter().map(|worker| worker.name.as_str()).collect::<Vec<_>>().join("\n")
    }
}

struct Drained {
    name: String,
}

impl Answer for Drained {
    fn human(&self) -> String {
        format!("{} finishes what it has and gets nothing more", self.name)
    }

    fn json(&self) -> Value {
        json!({"worker": self.name, "draining": true})
    }

    fn quiet(&self) -> String {
        String::new()
    }
}
