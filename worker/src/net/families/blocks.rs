//! Pieces that several families have.

use super::writer::{Attribute, Writer};

/// Slope of leaky rectifiers in frame interpolation; waifu2x and CUGAN have 0.1.
pub(super) const INTERPOLATION_SLOPE: f32 = 0.2;

/// A convolution of a square kernel.
#[derive(Clone, Copy)]
pub(super) struct Convolution {
    pub(super) ins: usize,
    pub(super) outs: usize,
    pub(super) kernel: usize,
    pub(super) stride: i64,
    pub(super) pad: i64,
    pub(super) groups: usize,
}

impl Convolution {
    /// 3x3, padded so that the size stays.
    pub(super) fn same(ins: usize, outs: usize) -> Self {
        Self { ins, outs, kernel: 3, stride: 1, pad: 1, groups: 1 }
    }

    /// 3x3 without padding.
    pub(super) fn valid(ins: usize, outs: usize) -> Self {
        Self { pad: 0, ..Self::same(ins, outs) }
    }

    /// Of single pixels.
    pub(super) fn pixel(ins: usize, outs: usize) -> Self {
        Self { kernel: 1, ..Self::valid(ins, outs) }
    }

    /// 3x3, every second pixel.
    pub(super) fn halving(ins: usize, outs: usize) -> Self {
        Self { stride: 2, ..Self::same(ins, outs) }
    }
}

impl Writer {
    /// A convolution with bias. Weights are spread so that a rectifier after it keeps the size of values (He et al. 2015), times
    /// `gain`.
    pub(super) fn conv(&mut self, x: &str, conv: Convolution, gain: f32) -> String {
        let Convolution { ins, outs, kernel, stride, pad, groups } = conv;
        let spread = gain * (6.0 / (ins / groups * kernel * kernel) as f32).sqrt();
        let weight = self.random_constant(&[outs, ins / groups, kernel, kernel], 0.0, spread);
        let bias = self.random_constant(&[outs], 0.0, 0.1);
        self.node(
            "Conv",
            &[x, &weight, &bias],
            &[
                ("strides", Attribute::Ints(&[stride; 2])),
                ("pads", Attribute::Ints(&[pad; 4])),
                ("group", Attribute::Int(groups as i64)),
            ],
        )
    }

    /// A transposed convolution that doubles the size.
    pub(super) fn conv_doubling(&mut self, x: &str, ins: usize, outs: usize, kernel: usize, pad: i64) -> String {
        let spread = (6.0 * 4.0 / (ins * kernel * kernel) as f32).sqrt();
        let weight = self.random_constant(&[ins, outs, kernel, kernel], 0.0, spread);
        let bias = self.random_constant(&[outs], 0.0, 0.1);
        let attributes = [("strides", Attribute::Ints(&[2; 2])), ("pads", Attribute::Ints(&[pad; 4]))];
        self.node("ConvTranspose", &[x, &weight, &bias], &attributes)
    }

    pub(super) fn leaky(&mut self, x: &str, slope: f32) -> String {
        self.node("LeakyRelu", &[x], &[("alpha", Attribute::Float(slope))])
    }

    pub(super) fn p_relu(&mut self, x: &str, channels: usize) -> String {
        let slope = self.random_constant(&[channels, 1, 1], 0.2, 0.1);
        self.node("PRelu", &[x, &slope], &[])
    }

    pub(super) fn joined(&mut self, parts: &[&str]) -> String {
        self.node("Concat", parts, &[("axis", Attribute::Int(1))])
    }

    /// Channels from one place to before another.
    pub(super) fn channels(&mut self, x: &str, start: i64, end: i64) -> String {
        let (starts, ends, axes) = (self.list(&[start]), self.list(&[end]), self.list(&[1]));
        self.node("Slice", &[x, &starts, &ends, &axes], &[])
    }

    /// `margin` rows and columns less on every side.
    pub(super) fn cropped(&mut self, x: &str, margin: i64) -> String {
        let pads = self.list(&[0, 0, -margin, -margin, 0, 0, -margin, -margin]);
        self.node("Pad", &[x, &pads], &[])
    }

    /// Another size.
    pub(super) fn resized(&mut self, x: &str, scale: f32, mode: &str) -> String {
        let scales = self.constant(&crate::net::Tensor::f32(vec![4], vec![1.0, 1.0, scale, scale]));
        let coordinates = if mode == "nearest" { "asymmetric" } else { "half_pixel" };
        let attributes = [
            ("mode", Attribute::Text(mode)),
            ("coordinate_transformation_mode", Attribute::Text(coordinates)),
            ("nearest_mode", Attribute::Text("floor")),
        ];
        self.node("Resize", &[x, "", &scales], &attributes)
    }

    /// Channels become blocks of pixels, in PyTorch's order.
    pub(super) fn shuffled(&mut self, x: &str, block: i64) -> String {
        self.node("DepthToSpace", &[x], &[("blocksize", Attribute::Int(block)), ("mode", Attribute::Text("CRD"))])
    }

    /// Every element times a number.
    pub(super) fn times(&mut self, x: &str, number: f32) -> String {
        let number = self.number(number);
        self.node("Mul", &[x, &number], &[])
    }
}
