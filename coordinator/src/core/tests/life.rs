//! The life of a batch step by step: leases, results, failures, people's commands.

use super::*;

#[test]
fn a_batch_goes_through() {
    let mut world = World::new();
    world.submit(2);
    world.join(worker(1), 1);
    // Two probes; the first shot is then cut for the one worker, 100 frames into 48 + 52.
    assert_eq!(world.work_off(worker(1), 100), 2 + 2 + 1 + 2 + 1);
    assert_eq!(world.states(), ["succeeded", "succeeded"]);
    world.restart();
}

#[test]
fn the_same_token_is_the_same_batch() {
    let mut world = World::new();
    let batch = world.submit(2);
    let again =
        |shots: Vec<Shot>| Command::Submit { batch: BatchId(Uuid::from_u128(200)), token: "t".into(), name: "x".into(), shots };
    let reply = world.run(again(vec![shot(0), shot(1)]));
    assert!(matches!(reply, Reply::Submitted { batch: known, known: true, .. } if known == batch));
    let reply = world.run(again(vec![shot(7)]));
    assert_eq!(reply, Reply::Refused(Refusal::TokenReused("t".into(), batch)));
    assert_eq!(world.farm.jobs().count(), 2);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let mut world = World::new();
    for shots in [vec![], vec![shot(1), shot(2), shot(1)]] {
        let reply = world.run(Command::Submit { batch: BatchId(Uuid::nil()), token: "u".into(), name: "x".into(), shots });
        assert!(matches!(reply, Reply::Refused(_)));
    }
    assert_eq!((world.farm.jobs().count(), world.journal.len()), (0, 0));
}

#[test]
fn a_silent_worker_loses_its_lease_and_its_late_result_changes_nothing() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let first = world.take(worker(1)).expect("the probe");
    world.wait(LEASE_MILLIS);
    world.join(worker(2), 2);
    let second = world.take(worker(2)).expect("the probe again");
    assert_eq!(second.lease.task, first.lease.task);
    assert!(second.lease.attempt > first.lease.attempt);
    assert_eq!(world.stops, [(worker(1), first.lease)]);

    let stale = TaskResult::Facts(facts(7));
    world.run(Command::Done { worker: worker(1), lease: first.lease, result: stale, blob_is_stored: true });
    assert_eq!(world.settled, [first.lease], "the stale result may be forgotten");
    world.finish(worker(2), &second, 48);
    assert_eq!(world.farm.jobs().next().and_then(|(_, job)| job.facts.clone()).map(|facts| facts.frames), Some(48));
}

#[test]
fn a_lost_lease_that_nobody_took_is_given_back() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.wait(LEASE_MILLIS);
    world.stops.clear();
    // It was only cut off: it names the lease again and goes on.
    world.beat(worker(1), &[probe.lease]);
    assert!(world.stops.is_empty());
    world.wait(LEASE_MILLIS);
    // It died; a new process of the same worker brings the result from the outbox.
    let result = answer(&probe, 48);
    world.run(Command::Done { worker: worker(7), lease: probe.lease, result, blob_is_stored: true });
    assert_eq!(world.farm.jobs().next().and_then(|(_, job)| job.facts.clone()).map(|facts| facts.frames), Some(48));
    world.restart();
}

#[test]
fn nothing_is_cancelled_by_a_variable_that_was_not_set() {
    let mut world = World::new();
    let batch = world.submit(2);
    assert!(matches!(world.run(Command::Cancel { selection: " ".into() }), Reply::Refused(Refusal::Unknown(_))));
    let digits = batch.0.simple().to_string();
    assert_eq!(world.farm.select_jobs(&batch.to_string()).len(), 2);
    assert_eq!(world.farm.select_jobs(&digits[24..]).len(), 2);
    assert!(world.farm.select_jobs(&digits[..8]).is_empty(), "batches of one day share their first digits");
}

#[test]
fn a_drain_that_a_broken_stream_lost_is_said_again() {
    let mut world = World::new();
    world.join(worker(1), 1);
    world.run(Command::Leave { worker: worker(1), session: Session(1) });
    world.run(Command::Drain { worker: "w1".into() });
    world.drains = 0;
    world.join(worker(1), 2);
    assert_eq!(world.drains, 1);
    world.run(Command::Leave { worker: worker(1), session: Session(2) });
    assert_eq!(world.farm.workers().count(), 0, "a worker that left in good order is not shown as lost");
}

#[test]
fn a_beat_renews_only_what_it_names() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let named = world.take(worker(1)).expect("the probe");
    for _ in 0..10 {
        world.wait(LEASE_MILLIS / 2);
        world.beat(worker(1), &[named.lease]);
    }
    assert!(world.take(worker(1)).is_none(), "the lease held all the while");
    for _ in 0..2 {
        world.wait(LEASE_MILLIS / 2);
        world.run(Command::Beat { worker: worker(1), leases: Vec::new(), free_slots: 0, draining: false });
    }
    assert_eq!(world.stops, [(worker(1), named.lease)], "a beat without its name did not renew it");
}

#[test]
fn a_restart_keeps_running_work_for_a_worker_that_comes_back() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.restart();
    world.join(worker(1), 2);
    world.beat(worker(1), &[probe.lease]);
    assert!(world.stops.is_empty() && world.take(worker(1)).is_none());
    world.finish(worker(1), &probe, 48);
    assert!(world.take(worker(1)).is_some(), "the render follows");
}

