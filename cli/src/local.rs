//! What this machine itself can do: its ffmpeg, its GPUs, a worker in this process. The only place that calls the worker crate.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::time::Duration;

use shotfarm_shared::media::MediaFacts;
use shotfarm_worker::gpu::{AdapterFacts, GpuChoice, adapters};
use shotfarm_worker::media::{Cancel, Tools, probe};
use shotfarm_worker::{Ask, Config, WorkerError};
use tokio::sync::mpsc;

use crate::args::{Common, Gpu, WorkerRun};
use crate::connect::check_address;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::settings;
use crate::signals::Signals;

/// Tasks of one worker at a time. One fills a GPU: decoding, rendering and encoding of its frames overlap.
const SLOTS: u32 = 1;
/// Drain, then stop.
const ASKS_MAX: usize = 2;
/// How often a worker that drains looks whether its parent still lives.
const PARENT_LOOK_EVERY: Duration = Duration::from_millis(500);
/// Longest name taken from the host: what fits into a column.
const HOST_NAME_CHARS_MAX: usize = 40;

/// Looks at sources with this machine's ffmpeg.
pub(crate) struct Prober {
    tools: Tools,
    cancel: Cancel,
}

impl Prober {
    /// Finds ffmpeg.
    pub(crate) fn new() -> Result<Self, CliError> {
        let tools = Tools::find().map_err(|error| CliError::refused(chain(&error)))?;
        Ok(Self { tools, cancel: Cancel::new() })
    }

    /// The facts of one source, or why it cannot be rendered.
    pub(crate) fn probe(&self, path: &Path) -> Result<MediaFacts, String> {
        probe(&self.tools, path, &self.cancel).map_err(|error| chain(&error))
    }
}

/// The versions of ffmpeg and ffprobe, or what is missing and how to get it.
pub(crate) fn ffmpeg_version() -> Result<String, String> {
    let tools = Tools::find().map_err(|error| chain(&error))?;
    Ok(format!("ffmpeg {} at {}", tools.ffmpeg.version, tools.ffmpeg.path.display()))
}

/// The devices of this machine. Blocks while drivers wake up.
pub(crate) async fn devices() -> Vec<AdapterFacts> {
    tokio::task::spawn_blocking(adapters).await.unwrap_or_default()
}

/// The worker's word for a choice.
pub(crate) fn gpu_choice(choice: Gpu) -> GpuChoice {
    match choice {
        Gpu::Best => GpuChoice::Best,
        Gpu::Software => GpuChoice::Software,
        Gpu::Index(index) => GpuChoice::Index(index as usize),
    }
}

/// Runs a worker in this process until it has drained.
pub(crate) async fn run_worker(common: &Common, run: &WorkerRun) -> Result<Exit, CliError> {
    check_address(common)?;
    let config = Config {
        farm_url: common.farm.clone(),
        secret: settings::secret(common)?,
        gpu: gpu_choice(run.gpu),
        scratch: settings::scratch_dir(run.scratch.as_deref(), &run.gpu.to_string())?,
        name: run.name.clone().unwrap_or_else(|| format!("{}-{}", host_name(), run.gpu)),
        slots: SLOTS,
        patience: Duration::from_secs(run.patience),
        gpu_memory_bytes: run.gpu_memory.map(|mebibytes| mebibytes << 20),
        scratch_limit_bytes: run.scratch_limit,
    };
    let asks = listen(run.tied)?;
    shotfarm_worker::run_until_asked(config, asks).await.map_err(|error| ended(&error))?;
    Ok(Exit::Done)
}

/// What the worker is asked from outside: the first signal drains it, the second stops it; a tied one hears its parent too.
fn listen(tied: bool) -> Result<mpsc::Receiver<Ask>, CliError> {
    let (ask, asks) = mpsc::channel(ASKS_MAX);
    let mut signals = Signals::new()?;
    let by_signal = ask.clone();
    tokio::spawn(async move {
        signals.next().await;
        let _ = by_signal.send(Ask::Drain).await; // a worker that has ended hears nothing more
        signals.next().await;
        let _ = by_signal.send(Ask::Stop).await;
    });
    if tied {
        // A thread of its own: a read of standard input cannot be called off, and must not hold up the end.
        std::thread::spawn(move || {
            let parent = parent();
            wait_for_end(&mut std::io::stdin());
            let _ = ask.blocking_send(Ask::Drain);
            // Whoever started us and has died has taken the farm along; its successor wants this worker's folder and GPU.
            while self::parent() == parent {
                std::thread::sleep(PARENT_LOOK_EVERY);
            }
            let _ = ask.blocking_send(Ask::Stop);
        });
    }
    Ok(asks)
}

/// The process that started this one; another one once that has died.
#[cfg(unix)]
fn parent() -> Option<u32> {
    Some(std::os::unix::process::parent_id())
}

/// Elsewhere a parent's death is not seen; its workers drain.
#[cfg(not(unix))]
fn parent() -> Option<u32> {
    None
}

/// Waits until nothing more can come from `input`.
fn wait_for_end(input: &mut impl Read) {
    let mut buffer = [0; 64];
    loop {
        match input.read(&mut buffer) {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Ok(0) | Err(_) => return,
        }
    }
}

fn ended(error: &WorkerError) -> CliError {
    let sentence = chain(error);
    match error {
        WorkerError::NoFarm(_) | WorkerError::DeviceLost(_) => CliError::not_now(sentence),
        _ => CliError::refused(sentence),
    }
}

/// The name of this machine, as a worker's name begins with it.
fn host_name() -> String {
    #[cfg(unix)]
    let name = rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    let name = std::env::var("COMPUTERNAME").unwrap_or_default();
    let short: String = name.split('.').next().unwrap_or_default().chars().take(HOST_NAME_CHARS_MAX).collect();
    if short.is_empty() { "worker".to_owned() } else { short }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn a_tied_worker_hears_the_end_of_its_input_and_not_its_bytes() {
        let (mut reader, mut writer) = std::io::pipe().expect("a pipe");
        let (tell, told) = std::sync::mpsc::channel();
        let waiting = std::thread::spawn(move || {
            wait_for_end(&mut reader);
            tell.send(()).expect("somebody listens");
        });
        writer.write_all(b"not the end").expect("written");
        assert!(told.try_recv().is_err(), "bytes are no end");
        drop(writer);
        told.recv().expect("the end is heard");
        waiting.join().expect("no panic");
    }

    #[test]
    fn a_host_has_a_short_name() {
        let name = host_name();
        assert!(!name.is_empty() && !name.contains('.'), "{name}");
    }
}
