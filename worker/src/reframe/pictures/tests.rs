//! Pictures made for real, of small generated clips of every kind that the farm takes.

use std::process::Command;

use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::recipe::{Recipe, Step, read_steps};
use shotfarm_shared::track::{Camera, Key, Layout, Stretch};
use tempfile::TempDir;

use super::canvas::area;
use super::*;
use crate::media::probe;
use crate::reframe::findings::Full;
use crate::reframe::{Face, Look, Seen};

struct Bench {
    tools: Tools,
    dir: TempDir,
}

/// A clip and everything about it.
struct Case {
    source: PathBuf,
    facts: MediaFacts,
    recipe: Recipe,
    track: Track,
    findings: Findings,
}

fn bench() -> Bench {
    Bench { tools: Tools::find().expect("ffmpeg"), dir: tempfile::tempdir().expect("a folder") }
}

/// What ffprobe says of a stream's entry.
fn ask(path: &Path, stream: &str, entry: &str) -> String {
    let output = Command::new("ffprobe")
        .args(["-v", "error", "-count_frames", "-select_streams", stream, "-show_entries", &format!("stream={entry}")])
        .args(["-of", "csv=p=0"])
        .arg(path)
        .output()
        .expect("ffprobe is installed");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl Bench {
    fn clip(&self, name: &str, size: &str, frames: u64, codec: &[&str], sound: bool) -> PathBuf {
        let path = self.dir.path().join(name);
        let mut command = Command::new("ffmpeg");
        command.args(["-nostdin", "-loglevel", "error", "-y", "-f", "lavfi", "-i", &format!("testsrc2=size={size}:rate=24")]);
        if sound {
            command.args(["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100", "-c:a", "pcm_s16le", "-shortest"]);
        }
        let made = command.args(["-frames:v", &frames.to_string()]).args(codec).arg(&path).status().expect("ffmpeg is installed");
        assert!(made.success(), "{name}");
        path
    }

    /// The clip, followed by one window in two stretches, with a face in it.
    fn case(&self, source: PathBuf, steps: &str, layout: Layout) -> Case {
        let facts = probe(&self.tools, &source, &Cancel::new()).expect("a clip");
        let recipe = Recipe { steps: read_steps(steps).expect("steps"), profile: shotfarm_shared::recipe::Profile::Review };
        let target = recipe.kept_shape(&facts).0;
        let track = track(&facts, target, layout);
        let findings = findings(&facts);
        Case { source, facts, recipe, track, findings }
    }

    fn make(&self, case: &Case) -> Pictures {
        let folder = self.dir.path().join("made");
        fs::create_dir_all(&folder).expect("a folder");
        let mut heard = 0;
        let made = make(&self.tools, &case.shot(), &folder, &Cancel::new(), &mut |frames| heard = frames).expect("pictures");
        assert_eq!(heard, case.facts.frames);
        made
    }
}

impl Case {
    fn shot(&self) -> Shot<'_> {
        let Step::Reframe(reframe) = &self.recipe.steps[0] else { panic!("a reframe") };
        Shot {
            label: "九五/01/sh0010",
            source: &self.source,
            facts: &self.facts,
            reframe,
            target: self.recipe.kept_shape(&self.facts).0,
            track: &self.track,
            findings: &self.findings,
        }
    }
}

/// A window of the target's shape that moves from one side to the other; with a second one where the layout has it.
fn track(facts: &MediaFacts, target: Extent, layout: Layout) -> Track {
    let (width, height) = (f64::from(facts.layout.extent.width), f64::from(facts.layout.extent.height));
    let shape = f64::from(target.width) / f64::from(target.height);
    let (wide, high) = match layout {
        Layout::Fit => (width, height),
        Layout::Crop => (width.min(height * shape), height.min(width / shape)),
        Layout::Split => (width.min(height * shape) / 2.0, height.min(width / shape) / 4.0),
    };
    let at = |share: f64| area((width - wide) * share, (height - high) * share, wide, high);
    let cut = facts.frames / 2;
    let stretch = |first: u64, end: u64| Stretch {
        first,
        end,
        camera: if first == 0 { Camera::Steady } else { Camera::Follow },
        layout,
        why: "the one face".to_owned(),
        windows: if first == 0 { vec![at(0.2)] } else { (first..end).map(|k| at(k as f64 / facts.frames as f64)).collect() },
        second: if layout == Layout::Split { vec![at(0.9)] } else { Vec::new() },
    };
    let stretches = if cut == 0 { vec![stretch(0, facts.frames)] } else { vec![stretch(0, cut), stretch(cut, facts.frames)] };
    let key = Key { frame: facts.frames - 1, x: Some(width / 2.0), y: None, height: None, layout: None };
    Track { stretches, keys: vec![key], ..Track::empty() }
}

