//! `up`: everything on one machine. A coordinator in this process, and a worker process for each GPU.

use std::ffi::OsString;
use std::path::Path;

use serde_json::{Value, json};
use shotfarm_coordinator::Listening;
use shotfarm_worker::gpu::{AdapterFacts, AdapterKind};
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;

use super::coordinator::serve;
use crate::args::{Common, Gpu, Up as Args};
use crate::error::CliError;
use crate::exit::Exit;
use crate::local;
use crate::settings;
use crate::signals::Signals;
use crate::supervise::{Phase, WorkerSpec, keep_running};
use crate::voice::{Answer, Voice};

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let signals = Signals::new()?;
    let dir = settings::farm_dir(args.coordinator.dir.as_deref())?;
    let places = places_here(args.workers).await?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (tell, told) = oneshot::channel();
    let stopping = async move {
        let _ = stopped.await; // dropping the sender stops it too
    };
    let on_listening = |listening| drop(tell.send(listening));
    let mut coordinator =
        tokio::spawn(serve(dir.clone(), args.coordinator.listen, args.coordinator.insecure, stopping, on_listening));
    let Ok(listening) = told.await else {
        return joined(coordinator.await).map(|()| Exit::Done);
    };
    let specs = specs(&listening, &dir, common, &places)?;
    voice.answer(&Started { listening, places })?;

    let (phase, phases) = watch::channel(Phase::Run);
    let mut workers = JoinSet::new();
    for spec in specs {
        workers.spawn(keep_running(voice, spec, phases.clone()));
    }
    tokio::spawn(listen(voice, signals, phase.clone()));
    let mut phases = phases;
    let ended = tokio::select! {
        ended = &mut coordinator => Some(ended),
        _ = phases.wait_for(|phase| *phase != Phase::Run) => None,
    };
    if ended.is_some() {
        phase.send_replace(Phase::Stop);
    }
    while workers.join_next().await.is_some() {}
    drop(stop);
    let ended = match ended {
        Some(ended) => ended,
        None => coordinator.await,
    };
    joined(ended).map(|()| Exit::Done)
}

/// The first signal drains, the second stops.
async fn listen(voice: Voice, mut signals: Signals, phase: watch::Sender<Phase>) {
    signals.next().await;
    voice.note("finishing what runs; Ctrl-C again stops at once (nothing finished is lost)");
    phase.send_replace(Phase::Drain);
    signals.next().await;
    phase.send_replace(Phase::Stop);
}

fn joined(ended: Result<Result<(), CliError>, tokio::task::JoinError>) -> Result<(), CliError> {
    ended.unwrap_or_else(|error| Err(CliError::not_now(format!("the coordinator broke off: {error}"))))
}

/// A worker's device and name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    name: String,
    gpu: Gpu,
    device: String,
}

/// The workers of this machine.
async fn places_here(wanted: Option<u32>) -> Result<Vec<Place>, CliError> {
    let places = places(&local::devices().await, wanted);
    if places.is_empty() {
        let refused = CliError::refused("this machine has no Vulkan device, not even a software one");
        return Err(refused
            .hint("install your GPU's driver, or mesa-vulkan-drivers for rendering on the CPU; `shotfarm doctor` looks closer"));
    }
    Ok(places)
}

/// One worker for each GPU, or one on the CPU where there is none; with `wanted`, that many, dealt out over the devices.
fn places(devices: &[AdapterFacts], wanted: Option<u32>) -> Vec<Place> {
    let gpus: Vec<&AdapterFacts> = devices.iter().filter(|device| device.kind != AdapterKind::Cpu).collect();
    let software: Vec<&AdapterFacts> = devices.iter().filter(|device| device.kind == AdapterKind::Cpu).take(1).collect();
    let chosen = if gpus.is_empty() { software } else { gpus };
    let number = if chosen.is_empty() { 0 } else { wanted.map_or(chosen.len(), |wanted| wanted as usize) };
    let place = |number: usize| {
        let device = chosen[number % chosen.len()];
        let gpu = if device.kind == AdapterKind::Cpu { Gpu::Software } else { Gpu::Index(device.index as u32) };
        Place { name: format!("up-{}", number + 1), gpu, device: device.name.clone() }
    };
    (0..number).map(place).collect()
}

fn specs(listening: &Listening, dir: &Path, common: &Common, places: &[Place]) -> Result<Vec<WorkerSpec>, CliError> {
    let program =
        std::env::current_exe().map_err(|error| CliError::not_now(format!("cannot find this program's own file: {error}")))?;
    Ok(places.iter().map(|place| spec(program.clone().into_os_string(), listening, dir, common, place)).collect())
}

