//! The words after `shotfarm model`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use shotfarm_shared::media::Extent;
use shotfarm_shared::model::ModelName;
use shotfarm_shared::recipe::Target;

use super::Gpu;

/// Looking after networks.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelVerb {
    /// Give the farm a network: an ONNX file, or ncnn's .param with its .bin
    Add(ModelAdd),
    /// List the networks
    List,
    /// Show what a network is: one of the farm, or a file, for which no farm is needed
    Inspect(ModelFile),
    /// Measure a network on a GPU of this machine, kernel by kernel
    Bench(ModelBench),
    /// Forget a network that no unfinished job needs
    Remove {
        /// Its name
        name: ModelName,
    },
}

/// A network to be added.
#[derive(Debug, Args)]
pub(crate) struct ModelAdd {
    /// The .onnx or .param file
    pub(crate) file: PathBuf,
    /// The .bin file of a .param file [default: the one of the same name beside it]
    #[arg(long, value_name = "BIN")]
    pub(crate) weights: Option<PathBuf>,
    /// What recipes will call it
    #[arg(long)]
    pub(crate) name: ModelName,
    /// Under which terms it may be used, such as BSD-3-Clause
    #[arg(long, alias = "license", value_name = "TEXT")]
    pub(crate) licence: String,
    /// Where it came from: an address, or words
    #[arg(long, value_name = "TEXT")]
    pub(crate) source: String,
    /// Let a name that is taken mean this network from now on; jobs under way keep the one they have
    #[arg(long)]
    pub(crate) replace: bool,
}

/// A network of the farm or of this machine.
#[derive(Debug, Args)]
pub(crate) struct ModelFile {
    /// Its name, NAME@DIGEST, or a .onnx or .param file
    #[arg(value_name = "NAME|FILE")]
    pub(crate) model: String,
    /// The .bin file of a .param file [default: the one of the same name beside it]
    #[arg(long, value_name = "BIN")]
    pub(crate) weights: Option<PathBuf>,
}

/// A network to be measured.
#[derive(Debug, Args)]
pub(crate) struct ModelBench {
    #[command(flatten)]
    pub(crate) file: ModelFile,
    /// Size of the pictures that go in, such as 640x360 [default: what suits the GPU]
    #[arg(long, value_name = "WIDTHxHEIGHT", value_parser = parse_extent)]
    pub(crate) size: Option<Extent>,
    /// Which GPU: a number as `gpu list` shows them, `software`, or `best`
    #[arg(long, default_value = "best", value_name = "GPU")]
    pub(crate) gpu: Gpu,
}

/// Reads a size for pictures, such as 640x360.
fn parse_extent(text: &str) -> Result<Extent, String> {
    match text.parse::<Target>() {
        Ok(Target::Size(extent)) => Ok(extent),
        Ok(Target::Factor { .. }) => Err(format!("`{text}` is a factor; write a size such as 640x360")),
        Err(error) => Err(error.to_string()),
    }
}
