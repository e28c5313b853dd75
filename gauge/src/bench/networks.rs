//! The executor: its 3x3 convolutions beside a plain shader, and Real-ESRGAN's compact network with seeded weights.
//!
//! The plain shader computes one output pixel (of four channels) in each invocation and reads everything from memory; it gives
//! the same bits. Operations are products and sums of all convolutions, counted twice each.

use std::time::Duration;

use serde_json::json;
use shotfarm_shared::media::Extent;
use shotfarm_worker::gpu::measure::DeviceRates;
use shotfarm_worker::gpu::{Gpu, Graph};
use shotfarm_worker::net::Network;
use shotfarm_worker::net::families::{picture, srvgg};
use shotfarm_worker::net::passes::{ConvKernel, Kernels, Options, Real, Tables, recording};

use super::spread::Spread;
use super::{Bar, Plan, Section};
use crate::error::GaugeError;
use crate::progress::Progress;
use crate::table;

/// How much faster than the plain shader the convolutions are to be on a software device.
const CONV_RATIO_ASKED: f64 = 3.0;
const SEED: u64 = 5;

/// A compact network (xinntao/Real-ESRGAN, `SRVGGNetCompact`) at one size.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Compact {
    features: usize,
    layers: usize,
    scale: usize,
    size: Extent,
}

impl Compact {
    /// Products and sums of its convolutions for one frame.
    fn operations(self) -> f64 {
        let channels =
            3 * self.features + self.layers * self.features * self.features + self.features * 3 * self.scale * self.scale;
        2.0 * 9.0 * channels as f64 * self.size.pixels() as f64
    }

    /// Compiled for a device, with a picture in it.
    fn graph(self, gpu: &Gpu, options: &Options) -> Result<Graph, GaugeError> {
        let network = Network::read(&srvgg(self.features, self.layers, self.scale, SEED), None)?;
        let (rows, columns) = (self.size.height as usize, self.size.width as usize);
        let shaped = network.at(&[("input", &[1, 3, rows, columns])])?;
        let mut graph = Graph::new(gpu, &recording(&shaped, options, &mut Tables::default()))?;
        let frame = picture(3 * rows * columns, SEED).iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
        let mut out = Vec::new();
        // The first frame pays for what the driver compiles late.
        graph.submit(&frame, 0)?;
        graph.next(&mut out)?;
        Ok(graph)
    }
}

pub(super) fn measure(plan: &Plan, gpu: &Gpu, rates: &DeviceRates) -> Result<Section, GaugeError> {
    let conv = convolutions(plan, gpu)?;
    let whole = whole(plan, gpu, rates)?;
    let text = format!("## Networks\n\n{}\n{}", conv.text, whole.text);
    let data = json!({"convolutions": conv.data, "compact": whole.data});
    Ok(Section { text, data, bars: [conv.bars, whole.bars].concat() })
}

