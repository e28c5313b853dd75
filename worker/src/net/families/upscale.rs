//! Upscalers.

use super::blocks::Convolution;
use super::writer::{Attribute, Size, Writer};

/// Slope of leaky rectifiers in waifu2x and Real-CUGAN.
const SLOPE: f32 = 0.1;
/// What the unpadded convolutions of CUGAN's 2x network take off each side.
const CUGAN_MARGIN: i64 = 18;

fn picture(writer: &mut Writer, channels: usize) -> String {
    writer.input("input", &[Size::Fixed(1), Size::Fixed(channels), Size::Free("height"), Size::Free("width")])
}

/// SRVGGNetCompact (xinntao/Real-ESRGAN: realesrgan/archs/srvgg_arch.py): `layers` convolutions of `features` channels, a pixel
/// shuffle, and the picture itself enlarged. Input `input` [1, 3, h, w] in 0..1.
#[must_use]
pub fn srvgg(features: usize, layers: usize, scale: usize, seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("srvgg", seed);
    let input = picture(&mut writer, 3);
    let mut x = writer.conv(&input, Convolution::same(3, features), 1.0);
    x = writer.p_relu(&x, features);
    for _ in 0..layers {
        x = writer.conv(&x, Convolution::same(features, features), 1.0);
        x = writer.p_relu(&x, features);
    }
    x = writer.conv(&x, Convolution::same(features, 3 * scale * scale), 0.1);
    x = writer.shuffled(&x, scale as i64);
    let enlarged = writer.resized(&input, scale as f32, "nearest");
    let sum = writer.node("Add", &[&x, &enlarged], &[]);
    writer.output("output", &sum, 4);
    writer.finish()
}

/// ArtCNN C4 (Artoriuz/ArtCNN): luma to twice its size. Input `input` [1, 1, h, w] in 0..1.
#[must_use]
pub fn artcnn(features: usize, seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("artcnn", seed);
    let input = picture(&mut writer, 1);
    let first = writer.conv(&input, Convolution::same(1, features), 1.0);
    let mut x = first.clone();
    for _ in 0..4 {
        x = writer.conv(&x, Convolution::same(features, features), 1.0);
        x = writer.node("Relu", &[&x], &[]);
    }
    x = writer.conv(&x, Convolution::same(features, features), 1.0);
    x = writer.node("Add", &[&x, &first], &[]);
    x = writer.conv(&x, Convolution::same(features, 4), 0.3);
    x = writer.node("DepthToSpace", &[&x], &[("blocksize", Attribute::Int(2)), ("mode", Attribute::Text("DCR"))]);
    let (zero, one) = (writer.number(0.0), writer.number(1.0));
    x = writer.node("Clip", &[&x, &zero, &one], &[]);
    writer.output("output", &x, 4);
    writer.finish()
}

/// Real-CUGAN 2x, which is waifu2x's cunet (nihui/realcugan-ncnn-vulkan: up2x): two U-nets of unpadded convolutions with
/// squeeze-and-excitation. `features` is 64 there. Input `input` [1, 3, h, w] in 0..1 of even size.
#[must_use]
pub fn cugan(features: usize, seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("cugan", seed);
    let input = picture(&mut writer, 3);
    let margins = [0, 0, CUGAN_MARGIN, CUGAN_MARGIN, 0, 0, CUGAN_MARGIN, CUGAN_MARGIN];
    let pads = writer.list(&margins);
    let padded = writer.node("Pad", &[&input, &pads], &[("mode", Attribute::Text("reflect"))]);
    let rough = first_net(&mut writer, &padded, features);
    let fine = second_net(&mut writer, &rough, features);
    let rough = writer.cropped(&rough, 20);
    let sum = writer.node("Add", &[&fine, &rough], &[]);
    writer.output("output", &sum, 4);
    writer.finish()
}

/// An unpadded convolution with its rectifier.
fn rectified(writer: &mut Writer, x: &str, ins: usize, outs: usize) -> String {
    let x = writer.conv(x, Convolution::valid(ins, outs), 1.0);
    writer.leaky(&x, SLOPE)
}

/// 2x2, every second pixel, with its rectifier.
fn halved(writer: &mut Writer, x: &str, channels: usize) -> String {
    let conv = Convolution { ins: channels, outs: channels, kernel: 2, stride: 2, pad: 0, groups: 1 };
    let x = writer.conv(x, conv, 1.0);
    writer.leaky(&x, SLOPE)
}

fn doubled(writer: &mut Writer, x: &str, channels: usize) -> String {
    let x = writer.conv_doubling(x, channels, channels, 2, 0);
    writer.leaky(&x, SLOPE)
}

/// Each channel times what follows from the means of all channels.
fn squeezed(writer: &mut Writer, x: &str, channels: usize) -> String {
    let mut factors = writer.node("GlobalAveragePool", &[x], &[]);
    factors = writer.conv(&factors, Convolution::pixel(channels, channels / 8), 1.0);
    factors = writer.node("Relu", &[&factors], &[]);
    factors = writer.conv(&factors, Convolution::pixel(channels / 8, channels), 1.0);
    factors = writer.node("Sigmoid", &[&factors], &[]);
    writer.node("Mul", &[x, &factors], &[])
}

fn first_net(writer: &mut Writer, x: &str, features: usize) -> String {
    let x = rectified(writer, x, 3, features / 2);
    let outer = rectified(writer, &x, features / 2, features);
    let mut x = halved(writer, &outer, features);
    x = rectified(writer, &x, features, 2 * features);
    x = rectified(writer, &x, 2 * features, features);
    x = squeezed(writer, &x, features);
    x = doubled(writer, &x, features);
    let outer = writer.cropped(&outer, 4);
    x = writer.node("Add", &[&x, &outer], &[]);
    x = rectified(writer, &x, features, features);
    writer.conv_doubling(&x, features, 3, 4, 3)
}

fn second_net(writer: &mut Writer, x: &str, features: usize) -> String {
    let x = rectified(writer, x, 3, features / 2);
    let outer = rectified(writer, &x, features / 2, features);
    let mut x = halved(writer, &outer, features);
    x = rectified(writer, &x, features, features);
    x = rectified(writer, &x, features, 2 * features);
    let inner = squeezed(writer, &x, 2 * features);
    x = halved(writer, &inner, 2 * features);
    x = rectified(writer, &x, 2 * features, 4 * features);
    x = rectified(writer, &x, 4 * features, 2 * features);
    x = squeezed(writer, &x, 2 * features);
    x = doubled(writer, &x, 2 * features);
    let inner = writer.cropped(&inner, 4);
    x = writer.node("Add", &[&x, &inner], &[]);
    x = rectified(writer, &x, 2 * features, features);
    x = rectified(writer, &x, features, features);
    x = squeezed(writer, &x, features);
    x = doubled(writer, &x, features);
    let outer = writer.cropped(&outer, 16);
    x = writer.node("Add", &[&x, &outer], &[]);
    x = rectified(writer, &x, features, features);
    writer.conv(&x, Convolution::valid(features, 3), 0.3)
}
