//! A shot through the whole farm, as real processes: what comes out is what went in, enlarged, whatever is killed on the way.

use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_tests::farm::Farm;
use shotfarm_tests::media::{Clip, assert_same_length, frame_md5s, make_clip, only_file};
use shotfarm_worker::net::families;

fn clip(farm: &Farm, name: &str, frames: u32, rate: &str, sound: bool) -> PathBuf {
    let path = farm.dir().join(name);
    make_clip(&path, &Clip { width: 96, height: 54, frames, rate, sound });
    path
}

#[test]
fn killed_workers_and_a_killed_coordinator_change_no_frame() {
    let args = ["--upscale", "2x", "--filter", "lanczos", "--profile", "master-ffv1"];
    let mut calm = Farm::start();
    let source = clip(&calm, "shot.mp4", 250, "30000/1001", true);
    calm.render_alone("shot.mp4", &args, "calm.mkv");

    let mut farm = Farm::start();
    std::fs::copy(&source, farm.dir().join("shot.mp4")).expect("the clip can be copied");
    for name in ["one", "two", "three"] {
        farm.start_worker(name);
    }
    let mut submit = vec!["submit", "shot.mp4", "--json"];
    submit.extend(args);
    let batch = farm.json(&submit)["batch"].as_str().expect("a batch id").to_owned();

    farm.wait_for_frames(10);
    farm.kill_worker("one");
    farm.wait_for_frames(60);
    farm.kill_coordinator();
    farm.kill_worker("two");
    farm.start_coordinator();
    farm.start_worker("four");
    farm.wait_for_frames(120);
    farm.kill_coordinator();
    farm.start_coordinator();
    let wait = farm.run(&["job", "wait", &batch, "--timeout", "200"]);
    assert_eq!(wait.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&wait.stderr), farm.logs());
    let again = farm.json(&submit);
    assert_eq!((again["batch"].as_str(), again["known"].as_bool()), (Some(batch.as_str()), Some(true)));

    let fetched = farm.json(&["fetch", &batch, "--dir", "out", "--json"]);
    let output = only_file(&farm.dir().join("out"));
    assert!(!fetched.is_null());
    assert_same_length(&source, &output);
    let calm_output = calm.dir().join("calm.mkv");
    assert_eq!(frame_md5s(&output), frame_md5s(&calm_output), "the same pixels as from one worker in peace");
}

#[test]
fn a_manifest_of_every_filter_and_size_comes_out_whole() {
    let mut farm = Farm::start();
    let with_sound = clip(&farm, "有声.mp4", 60, "24", true);
    let silent = clip(&farm, "silent.mp4", 49, "25", false);
    let manifest = "show,episode,shot,source,steps,output\n\
                    九五,001,sh1,有声.mp4,upscale 1.5x filter=lanczos,out/镜1.mp4\n\
                    九五,001,sh2,有声.mp4,upscale 2x,out/sh2.mp4\n\
                    九五,001,sh3,silent.mp4,upscale 2x filter=fsr,out/sh3.mp4\n\
                    九五,001,sh4,silent.mp4,upscale 128x228 filter=lanczos,out/sh4.mp4\n";
    std::fs::write(farm.dir().join("ep.csv"), manifest).expect("a manifest can be written");
    farm.start_worker("one");
    farm.start_worker("two");
    let batch = farm.json(&["submit", "ep.csv", "--json"])["batch"].as_str().expect("a batch id").to_owned();
    let wait = farm.run(&["job", "wait", &batch, "--timeout", "200"]);
    assert_eq!(wait.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&wait.stderr), farm.logs());
    let _ = farm.json(&["fetch", "九五/001", "--json"]);

    for (name, source) in [("镜1", &with_sound), ("sh2", &with_sound), ("sh3", &silent), ("sh4", &silent)] {
        assert_same_length(source, &farm.dir().join(format!("out/{name}.mp4")));
    }
    let sizes: Vec<String> = farm.status()["jobs"]
        .as_array()
        .expect("jobs are a list")
        .iter()
        .map(|job| format!("{}x{}", job["output"]["width"], job["output"]["height"]))
        .collect();
    assert_eq!(sizes, ["144x82", "192x108", "192x108", "128x228"]);
}

