//! Which GPU is measured.

use std::str::FromStr;

use shotfarm_worker::gpu::{Gpu, GpuChoice};

use crate::error::GaugeError;

/// `best`, `software`, or a number from `shotfarm doctor`; kept as text so that a child process is told the same.
#[derive(Clone, Debug)]
pub(crate) struct DeviceName(String);

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" | "software" => Ok(Self(text.to_owned())),
            number if number.parse::<usize>().is_ok() => Ok(Self(text.to_owned())),
            other => Err(format!("`{other}` is no GPU; write best, software, or a number from `shotfarm doctor`")),
        }
    }
}

impl DeviceName {
    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// As the worker takes it.
    pub(crate) fn choice(&self) -> GpuChoice {
        match self.0.as_str() {
            "best" => GpuChoice::Best,
            "software" => GpuChoice::Software,
            number => GpuChoice::Index(number.parse().unwrap_or_default()),
        }
    }

    /// Opens it.
    pub(crate) fn open(&self) -> Result<Gpu, GaugeError> {
        Ok(Gpu::open(self.choice())?)
    }
}
