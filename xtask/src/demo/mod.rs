//! `cargo xtask demo`: an episode drawn, handed to a farm of two workers, one of them killed on the way, every frame verified.
//!
//! Whatever happens (an error, Ctrl-C, a failed shot), the farm's processes are stopped before this returns.

mod bar;
mod farm;
mod phone;
mod plan;
mod status;
mod verify;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shotfarm_tests::film::{Clip, Episode, Shot, Size, draw, encode};
use shotfarm_tests::pictures::write_png;

use crate::run::{TaskError, cargo, spoken, while_trying, workspace_root};
use bar::Bar;
use farm::Farm;
use plan::{Story, Stroke, manifest, next_stroke, planned};
use status::FarmStatus;

/// Between two looks at the farm.
const POLL: Duration = Duration::from_millis(500);
/// Looks that may fail in a row before the demo gives up: ten seconds' worth.
const FAILED_LOOKS_MAX: u32 = 20;
/// A demo that takes longer than this is stuck: five minutes are meant, slow machines get four times that.
const DEMO_TIME_MAX: Duration = Duration::from_secs(20 * 60);
/// Marks a folder as ours, so that only such a folder is ever emptied.
const MARKER: &str = ".shotfarm-demo";
/// The farm's own state and the workers' scratch files: removed after a good end unless `--keep` is given.
const STATE_FOLDERS: [&str; 2] = ["farm", "scratch"];

#[derive(clap::Args)]
pub(crate) struct DemoArguments {
    /// Install what is missing without asking
    #[arg(long)]
    pub(crate) yes: bool,
    /// Where everything is put: clips, outputs, pictures, logs
    #[arg(long, default_value = "target/demo")]
    dir: PathBuf,
    /// Keep the farm's own state and the workers' scratch files too
    #[arg(long)]
    keep: bool,
    /// Build the farm without optimisation: quicker to build, slower to render
    #[arg(long)]
    debug: bool,
    /// Use this program instead of building it
    #[arg(long, conflicts_with = "debug")]
    shotfarm: Option<PathBuf>,
}

/// Runs the whole demo.
pub(crate) fn run_demo(arguments: &DemoArguments) -> Result<(), TaskError> {
    let interrupted = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&interrupted);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .map_err(|error| TaskError(format!("cannot listen for Ctrl-C: {error}")))?;
    let dir = prepare(&arguments.dir)?;
    let shotfarm = match &arguments.shotfarm {
        Some(path) => path.canonicalize().map_err(while_trying(format!("find {}", path.display())))?,
        None => build(arguments.debug)?,
    };
    let began = Instant::now();
    let clips = film(&dir, &interrupted)?;
    let Rendered { status, took, sheets } = render(&shotfarm, &dir, &clips, &interrupted)?;
    let outcome = report(&clips, &status, &dir, took, &sheets);
    if !arguments.keep && outcome.is_ok() {
        remove_state(&dir)?;
    }
    outcome?;
    println!("The whole demo took {} after the build.", spoken(began.elapsed()));
    Ok(())
}

/// Removes what only the farm itself needs.
fn remove_state(dir: &Path) -> Result<(), TaskError> {
    for folder in STATE_FOLDERS.map(|folder| dir.join(folder)).iter().filter(|folder| folder.exists()) {
        fs::remove_dir_all(folder).map_err(while_trying(format!("remove {}", folder.display())))?;
    }
    Ok(())
}

/// Draws one frame of every shot.
pub(crate) fn write_stills(dir: &Path, frame: u32, width: u32) -> Result<(), TaskError> {
    fs::create_dir_all(dir).map_err(while_trying(format!("make {}", dir.display())))?;
    for shot in Shot::ALL {
        let path = dir.join(format!("{}-{frame:03}.png", shot.label()));
        write_png(&draw(shot, frame, Size { width, height: width * 9 / 16 }), &path)?;
        println!("{}", path.display());
    }
    Ok(())
}

