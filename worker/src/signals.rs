//! The operator's signals as asks: the first drains, the second stops.

use tokio::sync::mpsc;

use crate::config::WorkerError;
use crate::session::Ask;

/// Listens for SIGTERM and SIGINT (Ctrl-C elsewhere) from now on.
///
/// # Errors
/// When the system does not let us listen.
pub(crate) fn listen(asks: mpsc::Sender<Ask>) -> Result<(), WorkerError> {
    let failed = |source| WorkerError::System { operation: "listening for signals", source };
    let mut signals = Signals::new().map_err(failed)?;
    tokio::spawn(async move {
        for ask in [Ask::Drain, Ask::Stop] {
            signals.next().await;
            if asks.send(ask).await.is_err() {
                return;
            }
        }
        // A third one is for a process that hangs: as if nobody had listened.
        signals.next().await;
        std::process::exit(EXIT_FORCED);
    });
    Ok(())
}

/// What shells say of a process ended by Ctrl-C: 128 + SIGINT.
const EXIT_FORCED: i32 = 130;

#[cfg(unix)]
struct Signals {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
