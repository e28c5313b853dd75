//! Child processes: the one place that starts, feeds, reads, watches and ends them.
//!
//! Invariants: a child never outlives its [`Child`] (the whole process group is killed on drop); its standard error is always
//! drained, so that it cannot block on it, and only the end of it is kept; nothing waits on a child for longer than the idle
//! bound or, once the task is cancelled, for longer than a watchdog's tick.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use process_wrap::std::{ChildWrapper, CommandWrap};
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::limits::{CHILD_IDLE_MILLIS_MAX, CHILD_STDERR_BYTES_MAX};

use super::error::{MediaError, subject};

/// How often the watchdog looks; a cancelled task's children are gone within two of these.
const WATCH_MILLIS: u64 = 50;
/// How often an ending child is asked whether it has ended: short, since a segment waits for several of them.
const WAIT_MILLIS: u64 = 3;

/// Tells running work to stop. Clones share one flag; it is never taken back.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// A token that nobody has cancelled yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work that holds this token.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether the work is to stop.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// `Err(Cancelled)` once the work is to stop, for `?` between two pieces of it.
    ///
    /// # Errors
    /// [`MediaError::Cancelled`].
    pub fn check(&self) -> Result<(), MediaError> {
        if self.is_cancelled() { Err(MediaError::Cancelled) } else { Ok(()) }
    }
}

/// What a child is started for: the words of its errors, and whose fault an unexplained failure is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose<'a> {
    /// Such as `decoding`.
    pub(crate) operation: &'static str,
    /// The file it is about.
    pub(crate) path: &'a Path,
    /// `Job` where it reads a source, `Worker` where it works on our own files.
    pub(crate) fault: FailureClass,
}

/// A running child with its pipes, under watch.
#[derive(Debug)]
pub(crate) struct Child {
    watch: Arc<Watch>,
    watchdog: Option<JoinHandle<()>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    stdin: Option<ChildStdin>,
    stdout: Option<ChildStdout>,
    operation: &'static str,
    subject: String,
    fault: FailureClass,
}

/// What the owner and the watchdog share.
#[derive(Debug)]
struct Watch {
    process: Mutex<Box<dyn ChildWrapper>>,
    started: Instant,
    /// Milliseconds after `started`, plus one, at which the owner began to wait for the child; 0 while it does not. A child
    /// that waits for *us* (a slow GPU before an encoder) is not idle by its own fault.
    waiting_since: AtomicU64,
    ended: AtomicBool,
    stopped: AtomicU8,
}

const STOPPED_NOT: u8 = 0;
const STOPPED_CANCELLED: u8 = 1;
const STOPPED_IDLE: u8 = 2;

impl Watch {
    fn process(&self) -> MutexGuard<'_, Box<dyn ChildWrapper>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn millis(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }

    /// Runs `wait`, which blocks on the child, with the idle clock running.
    fn waiting<T>(&self, wait: impl FnOnce() -> T) -> T {
        self.waiting_since.store(self.millis() + 1, Ordering::Release);
        let result = wait();
        self.waiting_since.store(0, Ordering::Release);
        result
    }

    fn is_idle(&self) -> bool {
        let since = self.waiting_since.load(Ordering::Acquire);
        since != 0 && self.millis().saturating_sub(since - 1) > CHILD_IDLE_MILLIS_MAX
    }

    fn stop(&self, why: u8) {
        self.stopped.store(why, Ordering::Release);
        let mut process = self.process();
        if !self.ended.load(Ordering::Acquire) {
            // A child that has just ended by itself is no error here.
            let _ = process.start_kill();
        }
    }

    fn run_watchdog(&self, cancel: &Cancel) {
        while !self.ended.load(Ordering::Acquire) {
            if cancel.is_cancelled() {
                return self.stop(STOPPED_CANCELLED);
            }
            if self.is_idle() {
                return self.stop(STOPPED_IDLE);
            }
            thread::park_timeout(Duration::from_millis(WATCH_MILLIS));
        }
    }
}

