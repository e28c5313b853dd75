//! `coordinator`: runs the coordinator in this process until it is told to stop. The only place that calls its crate.

use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};
use shotfarm_coordinator::{Config, Listening};

use crate::args::Coordinator as Args;
use crate::error::CliError;
use crate::exit::Exit;
use crate::settings;
use crate::signals::Signals;
use crate::voice::{Answer, Voice};

/// The verb.
pub(crate) async fn run(voice: Voice, args: &Args) -> Result<Exit, CliError> {
    let mut signals = Signals::new()?;
    let dir = settings::farm_dir(args.dir.as_deref())?;
    let shutdown = async move {
        signals.next().await;
        // The coordinator ends quickly by itself; who asks again does not want to wait for it.
        tokio::spawn(async move {
            signals.next().await;
            std::process::exit(EXIT_FORCED);
        });
    };
    let mut said = Ok(());
    serve(dir, args.listen, args.insecure, shutdown, |listening| said = voice.answer(&Started(listening))).await?;
    said.map(|()| Exit::Done)
}

/// What shells say of a process ended by Ctrl-C: 128 + SIGINT.
const EXIT_FORCED: i32 = 130;

/// Runs a coordinator until `shutdown`; `on_listening` hears its address once it has one.
pub(crate) async fn serve(
    dir: PathBuf,
    listen: SocketAddr,
    insecure: bool,
    shutdown: impl Future<Output = ()> + Send + 'static,
    on_listening: impl FnOnce(Listening) + Send,
) -> Result<(), CliError> {
    let config = Config { dir, listen, insecure };
    shotfarm_coordinator::run(config, shutdown, on_listening).await.map_err(|error| CliError::refused(&error))
}

/// Where it listens.
struct Started(Listening);

impl Answer for Started {
    fn human(&self) -> String {
        format!("listening on {}\nsecret in {}", self.0.url, self.0.secret_file.display())
    }

    fn json(&self) -> Value {
        json!({"listening": self.0.url, "secret_file": self.0.secret_file})
    }

    fn quiet(&self) -> String {
        self.0.url.clone()
    }
}
