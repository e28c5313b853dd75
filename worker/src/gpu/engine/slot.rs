//! One place of the ring: where a frame goes in and comes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::gpu::device::Gpu;
use crate::gpu::recording::{FRAME_NUMBER_BYTES, GUARD_BYTES};

/// Where one frame goes in and comes out. While free, `upload` is mapped and `readback` is not.
#[derive(Debug)]
pub(super) struct Slot {
    /// The raw frame, padded to whole words, then its number.
    pub(super) upload: wgpu::Buffer,
    /// The raw frame, padded to whole words, then the guard.
    pub(super) readback: wgpu::Buffer,
    /// Mappings that succeeded since the last submission.
    mapped: Arc<AtomicU32>,
}

impl Slot {
    pub(super) fn new(gpu: &Gpu, input_bytes: u64, output_bytes: u64) -> Self {
        let create = |label, size, usage, mapped_at_creation| {
            gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation })
        };
        let upload_bytes = input_bytes + FRAME_NUMBER_BYTES;
        Self {
            upload: create("upload", upload_bytes, wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC, true),
            readback: create(
                "readback",
                output_bytes + GUARD_BYTES,
                wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                false,
            ),
            mapped: Arc::default(),
        }
    }

    /// Puts a frame and its number into the upload buffer.
    pub(super) fn fill(&self, frame: &[u8], number: i64) -> Result<(), wgpu::MapRangeError> {
        let mut view = self.upload.get_mapped_range_mut(..)?;
        view.slice(..frame.len()).copy_from_slice(frame);
        let (at, number) = (self.number_byte() as usize, number.to_le_bytes());
        view.slice(at..at + number.len()).copy_from_slice(&number);
        drop(view);
        self.upload.unmap();
        Ok(())
    }

    /// Where the number begins; the rest of its bytes stay zero, as the buffer was made.
    pub(super) fn number_byte(&self) -> u64 {
        self.upload.size() - FRAME_NUMBER_BYTES
    }

    /// Where the guard begins.
    pub(super) fn guard_byte(&self) -> u64 {
        self.readback.size() - GUARD_BYTES
    }

    /// Puts the frame that came out into `out`, and gives what the guard counted.
    pub(super) fn take(&self, out: &mut Vec<u8>, bytes: usize) -> Result<u32, wgpu::MapRangeError> {
        let view = self.readback.get_mapped_range(..)?;
        out.clear();
        out.extend_from_slice(&view[..bytes]);
        let guard = bytemuck::pod_read_unaligned(&view[self.guard_byte() as usize..]);
        drop(view);
        self.readback.unmap();
        Ok(guard)
    }

    /// Asks for both buffers back once the submission is through.
    pub(super) fn map(&self) {
        self.mapped.store(0, Ordering::Release);
        for (buffer, mode) in [(&self.readback, wgpu::MapMode::Read), (&self.upload, wgpu::MapMode::Write)] {
            let mapped = Arc::clone(&self.mapped);
            buffer.map_async(mode, .., move |result| {
                if result.is_ok() {
                    mapped.fetch_add(1, Ordering::AcqRel);
                }
            });
        }
    }

    pub(super) fn is_mapped(&self) -> bool {
        self.mapped.load(Ordering::Acquire) == 2
    }
}