impl Child {
    /// Starts `command` in its own process group, with standard input closed unless `feed` is set.
    ///
    /// # Errors
    /// When the task is already cancelled or the program cannot be started.
    pub(crate) fn start(mut command: Command, feed: bool, purpose: Purpose<'_>, cancel: &Cancel) -> Result<Self, MediaError> {
        cancel.check()?;
        command.stdin(if feed { Stdio::piped() } else { Stdio::null() }).stdout(Stdio::piped()).stderr(Stdio::piped());
        let program = command.get_program().to_owned();
        let mut wrap = CommandWrap::from(command);
        #[cfg(unix)]
        wrap.wrap(process_wrap::std::ProcessGroup::leader());
        let mut process = wrap.spawn().map_err(|source| MediaError::Spawn { path: program.into(), source })?;
        limit(process.id());
        let (stdin, stdout) = (process.stdin().take(), process.stdout().take());
        let stderr = process.stderr().take().map(|pipe| thread::spawn(move || drain(pipe)));
        let watch = Arc::new(Watch {
            process: Mutex::new(process),
            started: Instant::now(),
            waiting_since: AtomicU64::new(0),
            ended: AtomicBool::new(false),
            stopped: AtomicU8::new(STOPPED_NOT),
        });
        let watchdog = {
            let (watch, cancel) = (Arc::clone(&watch), cancel.clone());
            Some(thread::spawn(move || watch.run_watchdog(&cancel)))
        };
        let Purpose { operation, path, fault } = purpose;
        Ok(Self { watch, watchdog, stderr, stdin, stdout, operation, subject: subject(path), fault })
    }

    /// Writes all of `bytes` to the child.
    ///
    /// # Errors
    /// The system's; a broken pipe means that the child has ended, and [`Child::finish`] says why.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or_else(|| io::Error::from(io::ErrorKind::BrokenPipe))?;
        self.watch.waiting(|| stdin.write_all(bytes))
    }

    /// Tells the child that nothing more will be written.
    pub(crate) fn close_stdin(&mut self) {
        self.stdin = None;
    }

    /// Reads until `buf` is full or the child has closed its output; gives the bytes read.
    ///
    /// # Errors
    /// The system's.
    pub(crate) fn read_full(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let mut filled = 0;
        while filled < buf.len() {
            match self.read(&mut buf[filled..]) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(filled)
    }

    /// Waits for the end of the child and gives the tail of its standard error if it ended well.
    ///
    /// # Errors
    /// Cancelled, idle, or the child's own failure in the class of its purpose.
    pub(crate) fn finish(mut self) -> Result<String, MediaError> {
        self.stdin = None;
        self.stdout = None;
        let status = self.wait_for_end();
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        let stderr = String::from_utf8_lossy(&stderr).trim().to_owned();
        let (operation, subject) = (self.operation, self.subject.clone());
        match self.watch.stopped.load(Ordering::Acquire) {
            STOPPED_CANCELLED => return Err(MediaError::Cancelled),
            STOPPED_IDLE => return Err(MediaError::Idle { operation, subject }),
            _ => {}
        }
        let status = status.map_err(|source| MediaError::Io { operation, subject: subject.clone(), source })?;
        if status.success() { Ok(stderr) } else { Err(explain(operation, subject, self.fault, status, &stderr)) }
    }

    fn wait_for_end(&self) -> io::Result<ExitStatus> {
        let ended = self.watch.waiting(|| {
            loop {
                let mut process = self.watch.process();
                if let Some(status) = process.try_wait()? {
                    self.watch.ended.store(true, Ordering::Release);
                    return Ok(status);
                }
                drop(process);
                thread::sleep(Duration::from_millis(WAIT_MILLIS));
            }
        });
        if let Some(watchdog) = &self.watchdog {
            watchdog.thread().unpark();
        }
        ended
    }
}

