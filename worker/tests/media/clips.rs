//! Small clips to try things on, made by ffmpeg from its own test sources, in a folder that goes with the test.

use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::media::MediaFacts;
use shotfarm_worker::media::{Cancel, MediaError, Tools, probe};
use tempfile::TempDir;

/// A folder for one test, with the tools found.
pub(crate) struct Bench {
    pub(crate) tools: Tools,
    pub(crate) cancel: Cancel,
    folder: TempDir,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self { tools: Tools::find().unwrap(), cancel: Cancel::new(), folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs ffmpeg with `args` (separated by blanks) and gives the path of what it made.
    pub(crate) fn make(&self, name: &str, args: &str) -> PathBuf {
        let path = self.path(name);
        let output = Command::new("ffmpeg")
            .args(["-nostdin", "-loglevel", "error", "-y"])
            .args(args.split_whitespace())
            .arg(&path)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args}: {}", String::from_utf8_lossy(&output.stderr));
        path
    }

    pub(crate) fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub(crate) fn probe(&self, path: &Path) -> Result<MediaFacts, MediaError> {
        probe(&self.tools, path, &self.cancel)
    }
}

/// `count` frames of moving noise in yuv420p, which no encoder can do exactly: every difference of quantisers shows.
pub(crate) fn noisy_frames(width: usize, height: usize, count: u64, seed: u64) -> Vec<Vec<u8>> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut noise = move |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % most) as usize
    };
    let frame = |at: u64, noise: &mut dyn FnMut(u64) -> usize| {
        let shift = at as usize * (1 + seed as usize % 3);
        let bright = 40 * usize::from((at / 31) % 2 == 1);
        let luma = (0..width * height).map(|i| {
            let (x, y) = (i % width + shift, i / width);
            ((x * 3 / 2) % 120 + (y * x / 16) % 60 + bright + noise(24)) as u8
        });
        let mut bytes: Vec<u8> = luma.collect();
        bytes.extend((0..width * height / 2).map(|i| (96 + (i + shift) % 64 + noise(8)) as u8));
        bytes
    };
    (0..count).map(|at| frame(at, &mut noise)).collect()
}
