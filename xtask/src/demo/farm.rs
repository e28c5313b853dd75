//! The demo's farm as processes: one coordinator and its workers, started, asked, killed and always stopped again.
//!
//! Every process leads its own process group, so that what it started (ffmpeg) goes with it. Dropping the farm stops them all.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::status::{FarmStatus, read_batch, read_listening, read_status};
use crate::run::{TaskError, while_trying};

/// A coordinator on an empty folder listens within a second; a loaded machine gets this long.
const START_WAIT: Duration = Duration::from_secs(60);
/// Between two looks at a process that starts or stops.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How long a process may take to stop when asked kindly, before it is killed.
const STOP_WAIT: Duration = Duration::from_secs(5);
/// Lines of a log shown when something fails: the cause and what led to it.
const LOG_TAIL_LINES: usize = 25;

struct Member {
    name: String,
    child: Child,
}

/// The running farm.
pub(super) struct Farm {
    shotfarm: PathBuf,
    dir: PathBuf,
    url: String,
    members: Vec<Member>,
}

impl Farm {
    /// Starts a coordinator in `dir` on a port that the system picks.
    pub(super) fn start(shotfarm: &Path, dir: &Path) -> Result<Self, TaskError> {
        let mut farm = Self { shotfarm: shotfarm.to_owned(), dir: dir.to_owned(), url: String::new(), members: Vec::new() };
        let printed = dir.join("logs").join("coordinator.json");
        let mut command = Command::new(shotfarm);
        command.arg("coordinator").arg("--dir").arg(dir.join("farm")).args(["--listen", "127.0.0.1:0", "--json"]);
        farm.spawn("coordinator", command, Some(&printed))?;
        let began = Instant::now();
        loop {
            let text = fs::read_to_string(&printed).unwrap_or_default();
            if let Some(url) = read_listening(&text) {
                farm.url = url;
                return Ok(farm);
            }
            if let Some(fault) = farm.dead_member() {
                return Err(fault);
            }
            if began.elapsed() > START_WAIT {
                return Err(TaskError(format!(
                    "the coordinator does not listen after {} s{}",
                    START_WAIT.as_secs(),
                    farm.tail("coordinator")
                )));
            }
            std::thread::sleep(LOOK_PAUSE);
        }
    }

    /// Where the coordinator listens.
    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Starts a worker on the software GPU.
    pub(super) fn add_worker(&mut self, name: &str) -> Result<(), TaskError> {
        let mut command = self.client();
        command.args(["worker", "--farm", &self.url, "--gpu", "software", "--name", name]);
        command.arg("--scratch").arg(self.dir.join("scratch").join(name));
        self.spawn(name, command, None)
    }

    /// Takes a worker away as a power cut does: it gets no chance to say goodbye. False if there is none of that name.
    pub(super) fn cut_power(&mut self, name: &str) -> bool {
        let Some(index) = self.members.iter().position(|member| member.name == name) else { return false };
        let mut member = self.members.remove(index);
        kill(&mut member.child);
        true
    }

    /// Hands the manifest in and returns the batch's id.
    pub(super) fn submit(&self, manifest: &Path) -> Result<String, TaskError> {
        let mut command = self.client();
        command.arg("submit").arg(manifest).arg("--json");
        Ok(read_batch(&self.ask(command, "submit")?)?)
    }

    /// The farm's status now.
    pub(super) fn status(&self) -> Result<FarmStatus, TaskError> {
        let mut command = self.client();
        command.args(["status", "--json"]);
        Ok(read_status(&self.ask(command, "status")?)?)
    }

    /// Brings the outputs of a batch into `dir`.
    pub(super) fn fetch(&self, batch: &str, dir: &Path) -> Result<(), TaskError> {
        let mut command = self.client();
        command.args(["fetch", batch, "--dir"]).arg(dir);
        self.ask(command, "fetch").map(drop)
    }

    /// Runs the client with these words and gives what it says on standard output.
    pub(super) fn say(&self, words: &[&str]) -> Result<String, TaskError> {
        let mut command = self.client();
        command.args(words);
        self.ask(command, words.first().copied().unwrap_or_default())
    }

    /// A process that ended by itself, as an error with its last words.
    pub(super) fn dead_member(&mut self) -> Option<TaskError> {
        let (name, status) = self.members.iter_mut().find_map(|member| {
            let status = member.child.try_wait().ok().flatten()?;
            Some((member.name.clone(), status))
        })?;
        Some(TaskError(format!("{name} ended by itself ({status}){}", self.tail(&name))))
    }

    fn tail(&self, name: &str) -> String {
        log_tail(&self.dir, name)
    }

    /// The error with the ends of the coordinator's and every worker's log: nobody knows yet whose fault it was.
    pub(super) fn with_logs(&self, error: &TaskError) -> TaskError {
        TaskError(format!("{error}{}", all_log_tails(&self.dir)))
    }

    /// The program with what every client needs to find the farm.
    fn client(&self) -> Command {
        let mut command = Command::new(&self.shotfarm);
        command.env("SHOTFARM_URL", &self.url).env("SHOTFARM_SECRET_FILE", self.dir.join("farm").join("secret"));
        command.current_dir(&self.dir);
        command
    }

    fn ask(&self, mut command: Command, what: &str) -> Result<String, TaskError> {
        let output = command.stdin(Stdio::null()).output().map_err(while_trying(format!("run `shotfarm {what}`")))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let words = String::from_utf8_lossy(&output.stderr);
        Err(TaskError(format!("`shotfarm {what}` failed ({}): {}", output.status, words.trim())))
    }