#[test]
fn a_broken_stream_shortens_the_lease_and_an_old_stream_ends_nothing() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.join(worker(1), 2);
    world.run(Command::Leave { worker: worker(1), session: Session(1) });
    world.wait(RECONNECT_GRACE_MILLIS);
    assert!(world.stops.is_empty(), "the newer stream is there");
    world.run(Command::Leave { worker: worker(1), session: Session(2) });
    world.wait(RECONNECT_GRACE_MILLIS);
    assert_eq!(world.stops, [(worker(1), probe.lease)]);
}

#[test]
fn the_jobs_own_fault_fails_it_after_two_attempts() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    world.join(worker(2), 2);
    for _ in 0..2 {
        let (id, probe) = [worker(1), worker(2)]
            .into_iter()
            .find_map(|id| world.take(id).map(|probe| (id, probe)))
            .expect("the probe is with one of them");
        world.run(Command::Fail { worker: id, lease: probe.lease, failure: Failure::job("sh0000.mp4 is a text file") });
    }
    let job = world.farm.jobs().next().map(|(_, job)| job.clone()).expect("one job");
    assert_eq!(job.state, JobState::Failed(Failure::job("sh0000.mp4 is a text file")));
    assert_eq!(job.tasks[0].failed_on.len(), 2, "the second attempt went to the other worker");
    world.restart();

    world.run(Command::Retry { selection: "nine5/ep01".into() });
    assert_eq!(world.states(), ["queued"]);
}

#[test]
fn faults_of_the_environment_back_off_and_end_in_the_end() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let mut attempts = 0;
    while world.states() != ["failed"] {
        if let Some(probe) = world.take(worker(1)) {
            attempts += 1;
            world.run(Command::Fail { worker: worker(1), lease: probe.lease, failure: Failure::environment("no space left") });
            world.beat(worker(1), &[]);
            assert!(world.take(worker(1)).is_none(), "it rests first");
        }
        world.wait(1_000);
        world.beat(worker(1), &[]);
        assert!(world.now.0 < 10_000_000, "it ends within a bound");
    }
    assert_eq!(attempts, ATTEMPTS_MAX);
}

#[test]
fn cancelling_is_final_and_retrying_keeps_what_is_finished() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.finish(worker(1), &probe, 100);
    let render = world.take(worker(1)).expect("the first render");
    world.finish(worker(1), &render, 100);
    let running = world.take(worker(1)).expect("the second render");
    world.run(Command::Cancel { selection: "nine5".into() });
    assert_eq!(world.stops, [(worker(1), running.lease)]);
    world.finish(worker(1), &running, 100);
    assert_eq!(world.states(), ["cancelled"]);
    assert!(world.take(worker(1)).is_none());

    world.run(Command::Retry { selection: "nine5".into() });
    assert_eq!(world.work_off(worker(1), 100), 2, "the second render and the assembly");
    assert_eq!(world.states(), ["succeeded"]);
}

#[test]
fn an_unsuitable_recipe_fails_when_the_source_is_known_and_again_when_retried() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    let mut found = facts(48);
    found.audio.push(AudioFacts { codec: "pcm_s16le".into(), sample_rate: 48_000, channels: 2, samples: 96_000 });
    let result = TaskResult::Facts(found);
    world.run(Command::Done { worker: worker(1), lease: probe.lease, result, blob_is_stored: true });
    for _ in 0..2 {
        let job = world.farm.jobs().next().map(|(_, job)| job.clone()).expect("one job");
        assert!(matches!(&job.state, JobState::Failed(failure) if failure.message.contains("use profile master-ffv1")));
        world.run(Command::Retry { selection: "nine5".into() });
    }
}

#[test]
fn a_result_that_does_not_fit_is_the_workers_fault() {
    let mut world = World::new();
    world.submit(1);
    world.join(worker(1), 1);
    let probe = world.take(worker(1)).expect("the probe");
    world.finish(worker(1), &probe, 48);
    let render = world.take(worker(1)).expect("the render");
    let TaskResult::Segment(mut receipt) = answer(&render, 48) else { panic!("a render returns a segment") };
    receipt.frames = 47;
    let result = TaskResult::Segment(receipt);
    world.run(Command::Done { worker: worker(1), lease: render.lease, result, blob_is_stored: true });
    world.join(worker(2), 2);
    let again = world.take(worker(2)).expect("another worker gets it");
    assert_eq!(again.lease.task, render.lease.task);
    let result = answer(&again, 48);
    world.run(Command::Done { worker: worker(2), lease: again.lease, result, blob_is_stored: false });
    assert_eq!(world.states(), ["running"], "a segment whose blob is missing is not taken");
    let log: Vec<String> = world.farm.jobs().flat_map(|(_, job)| job.log.clone()).map(|line| line.text).collect();
    assert!(log.iter().any(|line| line.contains("48 frames were asked for and 47 were counted")), "{log:?}");
}

#[test]
fn a_draining_worker_gets_nothing_more() {
    let mut world = World::new();
    world.join(worker(1), 1);
    assert_eq!(world.run(Command::Drain { worker: "w1".into() }), Reply::Changed { labels: vec!["w1".into()] });
    world.submit(1);
    world.beat(worker(1), &[]);
    assert!(world.take(worker(1)).is_none());
    assert!(matches!(world.run(Command::Drain { worker: "w9".into() }), Reply::Refused(Refusal::Unknown(_))));
}

#[test]
fn a_worker_of_another_protocol_is_refused_by_name() {
    let mut world = World::new();
    let hello = Hello {
        worker: worker(1),
        name: "old".into(),
        protocol: 0,
        engine: ENGINE_VERSION,
        device: String::new(),
        software: false,
        slots: 1,
        leases: Vec::new(),
    };
    let reply = world.run(Command::Join { hello, session: Session(1) });
    assert!(matches!(reply, Reply::Refused(Refusal::Incompatible(text)) if text.starts_with("worker old speaks protocol 0")));
}
