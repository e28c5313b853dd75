//! Once more where the device was lost or its memory was not enough, and the way of graphs back to who lent them.

use shotfarm_shared::frames::FrameRange;

use super::Job;
use super::devices::Lent;
use super::error::TaskError;
use crate::gpu::GpuError;

impl Job<'_> {
    /// What `make` makes of the frames `range`, tried once more where the device was lost. Where its memory was not enough,
    /// work that `shrinks` is tried in smaller and smaller bands, and other work once more without what was kept beside it.
    pub(super) fn despite_the_gpu<T>(
        &self,
        range: FrameRange,
        shrinks: bool,
        make: impl Fn() -> Result<T, TaskError>,
    ) -> Result<T, TaskError> {
        let mut again = false;
        loop {
            let error = match make() {
                Err(TaskError::Gpu(error)) if !self.cancel.is_cancelled() => error,
                made => return made,
            };
            match error {
                // The next try takes half of the memory. Once the smallest bands do not fit, it fails with another error.
                GpuError::OutOfMemory { .. } if shrinks => {}
                GpuError::Lost { .. } | GpuError::Stuck { .. } | GpuError::OutOfMemory { .. } if !again => again = true,
                error => return Err(error.into()),
            }
            tracing::warn!(%error, frames = %range, "the frames are made once more");
            self.progress.set(0);
        }
    }

    /// Gives a graph back to the next task, unless `error` came of it or of its device.
    pub(super) fn return_graph(&self, lent: Lent, error: Option<&TaskError>) {
        match error {
            Some(error) if error.is_device_lost() => self.context.devices.lost(&lent),
            Some(TaskError::Gpu(GpuError::OutOfMemory { .. })) => self.context.devices.out_of_memory(&lent),
            // After any other refusal the graph's buffers are in an unknown state.
            Some(TaskError::Gpu(_)) => drop(lent),
            Some(_) | None => self.context.devices.give_back(lent),
        }
    }
}
