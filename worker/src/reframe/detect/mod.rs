//! Networks that find faces: what each family is shown, and what it answers.
//!
//! A studio brings its own network, for photographed faces or for drawn ones; which family it is, is told by the shapes of its
//! outputs ([`FaceFamily`]). The frame is shown to it as a small copy in the upper left corner of what it takes; its answers are
//! decoded here, from numbers to faces in pixels of the source. Pure, but for the graph that the recording becomes.

mod decode;
mod suppress;

use std::sync::Arc;

use shotfarm_shared::media::{Extent, FrameLayout};

use super::findings::Face;
use crate::gpu::{FaceInput, Recording, record_faces};
use crate::net::detector::FaceFamily;
use crate::net::passes::{Options, supported};
use crate::net::{Dim, Network, Shaped};

/// Longest side of the copy that a network of any size is shown: faces of a fiftieth of the picture have 13 pixels then, which is
/// about what these networks need.
const SIDE: u32 = 640;
/// Sides of what a network of any size is shown are multiples of this: of the coarsest grid of all families.
const SIDE_STEP: u32 = 32;
/// What lies around the picture for YOLO: the grey that its trainings pad with.
const YOLO_AROUND: f64 = 114.0 / 255.0;

/// Why a network does not find faces here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoDetector {
    /// It is no detector that is known.
    #[error(
        "the network gives {outputs}, which is no detector of faces that is known: YuNet gives twelve lists (class, object, box \
         and points for each of three grids), Ultra-Light a list of 2 scores and one of 4 corners, YOLO one list of 5 numbers, \
         with an object score of 6, with points of 16 or 20; give one of these"
    )]
    Unknown {
        /// What it gives.
        outputs: String,
    },
    /// It cannot be run on pictures of this shape.
    #[error("the network cannot be shown frames of {source_size}: {why}")]
    Shape {
        /// The size of the source.
        source_size: Extent,
        /// What is wrong.
        why: String,
    },
}

/// A network that finds faces in frames of one size.
#[derive(Clone, Debug)]
pub struct Detector {
    family: FaceFamily,
    source: Extent,
    shown: FaceInput,
    shaped: Shaped,
}

impl Detector {
    /// The detector that `network` is, for frames of the size `source`.
    ///
    /// # Errors
    /// When it is none, or cannot be run on such frames.
    pub fn new(network: &Arc<Network>, source: Extent) -> Result<Self, NoDetector> {
        let refused = |why: String| NoDetector::Shape { source_size: source, why };
        let (picture, tensor) = sizes(network, source);
        let [input] = network.inputs.as_slice() else { return Err(unknown(network)) };
        let shape = [1, 3, tensor.height as usize, tensor.width as usize];
        let shaped = network.at(&[(input.name.as_str(), &shape)]).map_err(|error| refused(error.to_string()))?;
        supported(&shaped).map_err(|error| refused(error.to_string()))?;
        let family = FaceFamily::of(&shaped).ok_or_else(|| unknown(network))?;
        let shown = FaceInput { picture, tensor, ..taste(family) };
        Ok(Self { family, source, shown, shaped })
    }

    /// The passes that show it raw frames of `layout`, whose size is the source's.
    #[must_use]
    pub fn recording(&self, layout: &FrameLayout, options: &Options) -> Recording {
        let options = Options { real: options.real.suits(&self.shaped), ..options.clone() };
        record_faces(layout, &self.shown, &self.shaped, &options)
    }

    /// The faces that its answer to a frame tells of, the surest first, in pixels of the source.
    ///
    /// # Panics
    /// When `answer` is not what the recording gives.
    #[must_use]
    pub fn faces(&self, answer: &[u8]) -> Vec<Face> {
        let values: Vec<f32> = bytemuck::pod_collect_to_vec(answer);
        let mut left = values.as_slice();
        let lists = self.shaped.outputs().iter().map(|port| {
            let (own, rest) = left.split_at(self.shaped.elements(port.value));
            left = rest;
            decode::List::new(self.shaped.shape(port.value), own)
        });
        let lists = lists.collect::<Vec<_>>();
        let found = decode::decode(self.family, &lists, self.shown.tensor);
        suppress::suppressed(found).iter().filter_map(|face| self.placed(face)).collect()
    }

    /// A face of the tensor in the source; `None` where nothing of it lies in the picture.
    fn placed(&self, face: &decode::Found) -> Option<Face> {
        let pitch = |source: u32, picture: u32| f64::from(source) / f64::from(picture);
        let pitch_x = pitch(self.source.width, self.shown.picture.width);
        let pitch_y = pitch(self.source.height, self.shown.picture.height);
        let points =
            face.points.map(|points| points.map(|[x, y]| [(f64::from(x) * pitch_x) as f32, (f64::from(y) * pitch_y) as f32]));
        let place = decode::clipped(face.corners, [pitch_x, pitch_y], self.source)?;
        Some(Face { place, score: face.score, points })
    }
}

/// The size of the copy of a frame, and of what the network is shown.
fn sizes(network: &Network, source: Extent) -> (Extent, Extent) {
    let dims = network.inputs.first().and_then(|input| input.shape.as_deref()).unwrap_or_default();
    let fixed = |axis: usize| match dims.get(axis) {
        Some(Dim::Fixed(size)) => u32::try_from(*size).ok(),
        Some(Dim::Free(_)) | None => None,
    };
    let longest = f64::from(source.width.max(source.height));
    let free = (f64::from(SIDE) / longest).min(1.0);
    let along = |fixed: Option<u32>, length: u32| fixed.map_or(f64::INFINITY, |size| f64::from(size) / f64::from(length));
    // As large as fits into the sides that are fixed; only a network of a fixed size is shown frames larger than they are.
    let fitting = along(fixed(2), source.height).min(along(fixed(3), source.width));
    let factor = if fitting.is_finite() { fitting } else { free };
    let side = |length: u32| ((f64::from(length) * factor).round() as u32).max(1);
    let picture = Extent::new(side(source.width), side(source.height));
    let tensor = |axis: usize, length: u32| fixed(axis).unwrap_or_else(|| length.next_multiple_of(SIDE_STEP));
    (picture, Extent::new(tensor(3, picture.width), tensor(2, picture.height)))
}

/// How a family likes its values.
fn taste(family: FaceFamily) -> FaceInput {
    let none = Extent::new(1, 1);
    let (blue_first, scale, addend, around) = match family {
        // Codes of 8 bits in the order of OpenCV.
        FaceFamily::YuNet => (true, 255.0, 0.0, 0.0),
        // (code - 127) / 128.
        FaceFamily::UltraLight => (false, 255.0 / 128.0, -127.0 / 128.0, 127.0 / 255.0),
        FaceFamily::Yolo(_) => (false, 1.0, 0.0, YOLO_AROUND),
    };
    FaceInput { picture: none, tensor: none, blue_first, scale, addend, around }
}

fn unknown(network: &Network) -> NoDetector {
    let outputs = network.facts().outputs.iter().map(|port| format!("`{}` {}", port.name, port.shape)).collect::<Vec<_>>();
    NoDetector::Unknown { outputs: outputs.join(", ") }
}

#[cfg(test)]
mod tests;
