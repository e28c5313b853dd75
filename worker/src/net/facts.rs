//! What people are told about a network before they use it, and what the farm must know to use it.
//!
//! Sizes are found by shaping the network at several picture sizes; nothing is run.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::detector::FaceFamily;
use super::field::{alignment, fields};
use super::graph::{Dim, Input, Network};
use super::op::{Binary, Op};
use super::refusal::Refusal;
use super::shaped::{Shaped, TensorOp};

/// Sides that are tried: multiples of what networks ask for, large enough for their margins. Two of them must do.
const SIDES: [usize; 6] = [64, 128, 256, 192, 320, 512];
/// Most inputs whose channels are tried out, one channel and three: 2^6 ways.
const TRIED_INPUTS_MAX: usize = 6;
/// Largest enlargement that is one.
const FACTOR_MAX: usize = 16;

/// What is known of a network.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Facts {
    /// As its file calls it; may be empty.
    pub name: String,
    /// What it is fed: name, and shape as far as it is fixed.
    pub inputs: Vec<PortFacts>,
    /// What it gives back; the shape at the inputs' smallest tried size.
    pub outputs: Vec<PortFacts>,
    /// Weights: real numbers that training found.
    pub parameters: u64,
    /// How often each operator is there.
    pub operators: BTreeMap<&'static str, usize>,
    /// Multiply-adds for each pixel of the first input; none when it cannot be shaped at usual sizes.
    pub multiply_adds_per_pixel: Option<u64>,
    /// What it can be used for.
    pub purpose: Purpose,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PortFacts {
    /// As the file calls it.
    pub name: String,
    /// Such as `1x3xheightxwidth`; `?` where nothing is known.
    pub shape: String,
}

/// What a network can be used for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Purpose {
    /// It makes a larger picture (or as large a one) of a picture.
    Upscaler(Upscaler),
    /// It finds faces in a picture; the family by name.
    FaceDetector(&'static str),
    /// Something else.
    Other,
}

/// The geometry of an upscaler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Upscaler {
    /// Output pixels for each input pixel, along each axis.
    pub factor: u32,
    /// 1: luma, 3: red, green, blue.
    pub channels: u32,
    /// What pictures are scaled to.
    pub value_range: ValueRange,
    /// Input pixels on each side of which the output lacks the enlargement: a picture must be padded by so many before.
    pub margin_pixels: u32,
    /// Sides of the padded picture, and places of tiles, must be multiples of this.
    pub alignment_pixels: u32,
    /// Input pixels on each side that an output pixel depends on. None when there is no such bound.
    pub radius_pixels: Option<u32>,
    /// Every output pixel depends on the whole picture, by a global pooling or the like: tiles differ from the whole.
    pub whole_picture: bool,
}

/// What pictures are scaled to before they go into a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum ValueRange {
    /// Black is 0 and white is 1.
    Unit,
    /// Black is 0 and white is 255.
    Byte,
}

impl Network {
    /// Whether the network can be run at all: it must go with some usual picture size.
    ///
    /// # Errors
    /// The refusal at the smallest size tried, where none goes.
    pub fn check(&self) -> Result<(), Refusal> {
        let refused = |side| self.at_side(side).err();
        let mut refusals = SIDES.into_iter().map(refused);
        match refusals.next().flatten() {
            Some(refusal) if refusals.all(|refusal| refusal.is_some()) => Err(refusal),
            _ => Ok(()),
        }
    }

    /// What is known of the network.
    #[must_use]
    pub fn facts(&self) -> Facts {
        let shaped = self.at_usual_sizes();
        let mut operators = BTreeMap::new();
        for node in &self.nodes {
            *operators.entry(node.op.name()).or_insert(0) += 1;
        }
        Facts {
            name: self.name.clone(),
            inputs: self.inputs.iter().map(|input| PortFacts { name: input.name.clone(), shape: dims(input) }).collect(),
            outputs: self.output_facts(shaped.first()),
            parameters: self.parameters(),
            operators,
            multiply_adds_per_pixel: multiply_adds_per_pixel(&shaped),
            purpose: self.purpose(&shaped),
        }
    }

