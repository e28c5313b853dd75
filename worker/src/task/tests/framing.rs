//! Plan tasks: a track out of findings and of what was set by hand, with the pictures of it.

use shotfarm_shared::track::Track;
use shotfarm_shared::work::FindingsReceipt;

use super::*;
use crate::reframe::findings::Full;
use crate::reframe::{Cell, Findings, Look, Seen};

/// Findings of a whole shot in which nothing was found, as one blob.
fn findings(bench: &Bench, facts: &MediaFacts, bytes: Option<&[u8]>) -> Vec<FindingsReceipt> {
    let look = Look::of(facts.layout.extent, facts.rate, facts.frames);
    let sides = (look.picture.width + look.picture.height) as usize;
    let seen = (0..facts.frames).map(|frame| {
        let cells = vec![90; look.cells() * size_of::<Cell>()];
        let full = look.is_seen(frame).then(|| Full { cells, brightest: vec![200; sides], faces: None });
        Seen { frame, change: 0.0, residual: 0.0, histogram: 0.0, full }
    });
    let range = FrameRange::new(0, facts.frames);
    let written = Findings { look, range, seen: seen.collect() }.write();
    let bytes = bytes.unwrap_or(&written);
    vec![FindingsReceipt { range, bytes: bytes.len() as u64, digest: bench.blob(bytes) }]
}

#[test]
fn a_plan_gives_a_track_and_pictures_of_it() {
    let bench = bench();
    let source = bench.clip("64x36", 12);
    let facts = bench.facts(source);
    let key = bench.blob(br#"{"track":1,"keys":[{"frame":5,"x":40}]}"#);
    let work = Work::Plan { facts: facts.clone(), findings: findings(&bench, &facts, None) };
    let done = match bench.run(source, &format!("reframe 9:16 track={key}"), work) {
        Ended::Done(done) => *done,
        other => panic!("{other:?}"),
    };
    let TaskResult::Plan(planned) = &done else { panic!("{done:?}") };
    assert_eq!(planned.check(12), Ok(()));
    assert_eq!(planned.told.len(), 1, "{:?}", planned.told);
    let suffixes: Vec<&str> = planned.extras.iter().map(|extra| extra.suffix.as_str()).collect();
    assert_eq!(suffixes, [".track.json", ".sheet.png", ".overlay.mp4"]);
    for (digest, bytes) in done.blobs() {
        let stored = bench.farm.path(digest).unwrap().expect("it is stored");
        assert_eq!(fs::metadata(stored).unwrap().len(), bytes);
    }
    let track = fs::read(bench.farm.path(planned.track).unwrap().expect("the track is stored")).unwrap();
    let track = Track::read(&track).expect("a track");
    let (x, _) = track.placement(5, track.target.expect("it is told")).expect("every frame").first.window.centre();
    assert!((x - 40.0).abs() < 0.01 && track.shot == "nine5/ep01/sh0010", "{x}");
    bench.assert_tidy();
}

#[test]
fn what_is_set_wrong_by_hand_is_the_jobs_fault_and_bad_findings_a_workers() {
    let bench = bench();
    let source = bench.clip("64x36", 4);
    let facts = bench.facts(source);
    let plan = |steps: &str, found: Option<&[u8]>| {
        let work = Work::Plan { facts: facts.clone(), findings: findings(&bench, &facts, found) };
        failure(bench.run(source, steps, work))
    };
    let late = bench.blob(br#"{"track":1,"keys":[{"frame":5,"x":40}]}"#);
    let told = plan(&format!("reframe 9:16 track={late}"), None);
    assert_eq!((told.class, told.message.contains("`keys[0].frame`: 5 is not in the shot")), (FailureClass::Job, true), "{told}");
    let text = bench.blob(b"my track");
    let told = plan(&format!("reframe 9:16 track={text}"), None);
    assert_eq!((told.class, told.message.contains("cannot be read")), (FailureClass::Job, true), "{told}");
    let gone = Digest::of(b"never uploaded");
    let told = plan(&format!("reframe 9:16 track={gone}"), None);
    assert_eq!((told.class, told.message.contains("hand the shot in again")), (FailureClass::Job, true), "{told}");
    let told = plan("reframe 9:16", Some(b"nothing"));
    assert_eq!((told.class, told.message.contains("the findings cannot be read")), (FailureClass::Worker, true), "{told}");
    bench.assert_tidy();
}