impl Read for Child {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let Some(stdout) = self.stdout.as_mut() else { return Ok(0) };
        self.watch.waiting(|| stdout.read(buf))
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        self.stdin = None;
        self.stdout = None;
        if !self.watch.ended.load(Ordering::Acquire) {
            let mut process = self.watch.process();
            // It may have ended by itself in this moment; either way it is reaped here.
            let _ = process.start_kill();
            let _ = process.wait();
            self.watch.ended.store(true, Ordering::Release);
        }
        if let Some(watchdog) = self.watchdog.take() {
            watchdog.thread().unpark();
            let _ = watchdog.join();
        }
        if let Some(stderr) = self.stderr.take() {
            let _ = stderr.join();
        }
    }
}

/// Reads the pipe to its end and keeps the last [`CHILD_STDERR_BYTES_MAX`] bytes.
fn drain(mut pipe: ChildStderr) -> Vec<u8> {
    let mut tail = VecDeque::with_capacity(CHILD_STDERR_BYTES_MAX);
    let mut chunk = [0; 4_096];
    while let Ok(count @ 1..) = pipe.read(&mut chunk) {
        let excess = (tail.len() + count).saturating_sub(CHILD_STDERR_BYTES_MAX);
        tail.drain(..excess.min(tail.len()));
        tail.extend(&chunk[..count]);
    }
    tail.into()
}

