//! Every operator and combination of attributes: reader, shapes, folding and twin together give what ONNX Runtime gives.

use shotfarm_worker::net::op::{Binary, ChannelOrder, Unary};
use shotfarm_worker::net::{Network, TensorOp, reference};

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

/// The operators that are left of a fixture's network.
fn left(name: &str) -> Vec<TensorOp> {
    let fixtures = read(include_bytes!("operators.fixtures"));
    let fixture = fixtures.iter().find(|fixture| fixture.name == name).expect("it is there");
    let sizes: Vec<_> = fixture.inputs.iter().map(|input| (input.name.as_str(), input.shape.as_slice())).collect();
    let shaped = Network::read(&fixture.model, None).expect("it is read").at(&sizes).expect("it is shaped");
    shaped.nodes().iter().map(|node| node.op.clone()).collect()
}

#[test]
fn what_exporters_spell_out_is_put_back_together() {
    assert!(matches!(left("Conv and BatchNormalization")[..], [TensorOp::Conv(_), TensorOp::Unary(Unary::Relu)]));
    assert!(matches!(left("Conv scaled twice")[..], [TensorOp::Conv(_)]));
    assert!(matches!(left("ConvTranspose scaled in groups")[..], [TensorOp::ConvTranspose(_)]));
    assert!(matches!(left("Conv scaled and used")[..], [TensorOp::Conv(_), TensorOp::Binary(_), TensorOp::Binary(_)]));
    assert!(matches!(left("Conv scaled and given back")[..], [TensorOp::Conv(_), TensorOp::Binary(_)]));
    assert!(matches!(left("Pad and Conv")[..], [TensorOp::Conv(_)]));
    assert!(matches!(left("Pad with ones and Conv")[..], [TensorOp::Pad { .. }, TensorOp::Conv(_)]));
    let shuffle = |order| TensorOp::DepthToSpace { block: 2, order };
    assert_eq!(left("pixel shuffle written out"), [shuffle(ChannelOrder::Crd)]);
    assert_eq!(left("pixel shuffle written out, tensorflow"), [shuffle(ChannelOrder::Dcr)]);
}

#[test]
fn arithmetic_on_shapes_is_gone_once_sizes_are_known() {
    assert!(matches!(left("halved by shapes")[..], [TensorOp::Resize { .. }]));
    assert!(matches!(left("padded to a multiple")[..], [TensorOp::Pad { .. }]));
    assert!(matches!(left("coordinate grid")[..], [TensorOp::Binary(Binary::Add)]));
    assert!(matches!(left("chosen by comparison")[..], [TensorOp::Binary(Binary::Div)]));
}
