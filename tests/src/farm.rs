//! A farm of real processes for tests: the built binary, ports chosen by the system, `kill -9`, restarts, and logs kept.
//!
//! Waiting is on conditions, with a bound; a wait that runs out names what it waited for and shows the end of every log.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

/// The longest any wait may take: the slowest machine's whole end-to-end run, with room.
const WAIT_MAX: Duration = Duration::from_secs(240);
/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(100);
/// Bytes shown of each log when a wait runs out.
const LOG_SHOWN_BYTES: usize = 3_000;

/// The built `shotfarm`, up to date: built here the first time it is asked for, so that no test runs an old one.
///
/// # Panics
/// When it cannot be built.
#[must_use]
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
        let built = Command::new(cargo)
            .args(["build", "--quiet", "--locked", "--workspace", "--bins"]) // as `cargo xtask test` builds it beforehand
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join(".."))
            .status();
        assert!(built.is_ok_and(|status| status.success()), "`cargo build --workspace --bins` failed");
        let test = std::env::current_exe().expect("a test knows its own path");
        let profile = test.parent().and_then(Path::parent).expect("tests lie in TARGET/PROFILE/deps");
        profile.join("shotfarm")
    })
}

/// A coordinator, its workers and its directory. Everything ends with it.
pub struct Farm {
    dir: tempfile::TempDir,
    port: u16,
    coordinator: Option<Child>,
    workers: Vec<(String, Child)>,
}

