//! Frame interpolators: two pictures and a time between them give the picture at that time.

use super::blocks::{Convolution, INTERPOLATION_SLOPE};
use super::writer::{Attribute, Size, Writer};

/// Two pictures and a plane of the time between them (0..1).
fn inputs(writer: &mut Writer) -> [String; 3] {
    let shape = |channels| [Size::Fixed(1), Size::Fixed(channels), Size::Free("height"), Size::Free("width")];
    [writer.input("img0", &shape(3)), writer.input("img1", &shape(3)), writer.input("timestep", &shape(1))]
}

/// Pixel places along an axis, brought to -1..1, and half the largest place; as exporters leave it in the file.
fn places(writer: &mut Writer, picture: &str, axis: i64) -> (String, String) {
    let shape = writer.node("Shape", &[picture], &[]);
    let at = writer.whole(axis);
    let size = writer.node("Gather", &[&shape, &at], &[]);
    let (zero, one) = (writer.whole(0), writer.whole(1));
    let range = writer.node("Range", &[&zero, &size, &one], &[]);
    let range = writer.node("Cast", &[&range], &[("to", Attribute::Int(1))]);
    let last = writer.node("Sub", &[&size, &one], &[]);
    let last = writer.node("Cast", &[&last], &[("to", Attribute::Int(1))]);
    let half = writer.times(&last, 0.5);
    let scaled = writer.node("Div", &[&range, &half], &[]);
    let one = writer.number(1.0);
    let places = writer.node("Sub", &[&scaled, &one], &[]);
    let shape = writer.list(if axis == 3 { &[1, 1, 1, -1] } else { &[1, 1, -1, 1] });
    (writer.node("Reshape", &[&places, &shape], &[]), half)
}

/// The picture seen along a flow of two channels (x, y) in pixels.
fn warped(writer: &mut Writer, picture: &str, flow: &str) -> String {
    let mut parts = Vec::new();
    for (axis, channel) in [(3, 0), (2, 1)] {
        let (places, half) = places(writer, picture, axis);
        let part = writer.channels(flow, channel, channel + 1);
        let part = writer.node("Div", &[&part, &half], &[]);
        parts.push(writer.node("Add", &[&part, &places], &[]));
    }
    let grid = writer.joined(&[&parts[0], &parts[1]]);
    let grid = writer.node("Transpose", &[&grid], &[("perm", Attribute::Ints(&[0, 2, 3, 1]))]);
    let attributes = [
        ("mode", Attribute::Text("bilinear")),
        ("padding_mode", Attribute::Text("border")),
        ("align_corners", Attribute::Int(1)),
    ];
    writer.node("GridSample", &[picture, &grid], &attributes)
}

/// Two pictures mixed by a mask, from 0 to 1.
fn mixed(writer: &mut Writer, first: &str, second: &str, mask: &str) -> String {
    let mask = writer.node("Sigmoid", &[mask], &[]);
    let one = writer.number(1.0);
    let other = writer.node("Sub", &[&one, &mask], &[]);
    let first = writer.node("Mul", &[first, &mask], &[]);
    let second = writer.node("Mul", &[second, &other], &[]);
    writer.node("Add", &[&first, &second], &[])
}

/// IFNet of RIFE 4.6 (hzwer/Practical-RIFE; HolyWu/vs-rife: IFNet_HDv3_v4_6.py): four blocks of `channels`, each refining flow and
/// mask. They are 192, 128, 96 and 64 there. Inputs `img0`, `img1` [1, 3, h, w] and `timestep` [1, 1, h, w]; sides in multiples of
/// 32.
#[must_use]
pub fn rife(channels: [usize; 4], seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("rife", seed);
    let [img0, img1, time] = inputs(&mut writer);
    let mut seen = [img0.clone(), img1.clone()];
    let mut state: Option<(String, String)> = None;
    for (channels, scale) in channels.into_iter().zip([8.0, 4.0, 2.0, 1.0]) {
        let (flow, mask) = block(&mut writer, &seen, &time, state.as_ref(), channels, scale);
        let state = state.insert(match &state {
            None => (flow, mask),
            Some((flow_before, mask_before)) => {
                (writer.node("Add", &[&flow, flow_before], &[]), writer.node("Add", &[&mask, mask_before], &[]))
            }
        });
        let (there, back) = (writer.channels(&state.0, 0, 2), writer.channels(&state.0, 2, 4));
        seen = [warped(&mut writer, &img0, &there), warped(&mut writer, &img1, &back)];
    }
    let mask = state.map(|(_, mask)| mask).unwrap_or_default();
    let result = mixed(&mut writer, &seen[0], &seen[1], &mask);
    writer.output("output", &result, 4);
    writer.finish()
}

