//! Networks of every family with seeded weights: what the device gives beside the reference executor on the processor.

use shotfarm_worker::gpu::{AdapterKind, Gpu, Graph};
use shotfarm_worker::net::families::{Example, examples, picture};
use shotfarm_worker::net::passes::{Kernels, Options, Real, Tables, recording};
use shotfarm_worker::net::{Network, Shaped, reference};

use crate::bar::{Bar, Wanted};
use crate::error::GaugeError;
use crate::progress::Progress;

const SEED: u64 = 11;

/// How far the device may lie from the reference, as a share of the reference's greatest value.
fn tolerance(real: Real) -> f64 {
    match real {
        Real::F32 => 1e-4,
        Real::F16 => 2e-3,
    }
}

fn name(real: Real) -> &'static str {
    match real {
        Real::F32 => "f32",
        Real::F16 => "f16",
    }
}

/// One network in one kind of number.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Outcome {
    pub(crate) network: &'static str,
    pub(crate) real: &'static str,
    /// The greatest difference, as a share of the reference's greatest value.
    pub(crate) apart: f64,
    pub(crate) tolerance: f64,
}

impl Outcome {
    pub(crate) fn is_within(&self) -> bool {
        self.apart <= self.tolerance
    }
}

/// Every family, in every kind of number that the device has and the network suits.
pub(crate) fn measure(gpu: &Gpu) -> Result<Vec<Outcome>, GaugeError> {
    let reals = if gpu.features().f16 { vec![Real::F32, Real::F16] } else { vec![Real::F32] };
    let examples = examples();
    let mut progress = Progress::new(examples.len() as f64);
    let mut outcomes = Vec::new();
    for example in examples {
        progress.begin(&format!("network {}", example.name));
        let (shaped, inputs) = shaped(&example)?;
        let slices = inputs.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let expected = reference::run(&shaped, &slices)?.concat();
        // Networks that halves do not suit are never run in them.
        for &real in reals.iter().filter(|real| real.suits(&shaped) == **real) {
            let found = run(gpu, &shaped, &inputs, real)?;
            outcomes.push(Outcome {
                network: example.name,
                real: name(real),
                apart: apart(&found, &expected),
                tolerance: tolerance(real),
            });
        }
        progress.end(1.0);
    }
    Ok(outcomes)
}

fn shaped(example: &Example) -> Result<(Shaped, Vec<Vec<f32>>), GaugeError> {
    let sizes = example.inputs.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>();
    let shaped = Network::read(&example.file, None)?.at(&sizes)?;
    let elements = |shape: &Vec<usize>| shape.iter().product::<usize>();
    let inputs = (SEED..).zip(&example.inputs).map(|(seed, (_, shape))| picture(elements(shape), seed)).collect();
    Ok((shaped, inputs))
}

fn run(gpu: &Gpu, shaped: &Shaped, inputs: &[Vec<f32>], real: Real) -> Result<Vec<f32>, GaugeError> {
    let kernels = Kernels::suggested(gpu.features(), gpu.facts().kind == AdapterKind::Cpu);
    let recording = recording(shaped, &Options { real, kernels, ..Options::default() }, &mut Tables::default());
    let mut graph = Graph::new(gpu, &recording)?;
    let frame = inputs.iter().flatten().flat_map(|value| value.to_le_bytes()).collect::<Vec<_>>();
    graph.submit(&frame, 0)?;
    let mut out = Vec::new();
    graph.next(&mut out)?;
    Ok(out.chunks_exact(4).map(|bytes| f32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])).collect())
}

/// The greatest difference as a share of the greatest value expected; all of it where the lengths differ or a value is no number.
fn apart(found: &[f32], expected: &[f32]) -> f64 {
    if found.len() != expected.len() || found.iter().any(|value| !value.is_finite()) {
        return f64::INFINITY;
    }
    let most = expected.iter().fold(0.0_f64, |most, &value| most.max(f64::from(value).abs()));
    let furthest = found.iter().zip(expected).fold(0.0_f64, |most, (&a, &b)| most.max((f64::from(a) - f64::from(b)).abs()));
    furthest / most.max(f64::MIN_POSITIVE)
}

/// A bar for each kind of number: the worst family counts.
pub(crate) fn bars(outcomes: &[Outcome]) -> Vec<Bar> {
    let reals = [Real::F32, Real::F16].map(name);
    let worst = reals.iter().filter_map(|real| {
        let of = outcomes.iter().filter(|outcome| outcome.real == *real);
        of.max_by(|a, b| a.apart.total_cmp(&b.apart))
    });
    let bar = |worst: &Outcome| Bar {
        what: format!("networks in {} beside the reference", worst.real),
        unit: "",
        wanted: Wanted::AtMost(worst.tolerance),
        got: worst.apart,
        least: worst.network.to_owned(),
    };
    worst.map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_furthest_value_counts_and_no_number_is_furthest() {
        assert!((apart(&[1.0, -4.0], &[1.5, -5.0]) - 0.2).abs() < 1e-9);
        assert_eq!(apart(&[f32::NAN], &[1.0]), f64::INFINITY);
        assert_eq!(apart(&[1.0], &[1.0, 2.0]), f64::INFINITY);
        let outcome = |network, real, apart| Outcome { network, real, apart, tolerance: 1e-4 };
        let bars = bars(&[outcome("a", "f32", 1e-6), outcome("b", "f32", 2e-4)]);
        assert_eq!(bars.iter().map(|bar| (bar.least.as_str(), bar.is_reached())).collect::<Vec<_>>(), [("b", false)]);
    }
}