fn findings(facts: &MediaFacts) -> Findings {
    let look = Look::of(facts.layout.extent, facts.rate, facts.frames);
    let extent = facts.layout.extent;
    let place = area(f64::from(extent.width) * 0.3, 0.0, f64::from(extent.width) / 8.0, f64::from(extent.height) / 4.0);
    let seen = (0..facts.frames).map(|frame| {
        let full = Full { cells: Vec::new(), brightest: Vec::new(), faces: Some(vec![Face { place, score: 0.9, points: None }]) };
        Seen { frame, change: 0.0, residual: 0.0, histogram: 0.0, full: look.is_seen(frame).then_some(full) }
    });
    Findings { look, range: FrameRange::new(0, facts.frames), seen: seen.collect() }
}

/// How many pixels of a PNG are nearly of that colour.
fn pixels_of(path: &Path, rgb: [u8; 3]) -> usize {
    let pixmap = tiny_skia::Pixmap::load_png(path).expect("a PNG");
    pixmap.data().chunks_exact(4).filter(|pixel| (0..3).all(|channel| pixel[channel].abs_diff(rgb[channel]) < 12)).count()
}

const YELLOW: [u8; 3] = [0xff, 0xd8, 0x4a];
const BLUE: [u8; 3] = [0x57, 0xc7, 0xff];
const PINK: [u8; 3] = [0xff, 0x8f, 0xd0];
const ORANGE: [u8; 3] = [0xff, 0x8c, 0x1a];

#[test]
fn a_clip_with_sound_becomes_a_sheet_and_a_preview_of_all_its_frames() {
    let bench = bench();
    let source = bench.clip("a.mov", "128x72", 50, &["-c:v", "libx264", "-pix_fmt", "yuv420p"], true);
    let case = bench.case(source, "reframe 9:16 zones=douyin", Layout::Crop);
    let made = bench.make(&case);
    assert_eq!(ask(&made.preview, "v:0", "codec_name,pix_fmt,nb_read_frames"), "h264,yuv420p,50");
    assert_eq!(ask(&made.preview, "a:0", "codec_name"), "aac", "PCM is not what every player has");
    assert!(pixels_of(&made.sheet, YELLOW) > 2_000, "the window is drawn");
    assert!(pixels_of(&made.sheet, ORANGE) > 40, "what was set by hand is drawn");
    assert_eq!(pixels_of(&made.sheet, PINK), 0, "nothing is fitted");
}

#[test]
fn layouts_have_their_colours() {
    let bench = bench();
    for (layout, colour) in [(Layout::Split, BLUE), (Layout::Fit, PINK)] {
        let source = bench.clip("l.mp4", "64x36", 4, &["-c:v", "libx264", "-pix_fmt", "yuv420p"], false);
        let made = bench.make(&bench.case(source, "reframe 9:16", layout));
        assert!(pixels_of(&made.sheet, colour) > 500, "{layout:?}");
        assert_eq!(ask(&made.preview, "a:0", "codec_name"), "");
    }
}

#[test]
fn every_kind_of_source_has_its_pictures() {
    let bench = bench();
    let pq = ["-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc", "-color_range", "tv"];
    let ten: Vec<&str> = ["-c:v", "ffv1", "-pix_fmt", "yuv422p10le"].into_iter().chain(pq).collect();
    let cases: [(&str, &str, u64, &[&str], &str); 4] = [
        ("hdr.mkv", "64x36", 3, &ten, "reframe 9:16"),
        ("odd.mkv", "65x37", 2, &["-c:v", "ffv1", "-pix_fmt", "yuv420p"], "reframe 1:1"),
        ("tall.mkv", "36x64", 3, &["-c:v", "ffv1", "-pix_fmt", "yuv444p"], "reframe 16:9"),
        ("one.mp4", "64x36", 1, &["-c:v", "libx264", "-pix_fmt", "yuv420p"], "reframe 9:16 zones=strict"),
    ];
    for (name, size, frames, codec, steps) in cases {
        let case = bench.case(bench.clip(name, size, frames, codec, false), steps, Layout::Crop);
        assert_eq!(case.facts.frames, frames, "{name}");
        let made = bench.make(&case);
        assert_eq!(ask(&made.preview, "v:0", "nb_read_frames"), frames.to_string(), "{name}");
        assert!(pixels_of(&made.sheet, YELLOW) > 500, "{name}");
    }
}

#[test]
fn a_cancelled_task_makes_nothing() {
    let bench = bench();
    let source = bench.clip("c.mp4", "64x36", 4, &["-c:v", "libx264", "-pix_fmt", "yuv420p"], false);
    let case = bench.case(source, "reframe 9:16", Layout::Crop);
    let cancel = Cancel::new();
    cancel.cancel();
    let error = make(&bench.tools, &case.shot(), bench.dir.path(), &cancel, &mut |_| {}).expect_err("cancelled");
    assert!(matches!(error, MediaError::Cancelled), "{error}");
}

#[test]
fn a_place_has_even_sides_within_its_bounds() {
    for aspect in [0.01, 0.5625, 1.0, 1.7778, 2.39, 90.0] {
        let Extent { width, height } = fitted(aspect, (640.0, 640.0));
        assert!(width % 2 == 0 && height % 2 == 0 && (16..=640).contains(&width) && (16..=640).contains(&height), "{aspect}");
    }
    assert_eq!(fitted(16.0 / 9.0, (640.0, 640.0)), Extent::new(640, 360));
}
