//! Tasks done for real: a generated clip through ffmpeg and software Vulkan, blobs in a local directory in the farm's place.

mod analyse;

use std::path::Path;
use std::process::Command;
use std::sync::atomic::AtomicU32;
use std::thread;
use std::time::{Duration, Instant};

use shotfarm_proto::blobs::{BlobDir, TransferError};
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::fidelity::Fidelity;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::ids::{Attempt, JobId, TaskId};
use shotfarm_shared::media::{Extent, MediaFacts};
use shotfarm_shared::model::ModelFiles;
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::segment::Receipt;
use shotfarm_shared::track::{Camera, Layout, Stretch, Track, Window};
use shotfarm_shared::work::{LeaseId, Output};
use tempfile::TempDir;
use uuid::Uuid;

use super::blobs::keep;
use super::*;
use crate::cache::BlobCache;
use crate::gpu::{Gpu, GpuChoice};
use crate::media::FrameDigests;
use crate::net::Models;

/// Far more than any of this takes; a hang is a failure, not a wait.
const PATIENCE: Duration = Duration::from_secs(120);

/// A directory in the farm's place, behind a real cache.
struct LocalBlobs {
    cache: BlobCache,
    farm: BlobDir,
    /// Set to 1 to let every fetch panic.
    panics: Arc<AtomicU32>,
}

impl BlobAccess for LocalBlobs {
    fn fetch(&self, digest: Digest, place: &Path, _: &Cancel) -> Result<(), TaskError> {
        assert_eq!(self.panics.load(Ordering::Relaxed), 0, "told to panic");
        let Some(there) = self.farm.path(digest)? else { return Err(TransferError::Missing { digest }.into()) };
        if !self.cache.borrow(digest, place)? {
            fs::copy(&there, place).map_err(ScratchError::io("copying", place))?;
            keep(&self.cache, place)?;
        }
        Ok(())
    }

    fn deliver(&self, file: &Path, _: &Cancel) -> Result<Digest, TaskError> {
        let digest = keep(&self.cache, file)?;
        let copy = file.with_extension("sent");
        fs::copy(file, &copy).map_err(ScratchError::io("copying", &copy))?;
        assert_eq!(self.farm.adopt(&copy)?, digest);
        Ok(digest)
    }

    fn make_room(&self, needed: &BTreeSet<Digest>) -> Result<(), TaskError> {
        self.cache.make_room(needed)?;
        Ok(())
    }
}

struct Bench {
    context: Context,
    farm: BlobDir,
    panics: Arc<AtomicU32>,
    root: TempDir,
    gpu: Gpu,
}

fn bench() -> Bench {
    let root = tempfile::tempdir().unwrap();
    let farm = BlobDir::open(root.path().join("farm")).unwrap();
    let cache = BlobCache::open(&root.path().join("blobs"), 1 << 30).unwrap();
    let panics = Arc::new(AtomicU32::new(0));
    let gpu = Gpu::open(GpuChoice::Software).expect("a software Vulkan device; install `mesa-vulkan-drivers`");
    let context = Context {
        tools: Tools::find().expect("ffmpeg"),
        devices: Devices::new(GpuChoice::Software, gpu.clone()),
        blobs: Box::new(LocalBlobs { cache, farm: farm.clone(), panics: Arc::clone(&panics) }),
        work: root.path().join("work"),
    };
    fs::create_dir_all(&context.work).unwrap();
    Bench { context, farm, panics, root, gpu }
}

