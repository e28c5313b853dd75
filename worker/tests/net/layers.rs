//! Every ncnn layer gives what ncnn gives, and its files are refused when they do not hold together.

use proptest::prelude::*;
use shotfarm_worker::net::{Network, reference};

use crate::container::{Fixture, difference, read};

/// Largest difference to ncnn, as a part of an output's largest number. ncnn computes exponentials and the like by approximations.
const DIFFERENCE_MAX: f32 = 1e-5;

fn fixtures() -> Vec<Fixture> {
    read(include_bytes!("layers.fixtures"))
}

/// The param and the bin of a fixture.
fn files(fixture: &Fixture) -> (&[u8], &[u8]) {
    let (size, rest) = fixture.model.split_first_chunk::<4>().expect("it has a size");
    rest.split_at(u32::from_le_bytes(*size) as usize)
}

fn fault(fixture: &Fixture) -> Option<String> {
    let (param, bin) = files(fixture);
    let network = match Network::read(param, Some(bin)) {
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
    let place = shaped.outputs().iter().position(|port| port.name == "y").expect("y is made");
    let (expected, shape) = (&fixture.outputs[0], shaped.shape(shaped.outputs()[place].value));
    if shape != expected.shape {
        return Some(format!("has shape {shape:?} and not {:?}", expected.shape));
    }
    let difference = difference(&outputs[place], &expected.data);
    (difference > DIFFERENCE_MAX).then(|| format!("differs by {difference:e}"))
}

#[test]
fn every_layer_gives_what_ncnn_gives() {
    let fixtures = fixtures();
    assert!(fixtures.len() > 90);
    let faults: Vec<_> =
        fixtures.iter().filter_map(|fixture| fault(fixture).map(|what| format!("{}: {what}", fixture.name))).collect();
    assert!(faults.is_empty(), "{} of {}:\n{}", faults.len(), fixtures.len(), faults.join("\n"));
}

#[test]
fn a_bin_that_is_too_short_or_too_long_is_refused() {
    for fixture in fixtures().iter().filter(|fixture| !files(fixture).1.is_empty()) {
        let (param, bin) = files(fixture);
        for end in 0..bin.len() {
            assert!(Network::read(param, Some(&bin[..end])).is_err(), "{} cut at {end}", fixture.name);
        }
        let refusal = Network::read(param, Some(&[bin, &[0; 4]].concat())).unwrap_err().to_string();
        assert!(refusal.contains("belong together"), "{refusal}");
    }
}

#[test]
fn layers_that_are_not_run_are_refused_by_name() {
    let refusal = Network::read(b"7767517\n2 2\nInput x 0 1 x\nLSTM memory 1 1 x y 0=4\n", Some(&[])).unwrap_err().to_string();
    assert!(refusal.contains("`memory`") && refusal.contains("LSTM") && refusal.contains("Convolution"), "{refusal}");
    let missing = Network::read(b"7767517\n2 2\nInput x 0 1 x\nReLU r 1 1 z y\n", Some(&[])).unwrap_err().to_string();
    assert!(missing.contains("`z`"), "{missing}");
    let short = Network::read(b"7767517\n3 2\nInput x 0 1 x\nReLU r 1 1 x y\n", Some(&[])).unwrap_err().to_string();
    assert!(short.contains("3 layers"), "{short}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn altered_params_never_panic(which in any::<prop::sample::Index>(), place in any::<prop::sample::Index>(), with in "[-0-9=,. a-zA-Z]{0,12}") {
        let fixtures = fixtures();
        let fixture = which.get(&fixtures);
        let (param, bin) = files(fixture);
        let mut param = param.to_vec();
        let place = 8 + place.index(param.len() - 8);
        let end = (place + with.len()).min(param.len());
        param.splice(place..end, with.bytes());
        if let Ok(network) = Network::read(&param, Some(bin)) {
            let sizes: Vec<_> = fixture.inputs.iter().map(|input| (input.name.as_str(), input.shape.as_slice())).collect();
            let _ = network.at(&sizes);
        }
    }
}
