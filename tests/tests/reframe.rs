//! Shots framed anew by real processes: looked at, planned and rendered, whatever is killed on the way.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use shotfarm_tests::farm::Farm;
use shotfarm_tests::media::{assert_same_length, frame_md5s};

/// A clip with sound of a bright patch that crosses a quiet picture, then, after a cut, one that stands on the right.
fn clip(farm: &Farm, name: &str, frames: u32) -> PathBuf {
    let path = farm.dir().join(name);
    let half = frames / 2;
    let filters = format!(
        "[0][1]overlay=x='if(lt(n,{half}),4+n*60/{half},76)':y=18:shortest=1,drawbox=x=0:y=0:w=96:h=54:color=blue@0.3:t=fill:enable='gte(n,{half})'"
    );
    let status = Command::new("ffmpeg")
        .args(["-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:size=96x54:rate=24"])
        .args(["-f", "lavfi", "-i", "testsrc2=size=14x30:rate=24", "-f", "lavfi", "-i", "sine=frequency=330:sample_rate=48000"])
        .args(["-filter_complex", &filters, "-map", "2:a", "-c:a", "aac", "-t", &format!("{:.6}", f64::from(frames) / 24.0)])
        .args(["-frames:v", &frames.to_string(), "-c:v", "libx264", "-pix_fmt", "yuv420p"])
        .arg(&path)
        .status();
    assert!(status.is_ok_and(|status| status.success()), "ffmpeg makes {}", path.display());
    path
}

/// The file of a folder whose name ends so.
fn file(dir: &Path, ending: &str) -> PathBuf {
    let files = std::fs::read_dir(dir).expect("a folder").flatten().map(|entry| entry.path());
    let found = files.filter(|path| path.to_string_lossy().ends_with(ending)).collect::<Vec<_>>();
    assert_eq!(found.len(), 1, "{ending} in {}: {found:?}", dir.display());
    found.into_iter().next().expect("one file")
}

fn track_of(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).expect("a track was fetched")).expect("a track is JSON")
}

/// The window of a frame.
fn window(track: &Value, frame: u64) -> Vec<f64> {
    let stretches = track["stretches"].as_array().expect("stretches are a list");
    let within = |stretch: &&Value| stretch["first"].as_u64() <= Some(frame) && Some(frame) < stretch["end"].as_u64();
    let stretch = stretches.iter().find(within).expect("every frame is in a stretch");
    let windows = stretch["windows"].as_array().expect("windows are a list");
    let index = (frame - stretch["first"].as_u64().expect("a number")) as usize;
    let window = windows.get(index).unwrap_or(&windows[0]).as_array().expect("a window");
    window.iter().filter_map(Value::as_f64).collect()
}

fn size(path: &Path) -> String {
    let probe = Command::new("ffprobe")
        .args([
            "-v",
            "error",
            "-select_streams",
            "v:0",
            "-show_entries",
            "stream=width,height,sample_aspect_ratio",
            "-of",
            "csv=p=0",
        ])
        .arg(path)
        .output()
        .expect("ffprobe can be started");
    String::from_utf8_lossy(&probe.stdout).trim().to_owned()
}

const STEPS: &str = "denoise frames=1 | reframe 36x64 filter=lanczos overflow=none";

#[test]
fn workers_killed_while_they_look_and_render_change_no_frame() {
    let args = ["--steps", STEPS, "--profile", "master-ffv1"];
    let mut calm = Farm::start();
    let source = clip(&calm, "shot.mp4", 300);
    calm.render_alone("shot.mp4", &args, "calm.mkv");

    let mut farm = Farm::start();
    std::fs::copy(&source, farm.dir().join("shot.mp4")).expect("the clip can be copied");
    farm.start_worker("one");
    farm.start_worker("two");
    let submit = [&["submit", "shot.mp4", "--json"], &args[..]].concat();
    let batch = farm.json(&submit)["batch"].as_str().expect("a batch id").to_owned();
    let doing = |farm: &Farm| farm.status()["jobs"][0]["doing"].as_str().map(str::to_owned);
    farm.wait_for("an analysis", || (doing(&farm)? == "analyse").then_some(()));
    farm.kill_worker("one");
    farm.kill_coordinator();
    farm.start_coordinator();
    farm.start_worker("three");
    farm.wait_for_frames(60);
    farm.kill_worker("two");
    farm.start_worker("four");
    farm.wait_for_batch(&batch);
    let _ = farm.json(&["fetch", &batch, "--dir", "out", "--json"]);

    let out = farm.dir().join("out");
    let output = file(&out, "shot.mkv");
    assert_same_length(&source, &output);
    assert_eq!(size(&output), "36,64,1:1");
    assert_eq!(track_of(&file(&out, ".track.json"))["stretches"], track_of(&calm.dir().join("calm.track.json"))["stretches"]);
    assert_eq!(frame_md5s(&output), frame_md5s(&calm.dir().join("calm.mkv")), "the same pixels as from one worker in peace");
    assert_eq!(frame_md5s(&file(&out, ".overlay.mp4")).len(), 300, "the preview has every frame");
    assert!(std::fs::read(file(&out, ".sheet.png")).expect("a sheet").starts_with(b"\x89PNG"));
}