impl Bench {
    /// A clip of moving shapes and a tone, as a blob of the farm.
    fn clip(&self, size: &str, frames: u32) -> Digest {
        let path = self.root.path().join("clip.mp4");
        let picture = format!("testsrc2=size={size}:rate=24");
        let made = Command::new("ffmpeg")
            .args(["-nostdin", "-hide_banner", "-loglevel", "error", "-y", "-f", "lavfi", "-i", &picture])
            .args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-frames:v", &frames.to_string()])
            .args(["-shortest", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac"])
            .arg(&path)
            .status()
            .expect("ffmpeg is installed");
        assert!(made.success());
        self.farm.adopt(&path).unwrap()
    }

    fn blob(&self, bytes: &[u8]) -> Digest {
        let path = self.root.path().join("blob");
        fs::write(&path, bytes).unwrap();
        self.farm.adopt(&path).unwrap()
    }

    fn run(&self, source: Digest, steps: &str, work: Work) -> Ended {
        run(&self.context, &assignment(source, steps, work), &Cancel::new(), &Progress::default())
    }

    fn facts(&self, source: Digest) -> MediaFacts {
        match self.run(source, "upscale 2x", Work::Probe) {
            Ended::Done(result) => match *result {
                TaskResult::Facts(facts) => facts,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn segment(&self, source: Digest, facts: &MediaFacts, range: FrameRange) -> Receipt {
        match self.run(
            source,
            "upscale 2x filter=lanczos",
            Work::Render { facts: facts.clone(), range, models: Vec::new(), track: None },
        ) {
            Ended::Done(result) => match *result {
                TaskResult::Segment(receipt) => receipt,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn output(&self, source: Digest, facts: &MediaFacts, segments: Vec<Receipt>) -> Output {
        match self.run(source, "upscale 2x filter=lanczos", Work::Assemble { facts: facts.clone(), segments }) {
            Ended::Done(result) => match *result {
                TaskResult::Output(output) => output,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    }

    fn assert_tidy(&self) {
        assert_eq!(fs::read_dir(&self.context.work).unwrap().count(), 0, "a task left files behind");
    }
}

fn assignment(source: Digest, steps: &str, work: Work) -> Assignment {
    Assignment {
        lease: LeaseId { task: TaskId { job: JobId(Uuid::from_u128(4)), number: 0 }, attempt: Attempt(12) },
        label: "nine5/ep01/sh0010".parse().expect("a label"),
        source,
        recipe: Recipe { steps: read_steps(steps).expect("steps"), profile: Profile::Review },
        work,
    }
}

fn failure(ended: Ended) -> Failure {
    match ended {
        Ended::Failed { failure, device_lost: false } => failure,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shot_is_probed_rendered_in_two_ranges_and_assembled() {
    let bench = bench();
    let source = bench.clip("64x36", 60);
    let facts = bench.facts(source);
    assert_eq!((facts.frames, facts.layout.extent), (60, Extent::new(64, 36)));
    let segments =
        vec![bench.segment(source, &facts, FrameRange::new(0, 48)), bench.segment(source, &facts, FrameRange::new(48, 60))];
    for receipt in &segments {
        let stored = bench.farm.path(receipt.digest).unwrap().expect("the segment is stored");
        assert_eq!((fs::metadata(stored).unwrap().len(), receipt.frames), (receipt.bytes, receipt.range.len()));
    }
    let compared = segments.iter().filter_map(|receipt| receipt.fidelity).reduce(Fidelity::join).expect("frames were compared");
    assert_eq!(compared.samples, 5, "frames 0, 24, 47, 48 and 59");
    assert!(compared.worst_decibels() > 30.0, "lanczos holds its source: {compared:?}");
    let output = bench.output(source, &facts, segments);
    assert_eq!((output.frames, output.extent, output.audio_streams), (60, Extent::new(128, 72), 1));
    let stored = bench.farm.path(output.digest).unwrap().expect("the output is stored");
    assert_eq!(fs::metadata(stored).unwrap().len(), output.bytes);
    bench.assert_tidy();
}

#[test]
fn the_same_range_gives_the_same_segment_on_a_graph_used_again() {
    let bench = bench();
    let source = bench.clip("64x36", 12);
    let facts = bench.facts(source);
    let first = bench.segment(source, &facts, FrameRange::new(0, 12));
    let second = bench.segment(source, &facts, FrameRange::new(0, 12));
    assert_eq!(first.digest, second.digest);
}

#[test]
fn a_cancelled_render_ends_and_says_nothing() {
    let bench = bench();
    let source = bench.clip("64x36", 480);
    let facts = bench.facts(source);
    let work = Work::Render { facts, range: FrameRange::new(0, 480), models: Vec::new(), track: None };
    let assignment = assignment(source, "upscale 16x filter=ewa-lanczos", work);
    let (cancel, progress) = (Cancel::new(), Progress::default());
    let ended = thread::scope(|scope| {
        let task = scope.spawn(|| run(&bench.context, &assignment, &cancel, &progress));
        let started = Instant::now();
        while progress.get() == 0 {
            assert!(started.elapsed() < PATIENCE && !task.is_finished(), "the render does not begin");
            thread::sleep(Duration::from_millis(2));
        }
        cancel.cancel();
        task.join().unwrap()
    });
    assert_eq!(ended, Ended::Cancelled);
    assert!(progress.get() < 240, "{} frames were made", progress.get());
    bench.assert_tidy();
}

#[test]
fn what_is_the_jobs_fault_names_the_shot() {
    let bench = bench();
    let text = bench.blob(b"this is no video, it is a text that somebody renamed");
    let told = failure(bench.run(text, "upscale 2x", Work::Probe));
    assert_eq!(told.class, FailureClass::Job);
    assert!(told.message.contains("sh0010"), "{told}");
    let told = failure(bench.run(Digest::of(b"never uploaded"), "upscale 2x", Work::Probe));
    assert_eq!(told.class, FailureClass::Job);
    assert!(told.message.contains("hand the shot in again"), "{told}");
    bench.assert_tidy();
}

#[test]
fn a_result_too_far_from_its_source_is_refused() {
    let bench = bench();
    let source = bench.clip("64x36", 6);
    let facts = bench.facts(source);
    let work = Work::Render { facts, range: FrameRange::new(0, 6), models: Vec::new(), track: None };
    let told = failure(bench.run(source, "upscale 2x filter=fsr check=99", work));
    assert_eq!(told.class, FailureClass::Job);
    assert!(told.message.starts_with("frame 0 came back") && told.message.contains("below the 99 dB"), "{told}");
    bench.assert_tidy();
}

#[test]
fn a_panic_is_the_workers_failure() {
    let bench = bench();
    bench.panics.store(1, Ordering::Relaxed);
    let told = failure(bench.run(Digest::of(b"any"), "upscale 2x", Work::Probe));
    assert_eq!(told.class, FailureClass::Worker);
    assert!(told.message.contains("told to panic"), "{told}");
    bench.assert_tidy();
}

#[test]
fn a_lost_gpu_is_opened_again_and_its_graphs_are_dropped() {
    let bench = bench();
    let source = bench.clip("64x36", 4);
    let facts = bench.facts(source);
    let recipe = Recipe { steps: read_steps("upscale 2x").unwrap(), profile: Profile::Review };
    let output = recipe.output_layout(&facts.layout).unwrap();
    let devices = &bench.context.devices;
    let lent = devices.lend(&recipe, &facts.layout, &output, &Models::new(), None).unwrap();
    devices.lost(&lent);
    devices.give_back(lent);
    let mut again = devices.lend(&recipe, &facts.layout, &output, &Models::new(), None).unwrap();
    let mut frame = Vec::new();
    again.graph.submit(&vec![128; facts.layout.frame_bytes()], 0).unwrap();
    again.graph.next(&mut frame).unwrap();
    assert_eq!(frame.len(), output.frame_bytes());
}

/// The device goes away under a compiled graph, as after a driver reset.
#[test]
fn a_render_outlives_the_loss_of_its_gpu() {
    let bench = bench();
    let source = bench.clip("64x36", 4);
    let facts = bench.facts(source);
    let first = bench.segment(source, &facts, FrameRange::new(0, 4));
    bench.gpu.destroy();
    let second = bench.segment(source, &facts, FrameRange::new(0, 4));
    assert_eq!(first.frames_digest, second.frames_digest);
}

/// A network that doubles RGB, as ncnn's two files: a convolution of twelve channels, then a pixel shuffle.
const TINY_PARAM: &str = "7767517
3 3
Input data 0 1 data
Convolution conv 1 1 data wide 0=12 1=3 4=1 5=1 6=324
PixelShuffle shuffle 1 1 wide out 0=2
";

/// The weights of [`TINY_PARAM`]: a tag that says f32, then kernels and biases.
fn tiny_bin() -> Vec<u8> {
    let values = (0..324 + 12).map(|at| (at % 7) as f32 * 0.01);
    [0_u32.to_le_bytes()].into_iter().chain(values.map(f32::to_le_bytes)).flatten().collect()
}

impl Bench {
    /// A render of the first frames with a network, and how it ended.
    fn render_with(&self, source: Digest, facts: &MediaFacts, files: ModelFiles) -> Ended {
        let work = Work::Render { facts: facts.clone(), range: FrameRange::new(0, 2), models: vec![files], track: None };
        self.run(source, &format!("upscale 2x model=tiny@{}", files.digest()), work)
    }
}

#[test]
fn a_network_is_fetched_read_once_and_missed_by_name() {
    let bench = bench();
    let source = bench.clip("64x36", 4);
    let facts = bench.facts(source);
    let (param, bin) = (bench.blob(TINY_PARAM.as_bytes()), bench.blob(&tiny_bin()));
    let good = ModelFiles::Ncnn { param, bin };
    let first = bench.render_with(source, &facts, good);
    assert!(bench.context.devices.networks().get(good.digest()).is_some(), "{first:?}");
    // Nothing has to be fetched any more: the farm may have lost it.
    bench.farm.remove(bin).unwrap();
    let again = format!("{:?}", bench.render_with(source, &facts, good));
    assert!(!again.contains("does not have a file"), "{again}");

    let lost = ModelFiles::Onnx { file: Digest::of(b"never added") };
    let told = failure(bench.render_with(source, &facts, lost));
    assert_eq!(told.class, FailureClass::Job);
    let name = format!("tiny@{}", &lost.digest().to_string()[..8]);
    assert_eq!(
        told.message,
        format!("the farm does not have a file of model {name} any more; add it again with `shotfarm model add`")
    );

    let odd = bench.blob(TINY_PARAM.replace("PixelShuffle", "Sorcery").as_bytes());
    let told = failure(bench.render_with(source, &facts, ModelFiles::Ncnn { param: odd, bin: bench.blob(&tiny_bin()) }));
    assert_eq!(told.class, FailureClass::Job);
    assert!(told.message.starts_with("model tiny@") && told.message.contains("Sorcery"), "{told}");
    assert!(told.message.contains("`shuffle`"), "{told}");
    bench.assert_tidy();
}

/// The device runs out of memory once: the frames are rendered in bands. Then as often as it takes for even those to be too much.
#[test]
fn a_render_that_finds_no_memory_goes_on_in_bands() {
    let bench = bench();
    let source = bench.clip("64x512", 2);
    let facts = bench.facts(source);
    let work = || Work::Render { facts: facts.clone(), range: FrameRange::new(0, 2), models: Vec::new(), track: None };
    bench.gpu.run_out_of_memory();
    let Ended::Done(done) = bench.run(source, "upscale 2x", work()) else { panic!("it was not rendered") };
    assert!(matches!(*done, TaskResult::Segment(receipt) if receipt.frames == 2));
    let recipe = Recipe { steps: read_steps("upscale 2x").unwrap(), profile: Profile::Review };
    let output = recipe.output_layout(&facts.layout).unwrap();
    let devices = &bench.context.devices;
    let lend = || devices.lend(&recipe, &facts.layout, &output, &Models::new(), None);
    let mut bands = 0;
    while let Ok(lent) = lend() {
        devices.out_of_memory(&lent);
        bands += 1;
    }
    assert!((1..6).contains(&bands), "{bands} sizes of bands were tried");
    let told = failure(bench.run(source, "upscale 2x", work()));
    assert_eq!(told.class, FailureClass::Environment);
    assert!(told.message.contains("more with --gpu-memory"), "{told}");
}

#[test]
fn a_full_disk_names_the_scratch_directory() {
    let full = ScratchError::io("writing", Path::new("/scratch/work/1/x"))(std::io::ErrorKind::StorageFull.into());
    let told = TaskError::from(full).failure(Path::new("/scratch/work"));
    assert_eq!(told.class, FailureClass::Environment);
    assert!(told.message.starts_with("the disk of the scratch directory /scratch is full"), "{told}");
}

/// The windows of a shot of 60 frames of 64 by 36: a follow, a split and a fit. The second stretch goes over the border of a cell.
fn moving_track() -> Track {
    let follow = (0..40).map(|frame| Window { x: f64::from(frame) * 0.27, y: 0.0, width: 20.25, height: 36.0 }).collect();
    let split = |x: f64| vec![Window { x, y: 2.0, width: 20.25, height: 18.0 }];
    let fit = vec![Window { x: 0.0, y: 0.0, width: 64.0, height: 36.0 }];
    let stretch = |first, end, layout, windows, second| Stretch {
        first,
        end,
        camera: Camera::Follow,
        layout,
        why: String::new(),
        windows,
        second,
    };
    let stretches = vec![
        stretch(0, 40, Layout::Crop, follow, Vec::new()),
        stretch(40, 50, Layout::Split, split(1.0), split(43.0)),
        stretch(50, 60, Layout::Fit, fit, Vec::new()),
    ];
    Track { stretches, ..Track::empty() }
}

impl Bench {
    fn reframe(&self, source: Digest, facts: &MediaFacts, steps: &str, track: Option<Digest>, range: FrameRange) -> Ended {
        self.run(source, steps, Work::Render { facts: facts.clone(), range, models: Vec::new(), track })
    }
}

/// The frames of one range are those of two, with a step before that looks around and one after it, and a track that changes its
/// layout within.
#[test]
fn a_reframed_shot_is_the_same_in_one_range_and_in_two() {
    let bench = bench();
    let source = bench.clip("64x36", 60);
    let facts = bench.facts(source);
    let track = bench.blob(moving_track().write().as_bytes());
    let steps = "denoise strength=0.1 frames=1 | reframe 36x64 filter=lanczos | grain strength=0.1";
    let segment = |start, end| match bench.reframe(source, &facts, steps, Some(track), FrameRange::new(start, end)) {
        Ended::Done(result) => match *result {
            TaskResult::Segment(receipt) => receipt,
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    };
    let whole = segment(0, 60);
    let output = Recipe { steps: read_steps(steps).unwrap(), profile: Profile::Review }.output_layout(&facts.layout).unwrap();
    assert_eq!((whole.frames, output.extent, whole.fidelity), (60, Extent::new(36, 64), None));
    let stored = bench.farm.path(whole.digest).unwrap().expect("the segment is stored");
    let frames =
        FrameDigests::read(&bench.context.tools, &stored, Profile::Review, &output, &Cancel::new(), &mut |_| {}).unwrap();
    for (start, end) in [(0, 48), (48, 60)] {
        let part = segment(start, end);
        assert_eq!(Some(part.frames_digest), frames.slice_digest(FrameRange::new(start, end)), "{start}..{end}");
    }
    bench.assert_tidy();
}

#[test]
fn another_track_of_the_same_recipe_is_another_picture() {
    let bench = bench();
    let source = bench.clip("64x36", 60);
    let facts = bench.facts(source);
    let mut track = moving_track();
    let steps = "reframe 36x64 filter=lanczos";
    let frames = |track: &Track| {
        let blob = bench.blob(track.write().as_bytes());
        match bench.reframe(source, &facts, steps, Some(blob), FrameRange::new(0, 4)) {
            Ended::Done(result) => match *result {
                TaskResult::Segment(receipt) => receipt.frames_digest,
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let first = frames(&track);
    track.stretches[0].windows[2].x += 9.0;
    let second = frames(&track);
    track.stretches[0].windows[2].x -= 9.0;
    assert_ne!(first, second);
    assert_eq!(first, frames(&track));
}

#[test]
fn a_track_that_does_not_suit_is_the_jobs_fault() {
    let bench = bench();
    let source = bench.clip("64x36", 12);
    let facts = bench.facts(source);
    let ended = |track: Option<Digest>, steps: &str| {
        let told = failure(bench.reframe(source, &facts, steps, track, FrameRange::new(0, 12)));
        assert_eq!(told.class, FailureClass::Job, "{told}");
        told.message
    };
    let steps = "reframe 36x64 filter=lanczos";
    let longer = bench.blob(moving_track().write().as_bytes());
    assert!(ended(Some(longer), steps).starts_with("the track's `stretches[0].end`: 40 is not after"), "of a longer shot");
    let broken = bench.blob(b"{\"track\":1,");
    assert!(ended(Some(broken), steps).starts_with("the track cannot be read"));
    let lost = Digest::of(b"never stored");
    assert_eq!(
        ended(Some(lost), steps),
        format!("the farm does not have the track {lost} any more, by which the shot is framed; hand the shot in again")
    );
    assert!(ended(None, steps).contains("follows a track that was not fetched"));
    bench.assert_tidy();
}
