//! From a track to the pictures that a result is put together of: which part of the source each shows, and where it lies.
//!
//! What a job does is the same for every frame, so a layer is made for every frame of the shot once one frame needs it; where it
//! lies in a frame, or that it is nowhere in it, is a table of the frame. A track that only crops is one layer as large as the
//! result, and nothing has to be put together.

use std::collections::BTreeMap;

use shotfarm_shared::media::Extent;
use shotfarm_shared::recipe::Filter;
use shotfarm_shared::track::{self, Layout, Pane, Placement, Stretch, Track};

use super::view::{PerFrame, Run, View};
use super::window::Window;

/// Left, top, right and bottom of a part of the result, in luma samples.
pub(super) type Rectangle = [u32; 4];

/// A layer that lies nowhere.
const NOWHERE: Rectangle = [0; 4];

/// What a result is put together of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layers {
    /// What lies under all others, blurred and darkened, where frames have the layout `fit`.
    pub(super) ground: Option<View>,
    /// From the lowest to the highest; one at least.
    pub(super) layers: Vec<Layer>,
}

/// A part of the result that is made by itself.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Layer {
    /// What of the source becomes the whole of the region. Where a frame shows the layer in a part of its region only, the view
    /// goes on beyond that frame's window by as much.
    pub(super) view: View,
    /// The part of the result that it can lie in.
    pub(super) region: Rectangle,
    /// Where it lies in each frame, within the region.
    pub(super) places: PerFrame<Rectangle>,
}

impl Layer {
    /// The size of its region.
    pub(super) fn extent(&self) -> Extent {
        let [left, top, right, bottom] = self.region;
        Extent::new(right - left, bottom - top)
    }
}

/// A window that a filter which only enlarges would have to make smaller.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Shrinks {
    pub(super) frame: u64,
    pub(super) pane: Pane,
}

/// What tells layers apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Slot {
    /// Of the second window of a split.
    second: bool,
    /// Of stretches in which the picture becomes smaller: polar filters make them in another light than the others. A stretch is
    /// of one kind as a whole, so that a zoom does not change its look on the way.
    shrinks: bool,
}

impl Layers {
    /// The layers of a track of a source of this size, for a picture of the size `picture` that becomes `target`. `None` where
    /// the track has no windows.
    pub(super) fn of(track: &Track, filter: Filter, source: Extent, picture: Extent, target: Extent) -> Option<Self> {
        let stretches = track.stretches.iter().map(|stretch| Shown::of(stretch, track, (source, picture), target));
        let stretches = stretches.collect::<Vec<_>>();
        let two_lights = matches!(filter, Filter::Polar { .. });
        let mut slots: BTreeMap<Slot, Vec<&Shown>> = BTreeMap::new();
        for shown in &stretches {
            for second in [false, true] {
                if shown.panes(second).next().is_some() {
                    slots.entry(Slot { second, shrinks: two_lights && shown.shrinks() }).or_default().push(shown);
                }
            }
        }
        let only_splits = stretches.iter().all(|shown| shown.layout == Layout::Split);
        let halves = track::halves(target);
        let whole = track::Window::whole(target);
        let layer = |(slot, shown): (&Slot, &Vec<&Shown>)| {
            let region = if slot.second {
                halves[1]
            } else if only_splits {
                halves[0]
            } else {
                whole
            };
            layer(slot.second, shown, &stretches, &region)
        };
        let layers = slots.iter().map(layer).collect::<Option<Vec<_>>>().filter(|layers| !layers.is_empty())?;
        let fits = stretches.iter().filter(|shown| shown.layout == Layout::Fit);
        let ground = fits.map(|shown| shown.run(false, |pane| covering(pane, target))).collect();
        Some(Self { ground: PerFrame::new(ground).map(|windows| View::of(&windows)), layers })
    }

    /// The view of a track that only crops.
    pub(super) fn crop(self) -> Option<View> {
        match (<[Layer; 1]>::try_from(self.layers), self.ground) {
            (Ok([layer]), None) => Some(layer.view),
            _ => None,
        }
    }
}