#[test]
fn the_window_finds_the_patch_and_goes_where_a_hand_puts_it() {
    let mut farm = Farm::start();
    clip(&farm, "shot.mp4", 96);
    let args = ["--steps", "reframe 36x64 filter=lanczos", "--profile", "master-ffv1"];
    farm.render_alone("shot.mp4", &args, "found.mkv");
    let track = track_of(&farm.dir().join("found.track.json"));
    for (frame, patch) in [(4_u64, 9.0), (44, 59.0), (52, 76.0), (92, 76.0)] {
        let [x, _, width, _] = window(&track, frame)[..] else { panic!("four numbers") };
        assert!(x <= patch && patch + 14.0 <= x + width, "frame {frame}: {x}..{} does not hold the patch at {patch}", x + width);
    }
    assert!(
        track["stretches"].as_array().is_some_and(|stretches| stretches.iter().any(|stretch| stretch["first"] == 48)),
        "the cut"
    );

    // One key by hand: the frame is where it was put, the shot is not looked at again, and the newest hand-in wins.
    farm.start_worker("again");
    let set = farm.run(&["reframe", "shot", "--key", "70=20"]);
    assert!(set.status.success(), "{}", String::from_utf8_lossy(&set.stderr));
    let newest =
        farm.status()["batches"].as_array().and_then(|all| all.last()?["id"].as_str().map(str::to_owned)).expect("a batch");
    farm.wait_for_batch(&newest);
    let kinds = farm.json(&["job", "show", &newest, "--json"])["tasks"].clone();
    assert!(
        kinds.as_array().is_some_and(|tasks| tasks.iter().all(|task| task["kind"] != "analyse" || task["attempts"] == 0)),
        "{kinds}"
    );
    let _ = farm.json(&["fetch", &newest, "--dir", "by-hand", "--json"]);
    let by_hand = track_of(&file(&farm.dir().join("by-hand"), ".track.json"));
    let [x, _, width, _] = window(&by_hand, 70)[..] else { panic!("four numbers") };
    assert!((x + width / 2.0 - 20.0).abs() < 0.01, "the window stands at {x}");
}

#[test]
fn a_track_that_cannot_be_followed_is_refused_by_its_place() {
    let mut farm = Farm::start();
    clip(&farm, "shot.mp4", 24);
    let outside = r#"{"track":1,"stretches":[{"first":0,"end":24,"camera":"hand","layout":"crop","windows":[[90,0,30,54]]}]}"#;
    for (name, text) in [("broken.json", r#"{"track":1,"stretches":[{"#), ("outside.json", outside)] {
        std::fs::write(farm.dir().join(name), text).expect("a track can be written");
    }
    let submit = |farm: &Farm, track: &str| {
        let run = farm.run(&["submit", "shot.mp4", "--steps", "reframe 36x64", "--track", track, "--wait", "--new"]);
        (run.status.code(), String::from_utf8_lossy(&run.stderr).into_owned() + &String::from_utf8_lossy(&run.stdout))
    };
    farm.start_worker("one");
    let (code, said) = submit(&farm, "broken.json");
    assert!(code != Some(0) && said.contains("broken.json") && said.contains("the track cannot be read"), "{said}");
    let (code, said) = submit(&farm, "outside.json");
    assert!(code == Some(2) && said.contains("stretches[0].windows[0]") && said.contains("reaches out of the picture"), "{said}");
}
