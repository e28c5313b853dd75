//! `model bench`: how fast a network runs on a GPU of this machine, kernel by kernel.

use std::path::{Path, PathBuf};

use comfy_table::Cell;
use serde_json::{Value, json};
use shotfarm_proto::blobs::download_file;
use shotfarm_proto::client::Connection;
use shotfarm_shared::digest::Digest;
use shotfarm_shared::media::Extent;
use shotfarm_shared::model::ModelFiles;
use shotfarm_worker::gpu::measure::bench_source;
use shotfarm_worker::gpu::{Executor, Gpu};
use shotfarm_worker::net::Network;
use shotfarm_worker::net::bench::{self as net_bench, Measured, PassTime};
use shotfarm_worker::net::tune::Choices;

use super::{is_file, of_farm, version};
use crate::args::{Common, ModelBench};
use crate::connect::transfer_failed;
use crate::error::{CliError, chain};
use crate::exit::Exit;
use crate::local;
use crate::network::LocalNetwork;
use crate::voice::human::{strong, table};
use crate::voice::{Answer, Voice};

/// Kernels shown, the slowest first; the rest is one line.
const KERNELS_SHOWN_MAX: usize = 12;

/// `model bench`.
pub(crate) async fn bench(voice: Voice, common: &Common, args: &ModelBench) -> Result<Exit, CliError> {
    let written = &args.file.model;
    let mut away = None;
    let (file, weights) = if is_file(written) || args.file.weights.is_some() {
        (PathBuf::from(written), args.file.weights.clone())
    } else {
        let (farm, detail) = of_farm(common, written).await?;
        let folder =
            tempfile::tempdir().map_err(|error| CliError::not_now(format!("no folder for the network's files: {error}")))?;
        let files = bring(&farm, &version(detail.version)?.model.files, folder.path()).await?;
        away = Some(folder);
        files
    };
    let (size, choice, title) = (args.size, local::gpu_choice(args.gpu), written.clone());
    let work = move || {
        let network = LocalNetwork::read(&file, weights.as_deref())?.network;
        let gpu = Gpu::open(choice).map_err(|error| CliError::not_now(chain(&error)))?;
        let extent = size.unwrap_or_else(|| bench_source(gpu.facts().kind));
        let measured = measure(&gpu, &network, extent)?;
        Ok::<_, CliError>(Benched { title, device: gpu.facts().to_string(), measured })
    };
    let benched = tokio::task::spawn_blocking(work).await.map_err(|_| CliError::not_now("measuring the network broke off"))??;
    drop(away);
    voice.answer(&benched)?;
    Ok(Exit::Done)
}

/// Measures with the kernels that a worker would take.
fn measure(gpu: &Gpu, network: &Network, extent: Extent) -> Result<Measured, CliError> {
    let failed = |error: &dyn std::error::Error| CliError::not_now(chain(error));
    let mut choices = Choices::open(gpu, None);
    let real = Executor::on(gpu, choices.kernels()).options.real;
    choices.tune(gpu, network, real).map_err(|error| failed(&error))?;
    net_bench::bench(gpu, network, extent, &Executor::on(gpu, choices.kernels())).map_err(|error| failed(&error))
}

/// Brings a network's files from the farm: the file itself, and the weights of a .param.
async fn bring(farm: &Connection, files: &ModelFiles, folder: &Path) -> Result<(PathBuf, Option<PathBuf>), CliError> {
    let fetch = async |digest: Digest, name: &str| {
        let path = folder.join(name);
        download_file(&farm.blobs(), digest, &path, &mut |_, _| {}).await.map_err(|error| transfer_failed(&error))?;
        Ok::<_, CliError>(path)
    };
    match *files {
        ModelFiles::Onnx { file } => Ok((fetch(file, "network.onnx").await?, None)),
        ModelFiles::Ncnn { param, bin } => Ok((fetch(param, "network.param").await?, Some(fetch(bin, "network.bin").await?))),
    }
}

/// A measured network.
struct Benched {
    title: String,
    device: String,
    measured: Measured,
}

fn rate(operations: u64, seconds: f64) -> Option<f64> {
    (operations > 0 && seconds > 0.0).then(|| operations as f64 / seconds / 1e9)
}

fn cells(name: String, what: String, seconds: f64, operations: u64) -> Vec<Cell> {
    let rate = rate(operations, seconds).map_or_else(String::new, |rate| format!("{rate:.1}"));
    [name, what, format!("{:.3}", seconds * 1_000.0), rate].map(Cell::new).to_vec()
}

impl Benched {
    fn slowest_first(&self) -> Vec<&PassTime> {
        let mut passes = self.measured.passes.iter().collect::<Vec<_>>();
        passes.sort_by_key(|pass| std::cmp::Reverse(pass.time));
        passes
    }
}

impl Answer for Benched {
    fn human(&self) -> String {
        let Measured { extent, real, time, operations, .. } = &self.measured;
        let passes = self.slowest_first();
        let (shown, rest) = passes.split_at(passes.len().min(KERNELS_SHOWN_MAX));
        let mut rows = shown
            .iter()
            .map(|pass| cells(pass.kernel.to_owned(), pass.what.clone(), pass.time.as_secs_f64(), pass.operations))
            .collect::<Vec<_>>();
        if !rest.is_empty() {
            let seconds = rest.iter().map(|pass| pass.time.as_secs_f64()).sum();
            rows.push(cells(
                format!("{} more", rest.len()),
                String::new(),
                seconds,
                rest.iter().map(|pass| pass.operations).sum(),
            ));
        }
        let seconds = time.as_secs_f64();
        let reached = operations.and_then(|operations| rate(operations, seconds));
        let reached = reached.map_or_else(String::new, |rate| format!(", {rate:.1} GFLOP/s of the network's own arithmetic"));
        let header = ["kernel", "works on", "ms", "GFLOP/s"];
        format!(
            "{} on {}\n{}\n{extent} in {real}: {:.2} ms a picture, {:.2} pictures/s{reached}",
            strong(&self.title),
            self.device,
            table(&header, &[2, 3], rows),
            seconds * 1_000.0,
            1.0 / seconds
        )
    }

    fn json(&self) -> Value {
        let Measured { extent, real, time, operations, passes } = &self.measured;
        let pass = |pass: &PassTime| {
            json!({"kernel": pass.kernel, "what": pass.what, "millis": pass.time.as_secs_f64() * 1_000.0,
                "operations": pass.operations})
        };
        json!({"model": self.title, "device": self.device, "size": extent.to_string(), "real": real,
            "millis": time.as_secs_f64() * 1_000.0, "operations": operations,
            "passes": passes.iter().map(pass).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        format!("{:.3}", self.measured.time.as_secs_f64() * 1_000.0)
    }
}
