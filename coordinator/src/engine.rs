//! The one writer. A thread that takes requests in groups, applies them to the farm, makes their records durable in one commit,
//! and only then lets replies and messages out: what anybody has seen is durable.
//!
//! When a commit fails, memory is ahead of the disk and must not be believed: the group is refused, the farm is read back from
//! the store, and every worker's stream is cut, so that workers introduce themselves to the farm as it really stands.

use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use shotfarm_proto::convert::{Hello, ToWorker};
use shotfarm_shared::ids::WorkerId;
use shotfarm_shared::time::Timestamp;
use tokio::sync::{mpsc, oneshot, watch};
use tracing::{error, info, warn};

use crate::core::apply::{RecoverError, apply, checkpoint, encode, recover};
use crate::core::command::{Command, Effects, Reply, Session};
use crate::core::farm::Farm;
use crate::store::{Store, StoreError};

/// Requests that share one commit. Bounds the wait of the first among them.
const GROUP_MAX: usize = 1_024;
/// Time between ticks: a fraction of the shortest lease, so that a lost worker is noticed soon after its lease ends.
const TICK_MILLIS: u64 = 250;
/// Records after which a checkpoint is written: a restart folds at most these.
const RECORDS_BETWEEN_CHECKPOINTS: usize = 20_000;
/// A wait that overruns by this much was no wait but a standstill.
const STANDSTILL_MILLIS_MIN: u64 = 2_000;
/// Pause after a failed commit before the disk is tried again.
const STORE_PAUSE_MILLIS: u64 = 2_000;
/// Messages that wait for one worker; a worker that is further behind is cut off and comes back.
pub const LINK_MESSAGES_MAX: usize = 256;

/// Why the engine did not do what was asked. Nothing of it was done, or it is unknown whether it was: asking again is safe.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EngineError {
    /// The disk has no room.
    #[error("the coordinator's disk is full; nothing was accepted, make room and try again")]
    DiskFull,
    /// The store failed otherwise.
    #[error("the coordinator's store failed, nothing was accepted: {0}")]
    Store(String),
    /// The coordinator is stopping.
    #[error("the coordinator is stopping")]
    Stopping,
}

/// Why a farm could not be started from its store.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store cannot be opened or read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// What it holds is of another version or damaged.
    #[error(transparent)]
    Recover(#[from] RecoverError),
    /// The system gives no thread.
    #[error("the engine's thread cannot be started: {0}")]
    Thread(std::io::Error),
}

impl From<&StoreError> for EngineError {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Full { .. } => Self::DiskFull,
            other => Self::Store(other.to_string()),
        }
    }
}

type Answer<T> = oneshot::Sender<Result<T, EngineError>>;
type Question = Box<dyn FnOnce(Result<(&Farm, Timestamp), EngineError>) + Send>;

enum Request {
    Run(Command, Option<Answer<Reply>>),
    Join { hello: Hello, link: mpsc::Sender<ToWorker>, answer: Answer<(Reply, Session)> },
    Read(Question),
    Stop,
}

/// A handle on the engine; clones share it.
#[derive(Clone)]
pub struct Engine {
    requests: Sender<Request>,
    changes: watch::Receiver<u64>,
}