impl Farm {
    /// Starts a coordinator in a fresh directory.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let dir = tempfile::Builder::new().prefix("farm").tempdir().expect("a temporary folder");
        let mut farm = Self { dir, port: 0, coordinator: None, workers: Vec::new() };
        farm.start_coordinator();
        farm
    }

    /// The folder that holds everything of this farm.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The coordinator's address.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// A command of the binary, aimed at this farm.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command.args(args).stdin(Stdio::null()).current_dir(self.dir());
        command.env("SHOTFARM_URL", self.url());
        command.env("SHOTFARM_SECRET_FILE", self.dir().join("coordinator/secret"));
        command
    }

    /// Runs a command to its end.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Output {
        self.command(args).output().expect("the binary can be started")
    }

    /// Runs a command that must succeed and print one JSON object.
    ///
    /// # Panics
    /// When it fails or prints something else.
    #[must_use]
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.run(args);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "`shotfarm {}` ended with {}:\n{errors}{}", args.join(" "), output.status, self.logs());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("`shotfarm {}`: {error}", args.join(" ")))
    }

    /// Starts the coordinator, on the port it had before if it had one.
    ///
    /// # Panics
    /// When it does not say that it listens.
    pub fn start_coordinator(&mut self) {
        let listen = format!("127.0.0.1:{}", self.port);
        let args = ["coordinator", "--dir", "coordinator", "--listen", &listen, "--json"];
        let mut command = self.command(&args);
        let mut child = command.stdout(Stdio::piped()).stderr(self.log("coordinator")).spawn().expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the coordinator's first line");
        let ready: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("no coordinator: {line:?}{}", self.logs()));
        let url = ready["listening"].as_str().expect("it says where it listens");
        self.port = url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("an address ends in its port");
        self.coordinator = Some(child);
    }

    /// `kill -9`s the coordinator.
    pub fn kill_coordinator(&mut self) {
        if let Some(mut child) = self.coordinator.take() {
            end(&mut child);
        }
    }

    /// Starts a worker on the software device.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn start_worker(&mut self, name: &str) {
        let scratch = format!("scratch-{name}");
        let args = ["worker", "--gpu", "software", "--scratch", &scratch, "--name", name];
        let log = self.log(name);
        let child = self.command(&args).stdout(Stdio::null()).stderr(log).spawn().expect("the binary starts");
        self.workers.push((name.to_owned(), child));
    }

    /// `kill -9`s a worker.
    pub fn kill_worker(&mut self, name: &str) {
        for (_, child) in self.workers.iter_mut().filter(|(known, _)| known == name) {
            end(child);
        }
        self.workers.retain(|(known, _)| known != name);
    }

    /// Asks a worker to finish and leave, and waits until it has; returns whether it ended well.
    ///
    /// # Panics
    /// When it does not leave.
    pub fn drain_worker(&mut self, name: &str) -> bool {
        let index = self.workers.iter().position(|(known, _)| known == name).expect("a worker of that name");
        let (_, mut child) = self.workers.remove(index);
        let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        let status = self.wait_for("the drained worker to leave", || child.try_wait().expect("it is our child"));
        status.success()
    }

    /// Renders `source` with one worker that nobody disturbs.
    ///
    /// # Panics
    /// When that fails.
    pub fn render_alone(&mut self, source: &str, args: &[&str], output: &str) {
        self.start_worker("alone");
        let mut command = vec!["submit", source, "-o", output, "--wait", "--quiet"];
        command.extend(args);
        let run = self.run(&command);
        assert!(run.status.success(), "{}{}", String::from_utf8_lossy(&run.stderr), self.logs());
        assert!(self.drain_worker("alone"), "a drained worker ends well");
    }

    /// Waits until a batch has ended well.
    ///
    /// # Panics
    /// When it has not.
    pub fn wait_for_batch(&self, batch: &str) {
        let wait = self.run(&["job", "wait", batch, "--timeout", "300"]);
        assert_eq!(wait.status.code(), Some(0), "{}{}", String::from_utf8_lossy(&wait.stderr), self.logs());
    }

    /// The farm's status.
    #[must_use]
    pub fn status(&self) -> Value {
        self.json(&["status", "--json"])
    }

    /// Looks until `condition` gives something.
    ///
    /// # Panics
    /// When that takes too long, naming `what` and showing the logs.
    pub fn wait_for<T>(&self, what: &str, mut condition: impl FnMut() -> Option<T>) -> T {
        let until = Instant::now() + WAIT_MAX;
        loop {
            if let Some(found) = condition() {
                return found;
            }
            assert!(Instant::now() < until, "waited too long for {what}{}", self.logs());
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until at least `frames` frames are done.
    pub fn wait_for_frames(&self, frames: u64) {
        self.wait_for(&format!("{frames} frames"), || (self.status()["farm"]["frames_done"].as_u64()? >= frames).then_some(()));
    }

    /// The end of every log.
    #[must_use]
    pub fn logs(&self) -> String {
        let mut shown = String::new();
        for entry in std::fs::read_dir(self.dir()).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|ending| ending == "log") {
                let text = std::fs::read_to_string(&path).unwrap_or_default();
                let start = text.ceil_char_boundary(text.len().saturating_sub(LOG_SHOWN_BYTES));
                shown.push_str(&format!("\n--- {} ---\n{}", path.display(), &text[start..]));
            }
        }
        shown
    }

    fn log(&self, name: &str) -> File {
        let path = self.dir().join(format!("{name}.log"));
        File::options().create(true).append(true).open(path).expect("a log can be written")
    }
}

impl Drop for Farm {
    fn drop(&mut self) {
        for (_, child) in &mut self.workers {
            end(child);
        }
        self.kill_coordinator();
    }
}

fn end(child: &mut Child) {
    let _ = child.kill(); // it may have ended by itself
    let _ = child.wait();
}

/// Runs a child to its end within [`WAIT_MAX`], and returns its exit code and what it said on standard error.
///
/// # Panics
/// When it cannot be started or does not end.
#[must_use]
pub fn run_to_end(command: &mut Command) -> (Option<i32>, String) {
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the binary can be started");
    let mut stderr = child.stderr.take().expect("it is piped");
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = stderr.read_to_string(&mut text); // what came before an odd byte is enough for a message
        text
    });
    let until = Instant::now() + WAIT_MAX;
    let status = loop {
        if let Some(status) = child.try_wait().expect("it is our child") {
            break status;
        }
        if Instant::now() >= until {
            end(&mut child);
            panic!("{command:?} hangs; it said: {}", reader.join().unwrap_or_default());
        }
        std::thread::sleep(LOOK);
    };
    (status.code(), reader.join().unwrap_or_default())
}
