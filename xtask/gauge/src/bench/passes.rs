//! What the filters make of the device: time and memory traffic of each operation, beside what a copy reaches.
//!
//! The bar: the passes of a frame take at most 1/0.6 of the time in which a frame could be read and written once, at the
//! measured bandwidth of a copy. It is set for GPUs; a software device computes in the time that memory would take many times.

use serde_json::{Value, json};
use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::read_steps;
use shotfarm_shared::track::{Camera, Layout, Stretch, Track, Window};
use shotfarm_worker::gpu::Gpu;
use shotfarm_worker::gpu::measure::{DeviceRates, StepsRate, steps_rate};

use super::{Bar, Plan, Section};
use crate::error::GaugeError;
use crate::table;

/// The filters with a bar, and one plain one to compare.
const FILTERS: [&str; 4] = ["catmull-rom", "lanczos", "ewa-lanczos", "fsr"];
/// How much of the memory's time is to be reached.
const SHARE_ASKED: f64 = 0.6;
/// Runs whose median counts, for each round.
const RUNS: u32 = 3;

pub(super) fn measure(plan: &Plan, gpu: &Gpu, rates: &DeviceRates) -> Result<Section, GaugeError> {
    let mut rows = Vec::new();
    let (mut data, mut bars) = (Vec::new(), Vec::new());
    for filter in FILTERS {
        let steps = read_steps(&format!("upscale 2x filter={filter}"))?;
        let found = steps_rate(gpu, &steps, plan.size, None, RUNS * plan.rounds)?;
        let share = share_of_memory(&found, rates);
        rows.push(row(filter, found.time().as_secs_f64(), found.bytes(), Some(share)));
        for op in &found.ops {
            rows.push(row(&format!("  {}", op.name), op.time.as_secs_f64(), op.bytes, None));
        }
        data.push(json_of(filter, &found, share));
        if !plan.software && filter != "catmull-rom" {
            bars.push(Bar { what: format!("{filter}: share of what memory allows"), asked: SHARE_ASKED, got: share });
        }
    }
    let framed = reframe(plan, gpu)?;
    for (name, found) in
        [("upscale of a 9:16 picture", &framed.upscale), ("reframe, a window of that size that moves", &framed.reframe)]
    {
        rows.push(row(name, found.time().as_secs_f64(), found.bytes(), Some(share_of_memory(found, rates))));
        for op in &found.ops {
            rows.push(row(&format!("  {}", op.name), op.time.as_secs_f64(), op.bytes, None));
        }
        data.push(json_of(name, found, share_of_memory(found, rates)));
    }
    let target = Extent::new(plan.size.width * 2, plan.size.height * 2);
    let table = table::markdown(&["one frame", "ms", "GB/s", "of what reading and writing it once allows"], &rows);
    let text =
        format!("## Passes\n\n{} to {target}, 4:2:0, 8 bits; GB/s of all buffers that a pass binds.\n\n{table}", plan.size);
    Ok(Section { text, data: Value::Array(data), bars })
}

/// A crop out of a wide picture, and the same change of size of a picture that is no larger than the window.
struct Framed {
    reframe: StepsRate,
    upscale: StepsRate,
}

/// The largest 9:16 window of the picture, brought to the picture's height in width.
fn reframe(plan: &Plan, gpu: &Gpu) -> Result<Framed, GaugeError> {
    let height = f64::from(plan.size.height);
    let even = |side: f64| (side / 2.0).round() as u32 * 2;
    let (window, target) =
        (Extent::new(even(height * 9.0 / 16.0), plan.size.height), Extent::new(plan.size.height, even(height * 16.0 / 9.0)));
    let at = |x: f64| Window { x, y: 0.0, width: f64::from(window.width), height };
    let stretch = Stretch {
        first: 0,
        end: 2,
        camera: Camera::Follow,
        layout: Layout::Crop,
        why: String::new(),
        windows: vec![at(10.0), at(10.25)],
        second: Vec::new(),
    };
    let track = Track { stretches: vec![stretch], ..Track::empty() };
    let runs = RUNS * plan.rounds;
    let steps = |name: &str| read_steps(&format!("{name} {target} filter=lanczos"));
    Ok(Framed {
        reframe: steps_rate(gpu, &steps("reframe")?, plan.size, Some(&track), runs)?,
        upscale: steps_rate(gpu, &steps("upscale")?, window, None, runs)?,
    })
}

/// The time in which the frame could be read and written once by a copy, beside the time of its passes.
fn share_of_memory(found: &StepsRate, rates: &DeviceRates) -> f64 {
    found.frame_bytes as f64 / rates.copy_bytes / found.time().as_secs_f64().max(1e-12)
}

fn row(name: &str, seconds: f64, bytes: u64, share: Option<f64>) -> Vec<String> {
    let rate = bytes as f64 / seconds.max(1e-12) / 1e9;
    let share = share.map_or_else(String::new, |share| format!("{share:.3}"));
    vec![name.to_owned(), format!("{:.3}", seconds * 1_000.0), format!("{rate:.2}"), share]
}

fn json_of(filter: &str, found: &StepsRate, share: f64) -> Value {
    let op = |op: &shotfarm_worker::gpu::measure::OpRate| json!({"name": op.name, "millis": op.time.as_secs_f64() * 1_000.0, "bytes": op.bytes});
    json!({"filter": filter, "millis": found.time().as_secs_f64() * 1_000.0, "bytes": found.bytes(),
        "of_memory": share, "ops": found.ops.iter().map(op).collect::<Vec<_>>()})
}
