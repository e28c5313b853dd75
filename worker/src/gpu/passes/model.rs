//! A network as an upscaler: planes to what the network takes, its passes (in tiles where the whole does not fit), and back.
//!
//! A network of three channels sees R'G'B' in the light it is coded in, at full chroma; one of a single channel sees luma alone,
//! and chroma is resampled beside it. It runs as often as the target asks for; the step's filter does the rest of the way.

use shotfarm_shared::media::{Extent, Matrix};
use shotfarm_shared::recipe::model_runs;

use super::RecordError;
use super::planes::{Planes, resample_chroma_to};
use super::rgb::{Light, from_rgb, to_rgb};
use crate::gpu::device::{AdapterKind, Gpu};
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, net_from_planes, net_to_planes};
use crate::net::facts::{Purpose, Upscaler, ValueRange};
use crate::net::passes::{Blocks, Kernels, Options, Real, Tables, Tile, Tiling, memory, record_tiles, spans, supported};
use crate::net::{Network, Shaped};

/// Sides of tiles that are tried where the whole does not fit, in pixels: larger ones waste less on their edges.
const TILE_SIDES: [usize; 11] = [2_048, 1_536, 1_024, 768, 512, 384, 256, 192, 128, 96, 64];
/// Memory for the values of a network where nothing is known of the device: what software Vulkan binds at once, several times.
const MEMORY_BYTES_DEFAULT: u64 = 512 << 20;
/// Memory for the values of a network on a GPU: most cards that render have several times as much, and larger tiles gain little.
const MEMORY_BYTES_HARDWARE: u64 = 2 << 30;
/// The largest value where nothing is known of the device: what software Vulkan binds at once.
const VALUE_BYTES_DEFAULT: u64 = 128 << 20;

/// How networks are run on the device at hand.
#[derive(Clone, Debug)]
pub struct Executor {
    /// Element type and kernels.
    pub options: Options,
    /// Most bytes that one value may take: what a pass can bind.
    pub value_bytes_max: u64,
    /// Most bytes that all values of a network together may take.
    pub memory_bytes_max: u64,
    /// Longest side of a tile, in pixels of the network's input.
    pub tile_side_max: usize,
}

impl Default for Executor {
    fn default() -> Self {
        Self {
            options: Options::default(),
            value_bytes_max: VALUE_BYTES_DEFAULT,
            memory_bytes_max: MEMORY_BYTES_DEFAULT,
            tile_side_max: usize::MAX,
        }
    }
}

impl Executor {
    /// What suits a device: f16 where it is hardware that has passed its check with it, tiles that it can bind.
    #[must_use]
    pub fn on(gpu: &Gpu, kernels: &Kernels) -> Self {
        let hardware = gpu.facts().kind != AdapterKind::Cpu;
        let real = if hardware && gpu.features().f16 { Real::F16 } else { Real::F32 };
        let limits = gpu.limits();
        Self {
            options: Options { real, kernels: kernels.clone(), ..Options::default() },
            value_bytes_max: limits.binding_bytes_max.min(limits.buffer_bytes_max),
            memory_bytes_max: if hardware { MEMORY_BYTES_HARDWARE } else { MEMORY_BYTES_DEFAULT },
            tile_side_max: usize::MAX,
        }
    }
}

/// An upscaler for pictures of one size: the network shaped at its tiles' size, and where these lie.
struct Fitted {
    shaped: Shaped,
    tiling: Tiling,
    tiles: Vec<Tile>,
    /// Rows and columns of the picture with what is put around it.
    padded: [usize; 2],
    options: Options,
}

/// Records a network's part of a step: the picture that leaves it is larger by the network's own factor, as often as `target` asks.
pub(super) fn record(
    recorder: &mut Recorder,
    planes: &Planes,
    (network, matrix): (&Network, Matrix),
    target: Extent,
    executor: &Executor,
) -> Result<Planes, RecordError> {
    let Purpose::Upscaler(upscaler) = network.facts().purpose else {
        return Err(RecordError::Model { why: "it does not make a larger picture of one picture".to_owned() });
    };
    let runs = model_runs(upscaler.factor, planes.extent, target)?;
    let is_rgb = upscaler.channels == 3;
    let mut values = if is_rgb { to_rgb(recorder, planes, matrix, Light::Coded).to_vec() } else { vec![planes.values[0]] };
    let (mut extent, mut tables) = (planes.extent, Tables::default());
    for _ in 0..runs {
        values = run(recorder, (network, &upscaler), &values, extent, executor, &mut tables)?;
        extent = Extent::new(extent.width * upscaler.factor, extent.height * upscaler.factor);
    }
    match values.as_slice() {
        [red, green, blue] => Ok(from_rgb(recorder, [*red, *green, *blue], extent, matrix, Light::Coded)),
        luma => Ok(resample_chroma_to(recorder, planes, luma[0], extent)),
    }
}