/// The first window that is larger than what it becomes.
pub(super) fn first_shrinking(track: &Track, source: Extent, picture: Extent, target: Extent) -> Option<Shrinks> {
    track.stretches.iter().find_map(|stretch| Shown::of(stretch, track, (source, picture), target).first_shrinking())
}

fn layer(second: bool, shown: &[&Shown], all: &[Shown], region: &track::Window) -> Option<Layer> {
    let windows = shown.iter().map(|shown| shown.run(second, |pane| onto(pane, region))).collect();
    let of_stretch = |stretch: &Shown| match shown.iter().any(|shown| shown.first == stretch.first) {
        true => stretch.run(second, |pane| rectangle(&pane.place)),
        false => Run { first: stretch.first, values: vec![NOWHERE] },
    };
    let places = PerFrame::new(all.iter().map(of_stretch).collect())?;
    Some(Layer { view: View::of(&PerFrame::new(windows)?), region: rectangle(region), places })
}

fn rectangle(place: &track::Window) -> Rectangle {
    [place.x, place.y, place.right(), place.bottom()].map(|side| side.round() as u32)
}

/// What is looked at for all of `region`, where the pane's window is looked at for the pane's place.
fn onto(pane: &Pane, region: &track::Window) -> Window {
    let (window, place) = (&pane.window, &pane.place);
    let along = |origin: f64, length: f64, place_origin: f64, place_length: f64, region_origin: f64, region_length: f64| {
        if (place_origin, place_length) == (region_origin, region_length) {
            return (origin, length);
        }
        let pitch = length / place_length;
        (origin + (region_origin - place_origin) * pitch, region_length * pitch)
    };
    let (x, width) = along(window.x, window.width, place.x, place.width, region.x, region.width);
    let (y, height) = along(window.y, window.height, place.y, place.height, region.y, region.height);
    Window { x, y, width, height }
}

/// The largest window within the pane's, around the same middle, that fills all of a result of this size.
fn covering(pane: &Pane, target: Extent) -> Window {
    let (window, place) = (&pane.window, &pane.place);
    let (width, height) = (f64::from(target.width), f64::from(target.height));
    let scale = (width / place.width).max(height / place.height);
    let (wide, high) = (window.width * width / (place.width * scale), window.height * height / (place.height * scale));
    let (x, y) = window.centre();
    Window { x: x - wide / 2.0, y: y - high / 2.0, width: wide, height: high }
}

/// What a stretch shows, in pixels of the picture that reaches the step.
struct Shown {
    first: u64,
    layout: Layout,
    /// One for all of its frames, or one for each.
    placements: Vec<Placement>,
}

impl Shown {
    fn of(stretch: &Stretch, track: &Track, (source, picture): (Extent, Extent), target: Extent) -> Self {
        let count = stretch.windows.len().max(stretch.second.len()) as u64;
        let placements = (stretch.first..stretch.first + count).filter_map(|frame| track.placement(frame, target));
        let scaled = |pane: Pane| {
            let Window { x, y, width, height } = Window::of_track(&pane.window, source, picture);
            Pane { window: track::Window { x, y, width, height }, ..pane }
        };
        let scaled = |placement: Placement| Placement {
            first: scaled(placement.first),
            second: placement.second.map(scaled),
            ..placement
        };
        let placements = placements.map(scaled).collect::<Vec<_>>();
        let layout = placements.first().map_or(stretch.layout, |placement| placement.layout);
        Self { first: stretch.first, layout, placements }
    }

    fn panes(&self, second: bool) -> impl Iterator<Item = &Pane> {
        self.placements
            .iter()
            .filter_map(move |placement| if second { placement.second.as_ref() } else { Some(&placement.first) })
    }

    fn run<T>(&self, second: bool, of: impl Fn(&Pane) -> T) -> Run<T> {
        Run { first: self.first, values: self.panes(second).map(of).collect() }
    }

    fn shrinks(&self) -> bool {
        self.first_shrinking().is_some()
    }

