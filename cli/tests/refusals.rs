//! The built binary, refusing: what goes wrong before any farm is asked, in words and exit codes.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

/// Runs `shotfarm` in `dir`, which is also its home, with nothing of this machine's settings.
fn shotfarm(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shotfarm"));
    command.current_dir(dir).args(arguments).env("HOME", dir);
    for name in ["SHOTFARM_URL", "SHOTFARM_SECRET_FILE", "SHOTFARM_LOG", "SHOTFARM_ZONES_FILE", "NO_COLOR", "CLICOLOR_FORCE"] {
        command.env_remove(name);
    }
    command.output().expect("the binary runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("UTF-8")
}

/// Standard error and exit code of a refusal; nothing may be on standard output.
fn refusal(dir: &Path, arguments: &[&str]) -> (String, i32) {
    let output = shotfarm(dir, arguments);
    assert_eq!(text(&output.stdout), "", "{arguments:?}");
    (text(&output.stderr), output.status.code().expect("an exit code"))
}

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().expect("a folder")
}

fn write(dir: &Path, name: &str, content: &str) {
    std::fs::write(dir.join(name), content).expect("written");
}

/// A port that nobody listens at.
fn dead_url() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}", listener.local_addr().expect("an address"))
}

#[test]
fn a_manifest_that_is_not_there() {
    let dir = folder();
    let (said, code) = refusal(dir.path(), &["submit", "ep01.csv"]);
    assert_eq!(said, "error: cannot read manifest ep01.csv: No such file or directory (os error 2)\n");
    assert_eq!(code, 2);
}

