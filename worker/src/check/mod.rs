//! The check of a device: every shader that it can run, held to its CPU twin, so that a broken driver never renders. At a
//! worker's start, and as `shotfarm gpu test`.

mod list;
mod networks;

use std::collections::BTreeSet;

use self::list::{Check, checks};
use crate::config::WorkerError;
use crate::gpu::recording::{Op, Proxy, Recording, Role};
use crate::gpu::shaders::{Needs, Shader};
use crate::gpu::twins::{self, half};
use crate::gpu::{Gpu, GpuError, Graph};

/// Most that a value between passes may be off, as a part of the largest expected one. A device may fuse a product with a sum and
/// divide to 2.5 ulp, and sums of many terms and the curves carry that on; it is a fiftieth of a 10-bit code.
const VALUES_APART_MAX: f64 = 2e-5;
/// The same for 16-bit floats, which hold 11 bits.
const HALVES_APART_MAX: f64 = 2e-3;
/// How the names of networks' kernels begin.
const NETWORK_KERNELS: &str = "net_";
/// How the names of the passes begin that look at a frame: whole numbers, the same on every device.
const LOOKS: &str = "look_";
/// The kernels that read halves and write 32-bit floats.
const OUT_OF_HALVES: [Shader; 2] = [Shader::NetSaveF16, Shader::NetToPlanesF16];
/// Most codes that a sample of the output may be off: both sides round, and may do so on either side of a half.
const CODES_APART_MAX: f64 = 1.0;

/// How one shader did on a device.
#[derive(Clone, Debug, PartialEq)]
pub struct PassCheck {
    /// The shader.
    pub shader: Shader,
    /// What it was run in: the steps of a recipe, or its own name.
    pub within: String,
    /// What was found.
    pub outcome: Outcome,
}

/// What was found of one shader.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The device lacks this, and the shader is not used on it.
    Lacks(&'static str),
    /// It ran.
    Ran {
        /// The largest difference from the twin: as a part of the largest value, or in codes where it writes those.
        worst: f64,
        /// What it may be.
        bar: f64,
    },
    /// The device did not run it; its words.
    Refused(String),
}

impl PassCheck {
    /// Whether the device may render with it, or never does.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        match &self.outcome {
            Outcome::Lacks(_) => true,
            Outcome::Ran { worst, bar } => worst <= bar,
            Outcome::Refused(_) => false,
        }
    }

    /// Whether rendering goes on without it.
    fn is_optional(&self) -> bool {
        self.shader.facts().needs != Needs::default()
    }

    fn sentence(&self) -> String {
        let name = self.shader.facts().name;
        match &self.outcome {
            Outcome::Lacks(what) => format!("`{name}` needs {what}"),
            Outcome::Ran { worst, bar } => {
                format!("`{name}` in `{}` is off by {worst:.2e}, and {bar:.0e} is allowed", self.within)
            }
            Outcome::Refused(reason) => format!("`{name}` in `{}` does not run: {reason}", self.within),
        }
    }
}

/// Runs every shader on `gpu` and holds it to its twin, once in each of the check's recordings.
///
/// # Errors
/// When the device is lost or stuck; everything else is an outcome.
pub fn check_passes(gpu: &Gpu) -> Result<Vec<PassCheck>, GpuError> {
    let checks = checks().map_err(|error| GpuError::Refused { adapter: gpu.facts().to_string(), reason: error.to_string() })?;
    let mut found: Vec<PassCheck> = Vec::new();
    for check in &checks {
        for (shader, length) in shaders(&check.recording) {
            // Networks lead through the same kernels again and again, and these do not depend on what is around them.
            let again = shader.facts().name.starts_with(NETWORK_KERNELS) && found.iter().any(|known| known.shader == shader);
            if again {
                continue;
            }
            let outcome = match gpu.features().lacking(shader) {
                Some(what) => Outcome::Lacks(what),
                None => outcome(gpu, check, shader, length)?,
            };
            found.push(PassCheck { shader, within: check.name.clone(), outcome });
        }
    }
    Ok(found)
}