/// An empty folder for this run. A folder that is not ours and not empty is left alone.
fn prepare(dir: &Path) -> Result<PathBuf, TaskError> {
    let dir = if dir.is_absolute() { dir.to_owned() } else { workspace_root().join(dir) };
    let in_use = fs::read_dir(&dir).is_ok_and(|mut entries| entries.next().is_some());
    if in_use && !dir.join(MARKER).exists() {
        return Err(TaskError(format!("{} holds other files; name an empty or a new folder with --dir", dir.display())));
    }
    if in_use {
        fs::remove_dir_all(&dir).map_err(while_trying(format!("empty {}", dir.display())))?;
    }
    fs::create_dir_all(dir.join("logs")).map_err(while_trying(format!("make {}", dir.display())))?;
    fs::write(dir.join(MARKER), "made by `cargo xtask demo`, which empties this folder when it runs again\n")
        .map_err(while_trying(format!("write into {}", dir.display())))?;
    Ok(dir)
}

/// Builds the program and says where it is.
fn build(debug: bool) -> Result<PathBuf, TaskError> {
    println!("==> building shotfarm{}", if debug { "" } else { " (release; the first time takes some minutes)" });
    let mut command = cargo();
    command.args(["build", "--locked", "-p", "shotfarm-cli", "--message-format=json-render-diagnostics"]);
    if !debug {
        command.arg("--release");
    }
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().map_err(while_trying("start cargo"))?;
    if !output.status.success() {
        return Err(TaskError(format!("`cargo build -p shotfarm-cli` failed ({}); the reason stands above", output.status)));
    }
    let executable = status::read_executable(&String::from_utf8_lossy(&output.stdout), "shotfarm");
    executable
        .map(PathBuf::from)
        .ok_or_else(|| TaskError("`cargo build -p shotfarm-cli` made no program named shotfarm".to_owned()))
}

/// Draws and encodes the episode and writes its manifest.
fn film(dir: &Path, interrupted: &AtomicBool) -> Result<Vec<Clip>, TaskError> {
    let episode = Episode::whole(&dir.join("clips"));
    let (mut bar, total) = (Bar::new("draw  "), u64::from(episode.frames_total()));
    let mut clips = Vec::new();
    let mut before = 0;
    for &shot in &episode.shots {
        stop_if(interrupted)?;
        let one = Episode { shots: vec![shot], ..episode.clone() };
        clips.extend(encode(&one, |frames| bar.show(before + u64::from(frames), total, None, None))?);
        before += u64::from(episode.frames_of(shot));
    }
    let took = spoken(bar.elapsed());
    bar.end(&format!("==> drew and encoded {} shots, {total} frames, in {took}", clips.len()));
    fs::write(dir.join("episode.csv"), manifest(&clips)).map_err(while_trying("write episode.csv"))?;
    Ok(clips)
}

/// What the farm made.
struct Rendered {
    /// How it stood when the episode was done.
    status: FarmStatus,
    /// How long the episode took.
    took: Duration,
    /// Sheets of the shot for the phone.
    sheets: Vec<PathBuf>,
}

/// Renders the manifest on a farm of its own and brings the outputs home, then one shot for the phone. The farm is stopped when
/// this returns.
fn render(shotfarm: &Path, dir: &Path, clips: &[Clip], interrupted: &AtomicBool) -> Result<Rendered, TaskError> {
    let mut farm = Farm::start(shotfarm, dir)?;
    println!("==> a coordinator listens at {}; two workers join (software GPU)", farm.url());
    farm.add_worker("demo-1")?;
    farm.add_worker("demo-2")?;
    let mut work = || {
        let batch = farm.submit(&dir.join("episode.csv"))?;
        println!("==> handed in episode.csv: {} shots, batch {batch}", clips.len());
        let (status, took) = watch(&mut farm, interrupted)?;
        farm.fetch(&batch, dir)?;
        let sheets = phone::frame(&farm, clips, dir)?;
        Ok(Rendered { status, took, sheets })
    };
    let worked = work();
    worked.map_err(|error: TaskError| if interrupted.load(Ordering::SeqCst) { error } else { farm.with_logs(&error) })
}