#[test]
fn every_fault_of_a_manifest_with_its_place() {
    let dir = folder();
    write(dir.path(), "ep01.csv", "show,episode,shot,source,steps\ns,e,1,a.mp4,blur\ns,e,,b.mp4,upscale 2x\n");
    for source in ["a.mp4", "b.mp4"] {
        write(dir.path(), source, "x");
    }
    let (said, code) = refusal(dir.path(), &["submit", "ep01.csv"]);
    let expected = "\
error: ep01.csv has 2 faults; nothing was handed in
  row 2, column steps: `blur` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`
  row 3, column shot: shot is empty; give every shot a show, an episode and a shot name
";
    assert_eq!((said.as_str(), code), (expected, 2));
}

#[test]
fn a_source_that_is_not_there_names_its_row() {
    let dir = folder();
    write(dir.path(), "ep01.csv", "show,episode,shot,source,steps\ns,e,1,a.mp4,upscale 2x\n");
    let (said, code) = refusal(dir.path(), &["submit", "ep01.csv"]);
    let expected = "error: ep01.csv has 1 fault; nothing was handed in\n  row 2: source a.mp4 does not exist\n";
    assert_eq!((said.as_str(), code), (expected, 2));
}

#[test]
fn a_plan_says_faults_on_standard_error_in_the_quiet_voice_too() {
    let dir = folder();
    write(dir.path(), "ep01.csv", "show,episode,shot,source,steps\ns,e,1,a.mp4,blur\n");
    let fault = "fault: row 2, column steps: `blur` is no step; known are `upscale`, `reframe`, `denoise`, `deband`, `sharpen` and `grain`\nfault: row 2: source a.mp4 does not exist\n";
    assert_eq!(refusal(dir.path(), &["plan", "--quiet", "ep01.csv"]), (fault.to_owned(), 2));
    let output = shotfarm(dir.path(), &["plan", "--json", "ep01.csv"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(json["faults"][0]["place"], "row 2, column steps");
    assert_eq!((text(&output.stderr).as_str(), output.status.code()), ("", Some(2)));
}

#[test]
fn a_worker_looks_at_the_address_first() {
    let dir = folder();
    write(dir.path(), "secret", &"ab".repeat(32));
    let (said, code) = refusal(dir.path(), &["worker", "--farm", "127.0.0.1:1", "--secret-file", "secret"]);
    assert!(said.starts_with("error: `127.0.0.1:1` is no farm address") && !said.contains("again"), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn a_script_gets_the_faults_as_an_object() {
    let dir = folder();
    write(dir.path(), "ep01.csv", "show,episode,shot,source,steps\ns,e,1,a.mp4,upscale 2x\n");
    let output = shotfarm(dir.path(), &["--json", "submit", "ep01.csv"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!(json["error"]["faults"][0]["place"], "row 2");
    assert_eq!(json["error"]["faults"][0]["message"], "source a.mp4 does not exist");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_clip_without_steps() {
    let dir = folder();
    let (said, code) = refusal(dir.path(), &["submit", "clip.mp4"]);
    assert!(said.starts_with("error: nothing is said about what to do with clip.mp4\n  hint: give --upscale 2x"), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn an_output_that_is_there_is_refused_before_anything_is_sent() {
    let dir = folder();
    for name in ["clip.mp4", "out.mp4"] {
        write(dir.path(), name, "x");
    }
    let submit = |output: &str| refusal(dir.path(), &["submit", "clip.mp4", "--upscale", "2x", "-o", output]);
    let (said, code) = submit("out.mp4");
    assert_eq!(said, "error: out.mp4 is already there\n  hint: give another name, or --force to replace it\n");
    assert_eq!(code, 2);
    assert!(submit("new.mkv").0.starts_with("error: new.mkv does not end in `.mp4`"));
    assert!(submit("gone/new.mp4").0.starts_with("error: folder gone does not exist"));
    write(dir.path(), "ep01.csv", "show,episode,shot,source,steps\ns,e,1,clip.mp4,upscale 2x\n");
    let (said, _) = refusal(dir.path(), &["submit", "ep01.csv", "-o", "new.mp4"]);
    assert!(said.starts_with("error: -o names the output of one clip, and this is a manifest\n"), "{said}");
}

#[test]
fn no_secret_no_farm_and_no_address() {
    let dir = folder();
    let (said, code) = refusal(dir.path(), &["status"]);
    assert!(said.starts_with("error: cannot read the farm's secret from "), "{said}");
    assert!(said.contains("hint: start a farm here with `shotfarm up`"), "{said}");
    assert_eq!(code, 2);

    write(dir.path(), "secret", &"ab".repeat(32));
    let url = dead_url();
    let (said, code) = refusal(dir.path(), &["status", "--farm", &url, "--secret-file", "secret"]);
    assert!(
        said.starts_with(&format!("error: no farm answers at {url}")) && said.contains("  hint: start a farm here"),
        "{said}"
    );
    assert_eq!(code, 1);

    let (said, code) = refusal(dir.path(), &["status", "--farm", "farm", "--secret-file", "secret"]);
    assert!(said.starts_with("error: `farm` is no farm address"), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn a_network_that_cannot_be_taken_is_refused_before_any_farm_is_asked() {
    let dir = folder();
    write(dir.path(), "text.onnx", "not a network at all");
    write(dir.path(), "odd.param", "7767517\n2 2\nInput data 0 1 data\nSorcery magic 1 1 data out\n");
    write(dir.path(), "odd.bin", "");
    let add = |file: &str, name: &str, licence: &str| {
        refusal(dir.path(), &["model", "add", file, "--name", name, "--licence", licence, "--source", "here"])
    };
    let (said, code) = add("odd.param", "odd", "MIT");
    assert!(said.starts_with("error: odd.param: node `magic`: the operator Sorcery cannot be run here"), "{said}");
    assert_eq!(code, 2);
    assert!(add("text.onnx", "t", "MIT").0.starts_with("error: text.onnx: "));
    assert!(add("gone.onnx", "t", "MIT").0.starts_with("error: cannot read gone.onnx: "));
    let (said, code) = add("text.onnx", "a/b", "MIT");
    assert!(said.contains("`a/b` cannot name a model: a name has no slash"), "{said}");
    assert_eq!(code, 2);
    let (said, code) = refusal(dir.path(), &["model", "add", "text.onnx", "--name", "t", "--source", "here"]);
    assert!(said.contains("--licence <TEXT>"), "{said}");
    assert_eq!(code, 2);
}

#[test]
fn a_network_on_this_machine_is_inspected_without_a_farm() {
    let dir = folder();
    write(dir.path(), "same.param", "7767517\n2 2\nInput data 0 1 data\nPixelShuffle shuffle 1 1 data out 0=1\n");
    write(dir.path(), "same.bin", "");
    let (said, code) =
        refusal(dir.path(), &["model", "add", "same.param", "--name", "same", "--licence", " ", "--source", "here"]);
    assert!(said.starts_with("error: the licence is not given; say under which terms"), "{said}");
    assert_eq!(code, 2);
    let output = shotfarm(dir.path(), &["model", "inspect", "same.param", "--json"]);
    let json: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&json["format"], &json["operators"]["DepthToSpace"]), (&Value::from("ncnn"), &Value::from(1)));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn flags_that_do_not_go_together() {
    let dir = folder();
    for arguments in [
        &["submit", "a.mp4", "--filter", "fsr"][..],
        &["submit", "a.mp4", "--upscale", "2x", "--force"],
        &["submit", "a.mp4", "--model", "compact"],
        &["submit", "a.csv", "--new", "--token", "x"],
        &["status", "--json", "--quiet"],
        &["worker", "--gpu", "big"],
        &["worker", "--scratch-limit", "lots"],
    ] {
        let (said, code) = refusal(dir.path(), arguments);
        assert!(said.starts_with("error: "), "{arguments:?}: {said}");
        assert_eq!(code, 2, "{arguments:?}");
    }
}

#[test]
fn help_documents_the_exit_codes() {
    let dir = folder();
    let output = shotfarm(dir.path(), &["--help"]);
    let help = text(&output.stdout);
    for part in ["Exit codes:", "  3  cancelled", "--json", "coordinator", "completions"] {
        assert!(help.contains(part), "{part}: {help}");
    }
}

#[cfg(unix)]
#[test]
fn a_reader_that_leaves_is_no_error() {
    let dir = folder();
    let binary = env!("CARGO_BIN_EXE_shotfarm");
    let script = format!("'{binary}' completions bash | head -c 10 > /dev/null; echo ${{PIPESTATUS[0]}}");
    let output = Command::new("bash").arg("-c").arg(script).current_dir(dir.path()).output().expect("bash runs");
    assert_eq!((text(&output.stdout).trim(), text(&output.stderr).as_str()), ("0", ""));
}

#[test]
fn a_track_that_cannot_be_read_is_refused_before_any_farm_is_asked() {
    let dir = folder();
    write(dir.path(), "a.mp4", "x");
    write(dir.path(), "broken.json", r#"{"track":1,"stretches":[{"#);
    let (said, code) = refusal(dir.path(), &["submit", "a.mp4", "--steps", "reframe 9:16", "--track", "broken.json"]);
    assert!(said.starts_with("error: broken.json: the track cannot be read: EOF while parsing"), "{said}");
    assert_eq!(code, 2);
    let (said, _) = refusal(dir.path(), &["submit", "a.mp4", "--steps", "upscale 2x", "--track", "broken.json"]);
    assert!(said.contains("none of its steps is `reframe`\n  hint: give --steps \"reframe 9:16\""), "{said}");
    write(dir.path(), "ep.csv", "show,episode,shot,source,steps,reframe.track\ns,e,1,a.mp4,reframe 9:16,gone.json\n");
    let (said, code) = refusal(dir.path(), &["submit", "ep.csv"]);
    let expected =
        "error: ep.csv has 1 fault; nothing was handed in\n  row 2, column reframe.track: track gone.json does not exist\n";
    assert_eq!((said.as_str(), code), (expected, 2));
    let (said, _) = refusal(dir.path(), &["submit", "ep.csv", "--track", "broken.json"]);
    assert!(said.contains("hint: name the tracks of its shots in a column or key `reframe.track`"), "{said}");
}

#[test]
fn zones_come_from_a_file_of_the_form_that_is_printed() {
    let dir = folder();
    let template = shotfarm(dir.path(), &["zones", "--template"]);
    write(dir.path(), "ours.json", &text(&template.stdout).replace("\"tiktok\"", "\"ours\""));
    let known = shotfarm(dir.path(), &["zones", "--zones", "ours.json", "--quiet"]);
    let names = text(&known.stdout);
    assert!(names.lines().any(|name| name == "ours") && names.lines().any(|name| name == "tiktok"), "{names}");
    write(dir.path(), "a.mp4", "x");
    let (said, code) = refusal(dir.path(), &["submit", "a.mp4", "--steps", "reframe 9:16 zones=ours"]);
    assert!(said.starts_with("error: nobody knows the zones `ours`; known are cautious, douyin, "), "{said}");
    assert_eq!(code, 2);
    write(dir.path(), "bad.json", "{}");
    let (said, _) = refusal(dir.path(), &["submit", "a.mp4", "--steps", "reframe 9:16 zones=ours", "--zones", "bad.json"]);
    assert!(said.contains("bad.json: the zones cannot be read: "), "{said}");
}
