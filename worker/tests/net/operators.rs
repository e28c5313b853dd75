//! Every operator and combination of attributes: reader, shapes, folding and twin together give what ONNX Runtime gives.

use shotfarm_worker::net::{Network, reference};

use crate::container::{Fixture, difference, read};

/// Largest difference to ONNX Runtime, as a part of an output's largest number: its f32 sums against our f64 ones.
const DIFFERENCE_MAX: f32 = 1e-5;

fn fault(fixture: &Fixture) -> Option<String> {
    let network = match Network::read(&fixture.model, None) {
        Ok(network) => network,
        Err(refusal) => return Some(refusal.to_string()),
    };
    let sizes: Vec<_> = fixture.inputs.iter().map(|input| (input.name.as_str(), input.shape.as_slice())).collect();
    let shaped = match network.at(&sizes) {
        Ok(shaped) => shaped,
        Err(refusal) => return Some(refusal.to_string()),
    };
    let inputs: Vec<_> = fixture.inputs.iter().map(|input| input.data.as_slice()).collect();
    let outputs = reference::run(&shaped, &inputs).expect("the inputs fit");
    fixture.outputs.iter().zip(shaped.outputs()).zip(outputs).find_map(|((expected, port), got)| {
        if shaped.shape(port.value) != expected.shape {
            return Some(format!("has shape {:?} and not {:?}", shaped.shape(port.value), expected.shape));
        }
        let difference = difference(&got, &expected.data);
        (difference > DIFFERENCE_MAX).then(|| format!("`{}` differs by {difference:e}", expected.name))
    })
}

#[test]
fn every_operator_gives_what_onnx_runtime_gives() {
    let fixtures = read(include_bytes!("operators.fixtures"));
    assert!(fixtures.len() > 200);
    let faults: Vec<_> =
        fixtures.iter().filter_map(|fixture| fault(fixture).map(|what| format!("{}: {what}", fixture.name))).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), fixtures.len(), faults.join("\n"));
}
