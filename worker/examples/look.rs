//! What a look finds in a film, as pictures: one sheet of maps for every so many frames, and the figures of every frame.
//!
//! ```text
//! cargo run --release --example look -- RAW WIDTHxHEIGHT FRAMES_A_SECOND OUT [EVERY [NETWORK]]
//! ```
//!
//! RAW is a file of raw 8-bit 4:2:0 frames (`ffmpeg -i FILM -pix_fmt yuv420p -f rawvideo RAW`); OUT a folder for the sheets
//! (`.ppm`); NETWORK a detector of faces, whose boxes are told. A sheet shows luma, contrast, edges, skin; then still edges, strokes, change, residual; then motion (its length as
//! brightness, its direction as colour), the same against the frame's median motion, and the brightest rows and columns.

use std::sync::Arc;
use std::time::Instant;

use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_shared::recipe::Target;
use shotfarm_worker::gpu::{Gpu, GpuChoice, Graph, Recording, record_look};
use shotfarm_worker::net::Network;
use shotfarm_worker::net::passes::Options;
use shotfarm_worker::reframe::findings::Full;
use shotfarm_worker::reframe::{Cell, Detector, Eyes, Face, Look};

/// Side of a cell on a sheet, in pixels.
const SIDE: usize = 6;

/// Operations that are told one by one: of a network only its beginning.
const TOLD_MAX: usize = 16;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let [raw, size, rate, out, rest @ ..] = words.as_slice() else {
        return Err("RAW WIDTHxHEIGHT RATE OUT [EVERY [NETWORK]]".into());
    };
    let Target::Size(extent) = size.parse()? else { return Err("write a size such as 640x360".into()) };
    let every = rest.first().map_or(Ok(12), |text| text.parse::<u64>())?;
    let colour = Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags: ColourTags::default() };
    let layout = FrameLayout { extent, format: PixelFormat::Yuv420p, colour };
    let bytes = std::fs::read(raw)?;
    let frames = bytes.chunks_exact(layout.frame_bytes()).collect::<Vec<_>>();
    let look = Look::of(extent, FrameRate::new(rate.parse()?, 1)?, frames.len() as u64);
    let gpu = Gpu::open(GpuChoice::Software)?;
    let network = rest.get(1).map(|path| Ok::<_, Box<dyn std::error::Error>>(Network::read(&std::fs::read(path)?, None)?));
    let detector = network.transpose()?.map(|network| Detector::new(&Arc::new(network), extent)).transpose()?.map(Arc::new);
    timings(&gpu, &record_look(&look, &layout), &frames)?;
    if let Some(detector) = &detector {
        timings(&gpu, &detector.recording(&layout, &Options::default()), &frames)?;
    }
    let mut eyes = Eyes::open(&gpu, &look, &layout, detector.as_ref())?;
    let started = Instant::now();
    let found = eyes.look_at(&frames)?;
    println!(
        "{:.1} ms a frame, {} bytes stored",
        started.elapsed().as_secs_f64() * 1e3 / frames.len() as f64,
        found.write().len()
    );
    std::fs::create_dir_all(out)?;
    let mut shown = 0;
    for seen in &found.seen {
        println!(
            "{:>6}  change {:>7.3}  residual {:>7.3}  histogram {:.4}",
            seen.frame, seen.change, seen.residual, seen.histogram
        );
        for face in seen.full.iter().flat_map(|full| &full.faces).flatten() {
            let Face { place, score, points } = face;
            println!(
                "{:>6}  face {:.0} {:.0} {:.0} {:.0} {score:.2} {points:?}",
                seen.frame, place.x, place.y, place.width, place.height
            );
        }
        if let Some(full) = seen.full.as_ref().filter(|_| seen.frame >= shown) {
            shown = seen.frame + every;
            std::fs::write(format!("{out}/{:05}.ppm", seen.frame), sheet(&look, full))?;
        }
    }
    Ok(())
}

fn timings(gpu: &Gpu, recording: &Recording, frames: &[&[u8]]) -> Result<(), Box<dyn std::error::Error>> {
    let mut graph = Graph::new(gpu, recording)?;
    let mut out = Vec::new();
    for (frame, number) in frames.iter().take(2).zip(0..) {
        graph.submit(frame, number)?;
        graph.next(&mut out)?;
    }
    let timings = graph.timings(9)?;
    for timing in timings.iter().take(TOLD_MAX) {
        println!("  {:<16} {:>7.2} ms", timing.name, timing.median.as_secs_f64() * 1e3);
    }
    let all = timings.iter().map(|timing| timing.median).sum::<std::time::Duration>();
    println!("  {} operations {:>7.2} ms", timings.len(), all.as_secs_f64() * 1e3);
    Ok(())
}

type Shade = Box<dyn Fn(&Cell) -> [u8; 3]>;

fn sheet(look: &Look, full: &Full) -> Vec<u8> {
    let cells = full.cells();
    let median = |axis: usize| {
        let mut sorted = cells.iter().filter(|cell| cell.edges > 8).map(|cell| i32::from(cell.motion[axis])).collect::<Vec<_>>();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied().unwrap_or(0)
    };
    let camera = [median(0), median(1)];
    let way = |way: [i32; 2]| {
        let (x, y) = (way[0] * 12, way[1] * 12);
        [128 + x, 128 + y, 128 - (x + y) / 2].map(|value| value.clamp(0, 255) as u8)
    };
    let times = |byte: u8, factor: u32| [(u32::from(byte) * factor).min(255) as u8; 3];
    let maps: Vec<Shade> = vec![
        Box::new(move |cell| times(cell.luma, 1)),
        Box::new(move |cell| times(cell.contrast, 2)),
        Box::new(move |cell| times(cell.edges, 3)),
        Box::new(move |cell| times(cell.skin, 1)),
        Box::new(move |cell| times(cell.still_edges, 3)),
        Box::new(move |cell| times(cell.strokes, 8)),
        Box::new(move |cell| times(cell.change, 4)),
        Box::new(move |cell| times(cell.residual, 4)),
        Box::new(move |cell| way(cell.motion.map(i32::from))),
        Box::new(move |cell| way([0, 1].map(|axis| i32::from(cell.motion[axis]) - camera[axis]))),
    ];
    let (columns, rows) = (look.columns as usize, look.rows as usize);
    let (wide, high) = (columns * SIDE + 4, rows * SIDE + 4);
    let (width, height) = (wide * 4, high * 3);
    let mut picture = vec![64_u8; width * height * 3];
    let mut set = |x: usize, y: usize, colour: [u8; 3]| picture[(y * width + x) * 3..][..3].copy_from_slice(&colour);
    for (index, map) in maps.iter().enumerate() {
        for y in 0..rows * SIDE {
            for x in 0..columns * SIDE {
                let shade = map(&cells[y / SIDE * columns + x / SIDE]);
                set(index % 4 * wide + x, index / 4 * high + y, shade);
            }
        }
    }
    for y in 0..rows * SIDE {
        for x in 0..columns * SIDE {
            let row = full.brightest[(y * 8 / SIDE).min(look.picture.height as usize - 1)];
            let column = full.brightest[look.picture.height as usize + (x * 8 / SIDE).min(look.picture.width as usize - 1)];
            set(2 * wide + x, 2 * high + y, [row, column, 0]);
        }
    }
    let mut file = format!("P6\n{width} {height}\n255\n").into_bytes();
    file.extend(picture);
    file
}