/// Looks at the farm until all is done; kills a worker and brings another on the way.
fn watch(farm: &mut Farm, interrupted: &AtomicBool) -> Result<(FarmStatus, Duration), TaskError> {
    let (mut bar, mut story, mut failed_looks) = (Bar::new("render"), Story::Whole, 0);
    loop {
        stop_if(interrupted)?;
        if let Some(fault) = farm.dead_member() {
            return Err(fault);
        }
        if bar.elapsed() > DEMO_TIME_MAX {
            return Err(TaskError(format!("not done after {}", spoken(DEMO_TIME_MAX))));
        }
        match farm.status() {
            Ok(status) => {
                failed_looks = 0;
                bar.show(status.frames_done, status.frames_total, status.frames_per_second, status.eta_seconds);
                if status.is_over() {
                    let took = bar.elapsed();
                    if story == Story::Whole {
                        bar.say("    (all was done before a worker could be killed at half time)");
                    }
                    let fps = status.frames_done as f64 / took.as_secs_f64();
                    bar.end(&format!("==> rendered {} frames in {} ({fps:.1} fps)", status.frames_done, spoken(took)));
                    return Ok((status, took));
                }
                story = act(farm, story, &status, &mut bar)?;
            }
            Err(error) => {
                failed_looks += 1;
                if failed_looks > FAILED_LOOKS_MAX {
                    return Err(error);
                }
            }
        }
        std::thread::sleep(POLL);
    }
}

/// Does what the story asks for now, and says so.
fn act(farm: &mut Farm, story: Story, status: &FarmStatus, bar: &mut Bar) -> Result<Story, TaskError> {
    let now_seconds = bar.elapsed().as_secs_f64();
    match next_stroke(story, status.frames_done, status.frames_total, now_seconds) {
        Stroke::Wait => Ok(story),
        Stroke::CutPower => {
            farm.cut_power("demo-1");
            let (done, total) = (status.frames_done, status.frames_total);
            bar.say(&format!(
                "    worker demo-1 was killed (SIGKILL) at {done} of {total} frames; its task will go to another worker"
            ));
            Ok(Story::Wounded { at_seconds: now_seconds })
        }
        Stroke::AddWorker => {
            farm.add_worker("demo-3")?;
            bar.say("    a new machine joins: demo-3");
            Ok(Story::Healed)
        }
    }
}

/// Verifies every output, prints the table and writes the pictures. An error unless all are verified.
fn report(clips: &[Clip], status: &FarmStatus, dir: &Path, render_time: Duration, sheets: &[PathBuf]) -> Result<(), TaskError> {
    let outcomes: Vec<_> = clips
        .iter()
        .map(|clip| {
            let job = status.jobs.iter().find(|job| job.shot() == clip.shot.label());
            verify::verify(clip, &planned(clip.shot), job, dir)
        })
        .collect();
    println!("\n{}\n", verify::table(&outcomes));
    let seconds: f64 = outcomes.iter().filter_map(|outcome| outcome.look.as_ref()).map(|look| look.seconds).sum();
    println!("{seconds:.1} s of finished picture in {}.", spoken(render_time));
    for picture in verify::write_pictures(&outcomes, dir)?.iter().chain(sheets) {
        println!("  picture  {}", picture.display());
    }
    println!(
        "  outputs  {}\n  clips    {}\n  logs     {}",
        dir.join("out").display(),
        dir.join("clips").display(),
        dir.join("logs").display()
    );
    let bad: Vec<_> = outcomes.iter().filter(|outcome| !outcome.is_verified()).map(|outcome| outcome.shot.label()).collect();
    if bad.is_empty() {
        return Ok(());
    }
    Err(TaskError(format!("not verified: {}; the table says why{}", bad.join(", "), farm::all_log_tails(dir))))
}

fn stop_if(interrupted: &AtomicBool) -> Result<(), TaskError> {
    if interrupted.load(Ordering::SeqCst) { Err(TaskError("stopped by Ctrl-C; the farm is down".to_owned())) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_of_our_own_is_emptied() {
        let home = tempfile::tempdir().unwrap();
        let foreign = home.path().join("photos");
        fs::create_dir(&foreign).unwrap();
        fs::write(foreign.join("cat.jpg"), "cat").unwrap();
        assert!(prepare(&foreign).unwrap_err().0.contains("holds other files"));
        assert!(foreign.join("cat.jpg").exists());
        let ours = home.path().join("demo");
        prepare(&ours).unwrap();
        fs::write(ours.join("old.mp4"), "old").unwrap();
        prepare(&ours).unwrap();
        assert!(!ours.join("old.mp4").exists() && ours.join("logs").is_dir());
    }
}
