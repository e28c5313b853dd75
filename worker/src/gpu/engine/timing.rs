//! How long each operation takes on the device itself.

use std::time::Duration;

use super::{Graph, encode};
use crate::gpu::device::{Gpu, GpuError};

/// Bytes of one timestamp.
const TIMESTAMP_BYTES: u64 = 8;

/// How long one operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpTiming {
    /// See [`crate::gpu::recording::Op::name`].
    pub name: &'static str,
    /// The median over all runs.
    pub median: Duration,
}

impl Graph {
    /// Runs every operation `runs` times over whatever the input buffer holds and gives the median time of each: by the device's
    /// own clock for passes where it has one, and by that of this process, one operation at a time, otherwise.
    ///
    /// # Errors
    /// When frames are in flight or the device fails.
    pub fn timings(&mut self, runs: u32) -> Result<Vec<OpTiming>, GpuError> {
        let runs = runs.max(1);
        let mut spans = vec![Vec::new(); self.compiled.ops.len()];
        for _ in 0..runs {
            let stamped = if self.gpu.features().timestamps { self.stamped_run()? } else { Vec::new() };
            for (index, spans) in spans.iter_mut().enumerate() {
                match stamped.get(index) {
                    Some(Some(span)) => spans.push(*span),
                    _ => spans.push(self.run_op(index, 1)?),
                }
            }
        }
        let median = |mut spans: Vec<Duration>| {
            spans.sort_unstable();
            spans[spans.len() / 2]
        };
        Ok(self.names.iter().zip(spans).map(|(name, spans)| OpTiming { name, median: median(spans) }).collect())
    }

    /// One run of all operations with a timestamp on either side of each pass; nothing for copies.
    fn stamped_run(&mut self) -> Result<Vec<Option<Duration>>, GpuError> {
        let Some(slot) = self.free.last().filter(|_| self.in_flight.is_empty()) else {
            return Err(GpuError::Full(self.in_flight.len()));
        };
        slot.upload.unmap();
        let mut spans = Vec::new();
        // A query set holds so many stamps and no more; each part is a submission of its own.
        for ops in self.compiled.ops.chunks(wgpu::QUERY_SET_MAX_QUERIES as usize / 2) {
            // A query that no pass writes must not be waited for: copies have none.
            let passes = ops.iter().filter(|op| op.is_pass()).count();
            let stamps = (passes > 0).then(|| Stamps::new(&self.gpu, passes));
            let mut encoder = self.gpu.device.create_command_encoder(&wgpu::CommandEncoderDescriptor { label: Some("timed") });
            let mut pass = 0..;
            for op in ops {
                let writes = stamps
                    .as_ref()
                    .filter(|_| op.is_pass())
                    .and_then(|stamps| Some((stamps, pass.next()?)))
                    .map(|(stamps, index)| stamps.writes(index));
                encode(std::slice::from_ref(op), slot, writes, &mut encoder);
            }
            if let Some(stamps) = &stamps {
                stamps.resolve(&mut encoder);
            }
            let index = self.gpu.queue.submit([encoder.finish()]);
            self.wait(index)?;
            let mut found = stamps.map(|stamps| stamps.read(self)).transpose()?.unwrap_or_default().into_iter();
            spans.extend(ops.iter().map(|op| if op.is_pass() { found.next() } else { None }));
        }
        self.remap()?;
        Ok(spans)
    }
}

/// Timestamps on either side of some passes.
struct Stamps {
    queries: wgpu::QuerySet,
    resolved: wgpu::Buffer,
    read: wgpu::Buffer,
    count: u32,
}

impl Stamps {
    fn new(gpu: &Gpu, passes: usize) -> Self {
        let count = 2 * passes as u32;
        let buffer = |label, usage| {
            let size = u64::from(count) * TIMESTAMP_BYTES;
            gpu.device.create_buffer(&wgpu::BufferDescriptor { label: Some(label), size, usage, mapped_at_creation: false })
        };
        Self {
            queries: gpu.device.create_query_set(&wgpu::QuerySetDescriptor {
                label: Some("timestamps"),
                ty: wgpu::QueryType::Timestamp,
                count,
            }),
            resolved: buffer("timestamps", wgpu::BufferUsages::QUERY_RESOLVE | wgpu::BufferUsages::COPY_SRC),
            read: buffer("timestamps read", wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST),
            count,
        }
    }

    fn writes(&self, pass: u32) -> wgpu::ComputePassTimestampWrites<'_> {
        wgpu::ComputePassTimestampWrites {
            query_set: &self.queries,
            beginning_of_pass_write_index: Some(2 * pass),
            end_of_pass_write_index: Some(2 * pass + 1),
        }
    }

    fn resolve(&self, encoder: &mut wgpu::CommandEncoder) {
        encoder.resolve_query_set(&self.queries, 0..self.count, &self.resolved, 0);
        encoder.copy_buffer_to_buffer(&self.resolved, 0, &self.read, 0, self.read.size());
    }

    /// How long each pass took.
    fn read(&self, graph: &Graph) -> Result<Vec<Duration>, GpuError> {
        self.read.map_async(wgpu::MapMode::Read, .., |_| {});
        graph.wait(graph.gpu.queue.submit([]))?;
        let view = self.read.get_mapped_range(..).map_err(|error| graph.gpu.fault_or(graph.refused(&error.to_string())))?;
        let ticks: Vec<u64> = bytemuck::pod_collect_to_vec(&view);
        let period_nanos = f64::from(graph.gpu.queue.get_timestamp_period());
        let span = |ends: &[u64]| Duration::from_nanos((ends[1].saturating_sub(ends[0]) as f64 * period_nanos) as u64);
        Ok(ticks.chunks_exact(2).map(span).collect())
    }
}
