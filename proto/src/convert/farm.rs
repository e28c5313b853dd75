//! What workers and coordinator say to each other.

use shotfarm_shared::failure::Failure;
use shotfarm_shared::ids::{Attempt, WorkerId};
use shotfarm_shared::label::Label;
use shotfarm_shared::work::{Assignment, LeaseId, TaskResult, Work};

use super::{InvalidMessage, parse, required};
use crate::v1;

/// A worker introduces itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hello {
    /// The process.
    pub worker: WorkerId,
    /// Its name for people.
    pub name: String,
    /// The protocol it speaks.
    pub protocol: u32,
    /// Its picture arithmetic.
    pub engine: u32,
    /// The GPU's own name.
    pub device: String,
    /// Whether that is a software device.
    pub software: bool,
    /// Tasks it takes at a time.
    pub slots: u32,
    /// What it is still working on.
    pub leases: Vec<LeaseProgress>,
}

/// How far a lease has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeaseProgress {
    /// The lease.
    pub lease: LeaseId,
    /// Frames finished.
    pub frames_done: u64,
}

/// From a worker to the coordinator.
#[derive(Clone, Debug, PartialEq)]
pub enum FromWorker {
    /// First on every stream.
    Hello(Hello),
    /// Renews the leases it names and says how many more are wanted.
    Beat {
        /// Every lease held.
        leases: Vec<LeaseProgress>,
        /// Tasks that could start now.
        free_slots: u32,
        /// Whether nothing more is wanted.
        draining: bool,
    },
    /// A result; repeated until settled.
    Done(LeaseId, TaskResult),
    /// A failure; repeated until settled.
    Failed(LeaseId, Failure),
}

/// From the coordinator to a worker.
#[derive(Clone, Debug, PartialEq)]
pub enum ToWorker {
    /// The answer to `Hello`.
    Welcome {
        /// The farm's name.
        farm: String,
    },
    /// A lease.
    Grant(Box<Assignment>),
    /// The result or failure of this lease is durable, or no longer wanted.
    Settled(LeaseId),
    /// This lease is over.
    Stop(LeaseId, String),
    /// Take nothing more, finish, leave.
    Drain,
}

impl From<LeaseId> for v1::TaskRef {
    fn from(lease: LeaseId) -> Self {
        Self { task: lease.task.to_string(), attempt: lease.attempt.0 }
    }
}

impl TryFrom<v1::TaskRef> for LeaseId {
    type Error = InvalidMessage;

    fn try_from(message: v1::TaskRef) -> Result<Self, InvalidMessage> {
        Ok(Self { task: parse("task", &message.task)?, attempt: Attempt(message.attempt) })
    }
}

fn lease(message: Option<v1::TaskRef>) -> Result<LeaseId, InvalidMessage> {
    required("task", message)?.try_into()
}

fn leases(messages: Vec<v1::Lease>) -> Result<Vec<LeaseProgress>, InvalidMessage> {
    let progress = |message: v1::Lease| Ok(LeaseProgress { lease: lease(message.task)?, frames_done: message.frames_done });
    messages.into_iter().map(progress).collect()
}

fn lease_messages(leases: &[LeaseProgress]) -> Vec<v1::Lease> {
    leases.iter().map(|lease| v1::Lease { task: Some(lease.lease.into()), frames_done: lease.frames_done }).collect()
}

impl From<&Hello> for v1::Hello {
    fn from(hello: &Hello) -> Self {
        Self {
            worker: hello.worker.to_string(),
            name: hello.name.clone(),
            protocol: hello.protocol,
            device: hello.device.clone(),
            software: hello.software,
            slots: hello.slots,
            leases: lease_messages(&hello.leases),
            engine: hello.engine,
        }
    }
}

impl TryFrom<v1::Hello> for Hello {
    type Error = InvalidMessage;

