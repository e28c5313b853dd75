//! The step `reframe`: the windows of a track through a filter, and what they fill put together.
//!
//! Where a window lies comes with each frame ([`super::frame_table`]); all else is recorded once for the whole track.

use shotfarm_shared::media::{Extent, FrameLayout};
use shotfarm_shared::recipe::{Filter, Reframe, Step};
use shotfarm_shared::track::Track;

use super::RecordError;
use super::frame_table::FrameTable;
use super::kernel::Kernel;
use super::layers::{Layer, Layers, Rectangle, first_shrinking};
use super::planes::{Planes, Sampling, resample, resample_chroma};
use super::upscale::filtered;
use super::view::View;
use crate::gpu::recording::Recorder;
use crate::gpu::shaders::{Shader, compose};

/// Samples along the longer side of the ground before it is enlarged again: so few that nothing can be made out in it, and so
/// many that colours stay where they are.
const GROUND_SIDE: f64 = 32.0;
/// What is left of the ground's light, in coded values: it shall not draw the eye.
const GROUND_GAIN: f32 = 0.4;

/// What is looked at by a reframe that only crops; `None` where more is to be done.
pub(super) fn crop(step: &Reframe, track: Option<&Track>, picture: Extent, target: Extent) -> Result<Option<View>, RecordError> {
    layers(step, track, picture, picture, target).map(Layers::crop)
}

/// Records the step, from planes of any size to a picture of the size `target`. `input` is the source that the track speaks of;
/// `wanted` the chroma sampling to leave behind where that costs nothing more.
pub(super) fn record(
    recorder: &mut Recorder,
    step: &Reframe,
    track: Option<&Track>,
    planes: &Planes,
    target: Extent,
    input: &FrameLayout,
    wanted: Option<Sampling>,
) -> Result<Planes, RecordError> {
    let Layers { ground, layers } = layers(step, track, input.extent, planes.extent, target)?;
    let make = |recorder: &mut Recorder, layer: &Layer| {
        filtered(recorder, step.filter, planes, &layer.view, layer.extent(), input.colour.matrix, wanted)
    };
    let alone = ground.is_none() && layers.len() == 1;
    if alone {
        return Ok(make(recorder, &layers[0]));
    }
    // Where chroma is to be subsampled, that is done before the layers meet: no colour bleeds from one to the other.
    let sampling = wanted.unwrap_or(match step.filter {
        Filter::Separable(_) => planes.sampling,
        Filter::Polar { .. } | Filter::Area | Filter::Mip | Filter::Fsr { .. } => Sampling::FULL,
    });
    let whole = [0, 0, target.width, target.height];
    let mut below = ground.map(|view| Below {
        planes: record_ground(recorder, planes, &view, target, sampling),
        region: whole,
        gain: GROUND_GAIN,
    });
    for layer in &layers {
        let made = make(recorder, layer);
        let made = resample_chroma(recorder, &made, sampling);
        below = Some(match below {
            None => Below { planes: made, region: layer.region, gain: 1.0 },
            Some(below) => Below { planes: compose_planes(recorder, &below, &made, layer, target), region: whole, gain: 1.0 },
        });
    }
    Ok(below.expect("a track has one layer at least").planes)
}

fn layers(step: &Reframe, track: Option<&Track>, source: Extent, picture: Extent, target: Extent) -> Result<Layers, RecordError> {
    let found = track.and_then(|track| Some((track, Layers::of(track, step.filter, source, picture, target)?)));
    let (track, layers) = found.ok_or_else(|| RecordError::NoTrack { step: Step::Reframe(step.clone()).short() })?;
    if let Filter::Fsr { .. } = step.filter
        && let Some(found) = first_shrinking(track, source, picture, target)
    {
        let sides = |window: &shotfarm_shared::track::Window| [window.width, window.height];
        let (window, place) = (sides(&found.pane.window), sides(&found.pane.place));
        let step = Step::Reframe(step.clone()).short();
        return Err(RecordError::FsrShrinksWindow { step, frame: found.frame, window, place });
    }
    Ok(layers)
}

/// What lies below the next layer.
struct Below {
    planes: Planes,
    /// The part of the result that it is.
    region: Rectangle,
    /// What is left of its light.
    gain: f32,
}

/// What the view shows, blurred: shrunk to very few samples by their means, and enlarged by the smoothest of cubics. In coded
/// light, plane by plane, whatever the filter of the step is.
fn record_ground(recorder: &mut Recorder, planes: &Planes, view: &View, target: Extent, sampling: Sampling) -> Planes {
    let scale = GROUND_SIDE / f64::from(target.width.max(target.height));
    let side = |length: u32| ((f64::from(length) * scale / 2.0).round() as u32).max(1) * 2;
    let small = Extent::new(side(target.width), side(target.height));
    let means = resample(recorder, planes, view, small, planes.sampling, Kernel::Area);
    resample(recorder, &means, &View::whole(small), target, sampling, Kernel::Cubic { b: 1.0, c: 0.0 })
}

/// One layer over what lies below it, each where the frame has it.
fn compose_planes(recorder: &mut Recorder, below: &Below, above: &Planes, layer: &Layer, target: Extent) -> Planes {
    let composed = Planes { extent: target, ..*above };
    let mut values = above.values;
    for (index, (extent, halvings)) in composed.extents().into_iter().zip(composed.halvings()).enumerate() {
        let of_plane = |rectangle: Rectangle| {
            let [left, top, right, bottom] = rectangle;
            [left >> halvings[0], top >> halvings[1], right.div_ceil(1 << halvings[0]), bottom.div_ceil(1 << halvings[1])]
        };
        let places = layer.places.map(of_plane);
        let place = match places.constant() {
            Some(place) => recorder.table("place", &place),
            None => recorder.frame_table("place in the frame", &FrameTable::rectangle(places))[0],
        };
        let ([below_left, below_top, below_right, below_bottom], above_region) = (of_plane(below.region), of_plane(layer.region));
        let params = compose::Params {
            width: extent.width,
            height: extent.height,
            below_left,
            below_top,
            below_right,
            below_bottom,
            below_gain: below.gain,
            above_left: above_region[0],
            above_top: above_region[1],
            above_width: above_region[2] - above_region[0],
        };
        let plane = recorder.plane("composed", extent.pixels());
        let reads = [place, below.planes.values[index], above.values[index]];
        recorder.grid(Shader::Compose, &params, &reads, &[plane], (extent.width, extent.height));
        values[index] = plane;
    }
    Planes { values, ..composed }
}
