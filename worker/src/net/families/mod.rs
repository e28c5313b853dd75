//! The architectures that studios bring, with seeded weights: what tests and benchmarks run where the public weights are not.
//!
//! Each function writes a whole ONNX file, as exporters do it, with free picture sizes. The weights are random but of the size
//! that training begins with, so that values neither vanish nor overflow.

mod blocks;
mod detect;
mod interpolate;
mod upscale;
mod writer;

pub use detect::face_detector;
pub use interpolate::{ifrnet, rife};
pub use upscale::{artcnn, cugan, srvgg};

/// A network of a family, small enough for tests, and inputs that go with it.
#[derive(Clone, Debug)]
pub struct Example {
    /// Which it is.
    pub name: &'static str,
    /// The ONNX file.
    pub file: Vec<u8>,
    /// The name and shape of every input.
    pub inputs: Vec<(&'static str, Vec<usize>)>,
}

/// One small network of every family.
#[must_use]
pub fn examples() -> Vec<Example> {
    let picture = |channels, rows, columns| vec![1, channels, rows, columns];
    let pair = |rows, columns| {
        vec![("img0", picture(3, rows, columns)), ("img1", picture(3, rows, columns)), ("timestep", picture(1, rows, columns))]
    };
    vec![
        Example { name: "srvgg", file: srvgg(16, 4, 4, 1), inputs: vec![("input", picture(3, 18, 21))] },
        Example { name: "srvgg x2", file: srvgg(12, 2, 2, 2), inputs: vec![("input", picture(3, 20, 16))] },
        Example { name: "artcnn", file: artcnn(16, 3), inputs: vec![("input", picture(1, 23, 30))] },
        Example { name: "cugan", file: cugan(16, 4), inputs: vec![("input", picture(3, 20, 24))] },
        Example { name: "rife", file: rife([24, 16, 12, 8], 5), inputs: pair(32, 64) },
        Example { name: "ifrnet", file: ifrnet(8, 6), inputs: pair(32, 48) },
        Example { name: "face detector", file: face_detector(16, 7), inputs: vec![("input", picture(3, 48, 64))] },
    ]
}

/// Seeded elements in 0..1, as pictures have them.
#[must_use]
pub fn picture(elements: usize, seed: u64) -> Vec<f32> {
    let mut writer = writer::Writer::new("", seed);
    (0..elements).map(|_| writer.random() * 0.5 + 0.5).collect()
}
