//! One file for each verb. A verb asks, decides and answers in the voice it is given; its result is the exit code.

pub(crate) mod completions;
pub(crate) mod coordinator;
pub(crate) mod doctor;
pub(crate) mod fetch;
pub(crate) mod gpu;
pub(crate) mod job;
pub(crate) mod model;
pub(crate) mod plan;
pub(crate) mod reframe;
pub(crate) mod status;
pub(crate) mod submit;
pub(crate) mod up;
pub(crate) mod worker;
pub(crate) mod zones;

use crate::args::{Cli, JobVerb, ModelVerb, Verb};
use crate::error::CliError;
use crate::exit::Exit;
use crate::voice::Voice;

/// Does what the command line asks.
pub(crate) async fn run(cli: Cli) -> Result<Exit, CliError> {
    let (common, voice) = (&cli.common, Voice::of(&cli.common));
    match cli.verb {
        Verb::Up(args) => up::run(voice, common, &args).await,
        Verb::Coordinator(args) => coordinator::run(voice, &args).await,
        Verb::Worker(args) => worker::run(voice, common, &args).await,
        Verb::Plan(args) => plan::run(voice, common, &args).await,
        Verb::Submit(args) => submit::run(voice, common, &args).await,
        Verb::Status(args) => status::run(voice, common, &args).await,
        Verb::Reframe(args) => reframe::run(voice, common, &args).await,
        Verb::Zones(args) => zones::run(voice, &args),
        Verb::Fetch(args) => fetch::run(voice, common, &args).await,
        Verb::Model { verb } => match verb {
            ModelVerb::Add(args) => model::add(voice, common, &args).await,
            ModelVerb::List => model::list(voice, common).await,
            ModelVerb::Inspect(args) => model::inspect(voice, common, &args).await,
            ModelVerb::Bench(args) => model::bench(voice, common, &args).await,
            ModelVerb::Remove { name } => model::remove(voice, common, &name).await,
        },
        Verb::Doctor(args) => doctor::run(voice, common, &args).await,
        Verb::Gpu { verb } => gpu::run(voice, verb).await,
        Verb::Completions { shell } => completions::run(shell),
        Verb::Job { verb } => match verb {
            JobVerb::List(selection) => job::list(voice, common, &selection.text).await,
            JobVerb::Show { job } => job::show(voice, common, &job).await,
            JobVerb::Wait { selection, timeout } => job::wait(voice, common, &selection, timeout).await,
            JobVerb::Cancel { selection } => job::change(voice, common, &selection, job::Change::Cancel).await,
            JobVerb::Retry { selection } => job::change(voice, common, &selection, job::Change::Retry).await,
            JobVerb::Logs { job } => job::logs(voice, common, &job).await,
        },
    }
}