/// The device, as far as it can be trusted: where 16-bit floats, subgroups or matrix units compute something else than they
/// should, they are left unused from here on.
///
/// # Errors
/// [`WorkerError::WrongPictures`] when a shader fails that rendering cannot do without, or what the device reports.
pub fn check_pictures(gpu: &Gpu) -> Result<Gpu, WorkerError> {
    let found = check_passes(gpu)?;
    let (optional, wrong): (Vec<_>, Vec<_>) = found.iter().filter(|check| !check.is_ok()).partition(|check| check.is_optional());
    if !wrong.is_empty() {
        let detail = wrong.iter().map(|check| check.sentence()).collect::<Vec<_>>().join("; ");
        return Err(WorkerError::WrongPictures { adapter: gpu.facts().to_string(), detail });
    }
    let mut without = gpu.options().without;
    for check in optional {
        tracing::warn!(device = %gpu.facts(), fault = check.sentence(), "this part of the device is not used");
        without = without.or(check.shader.facts().needs);
    }
    Ok(gpu.without(without))
}

/// The shaders of a recording, each with the operations up to one of its passes: the first that writes values, and the last that
/// writes codes, at which the whole frame is there.
fn shaders(recording: &Recording) -> Vec<(Shader, usize)> {
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, op) in recording.ops.iter().enumerate() {
        if let Op::Pass(pass) = op
            && !writes_codes(recording, op)
            && seen.insert(pass.shader)
        {
            found.push((pass.shader, index + 1));
        }
    }
    let codes = recording.ops.iter().filter(|op| writes_codes(recording, op));
    let codes = codes.filter_map(|op| if let Op::Pass(pass) = op { Some(pass.shader) } else { None }).collect::<BTreeSet<_>>();
    found.extend(codes.into_iter().map(|shader| (shader, recording.ops.len())));
    found
}

/// Whether a pass writes bytes of raw frames: what makes codes counts values that are no numbers, and says so where it may make
/// values instead.
fn writes_codes(recording: &Recording, op: &Op) -> bool {
    let Op::Pass(pass) = op else { return false };
    let guards = |proxy: &Proxy| recording.buffers[proxy.index()].role == Role::Guard;
    let values = pass.constants.contains(&("TARGET_BITS", 32.0));
    pass.shader == Shader::MoveBytes || pass.writes.iter().any(guards) && !values
}

fn outcome(gpu: &Gpu, check: &Check, shader: Shader, length: usize) -> Result<Outcome, GpuError> {
    let recording = check.recording.until(length);
    let frames = frames(&recording);
    match render(gpu, &recording, &frames) {
        Ok(got) => {
            let expected = twins::run_frames(&recording, &frames).pop().unwrap_or_default();
            let codes = recording.ops.last().is_some_and(|op| writes_codes(&recording, op) || matches!(op, Op::Copy { .. }));
            Ok(compare(shader, codes, &got, &expected))
        }
        Err(error @ (GpuError::Lost { .. } | GpuError::Stuck { .. } | GpuError::OutOfMemory { .. })) => Err(error),
        Err(error) => Ok(Outcome::Refused(error.to_string())),
    }
}

/// The last of the frames, after those before it.
fn render(gpu: &Gpu, recording: &Recording, frames: &[Vec<u8>]) -> Result<Vec<u8>, GpuError> {
    let mut graph = Graph::new(gpu, recording)?;
    let mut got = Vec::new();
    for (frame, number) in frames.iter().zip(0..) {
        graph.submit(frame, number)?;
        graph.next(&mut got)?;
    }
    Ok(got)
}

/// Codes of every kind of edge, all within the range of video: one frame, and others in front of it where the recording looks at
/// them, each a little further along, each with its tail.
fn frames(recording: &Recording) -> Vec<Vec<u8>> {
    let frame = |number: usize| {
        let mut frame = (0..recording.frame_bytes).map(|at| ((at + number) * 37 % 200 + 20) as u8).collect();
        recording.tail.append(&mut frame, number as i64);
        frame
    };
    (0..=recording.context_frames as usize).map(frame).collect()
}

/// The largest difference, by what the shader writes: codes, halves, or 32-bit floats.
fn compare(shader: Shader, in_codes: bool, got: &[u8], expected: &[u8]) -> Outcome {
    let floats = |bytes: &[u8]| bytemuck::pod_collect_to_vec::<u8, f32>(bytes).into_iter().map(f64::from).collect::<Vec<_>>();
    let halves = |bytes: &[u8]| {
        let halves = bytemuck::pod_collect_to_vec::<u8, u16>(bytes);
        halves.into_iter().map(|half| f64::from(half::to_f32(half))).collect::<Vec<_>>()
    };
    let codes = |bytes: &[u8]| bytes.iter().copied().map(f64::from).collect::<Vec<_>>();
    if shader.facts().name.starts_with(LOOKS) {
        Outcome::Ran { worst: largest(&codes(got), &codes(expected)), bar: 0.0 }
    } else if in_codes {
        let worst = largest(&codes(got), &codes(expected));
        Outcome::Ran { worst, bar: CODES_APART_MAX }
    } else if OUT_OF_HALVES.contains(&shader) {
        Outcome::Ran { worst: relative(&floats(got), &floats(expected)), bar: HALVES_APART_MAX }
    } else if shader.facts().needs.f16 {
        Outcome::Ran { worst: relative(&halves(got), &halves(expected)), bar: HALVES_APART_MAX }
    } else {
        Outcome::Ran { worst: relative(&floats(got), &floats(expected)), bar: VALUES_APART_MAX }
    }
}