    /// Real numbers that training finds: not single numbers, and not the scales of a resizing.
    fn parameters(&self) -> u64 {
        let resizes = self.nodes.iter().filter(|node| matches!(node.op, Op::Resize { .. }));
        let scales: BTreeSet<_> = resizes.flat_map(|node| &node.inputs).flatten().collect();
        let counted = self.constants.iter().filter(|(value, tensor)| tensor.elements() > 1 && !scales.contains(value));
        counted.filter_map(|(_, tensor)| tensor.as_f32()).map(|data| data.len() as u64).sum()
    }

    fn output_facts(&self, shaped: Option<&Shaped>) -> Vec<PortFacts> {
        let shape = |place: usize| match shaped {
            Some(shaped) => joined(shaped.shape(shaped.outputs()[place].value)),
            None => "?".to_owned(),
        };
        self.outputs.iter().enumerate().map(|(place, port)| PortFacts { name: port.name.clone(), shape: shape(place) }).collect()
    }

    /// The network at the first two square sizes that it takes, or at its one fixed size.
    pub(super) fn at_usual_sizes(&self) -> Vec<Shaped> {
        let mut found: Vec<Shaped> = Vec::new();
        for side in SIDES {
            if let Ok(shaped) = self.at_side(side)
                && found.first().is_none_or(|first| {
                    first.inputs().iter().zip(shaped.inputs()).any(|(a, b)| first.shape(a.value) != shaped.shape(b.value))
                })
            {
                found.push(shaped);
            }
            if found.len() == 2 {
                break;
            }
        }
        found
    }

