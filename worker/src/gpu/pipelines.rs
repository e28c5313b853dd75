//! Compiled kernels of one device: each made once and shared by every graph, and kept on disk where the driver can.
//!
//! A kernel is named by its shader and the bits of its constants. The file on disk is named by the device and by all shaders'
//! sources, begins with the digest of what follows, and is replaced whole; a file that is not what it was is left alone with a
//! warning and made anew.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use shotfarm_shared::digest::Digest;

use super::recording::Pass;
use super::shaders::Shader;

/// A kernel's name on one device.
type Key = (Shader, Vec<(&'static str, u64)>);

/// The kernels of one device.
#[derive(Debug)]
pub(super) struct Pipelines {
    state: Mutex<State>,
    disk: Option<Disk>,
}

#[derive(Debug, Default)]
struct State {
    modules: BTreeMap<Shader, wgpu::ShaderModule>,
    pipelines: BTreeMap<Key, wgpu::ComputePipeline>,
    /// Whether something was compiled since the file was written.
    dirty: bool,
}

#[derive(Debug)]
struct Disk {
    cache: wgpu::PipelineCache,
    path: PathBuf,
}

impl Pipelines {
    /// No kernels yet, but for those that `folder` keeps for this device.
    pub(super) fn open(device: &wgpu::Device, info: &wgpu::AdapterInfo, folder: Option<&Path>) -> Self {
        let keeps = device.features().contains(wgpu::Features::PIPELINE_CACHE);
        let disk = match (folder, wgpu::util::pipeline_cache_key(info)) {
            (Some(folder), Some(key)) if keeps => Some(Disk::open(device, folder.join(file_name(&key)))),
            _ => None,
        };
        Self { state: Mutex::default(), disk }
    }

    /// The kernel of a pass, compiled at the first call.
    pub(super) fn of(&self, device: &wgpu::Device, pass: &Pass) -> wgpu::ComputePipeline {
        let key = (pass.shader, pass.constants.iter().map(|(name, value)| (*name, value.to_bits())).collect());
        let mut state = self.lock();
        if let Some(pipeline) = state.pipelines.get(&key) {
            return pipeline.clone();
        }
        let module = state.modules.entry(pass.shader).or_insert_with(|| create_module(device, pass.shader)).clone();
        let facts = pass.shader.facts();
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(facts.name),
            layout: None,
            module: &module,
            entry_point: Some(facts.entry),
            compilation_options: wgpu::PipelineCompilationOptions {
                constants: &pass.constants,
                zero_initialize_workgroup_memory: false,
            },
            cache: self.disk.as_ref().map(|disk| &disk.cache),
        });
        state.pipelines.insert(key, pipeline.clone());
        state.dirty = true;
        pipeline
    }

    /// Writes what was compiled since the last time. A folder that cannot be written costs time at the next start, no more.
    pub(super) fn save(&self) {
        let Some(disk) = &self.disk else { return };
        if !std::mem::take(&mut self.lock().dirty) {
            return;
        }
        let Some(data) = disk.cache.get_data() else { return };
        if let Err(error) = write(&disk.path, &data) {
            tracing::warn!(file = %disk.path.display(), %error, "compiled kernels could not be kept; the next start compiles again");
        }
    }

    /// How many kernels there are.
    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.lock().pipelines.len()
    }

    /// What is held here is whole at every moment, even if a task died while holding the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn create_module(device: &wgpu::Device, shader: Shader) -> wgpu::ShaderModule {
    let facts = shader.facts();
    device.create_shader_module(wgpu::ShaderModuleDescriptor {
        label: Some(facts.name),
        source: wgpu::ShaderSource::Wgsl(facts.source.into()),
    })
}

impl Disk {
    fn open(device: &wgpu::Device, path: PathBuf) -> Self {
        let warn = |reason: &str| {
            tracing::warn!(file = %path.display(), reason, "kept kernels are not used; they are compiled anew");
        };
        let data = match fs::read(&path) {
            Ok(bytes) => payload(&bytes).map(<[u8]>::to_vec).inspect_err(|reason| warn(reason)).ok(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                warn(&error.to_string());
                None
            }
        };
        Self { cache: create_cache(device, data.as_deref()), path }
    }
}

fn create_cache(device: &wgpu::Device, data: Option<&[u8]>) -> wgpu::PipelineCache {
    let descriptor = wgpu::PipelineCacheDescriptor { label: Some("kernels"), data, fallback: true };
    // SAFETY: the data is what `PipelineCache::get_data` gave for this adapter's key: the file is named by that key and begins
    // with the digest of exactly these bytes. wgpu and the driver check their own headers besides.
    #[expect(unsafe_code, reason = "wgpu takes a driver's kept kernels no other way")]
    unsafe {
        device.create_pipeline_cache(&descriptor)
    }
}

/// Kept kernels hold for one device and one set of sources.
fn file_name(device: &str) -> String {
    let sources = Shader::ALL.map(|shader| Digest::of(shader.facts().source.as_bytes()).to_string()).concat();
    let device = device.replace(|character: char| !character.is_ascii_alphanumeric() && character != '_', "-");
    format!("{device}-{}.kernels", &Digest::of(sources.as_bytes()).to_string()[..16])
}

/// A file's content behind its digest.
fn payload(file: &[u8]) -> Result<&[u8], &'static str> {
    let (digest, data) = file.split_at_checked(blake3::OUT_LEN).ok_or("the file is too short")?;
    if blake3::hash(data).as_bytes() == digest { Ok(data) } else { Err("the file is damaged") }
}

/// Replaces the file as a whole.
fn write(path: &Path, data: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(blake3::hash(data).as_bytes())?;
    file.write_all(data)?;
    file.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gpu::testing::{software_with, unchanged};
    use crate::gpu::{GpuOptions, Graph};

    #[test]
    fn a_damaged_file_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("x.kernels");
        write(&path, b"kernels").unwrap();
        let mut bytes = fs::read(&path).unwrap();
        assert_eq!(payload(&bytes), Ok(b"kernels".as_slice()));
        bytes[33] ^= 1;
        assert_eq!(payload(&bytes), Err("the file is damaged"));
        assert_eq!(payload(&bytes[..31]), Err("the file is too short"));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1, "nothing half made is left");
    }

    /// The file is written once, used by the next device, and a damaged one is written again.
    #[test]
    fn kernels_are_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let options = GpuOptions { cache: Some(folder.path().to_owned()), ..GpuOptions::default() };
        let (gpu, recording) = (software_with(&options), unchanged());
        Graph::new(&gpu, &recording).expect("compiles");
        let count = gpu.pipelines.count();
        Graph::new(&gpu, &recording).expect("compiles");
        assert_eq!(gpu.pipelines.count(), count, "a second graph compiles nothing");
        if !gpu.features().pipeline_cache {
            return;
        }
        let files = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
        let [path] = files.as_slice() else { panic!("{files:?}") };
        let kept = fs::read(path).unwrap();
        assert!(payload(&kept).is_ok_and(|data| !data.is_empty()));
        fs::write(path, b"neither digest nor kernels").unwrap();
        Graph::new(&software_with(&options), &recording).expect("compiles in spite of the file");
        assert!(payload(&fs::read(path).unwrap()).is_ok_and(|data| !data.is_empty()), "it is whole again");
    }
}
