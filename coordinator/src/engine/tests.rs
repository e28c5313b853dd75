//! The engine on a store that fails when told to.

use shotfarm_shared::digest::Digest;
use shotfarm_shared::ids::BatchId;
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::shot::{OutputName, Shot};
use uuid::Uuid;

use super::*;
use crate::store::MemoryDisk;

fn submit(token: &str) -> Command {
    let shot = Shot {
        label: "a/1/s1".parse().expect("a label"),
        source: Digest::of(b"clip"),
        source_name: "clip.mp4".into(),
        recipe: Recipe { steps: read_steps("upscale 2x").expect("a step"), profile: Profile::Review },
        output: OutputName::new("s1.mp4").expect("a name"),
    };
    Command::Submit { batch: BatchId(Uuid::now_v7()), token: token.into(), name: "ep.csv".into(), shots: vec![shot] }
}

fn start(disk: &MemoryDisk) -> (Engine, JoinHandle<()>) {
    Engine::start(Box::new(disk.open())).expect("a store that can be read")
}

fn hello(id: u128) -> Hello {
    Hello {
        worker: WorkerId(Uuid::from_u128(id)),
        name: "w".into(),
        protocol: shotfarm_proto::version::PROTOCOL,
        engine: shotfarm_shared::recipe::ENGINE_VERSION,
        device: String::new(),
        software: true,
        slots: 1,
        leases: Vec::new(),
    }
}

async fn jobs(engine: &Engine) -> usize {
    engine.read(|farm, _| farm.jobs().count()).await.expect("it runs")
}

#[tokio::test]
async fn what_could_not_be_stored_was_not_taken_and_a_store_that_recovers_is_used_again() {
    let disk = MemoryDisk::default();
    let (engine, thread) = start(&disk);
    assert!(matches!(engine.run(submit("one")).await, Ok(Reply::Submitted { known: false, .. })));

    let (link, mut messages) = mpsc::channel(LINK_MESSAGES_MAX);
    engine.join(hello(1), link).await.expect("it runs");
    assert!(matches!(messages.recv().await, Some(ToWorker::Welcome { .. })));

    disk.set_full(true);
    assert!(matches!(engine.run(submit("two")).await, Err(EngineError::DiskFull)));
    assert!(messages.recv().await.is_none(), "the worker's link is cut, so that it comes back to the farm as it stands");

    disk.set_full(false);
    let mut reply = engine.run(submit("two")).await;
    for _ in 0..100 {
        if reply.is_ok() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        reply = engine.run(submit("two")).await;
    }
    assert!(matches!(reply, Ok(Reply::Submitted { known: false, .. })), "the refused batch had left nothing behind: {reply:?}");
    assert_eq!(jobs(&engine).await, 2);
    engine.stop();
    thread.join().expect("the engine ends well");
    assert!(matches!(engine.run(submit("three")).await, Err(EngineError::Stopping)));
}

#[tokio::test]
async fn a_stopped_engine_leaves_a_checkpoint_that_the_next_one_starts_from() {
    let disk = MemoryDisk::default();
    let (engine, thread) = start(&disk);
    engine.run(submit("one")).await.expect("it is taken");
    engine.stop();
    thread.join().expect("the engine ends well");

    let loaded = disk.open().load().expect("it is whole");
    assert!(loaded.checkpoint.is_some() && loaded.records.is_empty());
    let (engine, _thread) = start(&disk);
    assert!(matches!(engine.run(submit("one")).await, Ok(Reply::Submitted { known: true, .. })));
    assert_eq!(jobs(&engine).await, 1);
}

#[tokio::test]
async fn a_worker_that_does_not_take_its_messages_is_cut_off() {
    let disk = MemoryDisk::default();
    let (engine, _thread) = start(&disk);
    let (link, mut messages) = mpsc::channel(1);
    engine.join(hello(1), link).await.expect("it runs");
    engine.run(Command::Drain { worker: "w".into() }).await.expect("it runs");
    assert!(matches!(messages.recv().await, Some(ToWorker::Welcome { .. })));
    assert!(messages.recv().await.is_none(), "the drain did not fit, so the link was cut");
}
