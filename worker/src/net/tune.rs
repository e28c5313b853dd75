//! Kernels chosen by measurement: each kind of convolution that a network holds is timed once on the device with every kernel that
//! can do it, and the quickest is remembered in a file beside the device's compiled kernels.
//!
//! Without a file, or with one that cannot be read, the device is measured anew; nothing but time depends on it, except where the
//! matrix kernel is among the candidates: see [`super::passes`].

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shotfarm_shared::digest::Digest;

use super::facts::{Purpose, Upscaler};
use super::op::{Conv, Op, Padding, Window};
use super::passes::{ConvClass, ConvKernel, Kernels, Options, Real, Tables, conv_classes, recording};
use super::{Dim, Input, Network, Node, Port, Shaped, Tensor, ValueId};
use crate::gpu::shaders::Shader;
use crate::gpu::{AdapterKind, Gpu, GpuError, Graph};

/// Columns of the pictures that kernels are timed on.
const TIMED_COLUMNS: usize = 256;
/// Runs of which the quickest counts, after one that warms up.
const TIMED_RUNS: u32 = 3;
/// The side of the picture that a network's kinds of work are found at.
const SHAPED_SIDE: usize = 256;

/// One line of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    real: Real,
    class: ConvClass,
    kernel: ConvKernel,
}

/// The choices of one device.
#[derive(Clone, Debug)]
pub struct Choices {
    file: Option<PathBuf>,
    kernels: Kernels,
}

impl Choices {
    /// What is remembered of a device in `folder`, beside what its kind suggests.
    #[must_use]
    pub fn open(gpu: &Gpu, folder: Option<&Path>) -> Self {
        let mut kernels = Kernels::suggested(gpu.features(), gpu.facts().kind == AdapterKind::Cpu);
        let file = folder.map(|folder| folder.join(file_name(gpu)));
        let text = file.as_ref().and_then(|file| std::fs::read(file).ok());
        for Entry { real, class, kernel } in
            text.and_then(|text| serde_json::from_slice::<Vec<Entry>>(&text).ok()).unwrap_or_default()
        {
            // A device may have lost what a kernel needs since: a failed check, another driver setting.
            if kernel.can(class, real, gpu.features()) {
                kernels.learn(real, class, kernel);
            }
        }
        Self { file, kernels }
    }

    /// What is known now.
    #[must_use]
    pub fn kernels(&self) -> &Kernels {
        &self.kernels
    }

    /// Times every kind of convolution in a network that is not known yet, and writes what was found. The software device is
    /// taken as it is known: its kernels differ by factors that no measurement has to find.
    ///
    /// # Errors
    /// When the device fails.
    pub fn tune(&mut self, gpu: &Gpu, network: &Network, real: Real) -> Result<(), GpuError> {
        if gpu.facts().kind == AdapterKind::Cpu {
            return Ok(());
        }
        let Some(shaped) = usual_size(network) else { return Ok(()) };
        let real = real.suits(&shaped);
        let mut learnt = false;
        for class in conv_classes(&shaped) {
            if class.square && !self.kernels.knows(class, real) {
                let kernel = quickest(gpu, class.rounded(), real)?;
                tracing::debug!(?class, ?real, kernel = kernel.name(), "a kernel was chosen by measurement");
                self.kernels.learn(real, class, kernel);
                learnt = true;
            }
        }
        if learnt {
            self.save();
        }
        Ok(())
    }

    /// Writes the file whole, under another name first. Without it the device is measured again, so a failure is only told.
    fn save(&self) {
        let Some(file) = &self.file else { return };
        let entries = self.kernels.measured().map(|(real, class, kernel)| Entry { real, class, kernel }).collect::<Vec<_>>();
        let written = serde_json::to_vec_pretty(&entries).map_err(std::io::Error::other).and_then(|text| {
            let folder = file.parent().unwrap_or(Path::new("."));
            std::fs::create_dir_all(folder)?;
            let mut new = tempfile::NamedTempFile::new_in(folder)?;
            std::io::Write::write_all(&mut new, &text)?;
            new.persist(file).map_err(|error| error.error).map(drop)
        });
        if let Err(error) = written {
            tracing::warn!(file = %file.display(), %error, "the choice of kernels could not be kept; it will be measured again");
        }
    }
}

/// Choices hold for one device, one driver and one set of kernels.
fn file_name(gpu: &Gpu) -> String {
    let facts = gpu.facts();
    let sources = Shader::ALL.map(|shader| Digest::of(shader.facts().source.as_bytes()).to_string()).concat();
    let key = Digest::of(format!("{} {} {} {sources}", facts.name, facts.backend, facts.driver).as_bytes()).to_string();
    format!("{}.choices.json", &key[..16])
}

/// The network at a usual size, if it makes pictures of pictures.
fn usual_size(network: &Network) -> Option<Shaped> {
    let Purpose::Upscaler(Upscaler { channels, alignment_pixels, .. }) = network.facts().purpose else { return None };
    let side = SHAPED_SIDE.next_multiple_of(alignment_pixels.max(1) as usize);
    network.at(&[(network.inputs[0].name.as_str(), &[1, channels as usize, side, side])]).ok()
}

