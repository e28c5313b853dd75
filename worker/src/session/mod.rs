//! The shell around the agent: clock, stream, task threads, outbox. It decides nothing: what happens goes in as events, and
//! what the agent says is done in order.

mod link;
mod tasks;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use shotfarm_proto::access::Secret;
use shotfarm_proto::convert::{FromWorker, ToWorker};
use shotfarm_shared::work::LeaseId;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::link::{LinkEvent, Report};
use self::tasks::Tasks;
use crate::agent::{Action, Agent, Disconnect, Ended, Event, Exit};
use crate::outbox::Outbox;
use crate::task::Context;

/// How long tasks that were told to stop may take to end before the worker leaves anyway.
const LEAVE_MILLIS_MAX: u64 = 5_000;
/// How long the last messages may take to leave. Whatever they say is said again by the outbox or by silence.
const GOODBYE_MILLIS_MAX: u64 = 1_000;

/// What an operator asks of a running worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Finish what runs, take nothing more, leave.
    Drain,
    /// Leave now.
    Stop,
}

/// A worker's life between its start and its end.
pub(crate) struct Session {
    agent: Agent,
    outbox: Outbox,
    farm_url: String,
    secret: Secret,
    started: Instant,
    tasks: Tasks,
    ended: mpsc::UnboundedReceiver<(LeaseId, Ended)>,
    link: Option<JoinHandle<()>>,
    /// Which connection is the current one; reports about earlier ones are not listened to.
    link_number: u64,
    outbound: Option<mpsc::Sender<FromWorker>>,
    reports: mpsc::Sender<Report>,
    reported: mpsc::Receiver<Report>,
    /// What happened and has not been told to the agent.
    pending: VecDeque<Event>,
    /// The last sentence logged about the connection, so that each is logged once.
    last_sentence: String,
}

impl Session {
    pub(crate) fn new(agent: Agent, outbox: Outbox, context: Arc<Context>, farm_url: &str, secret: &Secret) -> Self {
        let (ended_in, ended) = mpsc::unbounded_channel();
        let (reports, reported) = mpsc::channel(link::INBOUND_MAX);
        Self {
            agent,
            outbox,
            farm_url: farm_url.to_owned(),
            secret: secret.clone(),
            started: Instant::now(),
            tasks: Tasks::new(context, ended_in),
            ended,
            link: None,
            link_number: 0,
            outbound: None,
            reports,
            reported,
            pending: VecDeque::from([Event::Tick]),
            last_sentence: String::new(),
        }
    }

    /// Runs until the agent leaves.
    pub(crate) async fn run(mut self, mut asks: mpsc::Receiver<Ask>) -> Exit {
        let mut leave_by = None;
        let exit = loop {
            if let Some(exit) = self.tell_pending() {
                break exit;
            }
            let due = self.started + Duration::from_millis(self.agent.due_millis().min(self.now_millis() + 60_000));
            tokio::select! {
                Some(report) = self.reported.recv() => self.on_report(report),
                Some((lease, ended)) = self.ended.recv() => {
                    self.tell_progress();
                    self.tasks.forget(lease);
                    self.pending.push_back(Event::Ended(lease, ended));
                }
                Some(ask) = asks.recv() => {
                    if ask == Ask::Stop {
                        leave_by.get_or_insert(Instant::now() + Duration::from_millis(LEAVE_MILLIS_MAX));
                    }
                    self.on_ask(ask);
                }
                () = tokio::time::sleep_until(due.into()) => {
                    self.tell_progress();
                    self.pending.push_back(Event::Tick);
                }
                () = sleep_until(leave_by) => {
                    tracing::warn!("a task did not end in time after it was told to stop; the worker leaves without it");
                    break Exit::Stopped;
                }
            }
        };
        self.say_goodbye().await;
        exit
    }

    fn now_millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Tells the agent everything that has happened and does what it says.
    fn tell_pending(&mut self) -> Option<Exit> {
        while let Some(event) = self.pending.pop_front() {
            let now = self.now_millis();
            for action in self.agent.step(event, now) {
                if let Action::Exit(exit) = action {
                    return Some(exit);
                }
                self.perform(action);
            }
        }
        None
    }

