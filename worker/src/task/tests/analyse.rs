//! Analyses done for real: in one range and in several, with a network and without, stopped, and on a device that fails.

use super::*;
use crate::net::families;
use crate::reframe::{Cell, Findings, Look};

const FRAMES: u64 = 60;
/// Any recipe that frames anew: what it aims at does not matter to an analysis.
const STEPS: &str = "reframe 9:16";

impl Bench {
    fn look(&self, source: Digest, steps: &str, facts: &MediaFacts, range: FrameRange, models: Vec<ModelFiles>) -> Ended {
        self.run(source, steps, Work::Analyse { facts: facts.clone(), range, models })
    }

    /// What was found, read back from its blob.
    fn findings(&self, ended: Ended) -> Findings {
        let Ended::Done(done) = ended else { panic!("{ended:?}") };
        let TaskResult::Findings(receipt) = *done else { panic!("{done:?}") };
        let bytes = fs::read(self.farm.path(receipt.digest).unwrap().expect("the findings are stored")).unwrap();
        assert_eq!(bytes.len() as u64, receipt.bytes);
        let found = Findings::read(&bytes).expect("whole");
        assert_eq!(found.range, receipt.range);
        found
    }

    /// The seeded detector, as a file of the farm, and a recipe that names it.
    fn detector(&self) -> (ModelFiles, String) {
        let file = self.blob(&families::face_detector(16, 7));
        (ModelFiles::Onnx { file }, format!("reframe 9:16 model=faces@{file}"))
    }
}

#[test]
fn findings_do_not_depend_on_how_a_shot_was_split() {
    let bench = bench();
    let source = bench.clip("160x96", FRAMES as u32);
    let facts = bench.facts(source);
    let (files, steps) = bench.detector();
    let found = |range| bench.findings(bench.look(source, &steps, &facts, range, vec![files]));
    let whole = found(FrameRange::new(0, FRAMES));
    assert_eq!(whole.look, Look::of(facts.layout.extent, facts.rate, FRAMES));
    let first = &whole.seen[0];
    assert_eq!((first.change, first.residual, first.histogram), (0.0, 0.0, 0.0), "nothing stands before the first frame");
    assert!(whole.seen[1..].iter().all(|seen| seen.change > 0.0 && seen.residual <= seen.change), "the shapes move");
    for seen in &whole.seen {
        let full = seen.full.as_ref();
        assert_eq!(full.is_some(), whole.look.is_seen(seen.frame));
        assert!(full.is_none_or(|full| full.faces.is_some()), "the detector looks at every frame that is seen in full");
    }
    // 7 is seen in full, 13 is not, and 25 begins a range that the frame before it does not belong to.
    let parts = [0, 7, 13, 25, FRAMES].windows(2).map(|ends| found(FrameRange::new(ends[0], ends[1]))).collect();
    assert_eq!(Findings::join(parts), Ok(whole));
    bench.assert_tidy();
}

#[test]
fn a_network_that_finds_no_faces_is_the_jobs_fault() {
    let bench = bench();
    let source = bench.clip("64x36", 4);
    let facts = bench.facts(source);
    let file = bench.blob(&families::srvgg(4, 1, 2, 1));
    let steps = format!("reframe 9:16 model=large@{file}");
    let ended = bench.look(source, &steps, &facts, FrameRange::new(0, 4), vec![ModelFiles::Onnx { file }]);
    let told = failure(ended);
    assert_eq!(told.class, FailureClass::Job);
    assert!(told.message.starts_with("model large@") && told.message.contains("no detector of faces"), "{told}");
    bench.assert_tidy();
}

#[test]
fn an_analysis_outlives_the_loss_of_its_gpu_and_a_lack_of_memory() {
    let bench = bench();
    let source = bench.clip("64x36", 6);
    let facts = bench.facts(source);
    let look = || bench.findings(bench.look(source, STEPS, &facts, FrameRange::new(0, 6), Vec::new()));
    let first = look();
    bench.gpu.run_out_of_memory();
    assert_eq!(look(), first);
    bench.gpu.destroy();
    assert_eq!(look(), first);
    bench.assert_tidy();
}

#[test]
fn a_cancelled_analysis_ends_and_says_nothing() {
    let bench = bench();
    let source = bench.clip("320x180", 480);
    let facts = bench.facts(source);
    let work = Work::Analyse { facts, range: FrameRange::new(0, 480), models: Vec::new() };
    let assignment = assignment(source, STEPS, work);
    let (cancel, progress) = (Cancel::new(), Progress::default());
    let ended = thread::scope(|scope| {
        let task = scope.spawn(|| run(&bench.context, &assignment, &cancel, &progress));
        let started = Instant::now();
        while progress.get() == 0 {
            assert!(started.elapsed() < PATIENCE && !task.is_finished(), "the analysis does not begin");
            thread::sleep(Duration::from_millis(2));
        }
        cancel.cancel();
        task.join().unwrap()
    });
    assert_eq!(ended, Ended::Cancelled);
    assert!(progress.get() < 400, "{} frames were looked at", progress.get());
    bench.assert_tidy();
}

/// One frame, and nothing in it.
#[test]
fn a_black_shot_is_looked_at_like_any_other() {
    let bench = bench();
    let path = bench.root.path().join("black.mp4");
    let made = Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", "color=black:size=64x36:rate=24"])
        .args(["-frames:v", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p"])
        .arg(&path)
        .status()
        .expect("ffmpeg is installed");
    assert!(made.success());
    let source = bench.farm.adopt(&path).unwrap();
    let facts = bench.facts(source);
    let found = bench.findings(bench.look(source, STEPS, &facts, FrameRange::new(0, 1), Vec::new()));
    let full = found.seen[0].full.as_ref().expect("the first frame is seen in full");
    let black = Cell { blue: 128, red: 128, ..Cell::default() };
    assert!(full.cells().iter().all(|cell| *cell == black), "{:?}", full.cells()[0]);
    assert!(full.brightest.iter().all(|luma| *luma == 0));
}
