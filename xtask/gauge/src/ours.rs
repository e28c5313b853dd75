//! Frames through this farm's own passes.

use std::time::{Duration, Instant};

use shotfarm_shared::media::FrameLayout;
use shotfarm_shared::recipe::{Step, read_steps};
use shotfarm_worker::gpu::{Gpu, Graph, record};
use shotfarm_worker::net::Models;

use crate::error::GaugeError;

/// The steps of a recipe and the layouts on either side.
#[derive(Clone, Debug)]
pub(crate) struct Ours {
    pub(crate) steps: Vec<Step>,
    pub(crate) input: FrameLayout,
    pub(crate) output: FrameLayout,
}

impl Ours {
    /// Steps as people write them, on frames of `input`.
    pub(crate) fn new(text: &str, input: &FrameLayout) -> Result<Self, GaugeError> {
        let steps = read_steps(text)?;
        let extent = steps.iter().fold(input.extent, |extent, step| step.extent(extent));
        Ok(Self { steps, input: input.clone(), output: FrameLayout { extent, ..input.clone() } })
    }

    /// Compiled for a device.
    pub(crate) fn graph(&self, gpu: &Gpu) -> Result<Graph, GaugeError> {
        Ok(Graph::new(gpu, &record(&self.steps, &self.input, &self.output, &Models::new())?)?)
    }

    /// Every frame through the passes, and the time that all but the first took: that one pays for what the driver compiles
    /// late. Meant for steps that look at one frame alone.
    pub(crate) fn run(&self, gpu: &Gpu, frames: &[Vec<u8>]) -> Result<(Vec<Vec<u8>>, Duration), GaugeError> {
        let mut graph = self.graph(gpu)?;
        let mut results = Vec::with_capacity(frames.len());
        let mut started = Instant::now();
        for (number, frame) in (0_i64..).zip(frames) {
            if graph.is_full() || number == 1 {
                results.push(next(&mut graph)?);
            }
            if number == 1 {
                started = Instant::now();
            }
            graph.submit(frame, number)?;
        }
        while graph.in_flight() > 0 {
            results.push(next(&mut graph)?);
        }
        Ok((results, started.elapsed()))
    }
}

fn next(graph: &mut Graph) -> Result<Vec<u8>, GaugeError> {
    let mut out = Vec::new();
    graph.next(&mut out)?;
    Ok(out)
}
