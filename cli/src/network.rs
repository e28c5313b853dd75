//! A network's files on this machine: found, read within bounds, understood. What the farm is told of a network is found here.

use std::cmp::Reverse;
use std::path::{Path, PathBuf};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::limits::MODEL_BYTES_MAX;
use shotfarm_shared::model::{ModelFacts, ModelFiles, OperatorCount, Upscaling};
use shotfarm_worker::net::Network;
use shotfarm_worker::net::facts::{PortFacts, Purpose, Upscaler};
use shotfarm_worker::net::passes::runnable;

use crate::error::{CliError, chain};
use crate::handin::sources::Source;
use crate::words;

/// A network that was read.
#[derive(Debug)]
pub(crate) struct LocalNetwork {
    /// Its files' digests.
    pub(crate) files: ModelFiles,
    /// Its files, to be uploaded.
    pub(crate) sources: Vec<Source>,
    /// What was found in it.
    pub(crate) facts: ModelFacts,
    /// Itself.
    pub(crate) network: Network,
}

impl LocalNetwork {
    /// Reads the network in `file`, of ncnn together with `weights` or the .bin beside it.
    pub(crate) fn read(file: &Path, weights: Option<&Path>) -> Result<Self, CliError> {
        let (main, main_bytes) = read_file(file)?;
        let weights = match weights {
            Some(weights) => Some(read_file(weights)?),
            None => bin_beside(file).map(|weights| read_file(&weights)).transpose()?,
        };
        let network = Network::read(&main_bytes, weights.as_ref().map(|(_, bytes)| bytes.as_slice()))
            .and_then(|network| network.check().map(|()| network))
            .map_err(|refusal| CliError::refused(format!("{}: {}", file.display(), chain(&refusal))))?;
        runnable(&network).map_err(|fault| CliError::refused(format!("{}: {fault}", file.display())))?;
        let files = match &weights {
            None => ModelFiles::Onnx { file: main.digest },
            Some((bin, _)) => ModelFiles::Ncnn { param: main.digest, bin: bin.digest },
        };
        let facts = facts(&network);
        let sources: Vec<Source> = std::iter::once(main).chain(weights.map(|(bin, _)| bin)).collect();
        let bytes: u64 = sources.iter().map(|source| source.bytes).sum();
        if bytes > MODEL_BYTES_MAX {
            return Err(too_large(file, bytes));
        }
        Ok(Self { files, sources, facts, network })
    }

    /// Bytes of its files together.
    pub(crate) fn bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.bytes).sum()
    }
}

/// The weights that belong to a .param file when nobody says which.
fn bin_beside(file: &Path) -> Option<PathBuf> {
    let is_param = file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("param"));
    Some(file.with_extension("bin")).filter(|bin| is_param && bin.is_file())
}

fn read_file(path: &Path) -> Result<(Source, Vec<u8>), CliError> {
    let unreadable = |error: std::io::Error| CliError::refused(format!("cannot read {}: {error}", path.display()));
    // Asked before it is opened: opening a named pipe would wait for its writer.
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    if !metadata.is_file() {
        return Err(CliError::refused(format!("{} is no file", path.display())));
    }
    if metadata.len() > MODEL_BYTES_MAX {
        return Err(too_large(path, metadata.len()));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Ok((Source { path: path.to_owned(), digest: Digest::of(&bytes), bytes: bytes.len() as u64 }, bytes))
}

fn too_large(path: &Path, bytes: u64) -> CliError {
    let (size, max) = (words::bytes(bytes), words::bytes(MODEL_BYTES_MAX));
    CliError::refused(format!("the network in {} has {size}, at most {max} are taken", path.display()))
}

/// What the farm is told about a network.
fn facts(network: &Network) -> ModelFacts {
    let found = network.facts();
    let mut operators: Vec<OperatorCount> = found
        .operators
        .iter()
        .map(|(operator, count)| OperatorCount { operator: (*operator).to_owned(), count: *count as u32 })
        .collect();
    operators.sort_by_key(|counted| Reverse(counted.count));
    let detector = if let Purpose::FaceDetector(family) = found.purpose { Some(family.to_owned()) } else { None };
    let upscaling = match found.purpose {
        Purpose::Upscaler(Upscaler { factor, channels, radius_pixels, whole_picture, .. }) => {
            Some(Upscaling { factor, channels, radius_pixels: radius_pixels.filter(|_| !whole_picture) })
        }
        Purpose::FaceDetector(_) | Purpose::Other => None,
    };
    ModelFacts {
        upscaling,
        detector,
        inputs: found.inputs.iter().map(port).collect(),
        outputs: found.outputs.iter().map(port).collect(),
        operators,
        parameters: found.parameters,
        multiply_adds_per_pixel: found.multiply_adds_per_pixel,
    }
}

/// An input or output in one line: `input: 1x3xHxW`.
fn port(port: &PortFacts) -> String {
    format!("{}: {}", port.name, port.shape)
}

#[cfg(test)]
mod tests {
    use shotfarm_worker::net::families;

    use super::*;

    fn found(bytes: &[u8]) -> Option<(u32, u32)> {
        let network = Network::read(bytes, None).expect("a network");
        facts(&network).upscaling.map(|upscaling| (upscaling.factor, upscaling.channels))
    }

    #[test]
    fn upscalers_are_told_from_other_networks() {
        assert_eq!(found(&families::srvgg(4, 1, 2, 1)), Some((2, 3)));
        assert_eq!(found(&families::srvgg(4, 1, 4, 1)), Some((4, 3)));
        assert_eq!(found(&families::artcnn(4, 1)), Some((2, 1)));
        assert_eq!(found(&families::cugan(16, 1)), Some((2, 3)), "though it cuts off a rim");
        assert_eq!(found(&families::face_detector(16, 1)), None);
        let network = Network::read(&families::face_detector(16, 1), None).expect("a network");
        assert_eq!(facts(&network).detector.as_deref(), Some("Ultra-Light"));
    }

    #[test]
    fn the_weights_beside_a_param_are_taken() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = |name: &str| dir.path().join(name);
        let param = "7767517\n2 2\nInput data 0 1 data\nPixelShuffle shuffle 1 1 data out 0=1\n";
        std::fs::write(path("a.param"), param).expect("written");
        let error = LocalNetwork::read(&path("a.param"), None).expect_err("no weights");
        assert!(error.message.ends_with("give its .bin file too"), "{error}");
        std::fs::write(path("a.bin"), []).expect("written");
        std::fs::write(path("b.bin"), [0; 4]).expect("written");
        let beside = LocalNetwork::read(&path("a.param"), None).expect("its weights are there");
        assert_eq!((beside.files.format(), beside.sources.len(), beside.bytes()), ("ncnn", 2, param.len() as u64));
        assert!(LocalNetwork::read(&path("gone.onnx"), None).is_err() && LocalNetwork::read(dir.path(), None).is_err());
    }
}