    fn try_from(message: v1::Hello) -> Result<Self, InvalidMessage> {
        Ok(Self {
            worker: parse("worker", &message.worker)?,
            name: message.name,
            protocol: message.protocol,
            engine: message.engine,
            device: message.device,
            software: message.software,
            slots: message.slots,
            leases: leases(message.leases)?,
        })
    }
}

impl From<&FromWorker> for v1::FromWorker {
    fn from(message: &FromWorker) -> Self {
        use v1::from_worker::Kind;
        let kind = match message {
            FromWorker::Hello(hello) => Kind::Hello(hello.into()),
            FromWorker::Beat { leases, free_slots, draining } => {
                Kind::Beat(v1::Beat { leases: lease_messages(leases), free_slots: *free_slots, draining: *draining })
            }
            FromWorker::Done(lease, result) => {
                let result = match result {
                    TaskResult::Facts(facts) => v1::done::Result::Facts(facts.into()),
                    TaskResult::Findings(found) => v1::done::Result::Findings(found.into()),
                    TaskResult::Plan(planned) => v1::done::Result::Planned(planned.into()),
                    TaskResult::Segment(receipt) => v1::done::Result::Receipt(receipt.into()),
                    TaskResult::Output(output) => v1::done::Result::Output(output.into()),
                };
                Kind::Done(v1::Done { task: Some((*lease).into()), result: Some(result) })
            }
            FromWorker::Failed(lease, failure) => {
                Kind::Failed(v1::Failed { task: Some((*lease).into()), failure: Some(failure.into()) })
            }
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<v1::FromWorker> for FromWorker {
    type Error = InvalidMessage;

    fn try_from(message: v1::FromWorker) -> Result<Self, InvalidMessage> {
        use v1::from_worker::Kind;
        match required("kind", message.kind)? {
            Kind::Hello(hello) => hello.try_into().map(Self::Hello).map_err(|error: InvalidMessage| error.within("hello")),
            Kind::Beat(beat) => {
                let leases = leases(beat.leases).map_err(|error| error.within("beat.leases"))?;
                Ok(Self::Beat { leases, free_slots: beat.free_slots, draining: beat.draining })
            }
            Kind::Done(done) => {
                let lease = lease(done.task).map_err(|error| error.within("done"))?;
                result(required("done.result", done.result)?)
                    .map(|result| Self::Done(lease, result))
                    .map_err(|error| error.within("done.result"))
            }
            Kind::Failed(failed) => {
                let lease = lease(failed.task).map_err(|error| error.within("failed"))?;
                let failure = required("failed.failure", failed.failure)?.try_into();
                failure.map(|failure| Self::Failed(lease, failure)).map_err(|error: InvalidMessage| error.within("failed"))
            }
        }
    }
}

fn result(message: v1::done::Result) -> Result<TaskResult, InvalidMessage> {
    match message {
        v1::done::Result::Facts(facts) => facts.try_into().map(TaskResult::Facts),
        v1::done::Result::Findings(found) => found.try_into().map(TaskResult::Findings),
        v1::done::Result::Planned(planned) => planned.try_into().map(TaskResult::Plan),
        v1::done::Result::Receipt(receipt) => receipt.try_into().map(TaskResult::Segment),
        v1::done::Result::Output(output) => output.try_into().map(TaskResult::Output),
    }
}

impl From<&ToWorker> for v1::ToWorker {
    fn from(message: &ToWorker) -> Self {
        use v1::to_worker::Kind;
        let kind = match message {
            ToWorker::Welcome { farm } => Kind::Welcome(v1::Welcome { farm: farm.clone() }),
            ToWorker::Grant(assignment) => Kind::Grant((&**assignment).into()),
            ToWorker::Settled(lease) => Kind::Settled(v1::Settled { task: Some((*lease).into()) }),
            ToWorker::Stop(lease, reason) => Kind::Stop(v1::Stop { task: Some((*lease).into()), reason: reason.clone() }),
            ToWorker::Drain => Kind::Drain(v1::Drain {}),
        };
        Self { kind: Some(kind) }
    }
}

impl TryFrom<v1::ToWorker> for ToWorker {
    type Error = InvalidMessage;

    fn try_from(message: v1::ToWorker) -> Result<Self, InvalidMessage> {
        use v1::to_worker::Kind;
        match required("kind", message.kind)? {
            Kind::Welcome(welcome) => Ok(Self::Welcome { farm: welcome.farm }),
            Kind::Grant(grant) => Assignment::try_from(grant)
                .map(|assignment| Self::Grant(Box::new(assignment)))
                .map_err(|error| error.within("grant")),
            Kind::Settled(settled) => lease(settled.task).map(Self::Settled).map_err(|error| error.within("settled")),
            Kind::Stop(stop) => {
                lease(stop.task).map(|lease| Self::Stop(lease, stop.reason)).map_err(|error| error.within("stop"))
            }
            Kind::Drain(v1::Drain {}) => Ok(Self::Drain),
        }
    }
}

impl From<&Assignment> for v1::Grant {
    fn from(assignment: &Assignment) -> Self {
        let work = match &assignment.work {
            Work::Probe => v1::grant::Work::Probe(v1::Probe {}),
            Work::Analyse { facts, range, models } => v1::grant::Work::Analyse(v1::Analyse {
                facts: Some(facts.into()),
                range: Some((*range).into()),
                models: models.iter().map(Into::into).collect(),
            }),
            Work::Plan { facts, findings } => {
                v1::grant::Work::Plan(v1::Plan { facts: Some(facts.into()), findings: findings.iter().map(Into::into).collect() })
            }
            Work::Render { facts, range, models, track } => v1::grant::Work::Render(v1::Render {
                facts: Some(facts.into()),
                range: Some((*range).into()),
                models: models.iter().map(Into::into).collect(),
                track: track.as_ref().map(ToString::to_string),
            }),
            Work::Assemble { facts, segments } => v1::grant::Work::Assemble(v1::Assemble {
                facts: Some(facts.into()),
                segments: segments.iter().map(Into::into).collect(),
            }),
        };
        Self {
            task: Some(assignment.lease.into()),
            label: assignment.label.to_string(),
            source: assignment.source.to_string(),
            recipe: Some((&assignment.recipe).into()),
            work: Some(work),
        }
    }
}

impl TryFrom<v1::Grant> for Assignment {
    type Error = InvalidMessage;

    fn try_from(message: v1::Grant) -> Result<Self, InvalidMessage> {
        let work = match required("work", message.work)? {
            v1::grant::Work::Probe(v1::Probe {}) => Work::Probe,
            v1::grant::Work::Render(render) => Work::Render {
                facts: required("render.facts", render.facts)?.try_into()?,
                range: required("render.range", render.range)?.try_into()?,
                models: render.models.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
                track: render.track.map(|track| parse("render.track", &track)).transpose()?,
            },
            v1::grant::Work::Analyse(analyse) => Work::Analyse {
                facts: required("analyse.facts", analyse.facts)?.try_into()?,
                range: required("analyse.range", analyse.range)?.try_into()?,
                models: analyse.models.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
            v1::grant::Work::Plan(plan) => Work::Plan {
                facts: required("plan.facts", plan.facts)?.try_into()?,
                findings: plan.findings.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
            v1::grant::Work::Assemble(assemble) => Work::Assemble {
                facts: required("assemble.facts", assemble.facts)?.try_into()?,
                segments: assemble.segments.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?,
            },
        };
        Ok(Self {
            lease: lease(message.task)?,
            label: parse::<Label>("label", &message.label)?,
            source: parse("source", &message.source)?,
            recipe: required("recipe", message.recipe)?.try_into()?,
            work,
        })
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::digest::Digest;
    use shotfarm_shared::frames::FrameRange;
    use shotfarm_shared::ids::{JobId, TaskId};
    use shotfarm_shared::model::ModelFiles;
    use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
    use shotfarm_shared::work::{Extra, FindingsReceipt, Planned};
    use uuid::Uuid;

    use super::*;

    fn lease_id() -> LeaseId {
        LeaseId { task: TaskId { job: JobId(Uuid::from_u128(5)), number: 3 }, attempt: Attempt(77) }
    }

    #[test]
    fn what_a_worker_says_survives_the_wire() {
        let progress = LeaseProgress { lease: lease_id(), frames_done: 9 };
        let messages = [
            FromWorker::Hello(Hello {
                worker: WorkerId(Uuid::from_u128(1)),
                name: "gpu-1".into(),
                protocol: crate::version::PROTOCOL,
                engine: 1,
                device: "llvmpipe".into(),
                software: true,
                slots: 1,
                leases: vec![progress],
            }),
            FromWorker::Beat { leases: vec![progress], free_slots: 2, draining: true },
            FromWorker::Done(
                lease_id(),
                TaskResult::Findings(FindingsReceipt { range: FrameRange::new(48, 96), bytes: 7, digest: Digest::of(b"found") }),
            ),
            FromWorker::Done(
                lease_id(),
                TaskResult::Plan(Planned {
                    frames: 96,
                    track: Digest::of(b"track"),
                    told: vec!["frames 0..96 steady".into()],
                    extras: vec![Extra { suffix: ".track.json".into(), bytes: 5, digest: Digest::of(b"track") }],
                }),
            ),
            FromWorker::Failed(lease_id(), Failure::environment("no space left on the scratch disk")),
        ];
        for message in messages {
            assert_eq!(FromWorker::try_from(v1::FromWorker::from(&message)), Ok(message));
        }
    }

    #[test]
    fn what_the_coordinator_says_survives_the_wire() {
        let facts = crate::convert::facts::tests::facts();
        let (param, bin) = (Digest::of(b"param"), Digest::of(b"bin"));
        let found = FindingsReceipt { range: FrameRange::new(0, 48), bytes: 9, digest: Digest::of(b"found") };
        let models = [ModelFiles::Onnx { file: Digest::of(b"net") }, ModelFiles::Ncnn { param, bin }];
        for work in [
            Work::Probe,
            Work::Analyse { facts: facts.clone(), range: FrameRange::new(0, 48), models: models.to_vec() },
            Work::Plan { facts: facts.clone(), findings: vec![found.clone()] },
            Work::Render {
                facts: facts.clone(),
                range: FrameRange::new(0, 48),
                models: models.to_vec(),
                track: Some(Digest::of(b"track")),
            },
            Work::Assemble { facts, segments: Vec::new() },
        ] {
            let message = ToWorker::Grant(Box::new(Assignment {
                lease: lease_id(),
                label: "a/b/c".parse().expect("a label"),
                source: Digest::of(b"s"),
                recipe: Recipe { steps: read_steps("upscale 2x").expect("a step"), profile: Profile::Review },
                work,
            }));
            assert_eq!(ToWorker::try_from(v1::ToWorker::from(&message)), Ok(message));
        }
        for message in [ToWorker::Drain, ToWorker::Settled(lease_id()), ToWorker::Stop(lease_id(), "cancelled".into())] {
            assert_eq!(ToWorker::try_from(v1::ToWorker::from(&message)), Ok(message));
        }
    }

    #[test]
    fn an_empty_message_is_refused_by_field() {
        let error = FromWorker::try_from(v1::FromWorker { kind: None }).expect_err("empty");
        assert_eq!(error.to_string(), "field `kind`: missing");
        let beat = v1::Beat { leases: vec![v1::Lease { task: None, frames_done: 0 }], ..v1::Beat::default() };
        let error = FromWorker::try_from(v1::FromWorker { kind: Some(v1::from_worker::Kind::Beat(beat)) });
        assert_eq!(error.expect_err("no task").to_string(), "field `beat.leases.task`: missing");
    }
}
