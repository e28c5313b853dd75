//! From the lists that a network answers with to boxes, in pixels of what it was shown.

use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;

use crate::net::detector::{FaceFamily, YUNET_STRIDES, YoloEntry};

/// Less sure than this is no face. The families' own demonstrations ask for 0.7 to 0.9; a face turned away comes to 0.6, and
/// what is kept carries its score for the plan to weigh.
const SCORE_MIN: f32 = 0.6;
/// The same for YOLO, whose scores are lower throughout.
const YOLO_SCORE_MIN: f32 = 0.3;
/// Largest exponent of a size that is taken: a box of 150,000 steps is none.
const EXPONENT_MAX: f32 = 12.0;

/// A face in pixels of what the network was shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) score: f32,
    /// Left, top, right, bottom.
    pub(super) corners: [f32; 4],
    pub(super) points: Option<[[f32; 2]; 5]>,
}

/// One output as a list of entries of so many numbers.
#[derive(Clone, Copy, Debug)]
pub(super) struct List<'a> {
    entries: usize,
    numbers: usize,
    values: &'a [f32],
}

impl<'a> List<'a> {
    /// Of an output's shape and elements.
    pub(super) fn new(shape: &[usize], values: &'a [f32]) -> Self {
        let numbers = shape.last().copied().unwrap_or(1).max(1);
        Self { entries: values.len() / numbers, numbers, values }
    }

    fn entry(&self, index: usize) -> &'a [f32] {
        &self.values[index * self.numbers..(index + 1) * self.numbers]
    }
}

/// All faces that are sure enough, with every number a number.
pub(super) fn decode(family: FaceFamily, lists: &[List<'_>], shown: Extent) -> Vec<Found> {
    let mut found = match family {
        FaceFamily::YuNet => YUNET_STRIDES.iter().flat_map(|stride| yunet(lists, *stride, shown)).collect(),
        FaceFamily::UltraLight => ultra_light(lists, shown),
        FaceFamily::Yolo(entry) => lists.first().map_or_else(Vec::new, |list| yolo(entry, list)),
    };
    found.retain(|face: &Found| {
        let [left, top, right, bottom] = face.corners;
        let finite = face.corners.iter().chain(face.points.iter().flatten().flatten()).all(|number| number.is_finite());
        finite && face.score.is_finite() && right > left && bottom > top
    });
    found
}

/// One grid of YuNet: the score is the geometric mean of class and object; the box's centre lies so many steps from the place, its
/// sides are powers of e in steps; points lie so many steps from the place. The two lists of single numbers are alike in this, so
/// which of them is which does not matter.
fn yunet(lists: &[List<'_>], stride: usize, shown: Extent) -> Vec<Found> {
    let columns = (shown.width as usize).div_ceil(stride);
    let entries = columns * (shown.height as usize).div_ceil(stride);
    let of = |numbers: usize| lists.iter().filter(move |list| (list.entries, list.numbers) == (entries, numbers));
    let mut scores = of(1);
    let (Some(class), Some(object), Some(boxes), Some(points)) = (scores.next(), scores.next(), of(4).next(), of(10).next())
    else {
        return Vec::new();
    };
    let step = stride as f32;
    let face = |place: usize| {
        let score = (class.entry(place)[0].clamp(0.0, 1.0) * object.entry(place)[0].clamp(0.0, 1.0)).sqrt();
        if score.is_nan() || score < SCORE_MIN {
            return None;
        }
        let (column, row) = ((place % columns) as f32, (place / columns) as f32);
        let sized = boxes.entry(place);
        let (x, y) = ((column + sized[0]) * step, (row + sized[1]) * step);
        let side = |exponent: f32| exponent.min(EXPONENT_MAX).exp() * step;
        let (width, height) = (side(sized[2]), side(sized[3]));
        let at = points.entry(place);
        let point = |index: usize| [(column + at[2 * index]) * step, (row + at[2 * index + 1]) * step];
        Some(Found { score, corners: around(x, y, width, height), points: Some([0, 1, 2, 3, 4].map(point)) })
    };
    (0..entries).filter_map(face).collect()
}

/// Boxes are corners from 0 to 1; of the two scores the second is that of a face.
fn ultra_light(lists: &[List<'_>], shown: Extent) -> Vec<Found> {
    let of = |numbers: usize| lists.iter().find(|list| list.numbers == numbers);
    let (Some(scores), Some(boxes)) = (of(2), of(4)) else { return Vec::new() };
    let face = |index: usize| {
        let score = scores.entry(index)[1];
        let sides = [shown.width, shown.height, shown.width, shown.height];
        let corners = boxes.entry(index);
        let corners = [0, 1, 2, 3].map(|k| corners[k] * sides[k] as f32);
        (score >= SCORE_MIN).then_some(Found { score: score.min(1.0), corners, points: None })
    };
    (0..scores.entries).filter_map(face).collect()
}

/// Entries one after the other, or their numbers side by side; there are always more entries than numbers in one.
fn yolo(entry: YoloEntry, list: &List<'_>) -> Vec<Found> {
    let side_by_side = list.entries < list.numbers;
    let (entries, numbers) = if side_by_side { (list.numbers, list.entries) } else { (list.entries, list.numbers) };
    let face = |index: usize| {
        let at = |number: usize| list.values[if side_by_side { number * entries + index } else { index * numbers + number }];
        let score = match entry {
            YoloEntry::Score | YoloEntry::ScorePoints => at(4),
            YoloEntry::ObjectAndClass => at(4) * at(5),
            YoloEntry::ObjectPointsClass => at(4) * at(15),
        };
        let points = match entry {
            YoloEntry::Score | YoloEntry::ObjectAndClass => None,
            YoloEntry::ObjectPointsClass => Some([0, 1, 2, 3, 4].map(|point| [at(5 + 2 * point), at(6 + 2 * point)])),
            YoloEntry::ScorePoints => Some([0, 1, 2, 3, 4].map(|point| [at(5 + 3 * point), at(6 + 3 * point)])),
        };
        let corners = around(at(0), at(1), at(2), at(3));
        (score >= YOLO_SCORE_MIN).then_some(Found { score: score.min(1.0), corners, points })
    };
    (0..entries).filter_map(face).collect()
}

fn around(x: f32, y: f32, width: f32, height: f32) -> [f32; 4] {
    [x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0]
}

/// A box in pixels of the source, what lies outside cut off; `None` where nothing is left.
pub(super) fn clipped(corners: [f32; 4], pitch: [f64; 2], source: Extent) -> Option<Window> {
    let [left, right] = [0, 2].map(|at| (f64::from(corners[at]) * pitch[0]).clamp(0.0, f64::from(source.width)));
    let [top, bottom] = [1, 3].map(|at| (f64::from(corners[at]) * pitch[1]).clamp(0.0, f64::from(source.height)));
    (right > left && bottom > top).then_some(Window { x: left, y: top, width: right - left, height: bottom - top })
}