    fn first_shrinking(&self) -> Option<Shrinks> {
        let smaller = |pane: &&Pane| pane.window.width > pane.place.width || pane.window.height > pane.place.height;
        let frames = self.placements.iter().zip(self.first..);
        let mut panes = frames.flat_map(|(placement, frame)| {
            std::iter::once(&placement.first).chain(&placement.second).map(move |pane| (pane, frame))
        });
        panes.find(|(pane, _)| smaller(pane)).map(|(pane, frame)| Shrinks { frame, pane: *pane })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use shotfarm_shared::track::Camera;

    use super::super::view::Along;
    use super::super::window::Span;
    use super::*;

    const SOURCE: Extent = Extent { width: 1920, height: 1080 };
    const TALL: Extent = Extent { width: 1080, height: 1920 };

    fn window(x: f64, width: f64, height: f64) -> track::Window {
        track::Window { x, y: 0.0, width, height }
    }

    fn stretch(first: u64, layout: Layout, windows: Vec<track::Window>, second: Vec<track::Window>) -> Stretch {
        Stretch { first, end: first + 10, camera: Camera::Steady, layout, why: String::new(), windows, second }
    }

    fn crop(first: u64, x: f64) -> Stretch {
        stretch(first, Layout::Crop, vec![window(x, 607.5, 1080.0)], Vec::new())
    }

    fn split(first: u64) -> Stretch {
        stretch(first, Layout::Split, vec![window(0.0, 1080.0, 960.0)], vec![window(800.0, 1080.0, 960.0)])
    }

    fn fit(first: u64) -> Stretch {
        stretch(first, Layout::Fit, vec![window(0.0, 1920.0, 1080.0)], Vec::new())
    }

    fn layers(stretches: Vec<Stretch>, filter: &str) -> Layers {
        let track = Track { stretches, ..Track::empty() };
        let filter = shotfarm_shared::recipe::read_steps(&format!("reframe 9:16 filter={filter}")).expect("a recipe");
        let shotfarm_shared::recipe::Step::Reframe(reframe) = &filter[0] else { panic!("a reframe") };
        Layers::of(&track, reframe.filter, SOURCE, SOURCE, TALL).expect("windows")
    }

    #[test]
    fn a_track_that_only_crops_is_one_view() {
        let view = layers(vec![crop(0, 3.25), crop(10, 900.0)], "ewa-lanczos").crop().expect("a crop");
        let Along::Moving(spans) = &view.along[0] else { panic!("it moves") };
        assert_eq!([0, 9, 10].map(|frame| spans.at(frame).origin), [3.25, 3.25, 900.0]);
        assert_eq!(view.along[1], Along::Still(Span { origin: 0.0, length: 1080.0 }));
        assert_eq!(
            layers(vec![crop(0, 7.0), crop(10, 7.0)], "lanczos").crop().map(|view| view.along[0].clone()),
            Some(Along::Still(Span { origin: 7.0, length: 607.5 }))
        );
    }

    #[test]
    fn splits_alone_are_two_halves() {
        let found = layers(vec![split(0)], "lanczos");
        assert_eq!((found.layers.len(), &found.ground), (2, &None));
        assert_eq!(found.layers[0].region, [0, 0, 1080, 960]);
        assert_eq!(found.layers[1].region, [0, 960, 1080, 1920]);
        assert_eq!(found.layers[1].places.constant(), Some([0, 960, 1080, 1920]));
        assert_eq!(found.crop(), None);
    }

    #[test]
    fn a_split_among_crops_shares_their_layer() {
        let found = layers(vec![crop(0, 100.0), split(10)], "lanczos");
        assert_eq!(found.layers.len(), 2);
        let [first, second] = found.layers.as_slice() else { panic!("two layers") };
        assert_eq!(first.region, [0, 0, 1080, 1920]);
        assert_eq!(first.places.at(10), [0, 0, 1080, 960]);
        let Along::Moving(spans) = &first.view.along[1] else { panic!("it changes") };
        assert_eq!((spans.at(0).length, spans.at(10).length), (1080.0, 1920.0), "the window goes on below its half");
        assert_eq!((second.places.at(9), second.places.at(10)), (NOWHERE, [0, 960, 1080, 1920]));
    }

    #[test]
    fn what_shrinks_is_apart_in_polar_filters_alone() {
        let of = |filter| layers(vec![crop(0, 100.0), fit(10)], filter);
        let (polar, separable) = (of("ewa-lanczos"), of("lanczos"));
        assert_eq!((polar.layers.len(), separable.layers.len()), (2, 1));
        assert_eq!((polar.layers[0].places.at(10), polar.layers[1].places.at(0)), (NOWHERE, NOWHERE));
        assert_eq!(polar.layers[1].places.at(10), [0, 656, 1080, 1264]);
        assert!(polar.layers[0].view.pitches_max(TALL).iter().all(|pitch| *pitch < 1.0));
        // The ground is the middle of the picture, as tall as it is.
        let ground = polar.ground.expect("a ground");
        let [Along::Still(across), Along::Still(down)] = &ground.along else { panic!("one fit") };
        assert!((down.length - 1080.0).abs() < 1e-9 && down.origin.abs() < 1e-9);
        assert!((across.origin + across.length / 2.0 - 960.0).abs() < 1e-9 && (across.length - 607.5).abs() < 1.0, "{across:?}");
    }

    #[test]
    fn windows_scale_with_the_picture_that_reaches_the_step() {
        let track = Track { stretches: vec![crop(0, 100.0)], ..Track::empty() };
        let half = Extent::new(960, 540);
        let view = Layers::of(&track, Filter::LANCZOS, SOURCE, half, TALL).and_then(Layers::crop).expect("a crop");
        assert_eq!(view, View::still(Window { x: 50.0, y: 0.0, width: 303.75, height: 540.0 }));
        let found = first_shrinking(&track, SOURCE, Extent::new(7680, 4320), TALL).expect("shrinks");
        assert_eq!((found.frame, found.pane.window.width), (0, 2430.0));
        assert_eq!(first_shrinking(&track, SOURCE, SOURCE, TALL), None);
    }

    proptest! {
        /// In whatever order layouts come: a layer lies within its region, one of them is over every sample, and the ground is
        /// seen in a fit alone.
        #[test]
        fn every_sample_of_every_frame_is_some_layers(order in proptest::collection::vec(0..4_usize, 1..6), polar: bool) {
            let stretches = order.iter().zip((0_u64..).step_by(10)).map(|(pick, first)| match pick {
                0 => crop(first, 100.0),
                1 => split(first),
                2 => fit(first),
                _ => stretch(first, Layout::Crop, vec![window(0.0, 60.75, 108.0)], Vec::new()),
            });
            let found = layers(stretches.collect(), if polar { "ewa-lanczos" } else { "lanczos" });
            let fits = |index: usize| order[index] == 2;
            prop_assert_eq!(found.ground.is_some(), (0..order.len()).any(fits));
            for index in 0..order.len() {
                let places = found.layers.iter().map(|layer| layer.places.at(index as u64 * 10)).collect::<Vec<_>>();
                for (layer, [left, top, right, bottom]) in found.layers.iter().zip(&places) {
                    let [region_left, region_top, region_right, region_bottom] = layer.region;
                    let inside = *left >= region_left && *top >= region_top && *right <= region_right && *bottom <= region_bottom;
                    prop_assert!(inside || [*left, *top, *right, *bottom] == NOWHERE);
                }
                let covered = |x: u32, y: u32| {
                    let over = |place: &&Rectangle| (place[0]..place[2]).contains(&x) && (place[1]..place[3]).contains(&y);
                    places.iter().filter(over).count()
                };
                for (x, y) in [(0, 0), (1079, 0), (540, 959), (540, 960), (0, 1919), (1079, 1919)] {
                    let in_fit = (656..1264).contains(&y);
                    prop_assert_eq!(covered(x, y), usize::from(!fits(index) || in_fit), "frame {} at {} {}", index * 10, x, y);
                }
            }
        }
    }
}