    fn tell_progress(&mut self) {
        let progress = self.agent.running().filter_map(|lease| Some(Event::Progressed(lease, self.tasks.progress(lease)?)));
        self.pending.extend(progress);
    }

    fn perform(&mut self, action: Action) {
        match action {
            Action::Connect => self.connect(),
            Action::Send(message) => self.send(message),
            Action::Start(assignment) => self.tasks.start(assignment),
            Action::Cancel(lease) => self.tasks.cancel(lease),
            Action::Persist(lease, outcome) => {
                if let Err(error) = self.outbox.persist(lease, &outcome) {
                    // It is still in memory and is sent; only a crash of this process before it is settled loses it.
                    tracing::warn!(attempt = lease.attempt.0, %error, "a result could not be written to the outbox");
                }
            }
            Action::Forget(lease) => {
                if let Err(error) = self.outbox.forget(lease) {
                    tracing::warn!(attempt = lease.attempt.0, %error, "a settled result could not be removed from the outbox");
                }
            }
            Action::Exit(_) => {}
        }
    }

    fn connect(&mut self) {
        self.hang_up();
        let keep = link::keep(self.link_number, self.farm_url.clone(), self.secret.clone(), self.reports.clone());
        self.link = Some(tokio::spawn(keep));
    }

    /// Ends the current connection; what is still reported about it is not listened to.
    fn hang_up(&mut self) {
        self.link_number += 1;
        self.outbound = None;
        if let Some(link) = self.link.take() {
            link.abort();
        }
    }

    fn send(&mut self, message: FromWorker) {
        let Some(outbound) = &self.outbound else { return };
        if outbound.try_send(message).is_err() {
            self.hang_up();
            let sentence = format!("the farm at {} does not take what this worker says", self.farm_url);
            self.lost_touch(Disconnect { sentence, refused: false });
        }
    }

    fn on_report(&mut self, (number, event): Report) {
        if number != self.link_number {
            return;
        }
        match event {
            LinkEvent::Opened(outbound) => {
                self.outbound = Some(outbound);
                self.pending.push_back(Event::Connected);
            }
            LinkEvent::Message(message) => {
                self.note(&message);
                self.pending.push_back(Event::Received(message));
            }
            LinkEvent::Closed(disconnect) => {
                self.outbound = None;
                self.lost_touch(disconnect);
            }
        }
    }

    fn lost_touch(&mut self, disconnect: Disconnect) {
        if self.last_sentence != disconnect.sentence {
            tracing::warn!("{}; trying again", disconnect.sentence);
            self.last_sentence.clone_from(&disconnect.sentence);
        }
        self.pending.push_back(Event::Disconnected(disconnect));
    }

    fn note(&mut self, message: &ToWorker) {
        match message {
            ToWorker::Welcome { farm } => {
                tracing::info!(farm, url = self.farm_url, "joined the farm");
                self.last_sentence.clear();
            }
            // Of a lease that was settled a moment ago the coordinator says the same; that is no news.
            ToWorker::Stop(lease, reason) if self.agent.running().any(|running| running == *lease) => {
                tracing::info!(attempt = lease.attempt.0, reason, "the coordinator stopped a task");
            }
            ToWorker::Drain => tracing::info!("the coordinator asked this worker to finish and leave"),
            ToWorker::Stop(..) | ToWorker::Grant(_) | ToWorker::Settled(_) => {}
        }
    }

    fn on_ask(&mut self, ask: Ask) {
        self.pending.push_back(match ask {
            Ask::Drain => {
                tracing::info!("finishing what runs, then leaving; ask again to leave at once");
                Event::DrainAsked
            }
            Ask::Stop => {
                tracing::info!("leaving at once");
                Event::StopAsked
            }
        });
    }

    /// Lets the last messages leave and the farm see the end of the stream.
    async fn say_goodbye(&mut self) {
        self.outbound = None;
        let Some(mut link) = self.link.take() else { return };
        let all_said = async {
            loop {
                tokio::select! {
                    // Its reports must be taken, or it would wait for us.
                    Some(_) = self.reported.recv() => {}
                    _ = &mut link => break,
                }
            }
        };
        if tokio::time::timeout(Duration::from_millis(GOODBYE_MILLIS_MAX), all_said).await.is_err() {
            link.abort();
        }
    }
}

async fn sleep_until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}
