//! Runs a network on its CPU twins, to compare it with other executors: reads it, feeds it seeded pictures, writes what goes in
//! and comes out.
//!
//! ```text
//! cargo run --example network -- FILE BIN|- FOLDER [NAME=SIZExSIZE...]...
//! ```
//!
//! For each input and output, `FOLDER/NAME.f32`: the number of dimensions and the sizes as little-endian u32, then the elements as
//! f32. Example: `network yunet.onnx - /tmp/out input=1x3x64x96`.

use std::path::Path;
use std::time::Instant;

use shotfarm_worker::net::families::picture;
use shotfarm_worker::net::{Network, reference};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words = std::env::args().skip(1).collect::<Vec<_>>();
    let [file, bin, folder, sizes @ ..] = words.as_slice() else { return Err("give FILE, BIN or -, and FOLDER".into()) };
    let weights = if bin == "-" { None } else { Some(std::fs::read(bin)?) };
    let network = Network::read(&std::fs::read(file)?, weights.as_deref())?;
    println!("{:#?}", network.facts());
    if sizes.is_empty() {
        return Ok(());
    }
    let mut shapes = Vec::new();
    for word in sizes {
        let (name, shape) = word.split_once('=').ok_or("write an input as NAME=1x3x64x96")?;
        shapes.push((name, shape.split('x').map(str::parse).collect::<Result<Vec<usize>, _>>()?));
    }
    let shaped = network.at(&shapes.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>())?;
    println!("{} nodes, {} after lowering", network.nodes.len(), shaped.nodes().len());
    let inputs: Vec<Vec<f32>> =
        (40..).zip(shaped.inputs()).map(|(seed, port)| picture(shaped.elements(port.value), seed)).collect();
    let begin = Instant::now();
    let outputs = reference::run(&shaped, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
    println!("ran in {} ms", begin.elapsed().as_millis());
    for (port, data) in shaped.inputs().iter().zip(&inputs).chain(shaped.outputs().iter().zip(&outputs)) {
        write(&Path::new(folder).join(format!("{}.f32", port.name)), shaped.shape(port.value), data)?;
        println!("{}: {:?}", port.name, shaped.shape(port.value));
    }
    Ok(())
}

fn write(path: &Path, shape: &[usize], data: &[f32]) -> std::io::Result<()> {
    let sizes = std::iter::once(shape.len()).chain(shape.iter().copied()).flat_map(|size| (size as u32).to_le_bytes());
    std::fs::write(path, sizes.chain(data.iter().flat_map(|x| x.to_le_bytes())).collect::<Vec<_>>())
}
