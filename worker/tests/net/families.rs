//! Whole networks of every architecture give what ONNX Runtime gives.

use std::path::PathBuf;

use shotfarm_worker::net::families::{Example, examples, picture};
use shotfarm_worker::net::{Network, Shaped, reference};

use crate::container::{difference, read};

/// Largest difference to ONNX Runtime, as a part of an output's largest number: its f32 sums through many layers against our f64
/// ones.
const DIFFERENCE_MAX: f32 = 1e-5;

pub(crate) fn shaped(example: &Example) -> Shaped {
    let network = Network::read(&example.file, None).expect("a family is read");
    let sizes: Vec<_> = example.inputs.iter().map(|(name, shape)| (*name, shape.as_slice())).collect();
    network.at(&sizes).expect("a family is shaped")
}

fn inputs(example: &Example) -> Vec<Vec<f32>> {
    (0_u64..).zip(&example.inputs).map(|(seed, (_, shape))| picture(shape.iter().product(), seed + 40)).collect()
}

#[test]
fn every_family_gives_what_onnx_runtime_gives() {
    let fixtures = read(include_bytes!("families.fixtures"));
    let examples = examples();
    assert_eq!(fixtures.len(), examples.len());
    for example in &examples {
        let fixture = fixtures.iter().find(|fixture| fixture.name == example.name).unwrap();
        let shaped = shaped(example);
        let inputs = inputs(example);
        let outputs = reference::run(&shaped, &inputs.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        for ((port, expected), got) in shaped.outputs().iter().zip(&fixture.outputs).zip(&outputs) {
            assert_eq!(shaped.shape(port.value), expected.shape, "{} {}", example.name, port.name);
            let difference = difference(got, &expected.data);
            println!("{} {}: {difference:e}", example.name, port.name);
            assert!(difference <= DIFFERENCE_MAX, "{} {} differs by {difference:e}", example.name, port.name);
        }
    }
}

/// Writes the families and their inputs for `fixtures.py`.
#[test]
#[ignore = "a step of making the fixtures, see fixtures.py"]
fn write_the_families() {
    let folder = PathBuf::from(std::env::var_os("SHOTFARM_FAMILIES").expect("SHOTFARM_FAMILIES names a folder"));
    std::fs::create_dir_all(&folder).unwrap();
    for example in examples() {
        std::fs::write(folder.join(format!("{}.onnx", example.name)), &example.file).unwrap();
        for ((name, shape), data) in example.inputs.iter().zip(inputs(&example)) {
            let sizes = std::iter::once(shape.len()).chain(shape.iter().copied()).map(|size| (size as u32).to_le_bytes());
            let bytes: Vec<u8> = sizes.chain(data.iter().map(|x| x.to_le_bytes())).flatten().collect();
            std::fs::write(folder.join(format!("{}.{name}.f32", example.name)), bytes).unwrap();
        }
    }
}
