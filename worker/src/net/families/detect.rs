//! Detectors.

use super::blocks::Convolution;
use super::writer::{Attribute, Size, Writer};

/// A face detector in the manner of YuNet and UltraFace (ShiqiYu/libfacedetection.train,
/// Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB): separable convolutions with batch normalisation, two scales joined as a
/// feature pyramid, lists of scores and boxes. Input `input` [1, 3, h, w]; sides in multiples of 16. Outputs `scores` [1, n, 2] and
/// `boxes` [1, n, 4].
#[must_use]
pub fn face_detector(features: usize, seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("face detector", seed);
    let input = writer.input("input", &[Size::Fixed(1), Size::Fixed(3), Size::Free("height"), Size::Free("width")]);
    let mut x = writer.conv(&input, Convolution::halving(3, features), 1.0);
    x = normalised(&mut writer, &x, features);
    x = pooled(&mut writer, &x);
    x = separable(&mut writer, &x, features, features);
    x = pooled(&mut writer, &x);
    let fine = separable(&mut writer, &x, features, 2 * features);
    let x = pooled(&mut writer, &fine);
    let coarse = separable(&mut writer, &x, 2 * features, 2 * features);
    let larger = writer.resized(&coarse, 2.0, "nearest");
    let fine = writer.node("Add", &[&fine, &larger], &[]);
    let fine = separable(&mut writer, &fine, 2 * features, 2 * features);
    let (mut scores, mut boxes) = (Vec::new(), Vec::new());
    for level in [&fine, &coarse] {
        scores.push(listed(&mut writer, level, 2 * features, 2));
        boxes.push(listed(&mut writer, level, 2 * features, 4));
    }
    let scores = writer.joined(&[&scores[0], &scores[1]]);
    let scores = writer.node("Softmax", &[&scores], &[("axis", Attribute::Int(2))]);
    let boxes = writer.joined(&[&boxes[0], &boxes[1]]);
    let boxes = writer.node("Exp", &[&boxes], &[]);
    writer.output("scores", &scores, 3);
    writer.output("boxes", &boxes, 3);
    writer.finish()
}

fn normalised(writer: &mut Writer, x: &str, channels: usize) -> String {
    let [scale, bias, mean] = [1.0, 0.0, 0.0].map(|mean| writer.random_constant(&[channels], mean, 0.2));
    let variance = writer.random_constant(&[channels], 1.0, 0.3);
    let x = writer.node("BatchNormalization", &[x, &scale, &bias, &mean, &variance], &[("epsilon", Attribute::Float(1e-5))]);
    writer.node("Relu", &[&x], &[])
}

fn pooled(writer: &mut Writer, x: &str) -> String {
    writer.node("MaxPool", &[x], &[("kernel_shape", Attribute::Ints(&[2; 2])), ("strides", Attribute::Ints(&[2; 2]))])
}

/// Every channel by itself, then every pixel by itself.
fn separable(writer: &mut Writer, x: &str, ins: usize, outs: usize) -> String {
    let x = writer.conv(x, Convolution { groups: ins, ..Convolution::same(ins, ins) }, 1.0);
    let x = writer.conv(&x, Convolution::pixel(ins, outs), 1.0);
    normalised(writer, &x, outs)
}

/// `numbers` of each pixel, as a list of pixels.
fn listed(writer: &mut Writer, x: &str, ins: usize, numbers: usize) -> String {
    let x = writer.conv(x, Convolution::pixel(ins, numbers), 0.3);
    let x = writer.node("Transpose", &[&x], &[("perm", Attribute::Ints(&[0, 2, 3, 1]))]);
    let shape = writer.list(&[1, -1, numbers as i64]);
    writer.node("Reshape", &[&x, &shape], &[])
}
