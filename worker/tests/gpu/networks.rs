//! Whole networks on the software device: against ONNX Runtime, joined against unjoined, tiles against the whole.

use std::sync::Arc;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::media::{Extent, FrameLayout, PixelFormat};
use shotfarm_shared::model::ModelRef;
use shotfarm_shared::recipe::{Filter, Step, Target, Upscale};
use shotfarm_worker::gpu::{Executor, Means, Recording, record_for, twins};
use shotfarm_worker::net::families::{Example, artcnn, cugan, examples, picture, srvgg};
use shotfarm_worker::net::passes::{Options, Real, Tables, recording, supported};
use shotfarm_worker::net::{Models, Network, Shaped};

use crate::common::{codes, layout, picture as draw, render, software_gpu};
use crate::container::{difference, read};
use crate::operators::on_device;

/// Largest differences to ONNX Runtime, as parts of an output's largest number.
const APART_F32: f32 = 1e-4;
const APART_F16: f32 = 2e-3;

fn shaped(example: &Example) -> Shaped {
    let network = Network::read(&example.file, None).expect("a family is read");
    let sizes = example.inputs.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>();
    let shaped = network.at(&sizes).expect("a family is shaped");
    supported(&shaped).unwrap_or_else(|error| panic!("{}: {error}", example.name));
    shaped
}

fn inputs(example: &Example) -> Vec<Vec<f32>> {
    (0_u64..).zip(&example.inputs).map(|(seed, (_, shape))| picture(shape.iter().product(), seed + 40)).collect()
}

#[test]
fn every_family_gives_what_onnx_runtime_gives() {
    let gpu = software_gpu();
    let fixtures = read(include_bytes!("../net/families.fixtures"));
    for example in examples() {
        let fixture = fixtures.iter().find(|fixture| fixture.name == example.name).unwrap();
        let net = shaped(&example);
        // Networks that compute places run in f32 whatever is wanted.
        let reals = [(Real::F32, APART_F32), (Real::F16, APART_F16)].into_iter().filter(|(real, _)| real.suits(&net) == *real);
        for (real, apart) in reals {
            let options = Options { real, ..Options::default() };
            let all = on_device(&gpu, &recording(&net, &options, &mut Tables::default()), &inputs(&example));
            let mut rest = all.as_slice();
            for expected in &fixture.outputs {
                let (got, after) = rest.split_at(expected.data.len());
                rest = after;
                let difference = difference(got, &expected.data);
                println!("{} {} {real:?}: {difference:e}", example.name, expected.name);
                assert!(difference <= apart, "{} {} in {real:?} differs by {difference:e}", example.name, expected.name);
            }
        }
    }
}

#[test]
fn joining_operators_changes_no_bit() {
    let gpu = software_gpu();
    for example in examples().into_iter().filter(|example| ["srvgg x2", "artcnn", "cugan"].contains(&example.name)) {
        let net = shaped(&example);
        let [joined, apart] = [true, false].map(|join| {
            let recording = recording(&net, &Options { join, ..Options::default() }, &mut Tables::default());
            (recording.passes().count(), on_device(&gpu, &recording, &inputs(&example)))
        });
        println!("{}: {} passes instead of {}", example.name, joined.0, apart.0);
        assert!(joined.0 < apart.0, "{}", example.name);
        assert!(difference(&joined.1, &apart.1) <= 1e-6, "{} differs", example.name);
    }
}

/// The recording of one step with a network.
fn enlarging(file: &[u8], input: &FrameLayout, factor: u32, executor: &Executor) -> (FrameLayout, Recording) {
    let network = Network::read(file, None).expect("a family is read");
    let digest = Digest::of(file);
    let model = ModelRef { name: "test".parse().expect("a name"), digest: Some(digest) };
    let target = Target::Factor { thousandths: factor * 1_000 };
    let step = Step::Upscale(Upscale { target, model: Some(model), filter: Filter::LANCZOS, check_hundredths: None });
    let extent = Extent::new(input.extent.width * factor, input.extent.height * factor);
    let output = FrameLayout { extent, ..input.clone() };
    let models = Models::from([(digest, Arc::new(network))]);
    let recording = record_for(&[step], input, &output, Means::new(&models, executor)).unwrap_or_else(|error| panic!("{error}"));
    (output, recording)
}