/// One run over planes of a size.
fn run(
    recorder: &mut Recorder,
    (network, upscaler): (&Network, &Upscaler),
    values: &[Proxy],
    extent: Extent,
    executor: &Executor,
    tables: &mut Tables,
) -> Result<Vec<Proxy>, RecordError> {
    let Fitted { shaped, tiling, tiles, padded, options } = fit(network, upscaler, extent, executor)?;
    let (factor, margin) = (upscaler.factor as usize, upscaler.margin_pixels as usize);
    let made = Extent::new(extent.width * upscaler.factor, extent.height * upscaler.factor);
    let range = if upscaler.value_range == ValueRange::Byte { 255.0 } else { 1.0 };
    let real = options.real;
    let shape = |value| shaped.shape(value).to_vec();
    let (from_shape, to_shape) = (shape(shaped.inputs()[0].value), shape(shaped.outputs()[0].value));
    let results = values.iter().map(|_| recorder.plane("enlarged", made.pixels())).collect::<Vec<_>>();
    // The passes bind three planes; a network of luma fills one.
    let unused = [0, 1, 2].map(|_| recorder.plane("unused", 1));
    let from = [0, 1, 2].map(|plane| values.get(plane).copied().unwrap_or(values[0]));
    let to = [0, 1, 2].map(|plane| results.get(plane).copied().unwrap_or(unused[plane]));
    let load = |recorder: &mut Recorder, tile: &Tile| {
        let params = net_from_planes::Params {
            width: extent.width,
            height: extent.height,
            piece_width: from_shape[3] as u32,
            piece_height: from_shape[2] as u32,
            left: tile.across.begin as i32 - margin as i32,
            top: tile.down.begin as i32 - margin as i32,
            channels: upscaler.channels,
            scale: range,
        };
        let bytes = from_shape[2] * from_shape[3] * 4 * real.bytes();
        let buffer = recorder.scratch("network input", bytes as u64);
        let program = if real == Real::F16 { Shader::NetFromPlanesF16 } else { Shader::NetFromPlanes };
        recorder.grid(program, &params, &from, &[buffer], (params.piece_width, params.piece_height));
        Blocks { buffer, first: 0, total: 1 }
    };
    let store = |recorder: &mut Recorder, tile: &Tile, output: Blocks| {
        // Output pixel o lies over input pixel o / factor + margin of the padded picture, so over o / factor of the picture.
        let piece = |from: usize, to: usize, begin: usize, length: usize| {
            let (from, to) = (from * factor, (to * factor).min(length));
            (from, to.saturating_sub(from), from - begin * factor)
        };
        let (left, width, in_left) = piece(tile.across.from, tile.across.to, tile.across.begin, made.width as usize);
        let (top, height, in_top) = piece(tile.down.from, tile.down.to, tile.down.begin, made.height as usize);
        if width == 0 || height == 0 {
            return;
        }
        let params = net_to_planes::Params {
            width: to_shape[3] as u32,
            height: to_shape[2] as u32,
            left: in_left as u32,
            top: in_top as u32,
            piece_width: width as u32,
            piece_height: height as u32,
            plane_width: made.width,
            to_left: left as u32,
            to_top: top as u32,
            channels: upscaler.channels,
            scale: 1.0 / range,
        };
        let program = if real == Real::F16 { Shader::NetToPlanesF16 } else { Shader::NetToPlanes };
        debug_assert_eq!(output.first, 0, "a network's output has a buffer of its own");
        recorder.grid(program, &params, &[output.buffer], &to, (width as u32, height as u32));
    };
    record_tiles(&shaped, recorder, (&tiling, &tiles, padded), &options, tables, load, store);
    Ok(results)
}

/// The largest tiles that the device takes.
fn fit(network: &Network, upscaler: &Upscaler, extent: Extent, executor: &Executor) -> Result<Fitted, RecordError> {
    let refused = |why: String| RecordError::Model { why };
    let (align, margin) = (upscaler.alignment_pixels as usize, upscaler.margin_pixels as usize);
    let padded = [extent.height, extent.width].map(|side| (side as usize + 2 * margin).next_multiple_of(align.max(1)));
    let name = network.inputs[0].name.as_str();
    let shaped_at = |height: usize, width: usize| {
        let shaped = network.at(&[(name, &[1, upscaler.channels as usize, height, width])]);
        let shaped = shaped.map_err(|error| refused(error.to_string()))?;
        supported(&shaped).map_err(|error| refused(error.to_string()))?;
        Ok::<Shaped, RecordError>(shaped)
    };
    let whole = shaped_at(padded[0], padded[1])?;
    let options = Options { real: executor.options.real.suits(&whole), ..executor.options.clone() };
    let fits = |shaped: &Shaped| {
        let (all, largest) = memory(shaped, &options);
        all <= executor.memory_bytes_max && largest <= executor.value_bytes_max
    };
    if fits(&whole) && padded.iter().all(|side| *side <= executor.tile_side_max) {
        let tiles = tiles(padded, padded, 0);
        return Ok(Fitted { shaped: whole, tiling: Tiling::none(), tiles, padded, options });
    }
    let tiling = Tiling::of(&whole).map_err(|error| refused(error.to_string()))?;
    for side in TILE_SIDES.into_iter().map(|side| side.min(executor.tile_side_max)) {
        let side = (side / tiling.align * tiling.align).max(tiling.smallest());
        let sides = padded.map(|length| length.min(side));
        let shaped = shaped_at(sides[0], sides[1])?;
        if fits(&shaped) {
            let tiles = tiles(padded, sides, tiling.reach);
            return Ok(Fitted { shaped, tiling, tiles, padded, options });
        }
    }
    Err(refused(format!(
        "not even tiles of {} pixels fit into {} MiB of GPU memory; use another GPU",
        tiling.smallest(),
        executor.memory_bytes_max >> 20
    )))
}

/// Tiles of one size over a padded picture; sizes are rows and columns.
fn tiles(padded: [usize; 2], sides: [usize; 2], reach: usize) -> Vec<Tile> {
    let across = spans(padded[1], sides[1], reach);
    let down = spans(padded[0], sides[0], reach);
    down.iter().flat_map(|down| across.iter().map(|across| Tile { across: *across, down: *down })).collect()
}