/// One IFBlock: what it adds to flow and mask.
fn block(
    writer: &mut Writer,
    seen: &[String; 2],
    time: &str,
    state: Option<&(String, String)>,
    channels: usize,
    scale: f32,
) -> (String, String) {
    let mut x = match state {
        None => writer.joined(&[&seen[0], &seen[1], time]),
        Some((_, mask)) => writer.joined(&[&seen[0], &seen[1], time, mask]),
    };
    if scale != 1.0 {
        x = writer.resized(&x, 1.0 / scale, "linear");
    }
    let mut ins = 7;
    if let Some((flow, _)) = state {
        let mut flow = flow.clone();
        if scale != 1.0 {
            flow = writer.resized(&flow, 1.0 / scale, "linear");
            flow = writer.times(&flow, 1.0 / scale);
        }
        x = writer.joined(&[&x, &flow]);
        ins = 12;
    }
    for (ins, outs) in [(ins, channels / 2), (channels / 2, channels)] {
        x = writer.conv(&x, Convolution::halving(ins, outs), 1.0);
        x = writer.leaky(&x, INTERPOLATION_SLOPE);
    }
    for _ in 0..8 {
        let residual = writer.conv(&x, Convolution::same(channels, channels), 0.5);
        let beta = writer.random_constant(&[1, channels, 1, 1], 0.5, 0.3);
        let residual = writer.node("Mul", &[&residual, &beta], &[]);
        x = writer.node("Add", &[&residual, &x], &[]);
        x = writer.leaky(&x, INTERPOLATION_SLOPE);
    }
    x = writer.conv_doubling(&x, channels, 24, 4, 1);
    x = writer.shuffled(&x, 2);
    if scale != 1.0 {
        x = writer.resized(&x, scale, "linear");
    }
    let flow = writer.channels(&x, 0, 4);
    let flow = if scale == 1.0 { flow } else { writer.times(&flow, scale) };
    (flow, writer.channels(&x, 4, 5))
}

/// A network in the manner of IFRNet (ltkong218/IFRNet): pyramids of both pictures, a coarse decoder for flow and the features
/// between, a fine one for flow, mask and what flow cannot tell; the mean brightness is taken off before. Two levels instead of
/// four. Inputs as for [`rife`]; sides in multiples of 8.
#[must_use]
pub fn ifrnet(features: usize, seed: u64) -> Vec<u8> {
    let mut writer = Writer::new("ifrnet", seed);
    let [img0, img1, time] = inputs(&mut writer);
    let both = writer.node("Concat", &[&img0, &img1], &[("axis", Attribute::Int(2))]);
    let mean = writer.node("ReduceMean", &[&both], &[("axes", Attribute::Ints(&[1, 2, 3]))]);
    let pictures = [writer.node("Sub", &[&img0, &mean], &[]), writer.node("Sub", &[&img1, &mean], &[])];
    let mut fine = Vec::new();
    let mut coarse = Vec::new();
    for picture in &pictures {
        fine.push(encoded(&mut writer, picture, 3, features));
        let last = fine.len() - 1;
        coarse.push(encoded(&mut writer, &fine[last], features, 2 * features));
    }
    let small = writer.resized(&time, 0.25, "linear");
    let x = writer.joined(&[&coarse[0], &coarse[1], &small]);
    let x = decoded(&mut writer, &x, 4 * features + 1, 4 + features);
    let (flow, between) = (writer.channels(&x, 0, 4), writer.channels(&x, 4, 4 + features as i64));
    let (there, back) = (writer.channels(&flow, 0, 2), writer.channels(&flow, 2, 4));
    let seen = [warped(&mut writer, &fine[0], &there), warped(&mut writer, &fine[1], &back)];
    let x = writer.joined(&[&between, &seen[0], &seen[1], &flow]);
    let x = decoded(&mut writer, &x, 3 * features + 4, 8);
    let larger = writer.resized(&flow, 2.0, "linear");
    let larger = writer.times(&larger, 2.0);
    let flow = writer.channels(&x, 0, 4);
    let flow = writer.node("Add", &[&flow, &larger], &[]);
    let (mask, rest) = (writer.channels(&x, 4, 5), writer.channels(&x, 5, 8));
    let (there, back) = (writer.channels(&flow, 0, 2), writer.channels(&flow, 2, 4));
    let seen = [warped(&mut writer, &pictures[0], &there), warped(&mut writer, &pictures[1], &back)];
    let merged = mixed(&mut writer, &seen[0], &seen[1], &mask);
    let merged = writer.node("Add", &[&merged, &mean], &[]);
    let merged = writer.node("Add", &[&merged, &rest], &[]);
    let (zero, one) = (writer.number(0.0), writer.number(1.0));
    let merged = writer.node("Clip", &[&merged, &zero, &one], &[]);
    writer.output("output", &merged, 4);
    writer.finish()
}

/// One level of a pyramid: half the size.
fn encoded(writer: &mut Writer, x: &str, ins: usize, outs: usize) -> String {
    let x = writer.conv(x, Convolution::halving(ins, outs), 1.0);
    let x = writer.p_relu(&x, outs);
    let x = writer.conv(&x, Convolution::same(outs, outs), 1.0);
    writer.p_relu(&x, outs)
}

/// One decoder: twice the size.
fn decoded(writer: &mut Writer, x: &str, ins: usize, outs: usize) -> String {
    let x = writer.conv(x, Convolution::same(ins, ins), 1.0);
    let x = writer.p_relu(&x, ins);
    writer.conv_doubling(&x, ins, outs, 4, 1)
}
