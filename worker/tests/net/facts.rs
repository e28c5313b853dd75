//! What people are told agrees with what was published, and receptive fields with what the twins do.

use shotfarm_worker::net::facts::{Purpose, Upscaler, ValueRange};
use shotfarm_worker::net::families::{Example, artcnn, cugan, examples, picture, srvgg};
use shotfarm_worker::net::{Network, field, reference};

use crate::families::shaped;

#[test]
fn real_esrgan_compact_has_its_published_size() {
    // xinntao/Real-ESRGAN: realesr-animevideov3, 621,424 weights, 619,200 multiply-adds for each input pixel.
    let facts = Network::read(&srvgg(64, 16, 4, 1), None).unwrap().facts();
    assert_eq!(facts.parameters, 621_424);
    assert_eq!(facts.multiply_adds_per_pixel, Some(619_200));
    assert_eq!((facts.operators["Conv"], facts.operators["PRelu"]), (18, 17));
    let expected = Upscaler {
        factor: 4,
        channels: 3,
        value_range: ValueRange::Unit,
        margin_pixels: 0,
        alignment_pixels: 1,
        // Eighteen 3x3 convolutions.
        radius_pixels: Some(18),
        whole_picture: false,
    };
    assert_eq!(facts.purpose, Purpose::Upscaler(expected));
}

#[test]
fn artcnn_is_a_luma_doubler_and_cugan_sees_the_whole_picture() {
    let facts = Network::read(&artcnn(16, 1), None).unwrap().facts();
    // Artoriuz/ArtCNN: C4F16 has 12 thousand weights.
    assert_eq!(facts.parameters, 12_340);
    let Purpose::Upscaler(artcnn) = facts.purpose else { panic!("{facts:?}") };
    assert_eq!((artcnn.factor, artcnn.channels, artcnn.radius_pixels, artcnn.whole_picture), (2, 1, Some(7), false));
    let Purpose::Upscaler(cugan) = Network::read(&cugan(16, 1), None).unwrap().facts().purpose else { panic!() };
    assert_eq!((cugan.factor, cugan.alignment_pixels, cugan.whole_picture), (2, 2, true));
}

#[test]
fn interpolators_and_detectors_are_no_upscalers() {
    let detects = Purpose::FaceDetector("Ultra-Light");
    for (name, purpose) in [("rife", Purpose::Other), ("ifrnet", Purpose::Other), ("face detector", detects)] {
        let example = examples().into_iter().find(|example| example.name == name).unwrap();
        let facts = Network::read(&example.file, None).unwrap().facts();
        assert_eq!(facts.purpose, purpose, "{name}");
        assert!(facts.multiply_adds_per_pixel.is_some(), "{name}");
    }
}

/// Changes one input pixel and sees which output pixels change: exactly those whose field holds the pixel may.
fn assert_field_holds(example: &Example, place: [usize; 2]) {
    let network = shaped(example);
    let (input, output) = (network.inputs()[0].value, network.outputs()[0].value);
    let field = field::fields(&network)[output.index()];
    let [_, channels, rows, columns] = *<&[usize; 4]>::try_from(network.shape(input)).expect("a picture");
    let mut data = picture(network.elements(input), 9);
    let before = reference::run(&network, &[&data]).expect("it runs").remove(0);
    for channel in 0..channels {
        data[(channel * rows + place[0]) * columns + place[1]] += 10.0;
    }
    let after = reference::run(&network, &[&data]).expect("it runs").remove(0);
    let [.., tall, wide] = *<&[usize; 4]>::try_from(network.shape(output)).expect("a picture");
    let holds = |along: field::Along, at: usize, pixel: usize| {
        let local = along.local.expect("it has one");
        let place = |edge: shotfarm_worker::net::Ratio| {
            let (step, at) = (local.step, at as f64);
            at * step.numerator as f64 / step.denominator as f64 + edge.numerator as f64 / edge.denominator as f64
        };
        (place(local.low)..=place(local.high)).contains(&(pixel as f64))
    };
    let mut changed = 0;
    for (at, (a, b)) in before.iter().zip(&after).enumerate() {
        let (row, column) = (at / wide % tall, at % wide);
        let seen = holds(field.rows, row, place[0]) && holds(field.columns, column, place[1]);
        assert!(seen || a == b, "{}: output {row},{column} sees input {place:?} beyond {field:?}", example.name);
        changed += usize::from(a != b);
    }
    assert!(changed > 0, "{}: nothing sees input {place:?}", example.name);
}

#[test]
fn nothing_is_seen_from_beyond_the_field() {
    for name in ["srvgg", "srvgg x2", "artcnn"] {
        let example = examples().into_iter().find(|example| example.name == name).unwrap();
        assert_field_holds(&example, [0, 0]);
        assert_field_holds(&example, [9, 11]);
    }
}

#[test]
fn the_field_is_no_larger_than_it_must_be() {
    // A chain of 3x3 convolutions: with weights that are all there, the farthest pixel within the radius is really seen.
    let example = examples().into_iter().find(|example| example.name == "srvgg x2").unwrap();
    let network = shaped(&example);
    let field = field::fields(&network)[network.outputs()[0].value.index()];
    assert_eq!(field.rows.radius(2, 0), Some(4));
    let data = picture(network.elements(network.inputs()[0].value), 3);
    let mut other = data.clone();
    other[10 * 16 + 12] += 1.0;
    let (a, b) = (reference::run(&network, &[&data]).unwrap(), reference::run(&network, &[&other]).unwrap());
    // Input column 12 is seen by output columns from 2·(12 - 4) on.
    let changed: Vec<usize> = (0..32).filter(|column| a[0][20 * 32 + column] != b[0][20 * 32 + column]).collect();
    assert_eq!(changed.first(), Some(&16));
}

#[test]
fn a_network_that_goes_with_no_size_is_refused_with_its_node() {
    for example in examples() {
        assert_eq!(Network::read(&example.file, None).unwrap().check(), Ok(()), "{}", example.name);
    }
    let param = b"7767517\n2 2\nInput x 0 1 x\nCrop nothing 1 1 x y -23309=1,4 -23310=1,4 -23311=1,0\n";
    let refusal = Network::read(param, Some(&[])).unwrap().check().unwrap_err().to_string();
    assert!(refusal.contains("`nothing`") && refusal.contains("Slice"), "{refusal}");
}