    /// Starts a member; what it prints goes to `printed` or else, like its complaints, to its log.
    fn spawn(&mut self, name: &str, mut command: Command, printed: Option<&Path>) -> Result<(), TaskError> {
        let log = self.dir.join("logs").join(format!("{name}.log"));
        let open = |path: &Path| File::create(path).map_err(while_trying(format!("write {}", path.display())));
        let log = open(&log)?;
        let printed = printed.map_or_else(|| log.try_clone().map_err(while_trying(format!("write the log of {name}"))), open)?;
        command.stdin(Stdio::null()).stdout(printed).stderr(log);
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let child = command.spawn().map_err(while_trying(format!("start {name} ({})", self.shotfarm.display())))?;
        self.members.push(Member { name: name.to_owned(), child });
        Ok(())
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        // Workers first, so that the coordinator hears their goodbye.
        for member in self.members.iter_mut().rev() {
            stop(&mut member.child);
        }
    }
}

/// Asks a process to stop and waits a moment, then kills what is left of its group.
fn stop(child: &mut Child) {
    signal(child, false);
    let began = Instant::now();
    while began.elapsed() < STOP_WAIT && matches!(child.try_wait(), Ok(None)) {
        std::thread::sleep(LOOK_PAUSE);
    }
    kill(child);
}

/// Kills a process and everything in its group, and collects it. A process that is gone already is what we wanted.
fn kill(child: &mut Child) {
    signal(child, true);
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(unix)]
fn signal(child: &Child, kill: bool) {
    use rustix::process::{Pid, Signal, kill_process_group};
    let signal = if kill { Signal::KILL } else { Signal::TERM };
    if let Some(group) = i32::try_from(child.id()).ok().and_then(Pid::from_raw) {
        // The group may be gone already, which is what we wanted.
        let _ = kill_process_group(group, signal);
    }
}

#[cfg(not(unix))]
fn signal(_child: &Child, _kill: bool) {}

/// The end of one process's log in the demo's folder, ready to be put behind an error.
fn log_tail(dir: &Path, name: &str) -> String {
    let path = dir.join("logs").join(format!("{name}.log"));
    let text = fs::read_to_string(&path).unwrap_or_default();
    if text.trim().is_empty() {
        return format!("; its log {} is empty", path.display());
    }
    format!("; the end of {}:\n{}", path.display(), last_lines(&text))
}

/// The ends of all logs in the demo's folder.
pub(super) fn all_log_tails(dir: &Path) -> String {
    let names = fs::read_dir(dir.join("logs")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut logs: Vec<PathBuf> = names.filter(|path| path.extension().is_some_and(|extension| extension == "log")).collect();
    logs.sort();
    let tail = |path: &PathBuf| {
        let text = fs::read_to_string(path).unwrap_or_default();
        format!("\n{}:\n{}", path.display(), if text.trim().is_empty() { "  | (empty)".to_owned() } else { last_lines(&text) })
    };
    logs.iter().map(tail).collect()
}

fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].iter().map(|line| format!("  | {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_of_a_log_is_shown() {
        let text: String = (0..100).map(|line| format!("line {line}\n")).collect();
        let shown = last_lines(&text);
        assert_eq!(shown.lines().count(), LOG_TAIL_LINES);
        assert!(shown.ends_with("  | line 99"));
    }

    /// A stand-in for the program: a shell script that does what the demo asks of each command.
    #[cfg(unix)]
    fn stand_in(dir: &Path, script: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        fs::create_dir_all(dir.join("logs")).unwrap();
        let path = dir.join("shotfarm");
        fs::write(&path, format!("#!/bin/sh\n{script}")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    #[cfg(unix)]
    #[test]
    fn processes_are_started_asked_killed_and_stopped() {
        let dir = tempfile::tempdir().unwrap();
        let script = r#"case "$1" in
            coordinator) echo '{"listening":"http://127.0.0.1:9"}'; exec sleep 600 ;;
            worker) exec sleep 600 ;;
            submit) echo "{\"batch\":\"$SHOTFARM_URL\"}" ;;
            status) echo '{"farm":{"frames_done":1,"frames_total":2},"jobs":[]}' ;;
            fetch) echo 'no such batch' >&2; exit 3 ;;
        esac"#;
        let mut farm = Farm::start(&stand_in(dir.path(), script), dir.path()).unwrap();
        farm.add_worker("demo-1").unwrap();
        assert_eq!(farm.submit(Path::new("episode.csv")).unwrap(), "http://127.0.0.1:9");
        assert_eq!(farm.status().unwrap().frames_total, 2);
        assert!(farm.fetch("b", dir.path()).unwrap_err().0.contains("no such batch"));
        assert!(farm.dead_member().is_none());
        let pids: Vec<u32> = farm.members.iter().map(|member| member.child.id()).collect();
        assert!(farm.cut_power("demo-1"));
        assert!(!farm.cut_power("demo-1"), "it is gone");
        drop(farm);
        for pid in pids {
            let alive = Command::new("kill").args(["-0", &pid.to_string()]).stderr(Stdio::null()).status().unwrap().success();
            assert!(!alive, "process {pid} outlived the farm");
        }
        // In the same test, for a script that is being written while another test forks cannot be started.
        let shotfarm = stand_in(dir.path(), "echo 'the disk is full' >&2; exit 1");
        let error = Farm::start(&shotfarm, dir.path()).err().unwrap();
        assert!(error.0.contains("coordinator ended by itself") && error.0.contains("  | the disk is full"), "{error}");
    }
}