impl Engine {
    /// Reads the farm from `store` and starts the writer's thread.
    ///
    /// # Errors
    /// When the store cannot be read whole.
    pub fn start(store: Box<dyn Store>) -> Result<(Self, JoinHandle<()>), StartError> {
        let clock = Clock::new();
        let (requests, queue) = channel();
        let (changed, changes) = watch::channel(0);
        let mut writer = Writer {
            store,
            farm: Farm::default(),
            links: BTreeMap::new(),
            sessions: 0,
            records_since_checkpoint: 0,
            broken: None,
            changed,
            clock,
        };
        writer.load()?;
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || writer.run(&queue));
        Ok((Self { requests, changes }, thread.map_err(StartError::Thread)?))
    }

    /// Carries out `command`; when this returns, what it changed is durable.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn run(&self, command: Command) -> Result<Reply, EngineError> {
        let (answer, reply) = oneshot::channel();
        self.requests.send(Request::Run(command, Some(answer))).map_err(|_| EngineError::Stopping)?;
        reply.await.unwrap_or(Err(EngineError::Stopping))
    }

    /// Introduces a worker whose messages go into `link`; an older link of the same worker is dropped.
    ///
    /// # Errors
    /// See [`EngineError`].
    pub async fn join(&self, hello: Hello, link: mpsc::Sender<ToWorker>) -> Result<(Reply, Session), EngineError> {
        let (answer, reply) = oneshot::channel();
        self.requests.send(Request::Join { hello, link, answer }).map_err(|_| EngineError::Stopping)?;
        reply.await.unwrap_or(Err(EngineError::Stopping))
    }

    /// Asks a question of the farm as it durably stands.
    ///
    /// # Errors
    /// See [`EngineError`]: while the store does not answer, nobody knows how the farm stands.
    pub async fn read<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Farm, Timestamp) -> T + Send + 'static,
    ) -> Result<T, EngineError> {
        let (answer, reply) = oneshot::channel();
        let question = move |farm: Result<(&Farm, Timestamp), EngineError>| {
            let _ = answer.send(farm.map(|(farm, now)| question(farm, now))); // whoever asked may have gone
        };
        self.requests.send(Request::Read(Box::new(question))).map_err(|_| EngineError::Stopping)?;
        reply.await.unwrap_or(Err(EngineError::Stopping))
    }

    /// Counts changes of the farm, for those who watch it.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Ends the thread after the requests before this one.
    pub fn stop(&self) {
        let _ = self.requests.send(Request::Stop); // already stopped is as good
    }
}

/// Time that never goes back while the process runs: the wall clock at the start, and a monotonic clock from there.
struct Clock {
    wall_millis: u64,
    started: Instant,
}

impl Clock {
    fn new() -> Self {
        let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { wall_millis: wall.as_millis() as u64, started: Instant::now() }
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.wall_millis + self.started.elapsed().as_millis() as u64)
    }
}

struct Writer {
    store: Box<dyn Store>,
    farm: Farm,
    links: BTreeMap<WorkerId, (Session, mpsc::Sender<ToWorker>)>,
    sessions: u64,
    records_since_checkpoint: usize,
    /// Set after a failed commit: until when nothing is tried, and why.
    broken: Option<(Timestamp, EngineError)>,
    changed: watch::Sender<u64>,
    clock: Clock,
}

/// Replies held back until their group is durable.
enum Held {
    Reply(Option<Answer<Reply>>, Reply),
    Joined(Answer<(Reply, Session)>, Reply, Session),
}

impl Writer {
    fn load(&mut self) -> Result<(), StartError> {
        let loaded = self.store.load()?;
        self.records_since_checkpoint = loaded.records.len();
        self.farm = recover(loaded.checkpoint.as_deref(), &loaded.records, self.clock.now())?;
        Ok(())
    }