/// Bounds what the child may take of the machine. It has only just begun, so there is nothing yet to miss; where the system
/// refuses, the child runs without: the bounds are a fence, not a promise.
#[cfg(target_os = "linux")]
fn limit(id: u32) {
    use rustix::process::{Pid, Resource, Rlimit, prlimit};
    use shotfarm_shared::limits::{BLOB_BYTES_MAX, CHILD_ADDRESS_BYTES_MAX};

    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    for (resource, most) in [(Resource::As, CHILD_ADDRESS_BYTES_MAX), (Resource::Fsize, BLOB_BYTES_MAX), (Resource::Core, 0)] {
        let _ = prlimit(pid, resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(target_os = "linux"))]
fn limit(_id: u32) {}

/// Turns the end of a child that failed into an error: first what its words or its signal tell, else the class of its purpose.
fn explain(operation: &'static str, subject: String, fault: FailureClass, status: ExitStatus, stderr: &str) -> MediaError {
    if stderr.contains("No space left on device") || stderr.contains("Disk quota exceeded") {
        return MediaError::NoSpace { operation, subject };
    }
    if stderr.contains("Cannot allocate memory") || was_killed(status) {
        return MediaError::Killed { operation, subject, detail: status.to_string() };
    }
    let detail = if stderr.is_empty() { format!("ffmpeg ended with {status}") } else { last_lines(stderr) };
    if fault == FailureClass::Job {
        MediaError::Damaged { subject, detail }
    } else {
        MediaError::Own { operation, subject, detail }
    }
}

#[cfg(unix)]
fn was_killed(status: ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    const SIGKILL: i32 = 9;
    status.signal() == Some(SIGKILL)
}

#[cfg(not(unix))]
fn was_killed(_status: ExitStatus) -> bool {
    false
}

/// The last lines of a child's own words, joined: the reason stands at the end, and a message stays readable. ffmpeg's marks of
/// who speaks (`[h264 @ 0x55d8...]`) are left out: they differ in every run and tell a person nothing.
pub(crate) fn last_lines(stderr: &str) -> String {
    const LINES_SHOWN: usize = 3;
    let unmarked = |line| match str::split_once(line, "] ") {
        Some((mark, rest)) if mark.starts_with('[') && mark.contains(" @ 0x") => rest,
        _ => line,
    };
    // Nor does the path on this machine: the message names its subject already.
    let spoken = |line| match str::split_once(unmarked(line), ": ") {
        Some((path, rest)) if path.starts_with("file:/") => rest,
        _ => unmarked(line),
    };
    let lines: Vec<_> =
        stderr.lines().map(|line| spoken(line.trim()).trim_end_matches('.')).filter(|line| !line.is_empty()).collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("; ")
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn shell(script: &str, fault: FailureClass, cancel: &Cancel) -> Child {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", script]);
        Child::start(command, true, Purpose { operation: "decoding", path: Path::new("in.mp4"), fault }, cancel).unwrap()
    }

    #[test]
    fn a_child_that_ends_well_gives_its_words() {
        let mut child = shell("cat; echo a hint >&2", FailureClass::Job, &Cancel::new());
        child.write_all(b"frames").unwrap();
        child.close_stdin();
        let mut read = [0; 16];
        assert_eq!(child.read_full(&mut read).unwrap(), 6);
        assert_eq!(child.finish().unwrap(), "a hint");
    }

    #[test]
    fn standard_error_is_drained_and_only_its_end_is_kept() {
        let script = "i=0; while [ $i -lt 9000 ]; do echo 0123456789 >&2; i=$((i+1)); done; echo the end >&2";
        let stderr = shell(script, FailureClass::Job, &Cancel::new()).finish().unwrap();
        assert!(stderr.len() <= CHILD_STDERR_BYTES_MAX && stderr.len() > CHILD_STDERR_BYTES_MAX - 32, "{}", stderr.len());
        assert!(stderr.ends_with("the end"));
    }

    #[test]
    fn failures_have_the_class_of_their_cause() {
        let class = |script, fault| shell(script, fault, &Cancel::new()).finish().unwrap_err().class();
        assert_eq!(class("echo bad data >&2; exit 1", FailureClass::Job), FailureClass::Job);
        assert_eq!(class("echo bad option >&2; exit 1", FailureClass::Worker), FailureClass::Worker);
        assert_eq!(class("echo 'x: No space left on device' >&2; exit 1", FailureClass::Job), FailureClass::Environment);
        assert_eq!(class("kill -9 $$", FailureClass::Job), FailureClass::Environment);
        assert_eq!(class("kill -11 $$", FailureClass::Job), FailureClass::Job);
    }

    #[test]
    fn messages_leave_out_who_speaks() {
        assert_eq!(last_lines("file:/tmp/a b/x.mp4: Invalid data found"), "Invalid data found");
        let stderr = "one\ntwo\n[NULL @ 0x55d8] Invalid NAL unit size (-1 > 551).\n\n[h264 @ 0x55] bad\nx.mp4: [a] corrupt\n";
        assert_eq!(last_lines(stderr), "Invalid NAL unit size (-1 > 551); bad; x.mp4: [a] corrupt");
    }

    #[test]
    fn cancelling_ends_a_child_that_would_never_end() {
        let cancel = Cancel::new();
        let mut child = shell("sleep 1000 & wait", FailureClass::Job, &cancel);
        let stopper = thread::spawn({
            let cancel = cancel.clone();
            move || cancel.cancel()
        });
        assert_eq!(child.read_full(&mut [0; 1]).unwrap(), 0);
        assert!(matches!(child.finish(), Err(MediaError::Cancelled)));
        stopper.join().unwrap();
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn dropping_a_child_kills_its_whole_group() {
        let mut child = shell("sleep 1000 & echo $!; wait", FailureClass::Job, &Cancel::new());
        let mut line = [0; 8];
        let count = child.read(&mut line).unwrap();
        let id: u32 = String::from_utf8_lossy(&line[..count]).trim().parse().unwrap();
        drop(child);
        // The signal is on its way when `drop` returns; the grandchild, whom somebody else reaps, may yet be a zombie.
        let is_dead = || {
            let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
            status.is_empty() || status.contains("State:\tZ") || status.contains("State:\tX")
        };
        let dead = (0..1_000).any(|_| {
            is_dead() || {
                thread::sleep(Duration::from_millis(10));
                false
            }
        });
        assert!(dead, "process {id} lives on");
    }
}