#[test]
fn one_task_and_many_tasks_give_the_same_picture() {
    let args = ["--upscale", "2x", "--filter", "lanczos"];
    let mut farm = Farm::start();
    clip(&farm, "shot.mp4", 150, "24", true);
    farm.render_alone("shot.mp4", &args, "first.mp4");
    let tasks = |farm: &Farm, batch: &str| farm.json(&["job", "show", batch, "--json"])["tasks"].as_array().map(Vec::len);
    let id = |farm: &Farm, index: usize| farm.status()["batches"][index]["id"].as_str().expect("an id").to_owned();
    // The first batch was cut without any knowledge of speed; now the farm knows that one task is enough.
    farm.render_alone("shot.mp4", &[&args[..], &["--new"]].concat(), "second.mp4");
    let (first, second) = (tasks(&farm, &id(&farm, 0)), tasks(&farm, &id(&farm, 1)));
    assert!(first > second, "the shot was cut into {first:?} and {second:?} tasks");
    assert_eq!(frame_md5s(&farm.dir().join("first.mp4")), frame_md5s(&farm.dir().join("second.mp4")));
}

/// A network with seeded weights, handed to the farm by name; workers fetch it, and a kill on the way changes no pixel.
#[test]
fn a_network_of_the_farm_enlarges_shots_and_what_comes_out_too_unlike_is_refused() {
    let mut farm = Farm::start();
    clip(&farm, "shot.mp4", 100, "24", true);
    std::fs::write(farm.dir().join("tiny.onnx"), families::srvgg(8, 1, 2, 5)).expect("a network can be written");
    let add = ["model", "add", "tiny.onnx", "--name", "tiny", "--licence", "CC0-1.0", "--source", "drawn by lot", "--json"];
    let added = farm.json(&add);
    assert_eq!((added["factor"].as_u64(), added["known"].as_bool()), (Some(2), Some(false)));
    assert_eq!(farm.json(&add)["known"].as_bool(), Some(true), "the same bytes again are no change");

    // Three times is the network's two, then the filter's one and a half.
    let args = ["--upscale", "3x", "--model", "tiny", "--filter", "lanczos", "--profile", "master-ffv1"];
    farm.render_alone("shot.mp4", &args, "calm.mkv");
    farm.start_worker("one");
    farm.start_worker("two");
    let submit = [&["submit", "shot.mp4", "--new", "--json"], &args[..]].concat();
    let batch = farm.json(&submit)["batch"].as_str().expect("a batch id").to_owned();
    farm.wait_for_frames(110);
    farm.kill_worker("one");
    let wait = farm.run(&["job", "wait", &batch, "--timeout", "200"]);
    assert_eq!(wait.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&wait.stderr), farm.logs());
    let _ = farm.json(&["fetch", &batch, "--dir", "out", "--json"]);
    let output = only_file(&farm.dir().join("out"));
    assert_same_length(&farm.dir().join("shot.mp4"), &output);
    assert_eq!(frame_md5s(&output), frame_md5s(&farm.dir().join("calm.mkv")), "the same pixels as from one worker in peace");

    // Weights drawn by lot are no upscaler: whoever asks for a likeness is told of the frame that has none.
    let asked = [&["submit", "shot.mp4", "--wait", "--check", "60"], &args[..]].concat();
    let refused = farm.run(&asked);
    assert_eq!(refused.status.code(), Some(2), "{}{}", String::from_utf8_lossy(&refused.stderr), farm.logs());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned() + &String::from_utf8_lossy(&refused.stdout);
    assert!(said.contains("frame 0 came back") && said.contains("below the 60 dB"), "{said}");
    assert!(farm.run(&["model", "remove", "tiny"]).status.success(), "no unfinished job needs it");
    let unknown = farm.run(&submit);
    assert!(!unknown.status.success());
    assert!(String::from_utf8_lossy(&unknown.stderr).contains("tiny"), "{}", String::from_utf8_lossy(&unknown.stderr));
}