fn relative(got: &[f64], expected: &[f64]) -> f64 {
    let range = expected.iter().fold(1.0_f64, |range, value| range.max(value.abs()));
    largest(got, expected) / range
}

/// The largest difference; infinite where one side has no number or nothing.
fn largest(got: &[f64], expected: &[f64]) -> f64 {
    if got.len() != expected.len() {
        return f64::INFINITY;
    }
    let apart = got.iter().zip(expected).map(|(got, expected)| (got - expected).abs());
    apart.fold(0.0, |worst, apart| if apart.is_nan() { f64::INFINITY } else { worst.max(apart) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::GpuOptions;
    use crate::gpu::testing::{software, software_with};

    #[test]
    fn the_software_device_passes_with_all_that_it_has() {
        let gpu = software();
        let found = check_passes(&gpu).unwrap();
        let failed = found.iter().filter(|check| !check.is_ok()).map(PassCheck::sentence).collect::<Vec<_>>();
        assert!(failed.is_empty(), "{failed:#?}");
        assert_eq!(check_pictures(&gpu).unwrap().features(), gpu.features());
    }

    #[test]
    fn every_shader_is_in_the_list() {
        let checks = checks().unwrap();
        let listed = checks.iter().flat_map(|check| shaders(&check.recording)).map(|(shader, _)| shader);
        let listed = listed.collect::<BTreeSet<_>>();
        let missing = Shader::ALL.iter().filter(|shader| !listed.contains(shader)).map(|shader| shader.facts().name);
        let missing = missing.collect::<Vec<_>>();
        assert!(
            missing.is_empty(),
            "no device is checked with {missing:?}: add a line to STEPS in worker/src/check/list.rs whose steps record it, or a \
             recording of its own to checks() there"
        );
    }

    #[test]
    fn what_is_off_is_seen_and_said() {
        let floats = |values: [f32; 2]| bytemuck::cast_slice::<f32, u8>(&values).to_vec();
        let off = |shader, got: &[u8], expected: &[u8]| PassCheck {
            shader,
            within: "upscale 2x".to_owned(),
            outcome: compare(shader, shader == Shader::Pack, got, expected),
        };
        assert!(off(Shader::Ewa, &floats([1.0, 0.5]), &floats([1.0, 0.500_01])).is_ok());
        let wrong = off(Shader::Ewa, &floats([1.0, 0.5]), &floats([1.0, 0.51]));
        assert!(!wrong.is_ok() && !wrong.is_optional());
        assert_eq!(wrong.sentence(), "`ewa` in `upscale 2x` is off by 1.00e-2, and 2e-5 is allowed");
        assert!(!off(Shader::Ewa, &floats([1.0, f32::NAN]), &floats([1.0, 0.5])).is_ok());
        assert!(off(Shader::Pack, &[7, 8, 9], &[7, 9, 9]).is_ok() && !off(Shader::Pack, &[7, 8, 9], &[7, 10, 9]).is_ok());
        assert!(!off(Shader::Pack, &[7], &[7, 8]).is_ok());
        assert!(off(Shader::BenchArithmeticF16, &[0, 0], &[1, 0]).is_optional());
    }

    #[test]
    fn what_is_left_unused_is_lacking_and_stays_so() {
        let without = Needs { f16: true, ..Needs::default() };
        let gpu = software_with(&GpuOptions { without, ..GpuOptions::default() });
        assert!(!gpu.features().f16);
        let found = check_passes(&gpu).unwrap();
        let half = found.iter().find(|check| check.shader == Shader::BenchArithmeticF16).expect("it is in the list");
        assert_eq!(half.outcome, Outcome::Lacks("16-bit floats"));
        assert_eq!(software().without(without).options(), gpu.options(), "opened again, it is left unused again");
    }
}