fn spec(program: OsString, listening: &Listening, dir: &Path, common: &Common, place: &Place) -> WorkerSpec {
    let gpu = match place.gpu {
        Gpu::Index(index) => index.to_string(),
        Gpu::Software | Gpu::Best => place.gpu.to_string(),
    };
    let mut arguments: Vec<OsString> =
        ["worker", "--tied", "--farm", &listening.url, "--gpu", &gpu, "--name", &place.name].map(OsString::from).into();
    arguments.extend(["--secret-file".into(), listening.secret_file.clone().into_os_string()]);
    arguments.extend(["--scratch".into(), dir.join("scratch").join(&place.name).into_os_string()]);
    if let Some(filter) = &common.log {
        arguments.extend(["--log".into(), filter.into()]);
    }
    if common.log_format == crate::args::LogFormat::Json {
        arguments.extend(["--log-format".into(), "json".into()]);
    }
    WorkerSpec { name: place.name.clone(), program, arguments }
}

/// What was started.
struct Started {
    listening: Listening,
    places: Vec<Place>,
}

impl Started {
    /// The options by which another call finds this farm; none where it is the one that is found anyhow.
    fn way_here(&self) -> String {
        let mut options = String::new();
        if self.listening.url != settings::FARM_DEFAULT {
            options.push_str(&format!(" --farm {}", self.listening.url));
        }
        let standard = settings::farm_dir(None).map(|dir| dir.join("secret"));
        if standard.ok().as_ref() != Some(&self.listening.secret_file) {
            options.push_str(&format!(" --secret-file '{}'", self.listening.secret_file.display()));
        }
        options
    }
}

impl Answer for Started {
    fn human(&self) -> String {
        let worker = |place: &Place| format!("worker {} on {}", place.name, place.device);
        let mut lines =
            vec![format!("listening on {}", self.listening.url), format!("secret in {}", self.listening.secret_file.display())];
        lines.extend(self.places.iter().map(worker));
        lines.push(format!("hand in shots from another terminal with `shotfarm submit{}`; Ctrl-C ends", self.way_here()));
        lines.join("\n")
    }

    fn json(&self) -> Value {
        let worker = |place: &Place| json!({"name": place.name, "device": place.device});
        json!({"listening": self.listening.url, "secret_file": self.listening.secret_file,
            "workers": self.places.iter().map(worker).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        self.listening.url.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(index: usize, kind: AdapterKind) -> AdapterFacts {
        AdapterFacts { index, name: format!("d{index}"), kind, backend: "vulkan".into(), driver: String::new() }
    }

    fn gpus(devices: &[AdapterFacts], wanted: Option<u32>) -> Vec<Gpu> {
        places(devices, wanted).into_iter().map(|place| place.gpu).collect()
    }

    #[test]
    fn each_gpu_gets_a_worker_and_the_cpu_only_where_there_is_none() {
        let cpu = device(0, AdapterKind::Cpu);
        let both = [cpu.clone(), device(1, AdapterKind::Discrete), device(2, AdapterKind::Integrated)];
        assert_eq!(gpus(&both, None), [Gpu::Index(1), Gpu::Index(2)]);
        assert_eq!(gpus(&both, Some(3)), [Gpu::Index(1), Gpu::Index(2), Gpu::Index(1)]);
        assert_eq!(gpus(std::slice::from_ref(&cpu), None), [Gpu::Software]);
        assert_eq!(gpus(&[cpu], Some(2)), [Gpu::Software, Gpu::Software]);
        assert_eq!(gpus(&[], Some(2)), []);
    }

    #[test]
    fn a_farm_elsewhere_says_how_to_find_it() {
        let listening = Listening { url: "http://127.0.0.1:9".into(), secret_file: "/d/secret".into() };
        let started = Started { listening, places: Vec::new() };
        assert!(started.human().contains("`shotfarm submit --farm http://127.0.0.1:9 --secret-file '/d/secret'`"));
        let secret_file = settings::farm_dir(None).expect("a home").join("secret");
        let started = Started { listening: Listening { url: settings::FARM_DEFAULT.into(), secret_file }, places: Vec::new() };
        assert!(started.human().contains("with `shotfarm submit`; "), "{}", started.human());
    }

    #[test]
    fn a_worker_is_tied_and_has_a_folder_of_its_own() {
        let listening = Listening { url: "http://127.0.0.1:1".into(), secret_file: "/d/secret".into() };
        let places = places(&[device(3, AdapterKind::Discrete)], None);
        let common = <crate::args::Cli as clap::Parser>::try_parse_from(["shotfarm", "up"]).expect("a verb").common;
        let spec = spec("shotfarm".into(), &listening, Path::new("/d"), &common, &places[0]);
        let line = spec.arguments.iter().map(|argument| argument.to_string_lossy()).collect::<Vec<_>>().join(" ");
        assert_eq!(
            line,
            "worker --tied --farm http://127.0.0.1:1 --gpu 3 --name up-1 --secret-file /d/secret --scratch /d/scratch/up-1"
        );
    }
}