/// Times of all convolutions of a network, for each kernel in turn.
fn convolutions(plan: &Plan, gpu: &Gpu) -> Result<Section, GaugeError> {
    let size = if plan.software { Extent::new(160, 90) } else { Extent::new(1_280, 720) };
    let compact = Compact { features: 64, layers: 3, scale: 2, size };
    let plain = Options { kernels: Kernels::forced(ConvKernel::Plain), ..Options::default() };
    let chosen = Options { kernels: Kernels::suggested(gpu.features(), plan.software), ..Options::default() };
    let (mut plain, mut chosen) = (compact.graph(gpu, &plain)?, compact.graph(gpu, &chosen)?);
    let mut progress = Progress::new(f64::from(plan.rounds));
    let (mut plain_times, mut chosen_times, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=plan.rounds {
        progress.begin(&format!("round {round}: convolutions beside a plain shader"));
        let (of_plain, of_chosen) = (conv_time(&mut plain)?, conv_time(&mut chosen)?);
        plain_times.push(of_plain.as_secs_f64());
        chosen_times.push(of_chosen.as_secs_f64());
        ratios.push(of_plain.as_secs_f64() / of_chosen.as_secs_f64().max(1e-12));
        progress.end(1.0);
    }
    let median = |figures| Spread::of(figures).map_or(0.0, |spread| spread.median());
    let (plain, chosen, ratio) = (median(plain_times), median(chosen_times), median(ratios));
    let row = |name: &str, seconds: f64| {
        vec![
            name.to_owned(),
            format!("{:.2}", seconds * 1_000.0),
            format!("{:.4}", compact.operations() / seconds.max(1e-12) / 1e12),
        ]
    };
    let table =
        table::markdown(&["3x3 convolutions, f32", "ms", "TFLOP/s"], &[row("plain", plain), row("the executor's", chosen)]);
    let text = format!("Of 64 channels (and the first and last layer's) at {size}: {ratio:.2} times as fast.\n\n{table}");
    let bar = Bar { what: "3x3 convolutions beside a plain shader".to_owned(), asked: CONV_RATIO_ASKED, got: ratio };
    let data = json!({"plain_millis": plain * 1_000.0, "millis": chosen * 1_000.0, "ratio": ratio, "size": size.to_string()});
    Ok(Section { text, data, bars: if plan.software { vec![bar] } else { Vec::new() } })
}

/// The time of all convolutions of one frame.
fn conv_time(graph: &mut Graph) -> Result<Duration, GaugeError> {
    let timings = graph.timings(3)?;
    Ok(timings.iter().filter(|timing| timing.name.starts_with("net_conv")).map(|timing| timing.median).sum())
}

/// The whole compact network of the public weights' shape, in the best number that the device has.
fn whole(plan: &Plan, gpu: &Gpu, rates: &DeviceRates) -> Result<Section, GaugeError> {
    let size = if plan.software { Extent::new(160, 90) } else { Extent::new(1_920, 1_080) };
    let compact = Compact { features: 64, layers: 16, scale: 4, size };
    let mut rows = Vec::new();
    let mut data = Vec::new();
    for real in if gpu.features().f16 { vec![Real::F32, Real::F16] } else { vec![Real::F32] } {
        let kernels = Kernels::suggested(gpu.features(), plan.software);
        let mut graph = compact.graph(gpu, &Options { real, kernels, ..Options::default() })?;
        let mut times = Vec::new();
        for _ in 0..plan.rounds {
            times.push(graph.run_ops(2)?.as_secs_f64() / 2.0);
        }
        let seconds = Spread::of(times).map_or(f64::MAX, |spread| spread.median());
        let rate = compact.operations() / seconds;
        let (name, most) = match real {
            Real::F32 => ("f32", Some(rates.f32_operations)),
            Real::F16 => ("f16", rates.matrix_operations.or(rates.f16_operations)),
        };
        let share = most.map_or_else(|| "-".to_owned(), |most| format!("{:.3}", rate / most));
        rows.push(vec![name.to_owned(), format!("{:.2}", 1.0 / seconds), format!("{:.3}", rate / 1e12), share]);
        data.push(json!({"real": name, "fps": 1.0 / seconds, "operations": rate, "of_device": most.map(|most| rate / most)}));
    }
    let table = table::markdown(&["Real-ESRGAN compact", "frames/s", "TFLOP/s", "of the device's own rate"], &rows);
    let text = format!(
        "64 features, 16 layers, 4x, seeded weights, {size}: {:.3} TFLOP a frame; passes alone.\n\n{table}",
        compact.operations() / 1e12
    );
    Ok(Section { text, data: json!(data), bars: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_are_those_published() {
        // 1920x1080 through animevideov3: 2.57 TFLOP.
        let compact = Compact { features: 64, layers: 16, scale: 4, size: Extent::new(1_920, 1_080) };
        assert!((compact.operations() / 1e12 - 2.57).abs() < 0.01, "{}", compact.operations());
    }
}