#[test]
fn a_text_file_fails_its_own_shot_and_no_other() {
    let mut farm = Farm::start();
    clip(&farm, "good.mp4", 24, "24", false);
    std::fs::write(farm.dir().join("bad.mp4"), "this is a shopping list").expect("a text can be written");
    let manifest = "show,episode,shot,source,steps\na,1,bad,bad.mp4,upscale 2x\na,1,good,good.mp4,upscale 2x\n";
    std::fs::write(farm.dir().join("ep.csv"), manifest).expect("a manifest can be written");
    farm.start_worker("one");
    let batch = farm.json(&["submit", "ep.csv", "--json"])["batch"].as_str().expect("a batch id").to_owned();
    let wait = farm.run(&["job", "wait", &batch, "--timeout", "200"]);
    assert_eq!(wait.status.code(), Some(2), "{}{}", String::from_utf8_lossy(&wait.stderr), farm.logs());
    let said = String::from_utf8_lossy(&wait.stderr).into_owned() + &String::from_utf8_lossy(&wait.stdout);
    assert!(said.contains("a/1/bad"), "the failed shot is named: {said}");
    let status = farm.status();
    let state = |index: usize| status["jobs"][index]["state"].as_str().map(str::to_owned);
    assert_eq!((state(0).as_deref(), state(1).as_deref()), (Some("failed"), Some("succeeded")));
}

#[test]
fn a_cancelled_job_ends_and_can_be_taken_up_again() {
    let mut farm = Farm::start();
    clip(&farm, "shot.mp4", 200, "24", false);
    farm.start_worker("one");
    let batch = farm.json(&["submit", "shot.mp4", "--upscale", "2x", "--json"])["batch"].as_str().expect("an id").to_owned();
    farm.wait_for_frames(1);
    assert!(farm.run(&["job", "cancel", &batch]).status.success());
    assert_eq!(farm.run(&["job", "wait", &batch]).status.code(), Some(3), "wait says that it was cancelled");
    assert!(farm.run(&["job", "retry", &batch]).status.success());
    assert_eq!(farm.run(&["job", "wait", &batch, "--timeout", "200"]).status.code(), Some(0));
}

/// The real clips, where they are: never part of the repository.
#[test]
fn real_clips_come_out_whole_where_they_are_there() {
    let media = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/media");
    let clips: Vec<PathBuf> =
        ["flower.mp4", "friday.mp4"].iter().map(|name| media.join(name)).filter(|path| path.exists()).collect();
    if clips.is_empty() {
        eprintln!("no clips in {}: nothing to try", media.display());
        return;
    }
    let mut farm = Farm::start();
    for (index, clip) in clips.iter().enumerate() {
        // Small and short, since the software device is slow; cut without touching the pictures.
        let short = farm.dir().join(format!("clip{index}.mp4"));
        let cut = Command::new("ffmpeg")
            .args(["-v", "error", "-i"])
            .arg(clip)
            .args(["-t", "2.5", "-vf", "scale=160:-2", "-c:a", "copy"])
            .arg(&short)
            .status();
        assert!(cut.is_ok_and(|status| status.success()), "{} can be cut", clip.display());
    }
    farm.start_worker("one");
    farm.start_worker("two");
    for index in 0..clips.len() {
        let (source, output) = (format!("clip{index}.mp4"), format!("out{index}.mp4"));
        let run = farm.run(&["submit", &source, "--upscale", "1.5x", "--filter", "lanczos", "-o", &output, "--wait", "--quiet"]);
        assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stderr), farm.logs());
        assert_same_length(&farm.dir().join(source), &farm.dir().join(output));
    }
}
