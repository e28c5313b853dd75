//! The same frames through other people's scalers: ffmpeg's swscale, zimg, and libplacebo on a Vulkan device.
//!
//! Dithering, debanding and film grain are switched off, so that only the scaler is judged.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::thread;

use shotfarm_shared::media::{Extent, FrameLayout};

use crate::error::GaugeError;

/// A scaler of ffmpeg's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Peer {
    /// `scale`, by the name of its kernel.
    Swscale(&'static str),
    /// `zscale`, by the name of its filter.
    Zscale(&'static str),
    /// `libplacebo`, by the name of its upscaler.
    Libplacebo(&'static str),
}

impl Peer {
    /// Its name in tables.
    pub(crate) fn name(self) -> String {
        match self {
            Self::Swscale(kernel) => format!("swscale {kernel}"),
            Self::Zscale(filter) => format!("zscale {filter}"),
            Self::Libplacebo(upscaler) => format!("libplacebo {upscaler}"),
        }
    }

    /// The filter graph that brings frames to `target`.
    fn filter(self, target: Extent, format: &str) -> String {
        let Extent { width, height } = target;
        match self {
            Self::Swscale(kernel) => {
                format!("scale={width}:{height}:flags={kernel}+accurate_rnd+full_chroma_int+full_chroma_inp+bitexact")
            }
            Self::Zscale(filter) => format!("zscale=w={width}:h={height}:filter={filter}:dither=none"),
            Self::Libplacebo(upscaler) => format!(
                "hwupload,libplacebo=w={width}:h={height}:upscaler={upscaler}:dithering=none:deband=0:apply_filmgrain=0:\
                 normalize_sar=0,hwdownload,format={format}"
            ),
        }
    }

    /// The ffmpeg process that takes raw frames of `input` and gives them back at `target`.
    pub(crate) fn command(self, input: &FrameLayout, target: Extent, vulkan: &str) -> Command {
        let format = input.format.name();
        let mut command = Command::new("ffmpeg");
        command.args(["-hide_banner", "-nostdin", "-loglevel", "error"]);
        if matches!(self, Self::Libplacebo(_)) {
            command.args(["-init_hw_device", &format!("vulkan=gpu:{vulkan}"), "-filter_hw_device", "gpu"]);
        }
        command.args(["-f", "rawvideo", "-pix_fmt", format, "-color_range", "tv", "-colorspace", "bt709"]);
        command.args(["-color_primaries", "bt709", "-color_trc", "bt709", "-s", &input.extent.to_string(), "-r", "24"]);
        command.args(["-i", "pipe:0", "-vf", &self.filter(target, format)]);
        command.args(["-f", "rawvideo", "-pix_fmt", format, "pipe:1"]);
        // Mesa's layer that asks a desktop for its favourite GPU prints an error where there is no desktop.
        command.env("NODEVICE_SELECT", "1");
        command
    }

    /// All frames at `target`.
    pub(crate) fn run(
        self,
        input: &FrameLayout,
        target: Extent,
        vulkan: &str,
        frames: &[Vec<u8>],
    ) -> Result<Vec<Vec<u8>>, GaugeError> {
        let what = self.name();
        let mut child = start(self.command(input, target, vulkan), &what)?;
        let bytes = input.format.frame_bytes(target);
        let mut results = Vec::with_capacity(frames.len());
        let fed = exchange(&mut child, frames.iter().map(Vec::as_slice), bytes, |frame| results.push(frame.to_vec()));
        finish(child, &what, fed, results.len(), frames.len())?;
        Ok(results)
    }
}

/// Starts a process with all three pipes.
pub(crate) fn start(mut command: Command, what: &str) -> Result<Child, GaugeError> {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().map_err(|source| GaugeError::Start { what: what.to_owned(), source })
}

/// Feeds `frames` in from a thread of its own and hands out every frame of `bytes` that comes back.
pub(crate) fn exchange<'f>(
    child: &mut Child,
    frames: impl Iterator<Item = &'f [u8]> + Send,
    bytes: usize,
    mut take: impl FnMut(&[u8]),
) -> std::io::Result<()> {
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    thread::scope(|scope| {
        let feeder = scope.spawn(move || {
            let Some(mut stdin) = stdin else { return Ok(()) };
            for frame in frames {
                stdin.write_all(frame)?;
            }
            Ok(())
        });
        let mut frame = vec![0; bytes];
        if let Some(mut stdout) = stdout {
            while stdout.read_exact(&mut frame).is_ok() {
                take(&frame);
            }
        }
        feeder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// Waits for the end; a process that failed or gave too few frames is an error in its own words.
pub(crate) fn finish(child: Child, what: &str, fed: std::io::Result<()>, got: usize, expected: usize) -> Result<(), GaugeError> {
    let ended = child.wait_with_output().map_err(GaugeError::Pipe)?;
    let words = String::from_utf8_lossy(&ended.stderr).trim().replace('\n', "; ");
    let failed = |words: String| GaugeError::Child { what: what.to_owned(), words };
    match fed {
        _ if !ended.status.success() || got != expected => {
            Err(failed(if words.is_empty() { format!("{got} of {expected} frames came back ({})", ended.status) } else { words }))
        }
        fed => fed.map_err(GaugeError::Pipe),
    }
}
