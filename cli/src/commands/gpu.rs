//! `gpu`: the devices of this machine, whether they compute what they should, and how fast.

use std::time::Duration;

use comfy_table::Cell;
use serde_json::{Value, json};
use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::read_steps;
use shotfarm_worker::gpu::measure::{DeviceRates, StepsRate, bench_source, device_rates, steps_rate};
use shotfarm_worker::gpu::recording::Component;
use shotfarm_worker::gpu::{AdapterReport, Gpu, adapters_in_full};
use shotfarm_worker::{Outcome, PassCheck, check_passes};

use crate::args::{Gpu as Choice, GpuVerb};
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::local;
use crate::voice::human::{state, strong, table};
use crate::voice::{Answer, Voice};
use crate::words;

/// What is measured: every kind of filter, to twice the size.
const BENCH_STEPS: [&str; 3] = ["upscale 2x filter=lanczos", "upscale 2x filter=ewa-lanczos", "upscale 2x filter=fsr"];

/// The verb. Blocks while drivers compile and devices work, so it runs on a thread of its own.
pub(crate) async fn run(voice: Voice, verb: GpuVerb) -> Result<Exit, CliError> {
    let work = move || match verb {
        GpuVerb::List => list(voice),
        GpuVerb::Test { gpu } => test(voice, gpu),
        GpuVerb::Bench { gpu, runs } => bench(voice, gpu, runs),
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

fn open(choice: Choice) -> Result<Gpu, CliError> {
    Gpu::open(local::gpu_choice(choice)).map_err(|error| CliError::not_now(chain(&error)))
}

fn list(voice: Voice) -> Result<Exit, CliError> {
    let found = adapters_in_full();
    if found.is_empty() {
        let hint = "install your GPU's driver, or mesa-vulkan-drivers for rendering on the CPU";
        return Err(CliError::not_now("no GPU is found").hint(hint));
    }
    voice.answer(&Devices(found))?;
    Ok(Exit::Done)
}

fn test(voice: Voice, choice: Choice) -> Result<Exit, CliError> {
    let gpu = open(choice)?;
    let checks = check_passes(&gpu).map_err(|error| CliError::not_now(chain(&error)))?;
    let failed = checks.iter().any(|check| !check.is_ok());
    voice.answer(&Tested { device: gpu.facts().to_string(), checks })?;
    Ok(if failed { Exit::NotNow } else { Exit::Done })
}

fn bench(voice: Voice, choice: Choice, runs: u32) -> Result<Exit, CliError> {
    let gpu = open(choice)?;
    let failed = |error: &dyn std::error::Error| CliError::not_now(chain(error));
    let rates = device_rates(&gpu).map_err(|error| failed(&error))?;
    let source = bench_source(gpu.facts().kind);
    let mut filters = Vec::new();
    for text in BENCH_STEPS {
        let steps = read_steps(text).map_err(|error| failed(&error))?;
        filters.push((text, steps_rate(&gpu, &steps, source, None, runs).map_err(|error| failed(&error))?));
    }
    voice.answer(&Measured { device: gpu.facts().to_string(), rates, source, filters })?;
    Ok(Exit::Done)
}

/// The devices of this machine.
struct Devices(Vec<AdapterReport>);

/// What a device has beyond what every device has, in a few words.
fn abilities(report: &AdapterReport) -> Vec<String> {
    let features = &report.features;
    let subgroups = features
        .subgroups
        .map(|(min, max)| if min == max { format!("subgroups of {max}") } else { format!("subgroups of {min} to {max}") });
    let matrix =
        features.cooperative.first().map(|_| if features.multiplies() { "matrix units" } else { "matrix units (not used)" });
    [
        features.f16.then(|| "f16".to_owned()),
        subgroups,
        matrix.map(str::to_owned),
        features.timestamps.then(|| "timestamps".to_owned()),
        features.pipeline_cache.then(|| "kept kernels".to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn component(component: Component) -> &'static str {
    match component {
        Component::F32 => "f32",
        Component::F16 => "f16",
        Component::I32 => "i32",
        Component::U32 => "u32",
    }
}

impl Answer for Devices {
    fn human(&self) -> String {
        let row = |report: &AdapterReport| {
            let facts = &report.facts;
            vec![
                Cell::new(if report.best { "best" } else { "" }),
                Cell::new(facts.index),
                Cell::new(&facts.name),
                Cell::new(facts.kind),
                Cell::new(format!("{}, {}", facts.backend, facts.driver)),
                Cell::new(words::bytes(report.limits.binding_bytes_max)),
                Cell::new(abilities(report).join(", ")),
            ]
        };
        let header = ["", "gpu", "name", "kind", "driver", "largest binding", "has"];
        table(&header, &[1, 5], self.0.iter().map(row).collect())
    }

    fn json(&self) -> Value {
        let device = |report: &AdapterReport| {
            let AdapterReport { facts, limits, features, best } = report;
            let products = features.cooperative.iter().map(|product| {
                json!({"m": product.m, "n": product.n, "k": product.k,
                    "factors": component(product.factors), "sum": component(product.sum)})
            });
            json!({
                "gpu": facts.index, "name": facts.name, "kind": facts.kind.to_string(), "backend": facts.backend,
                "driver": facts.driver, "best": best,
                "limits": {
                    "binding_bytes": limits.binding_bytes_max, "buffer_bytes": limits.buffer_bytes_max,
                    "bindings": limits.bindings_max, "groups": limits.groups_max,
                    "group_invocations": limits.group_invocations_max, "group_sides": limits.group_sides_max,
                },
                "features": {
                    "f16": features.f16, "subgroups": features.subgroups.map(|(min, max)| json!({"min": min, "max": max})),
                    "matrix_products": products.collect::<Vec<_>>(), "matrix_units_used": features.multiplies(),
                    "timestamps": features.timestamps, "kept_kernels": features.pipeline_cache,
                },
            })
        };
        json!({"gpus": self.0.iter().map(device).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        self.0.iter().map(|report| report.facts.index.to_string()).collect::<Vec<_>>().join("\n")
    }
}

/// Every shader against its twin.
struct Tested {
    device: String,
    checks: Vec<PassCheck>,
}

impl Tested {
    fn failed(&self) -> impl Iterator<Item = &PassCheck> {
        self.checks.iter().filter(|check| !check.is_ok())
    }
}

fn grade(check: &PassCheck) -> &'static str {
    match check.outcome {
        Outcome::Lacks(_) => "unused",
        _ if check.is_ok() => "ok",
        _ => "fail",
    }
}

impl Answer for Tested {
    fn human(&self) -> String {
        let row = |check: &PassCheck| {
            let [worst, bar, text] = match &check.outcome {
                Outcome::Ran { worst, bar } => [figure(*worst), figure(*bar), check.within.clone()],
                Outcome::Lacks(what) => [String::new(), String::new(), format!("this GPU has no {what}")],
                Outcome::Refused(reason) => [String::new(), String::new(), format!("{}: {reason}", check.within)],
            };
            let name = check.shader.facts().name;
            vec![state(grade(check)), Cell::new(name), Cell::new(worst), Cell::new(bar), Cell::new(text)]
        };
        let rows = self.checks.iter().map(row).collect();
        let passes = words::count(self.checks.len() as u64, "pass").replace("passs", "passes");
        let end = match self.failed().count() {
            0 => format!("{passes} checked against the CPU: this GPU can be trusted"),
            failed => {
                format!("{failed} of {passes} compute something else than they should: update the driver, or use another GPU")
            }
        };
        format!("{}\n{}\n{end}", strong(&self.device), table(&["", "pass", "worst", "bar", "within"], &[2, 3], rows))
    }

    fn json(&self) -> Value {
        let check = |check: &PassCheck| {
            let mut value = json!({"pass": check.shader.facts().name, "within": check.within, "state": grade(check)});
            match &check.outcome {
                Outcome::Ran { worst, bar } => (value["worst"], value["bar"]) = (json!(worst), json!(bar)),
                Outcome::Lacks(what) => value["lacks"] = json!(what),
                Outcome::Refused(reason) => value["reason"] = json!(reason),
            }
            value
        };
        let checks = self.checks.iter().map(check).collect::<Vec<_>>();
        json!({"device": self.device, "ok": self.failed().next().is_none(), "checks": checks})
    }

    fn quiet(&self) -> String {
        self.failed().map(|check| check.shader.facts().name).collect::<Vec<_>>().join("\n")
    }
}

/// `0`, `1` or `2.4e-7`.
fn figure(value: f64) -> String {
    if value == 0.0 || value >= 1.0 { format!("{value:.0}") } else { format!("{value:.0e}") }
}

/// What a device does in a second.
struct Measured {
    device: String,
    rates: DeviceRates,
    source: Extent,
    filters: Vec<(&'static str, StepsRate)>,
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn per_second(bytes: u64, time: Duration) -> f64 {
    bytes as f64 / time.as_secs_f64().max(f64::MIN_POSITIVE)
}

impl Measured {
    /// The share of a filter's time in which a frame could just be read and written.
    fn of_floor(&self, rate: &StepsRate) -> f64 {
        per_second(rate.frame_bytes, rate.time()) / self.rates.copy_bytes
    }
}

impl Answer for Measured {
    fn human(&self) -> String {
        let Self { rates, source, .. } = self;
        let giga = |rate: f64| format!("{:.1}", rate / 1e9);
        let tera = |rate: Option<f64>| rate.map_or_else(|| "none".to_owned(), |rate| format!("{:.3} TFLOP/s", rate / 1e12));
        let ceilings = format!(
            "copy {} GB/s, f32 {}, f16 {}, matrix units {}",
            giga(rates.copy_bytes),
            tera(Some(rates.f32_operations)),
            tera(rates.f16_operations),
            tera(rates.matrix_operations)
        );
        let mut rows = Vec::new();
        for (name, rate) in &self.filters {
            let floor = format!("{:.1} %", 100.0 * self.of_floor(rate));
            let filter = |text: String| Cell::new(text).add_attribute(comfy_table::Attribute::Bold);
            let cells =
                [(*name).to_owned(), format!("{:.3}", millis(rate.time())), giga(per_second(rate.bytes(), rate.time())), floor];
            rows.push(cells.map(filter).to_vec());
            for op in &rate.ops {
                let cells = [
                    format!("  {}", op.name),
                    format!("{:.3}", millis(op.time)),
                    giga(per_second(op.bytes, op.time)),
                    String::new(),
                ];
                rows.push(cells.map(Cell::new).to_vec());
            }
        }
        let header = ["one frame", "ms", "GB/s", "of what in and out allow"];
        format!("{}\n{ceilings}\n{source} to twice the size:\n{}", strong(&self.device), table(&header, &[1, 2, 3], rows))
    }

    fn json(&self) -> Value {
        let Self { rates, source, .. } = self;
        let filter = |(name, rate): &(&str, StepsRate)| {
            let op = |op: &shotfarm_worker::gpu::measure::OpRate| json!({"name": op.name, "millis": millis(op.time), "bytes": op.bytes, "bytes_per_second": per_second(op.bytes, op.time)});
            json!({
                "steps": name, "millis": millis(rate.time()), "bytes": rate.bytes(), "frame_bytes": rate.frame_bytes,
                "bytes_per_second": per_second(rate.bytes(), rate.time()), "of_floor": self.of_floor(rate),
                "ops": rate.ops.iter().map(op).collect::<Vec<_>>(),
            })
        };
        json!({
            "device": self.device, "source": source.to_string(),
            "rates": {
                "copy_bytes": rates.copy_bytes, "f32_operations": rates.f32_operations,
                "f16_operations": rates.f16_operations, "matrix_operations": rates.matrix_operations,
            },
            "filters": self.filters.iter().map(filter).collect::<Vec<_>>(),
        })
    }

    fn quiet(&self) -> String {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_worker::gpu::shaders::Shader;

    use super::*;

    #[test]
    fn a_wrong_pass_is_named_in_every_voice() {
        let ran = |shader, worst| PassCheck { shader, within: "upscale 2x".into(), outcome: Outcome::Ran { worst, bar: 2e-5 } };
        let lacks = PassCheck { outcome: Outcome::Lacks("16-bit floats"), ..ran(Shader::BenchArithmeticF16, 0.0) };
        let tested = Tested { device: "0: x".into(), checks: vec![ran(Shader::Unpack, 0.0), ran(Shader::Ewa, 0.5), lacks] };
        assert_eq!(tested.quiet(), "ewa");
        assert_eq!(tested.json()["checks"][1]["state"], "fail");
        assert_eq!(tested.json()["ok"], false);
        let text = anstream::adapter::strip_str(&tested.human()).to_string();
        assert!(text.contains("fail") && text.contains("5e-1") && text.contains("this GPU has no 16-bit floats"), "{text}");
        assert!(text.ends_with("1 of 3 passes compute something else than they should: update the driver, or use another GPU"));
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([0.0, 1.0, 2.0, 2.38e-7, 2e-5].map(figure), ["0", "1", "2", "2e-7", "2e-5"]);
    }
}