/// The quickest kernel for a kind of work.
fn quickest(gpu: &Gpu, class: ConvClass, real: Real) -> Result<ConvKernel, GpuError> {
    let net = one_convolution(class);
    let mut best = (f64::INFINITY, ConvKernel::Row);
    for kernel in ConvKernel::ALL.into_iter().filter(|kernel| kernel.can(class, real, gpu.features())) {
        let seconds = time(gpu, &net, &Options { real, kernels: Kernels::forced(kernel), ..Options::default() })?;
        if seconds < best.0 {
            best = (seconds, kernel);
        }
    }
    Ok(best.1)
}

/// The seconds that the convolution of a recording of [`one_convolution`] takes.
fn time(gpu: &Gpu, net: &Shaped, options: &Options) -> Result<f64, GpuError> {
    let recording = recording(net, options, &mut Tables::default());
    let is_convolution = |op: &crate::gpu::recording::Op| op.name().starts_with("net_conv");
    let place = recording.ops.iter().position(is_convolution).expect("the network is a convolution");
    let mut graph = Graph::new(gpu, &recording)?;
    graph.run_ops(1)?;
    let mut best = f64::INFINITY;
    for _ in 0..TIMED_RUNS {
        best = best.min(graph.run_op(place, 1)?.as_secs_f64());
    }
    Ok(best)
}

/// A network that is one convolution of a kind.
pub(super) fn one_convolution(class: ConvClass) -> Shaped {
    let [channels, out] = [class.in_blocks, class.out_blocks].map(|blocks| 4 * blocks as usize);
    let columns = TIMED_COLUMNS.min(class.pixels as usize);
    let rows = (class.pixels as usize / columns).max(1);
    let shape = [1, channels, rows, columns];
    let count = out * channels * 9;
    let weights = (0..count).map(|at| (at * 37 % 101) as f32 / 1_000.0).collect::<Vec<_>>();
    let window = Window { stride: [1; 2], dilation: [1; 2], padding: Padding::Explicit { begin: [1; 2], end: [1; 2] } };
    let network = Network {
        name: "one convolution".to_owned(),
        inputs: vec![Input {
            name: "input".to_owned(),
            value: ValueId(0),
            shape: Some(shape.map(|size| Dim::Fixed(size as u64)).to_vec()),
        }],
        outputs: vec![Port { name: "output".to_owned(), value: ValueId(2) }],
        nodes: vec![Node {
            name: "convolution".to_owned(),
            op: Op::Conv(Conv { window, groups: 1 }),
            inputs: vec![Some(ValueId(0)), Some(ValueId(1))],
            outputs: vec![ValueId(2)],
        }],
        values: ["input", "weights", "output"].map(str::to_owned).to_vec(),
        constants: [(ValueId(1), Tensor::f32(vec![out, channels, 3, 3], weights))].into(),
    };
    network.at(&[("input", &shape)]).expect("one convolution of matching sizes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::testing::software;

    const CLASS: ConvClass = ConvClass { square: true, in_blocks: 2, out_blocks: 3, pixels: 4_096 };

    #[test]
    fn what_was_measured_is_found_again_by_the_same_device_only() {
        let gpu = software();
        let folder = tempfile::tempdir().unwrap();
        let mut choices = Choices::open(&gpu, Some(folder.path()));
        let suggested = choices.kernels().of(CLASS, Real::F32);
        choices.kernels.learn(Real::F32, CLASS, ConvKernel::Block);
        assert_ne!(suggested, ConvKernel::Block);
        choices.save();
        assert_eq!(Choices::open(&gpu, Some(folder.path())).kernels().of(CLASS, Real::F32), ConvKernel::Block);
        assert_eq!(Choices::open(&gpu, None).kernels().of(CLASS, Real::F32), suggested);
        std::fs::write(folder.path().join(file_name(&gpu)), "[{]").unwrap();
        assert_eq!(Choices::open(&gpu, Some(folder.path())).kernels().of(CLASS, Real::F32), suggested);
    }

    #[test]
    fn a_kernel_that_the_device_cannot_run_is_not_taken_from_the_file() {
        let gpu = software();
        let folder = tempfile::tempdir().unwrap();
        let mut choices = Choices::open(&gpu, Some(folder.path()));
        choices.kernels.learn(Real::F16, CLASS, ConvKernel::Matrix);
        choices.save();
        assert_ne!(Choices::open(&gpu, Some(folder.path())).kernels().of(CLASS, Real::F16), ConvKernel::Matrix);
    }

    #[test]
    fn some_kernel_is_the_quickest() {
        let gpu = software();
        let kernel = quickest(&gpu, CLASS, Real::F32).unwrap();
        assert!(kernel.can(CLASS, Real::F32, gpu.features()));
    }
}