#[test]
fn tiles_give_what_the_whole_gives() {
    let gpu = software_gpu();
    for (what, file, size, sides) in [
        ("srvgg", srvgg(8, 3, 2, 1), (92, 70), [32, 64]),
        ("artcnn", artcnn(8, 3), (118, 66), [48, 64]),
        ("cugan", cugan(8, 4), (150, 130), [1, 120]),
    ] {
        let input = layout(size.0, size.1, PixelFormat::Yuv420p10le);
        let frame = draw(&input);
        let (output, whole) = enlarging(&file, &input, 2, &Executor::default());
        let expected = codes(&output, &render(&gpu, &whole, &frame));
        for side in sides {
            let executor = Executor { tile_side_max: side, ..Executor::default() };
            let (_, tiled) = enlarging(&file, &input, 2, &executor);
            assert!(tiled.passes().count() > whole.passes().count(), "{what}: one tile of {side}");
            let got = codes(&output, &render(&gpu, &tiled, &frame));
            let apart = got.iter().zip(&expected).map(|(got, expected)| got.abs_diff(*expected)).max();
            println!("{what} in tiles of {side}: {} passes, {apart:?} codes apart", tiled.passes().count());
            assert!(apart <= Some(1), "{what} in tiles of {side} is {apart:?} codes apart");
        }
    }
}

#[test]
fn a_network_and_its_twins_make_the_same_picture() {
    let gpu = software_gpu();
    let input = layout(20, 14, PixelFormat::Yuv420p);
    let frame = draw(&input);
    // Twice the network's own factor, and then down to the size.
    let executor = Executor { tile_side_max: 16, ..Executor::default() };
    let (output, recording) = enlarging(&srvgg(4, 1, 2, 1), &input, 3, &executor);
    let got = codes(&output, &render(&gpu, &recording, &frame));
    let expected = codes(&output, &twins::run(&recording, &frame));
    assert!(got.iter().zip(&expected).all(|(got, expected)| got.abs_diff(*expected) <= 1));
}

#[test]
fn what_fits_nowhere_is_refused_in_a_sentence() {
    let input = layout(64, 64, PixelFormat::Yuv420p);
    let network = Network::read(&srvgg(8, 3, 2, 1), None).expect("a family is read");
    let digest = Digest([7; 32]);
    let model = ModelRef { name: "test".parse().expect("a name"), digest: Some(digest) };
    let target = Target::Factor { thousandths: 2_000 };
    let step = Step::Upscale(Upscale { target, model: Some(model), filter: Filter::LANCZOS, check_hundredths: None });
    let output = FrameLayout { extent: Extent::new(128, 128), ..input.clone() };
    let executor = Executor { memory_bytes_max: 1_000, ..Executor::default() };
    let models = Models::from([(digest, Arc::new(network))]);
    let error = record_for(&[step], &input, &output, Means::new(&models, &executor)).expect_err("too little memory");
    assert!(error.to_string().contains("not even tiles of"), "{error}");
}

/// A network from outside, on the device and by the reference.
#[test]
#[ignore = "by hand: SHOTFARM_MODEL names an ONNX file with one input, SHOTFARM_MODEL_SIZE its picture, such as 320x320"]
fn a_file_gives_what_the_reference_gives() {
    let file = std::fs::read(std::env::var_os("SHOTFARM_MODEL").expect("a file")).expect("it is read");
    let size = std::env::var("SHOTFARM_MODEL_SIZE").expect("a size");
    let (width, height) = size.split_once('x').expect("WIDTHxHEIGHT");
    let shape = [1, 3, height.parse().unwrap(), width.parse().unwrap()];
    let network = Network::read(&file, None).unwrap_or_else(|error| panic!("{error}"));
    let net = network.at(&[(network.inputs[0].name.as_str(), &shape)]).unwrap_or_else(|error| panic!("{error}"));
    supported(&net).unwrap_or_else(|error| panic!("{error}"));
    let input = picture(shape.iter().product(), 1);
    let expected = shotfarm_worker::net::reference::run(&net, &[&input]).expect("one input");
    let gpu = software_gpu();
    for real in [Real::F32, Real::F16] {
        let recording = recording(&net, &Options { real, ..Options::default() }, &mut Tables::default());
        let got = on_device(&gpu, &recording, std::slice::from_ref(&input));
        let mut rest = got.as_slice();
        for (port, expected) in net.outputs().iter().zip(&expected) {
            let (own, after) = rest.split_at(expected.len());
            rest = after;
            println!("{} {real:?}: {:e}", port.name, difference(own, expected));
            assert!(real == Real::F16 || difference(own, expected) <= APART_F32);
        }
    }
}