    /// The network with all free sides `side`, and free channels three or one, whichever goes.
    fn at_side(&self, side: usize) -> Result<Shaped, Refusal> {
        let ways = 1_u32 << self.inputs.len().min(TRIED_INPUTS_MAX);
        let mut refused = None;
        for way in 0..ways {
            let channels = |place: usize| if place < TRIED_INPUTS_MAX && way >> place & 1 == 1 { 1 } else { 3 };
            let shapes = self.inputs.iter().enumerate();
            let shapes = shapes.map(|(place, input)| (input.name.as_str(), filled(input, channels(place), side)));
            let shapes = shapes.collect::<Vec<_>>();
            match self.at(&shapes.iter().map(|(name, shape)| (*name, shape.as_slice())).collect::<Vec<_>>()) {
                Ok(shaped) => return Ok(shaped),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        Err(refused.unwrap_or(Refusal::UnknownFormat))
    }

    fn purpose(&self, shaped: &[Shaped]) -> Purpose {
        if let Some(family) = shaped.first().and_then(FaceFamily::of) {
            return Purpose::FaceDetector(family.name());
        }
        let [first, second] = shaped else { return Purpose::Other };
        upscaler(first, second)
            .map_or(Purpose::Other, |upscaler| Purpose::Upscaler(Upscaler { value_range: self.value_range(), ..upscaler }))
    }

    /// Pictures go from 0 to 1 unless the network divides them by 255 or bounds its result by 255.
    fn value_range(&self) -> ValueRange {
        let numbers = |place: Option<&Option<super::ValueId>>| {
            let tensor = self.constants.get(&(*place?)?)?;
            tensor.as_f32().filter(|data| data.len() == 1).map(|data| data[0])
        };
        let input = self.inputs.first().map(|input| input.value);
        let byte = self.nodes.iter().any(|node| match &node.op {
            Op::Clip => numbers(node.inputs.get(2)) == Some(255.0),
            Op::Binary(op) if node.inputs.first().copied().flatten() == input => {
                let number = numbers(node.inputs.get(1));
                (*op == Binary::Div && number == Some(255.0)) || (*op == Binary::Mul && number == Some(1.0 / 255.0))
            }
            _ => false,
        });
        if byte { ValueRange::Byte } else { ValueRange::Unit }
    }
}

/// An input's shape with its free sizes settled.
fn filled(input: &Input, channels: usize, side: usize) -> Vec<usize> {
    let free = [1, channels, side, side];
    let size = |(axis, dim): (usize, &Dim)| match dim {
        Dim::Fixed(size) => usize::try_from(*size).unwrap_or(usize::MAX),
        Dim::Free(_) => free.get(axis).copied().unwrap_or(side),
    };
    input.shape.as_ref().map_or_else(|| free.to_vec(), |dims| dims.iter().enumerate().map(size).collect())
}

fn dims(input: &Input) -> String {
    match &input.shape {
        Some(dims) => dims.iter().map(ToString::to_string).collect::<Vec<_>>().join("x"),
        None => "?".to_owned(),
    }
}

fn joined(shape: &[usize]) -> String {
    shape.iter().map(ToString::to_string).collect::<Vec<_>>().join("x")
}

/// Multiply-adds of one run.
#[must_use]
pub fn multiply_adds(network: &Shaped) -> u64 {
    let of_node = |node: &super::ShapedNode| {
        let results = network.elements(node.output) as u64;
        let weight = |from: usize| network.shape(node.inputs[1])[from..].iter().product::<usize>() as u64;
        match &node.op {
            TensorOp::Conv(_) => results.saturating_mul(weight(1)),
            TensorOp::ConvTranspose(_) => (network.elements(node.inputs[0]) as u64).saturating_mul(weight(1)),
            TensorOp::MatMul => results.saturating_mul(network.shape(node.inputs[0]).last().copied().unwrap_or(1) as u64),
            _ => 0,
        }
    };
    network.nodes().iter().map(of_node).fold(0, u64::saturating_add)
}

/// What more pixels cost, so that what is spent once for a picture does not count.
fn multiply_adds_per_pixel(shaped: &[Shaped]) -> Option<u64> {
    let pixels = |network: &Shaped| {
        let shape = network.shape(network.inputs().first()?.value);
        Some(shape.iter().rev().take(2).product::<usize>() as u64)
    };
    match shaped {
        [one] => multiply_adds(one).checked_div(pixels(one)?),
        [one, other] => multiply_adds(one).abs_diff(multiply_adds(other)).checked_div(pixels(one)?.abs_diff(pixels(other)?)),
        _ => None,
    }
}

/// An upscaler takes one picture and gives one with as many channels, whose sides grow by one whole factor.
fn upscaler(first: &Shaped, second: &Shaped) -> Option<Upscaler> {
    let sides = |network: &Shaped| {
        let ([input], [output]) = (network.inputs(), network.outputs()) else { return None };
        let (from, to) = (network.shape(input.value), network.shape(output.value));
        match (from, to) {
            ([1, channels @ (1 | 3), rows, columns], [1, outs, tall, wide])
                if channels == outs && rows == columns && tall == wide =>
            {
                Some((*channels, *rows, *tall))
            }
            _ => None,
        }
    };
    let (one, other) = (sides(first)?, sides(second)?);
    let ((channels, small, small_out), (_, large, large_out)) = if one.1 < other.1 { (one, other) } else { (other, one) };
    let (grown, by) = (large_out.checked_sub(small_out)?, large - small);
    if grown % by != 0 || !(1..=FACTOR_MAX).contains(&(grown / by)) {
        return None;
    }
    let factor = grown / by;
    // The output is factor·(side - 2·margin).
    let lacking = (factor * small).checked_sub(small_out)?;
    if lacking % (2 * factor) != 0 {
        return None;
    }
    let fields = fields(second);
    let output = fields[second.outputs()[0].value.index()];
    let factor = u32::try_from(factor).ok()?;
    let margin = u32::try_from(lacking / (2 * factor as usize)).ok()?;
    let radius = match (output.rows.radius(factor, margin), output.columns.radius(factor, margin)) {
        (Some(rows), Some(columns)) => Some(rows.max(columns)),
        _ => None,
    };
    Some(Upscaler {
        factor,
        channels: u32::try_from(channels).ok()?,
        value_range: ValueRange::Unit,
        margin_pixels: margin,
        alignment_pixels: alignment(&fields)?,
        radius_pixels: radius,
        whole_picture: output.rows.whole || output.columns.whole,
    })
}