    fn run(mut self, queue: &Receiver<Request>) {
        let tick = Duration::from_millis(TICK_MILLIS);
        let mut next_tick = Instant::now();
        loop {
            let mut group = Vec::new();
            let waited_from = Instant::now();
            match queue.recv_timeout(next_tick.saturating_duration_since(Instant::now())) {
                Ok(request) => group.push(request),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            // Longer than it was meant to be: the machine slept or swapped, and what workers said meanwhile is still on its way.
            let stood_still = waited_from.elapsed().saturating_sub(tick);
            if stood_still > Duration::from_millis(STANDSTILL_MILLIS_MIN) {
                warn!(?stood_still, "the coordinator stood still; leases are extended");
                self.farm.pardon(stood_still.as_millis() as u64);
            }
            group.extend(queue.try_iter().take(GROUP_MAX));
            if Instant::now() >= next_tick {
                group.push(Request::Run(Command::Tick, None));
                next_tick = Instant::now() + tick;
            }
            if !self.turn(group) {
                break;
            }
        }
        self.write_checkpoint();
    }

    /// Carries out one group; false when it asked to stop.
    fn turn(&mut self, group: Vec<Request>) -> bool {
        self.mend();
        let now = self.clock.now();
        let (mut held, mut questions, mut goes_on) = (Vec::new(), Vec::new(), true);
        let mut effects = Effects::default();
        for request in group {
            match request {
                Request::Run(command, answer) => {
                    let reply = self.apply(command, now, &mut effects);
                    held.push(Held::Reply(answer, reply));
                }
                Request::Join { hello, link, answer } => {
                    self.sessions += 1;
                    let session = Session(self.sessions);
                    let worker = hello.worker;
                    let reply = self.apply(Command::Join { hello, session }, now, &mut effects);
                    if !matches!(reply, Reply::Refused(_)) {
                        self.links.insert(worker, (session, link));
                    }
                    held.push(Held::Joined(answer, reply, session));
                }
                Request::Read(question) => questions.push(question),
                Request::Stop => goes_on = false,
            }
        }
        self.settle(&effects, held);
        for question in questions {
            match &self.broken {
                None => question(Ok((&self.farm, now))),
                Some((_, error)) => question(Err(error.clone())),
            }
        }
        goes_on
    }

    fn apply(&mut self, command: Command, now: Timestamp, all: &mut Effects) -> Reply {
        if self.broken.is_some() {
            return Reply::Nothing; // the whole group is refused
        }
        let leaving = if let Command::Leave { worker, session } = &command { Some((*worker, *session)) } else { None };
        let effects = apply(&mut self.farm, command, now);
        if let Some((worker, session)) = leaving
            && self.links.get(&worker).is_some_and(|(current, _)| *current == session)
        {
            self.links.remove(&worker);
        }
        all.records.extend(effects.records);
        all.messages.extend(effects.messages);
        effects.reply
    }

    /// Makes a group durable, then lets its replies and messages out.
    fn settle(&mut self, effects: &Effects, held: Vec<Held>) {
        if self.broken.is_none()
            && !effects.records.is_empty()
            && let Err(error) = self.store.commit(&effects.records.iter().map(encode).collect::<Vec<_>>())
        {
            error!(%error, "commit failed; the group is refused and the farm is read back");
            let until = self.clock.now().plus_millis(STORE_PAUSE_MILLIS);
            self.broken = Some((until, EngineError::from(&error)));
            self.links.clear();
        }
        let failed = self.broken.as_ref().map(|(_, error)| error.clone());
        if failed.is_none() {
            self.records_since_checkpoint += effects.records.len();
            self.deliver(&effects.messages);
            if self.records_since_checkpoint >= RECORDS_BETWEEN_CHECKPOINTS {
                self.write_checkpoint();
            }
        }
        let nobody_asked = held.iter().all(|held| matches!(held, Held::Reply(None, _)));
        if !nobody_asked || !effects.records.is_empty() {
            self.changed.send_modify(|count| *count += 1);
        }
        // Whoever asked may have gone; the change stands all the same.
        for reply in held {
            match (reply, failed.clone()) {
                (Held::Reply(Some(answer), reply), None) => drop(answer.send(Ok(reply))),
                (Held::Reply(Some(answer), _), Some(error)) => drop(answer.send(Err(error))),
                (Held::Reply(None, _), _) => {}
                (Held::Joined(answer, reply, session), None) => drop(answer.send(Ok((reply, session)))),
                (Held::Joined(answer, ..), Some(error)) => drop(answer.send(Err(error))),
            }
        }
    }

    /// Puts messages on their workers' links. A link that is full or closed is cut: its stream ends, and the worker comes back.
    fn deliver(&mut self, messages: &[(WorkerId, ToWorker)]) {
        for (worker, message) in messages {
            let sent = self.links.get(worker).map(|(_, link)| link.try_send(message.clone()).is_ok());
            if sent == Some(false) {
                warn!(%worker, "cut off: it does not take its messages");
                self.links.remove(worker);
            }
        }
    }

    /// After a failed commit and a pause: reads the farm back. Until that works everything is refused.
    fn mend(&mut self) {
        let Some((until, _)) = &self.broken else { return };
        if self.clock.now() < *until {
            return;
        }
        match self.load() {
            Ok(()) => {
                info!("the store answers again");
                self.broken = None;
            }
            Err(error) => {
                error!(%error, "the farm cannot be read back yet");
                let until = self.clock.now().plus_millis(STORE_PAUSE_MILLIS);
                self.broken = Some((until, EngineError::Store(error.to_string())));
            }
        }
    }

    /// A checkpoint that fails costs nothing but a longer start: the journal still holds everything.
    fn write_checkpoint(&mut self) {
        if self.broken.is_some() || self.records_since_checkpoint == 0 {
            return;
        }
        match self.store.checkpoint(&checkpoint(&self.farm)) {
            Ok(()) => self.records_since_checkpoint = 0,
            Err(error) => {
                warn!(%error, "no checkpoint was written");
                self.records_since_checkpoint = 1;
            }
        }
    }
}

#[cfg(test)]
mod tests;
