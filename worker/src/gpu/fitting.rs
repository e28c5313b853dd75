//! The largest bands in which a job fits on a device.

use shotfarm_shared::media::FrameLayout;
use shotfarm_shared::recipe::Step;

use super::passes::{Fit, Means, RecordError, record_in};
use super::recording::{DeviceFeatures, DeviceLimits, ExceedsDevice, Proxy, Recording};

/// The smallest bands that are tried. Below it most of what is made is context.
const BAND_ROWS_MIN: u32 = 64;

/// What a job may take of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    /// What it can bind and dispatch.
    pub limits: DeviceLimits,
    /// What it has.
    pub features: DeviceFeatures,
    /// Bytes of its memory that are to be used; as many as there are where nothing is said.
    pub memory_bytes: Option<u64>,
}

/// Why a job was not recorded.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum FitError {
    /// It cannot be.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It does not fit even in the smallest bands.
    #[error(transparent)]
    Exceeds(#[from] ExceedsDevice),
}

/// Records a job whole where it fits, and in the largest bands that do where not.
///
/// # Errors
/// When it cannot be recorded, or not even the smallest bands fit.
pub fn record_fitting(
    steps: &[Step],
    input: &FrameLayout,
    output: &FrameLayout,
    means: Means<'_>,
    room: &Room,
) -> Result<Recording, FitError> {
    let mut exceeds = None;
    for band_rows in band_heights(output.extent.height) {
        let recording = record_in(Fit { band_rows }, steps, input, output, means)?;
        match room.check(&recording) {
            Ok(()) => return Ok(recording),
            Err(error) => exceeds = Some(error),
        }
    }
    Err(exceeds.expect("the whole picture was tried at least").into())
}

/// The whole picture, then half of it, and so on.
fn band_heights(height: u32) -> impl Iterator<Item = Option<u32>> {
    let halves = std::iter::successors(Some(height.div_ceil(2)), |rows| Some(rows.div_ceil(2)));
    std::iter::once(None).chain(halves.take_while(|&rows| rows >= BAND_ROWS_MIN).map(Some))
}

impl Room {
    /// Whether a recording fits.
    pub(crate) fn check(&self, recording: &Recording) -> Result<(), ExceedsDevice> {
        recording.check(&self.limits, &self.features)?;
        let (bytes, limit_bytes) = (recording.memory_bytes(), self.memory_bytes.unwrap_or(u64::MAX));
        if bytes > limit_bytes { Err(ExceedsDevice::Memory { bytes, limit_bytes }) } else { Ok(()) }
    }
}

impl Recording {
    /// Bytes of the device's memory that a graph of it takes. Frames on their way in and out lie in the machine's.
    #[must_use]
    pub fn memory_bytes(&self) -> u64 {
        let seen = |proxy: &Proxy| self.passes().any(|pass| pass.reads.contains(proxy) || pass.writes.contains(proxy));
        let ends = [self.input, self.output];
        let staged = ends.iter().filter(|proxy| !seen(proxy)).map(|proxy| self.buffers[proxy.index()].bytes);
        self.device_bytes() - staged.sum::<u64>()
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::{Extent, PixelFormat};
    use shotfarm_shared::recipe::read_steps;

    use super::*;
    use crate::gpu::Executor;
    use crate::gpu::testing::layout;
    use crate::net::Models;

    /// What the software device of this house says of itself.
    const LIMITS: DeviceLimits = DeviceLimits {
        binding_bytes_max: 128 << 20,
        buffer_bytes_max: (2 << 30) - 1,
        bindings_max: 32,
        groups_max: 65_535,
        group_invocations_max: 1_024,
        group_sides_max: [1_024; 3],
    };

    fn fitted(
        text: &str,
        (width, height): (u32, u32),
        format: PixelFormat,
        memory_bytes: Option<u64>,
    ) -> Result<Recording, FitError> {
        let steps = read_steps(text).expect("steps");
        let input = layout(width, height, format);
        let extent: Extent = steps.iter().fold(input.extent, |extent, step| step.extent(extent));
        let output = FrameLayout { extent, ..input.clone() };
        let room = Room { limits: LIMITS, features: DeviceFeatures::default(), memory_bytes };
        record_fitting(&steps, &input, &output, Means::new(&Models::new(), &Executor::default()), &room)
    }

    fn copies(recording: &Recording) -> usize {
        recording.ops.iter().filter(|op| op.name() == "copy").count()
    }

    #[test]
    fn what_fits_whole_is_whole() {
        let small = fitted("upscale 2x filter=ewa-lanczos", (640, 360), PixelFormat::Yuv420p, None).expect("fits");
        assert_eq!(copies(&small), 0);
    }

    /// A raw frame of 8K with 10 bits and no subsampling is larger than a binding by itself.
    #[test]
    fn eight_k_fits_into_small_bindings_in_bands() {
        let large =
            fitted("upscale 2x filter=ewa-lanczos", (3_840, 2_160), PixelFormat::Yuv444p10le, None).expect("fits in bands");
        assert!(large.buffers[large.output.index()].bytes > LIMITS.binding_bytes_max);
        assert!(copies(&large) > 0);
        assert_eq!(large.check(&LIMITS, &DeviceFeatures::default()), Ok(()));
    }

    #[test]
    fn less_memory_makes_smaller_bands_and_none_is_said() {
        let fit = |memory| fitted("upscale 2x filter=fsr", (640, 360), PixelFormat::Yuv420p, Some(memory));
        let whole = fit(u64::MAX).expect("fits").memory_bytes();
        let half = fit(whole - 1).expect("fits in bands");
        assert!(half.memory_bytes() < whole);
        let quarter = fit(half.memory_bytes() - 1).expect("fits in smaller ones");
        assert!(copies(&quarter) > copies(&half));
        let error = fit(1 << 19).expect_err("no frame fits");
        assert!(matches!(error, FitError::Exceeds(ExceedsDevice::Memory { limit_bytes: 524_288, .. })), "{error}");
        assert!(error.to_string().contains("and 0 MiB may be used"), "{error}");
    }

    #[test]
    fn bands_halve_down_to_the_smallest() {
        assert_eq!(band_heights(1_080).collect::<Vec<_>>(), [None, Some(540), Some(270), Some(135), Some(68)]);
        assert_eq!(band_heights(100).collect::<Vec<_>>(), [None]);
    }
}
