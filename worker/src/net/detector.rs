//! Networks that find faces, told by what they give back.
//!
//! No name is trusted: exporters and ncnn rename outputs at will. What counts is how many outputs there are, how long their lists,
//! and how many numbers each entry has.

use super::shaped::Shaped;

/// Steps of the grids that YuNet answers for, in pixels of its input.
pub const YUNET_STRIDES: [usize; 3] = [8, 16, 32];
/// Numbers that YuNet gives for a place of a grid: class, object, box, points.
const YUNET_NUMBERS: [usize; 4] = [1, 1, 4, 10];

/// The families of face detectors whose answers are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaceFamily {
    /// YuNet: twelve lists, for grids of 8, 16 and 32 pixels each a class, an object, a box and five points (Wu, Peng, Yu: YuNet, a
    /// tiny millisecond-level face detector, 2023; ShiqiYu/libfacedetection.train).
    YuNet,
    /// A list of pairs of scores (no face, face) and one of boxes (Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB).
    UltraLight,
    /// One list of boxes with a score, of any of the [`YoloEntry`] forms.
    Yolo(YoloEntry),
}

/// What an entry of a YOLO-like list holds after centre and size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YoloEntry {
    /// A score.
    Score,
    /// A score that there is something, and one that it is a face: they multiply.
    ObjectAndClass,
    /// The first score, five points, the second score (YOLOv5-face).
    ObjectPointsClass,
    /// A score, and five points with how visible each is (YOLOv8-face).
    ScorePoints,
}

impl FaceFamily {
    /// What people call it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::YuNet => "YuNet",
            Self::UltraLight => "Ultra-Light",
            Self::Yolo(_) => "YOLO",
        }
    }

    /// The family of a network at some size; `None` where it is none that is known. It must take one picture of three channels.
    #[must_use]
    pub fn of(net: &Shaped) -> Option<Self> {
        let [input] = net.inputs() else { return None };
        let &[1, 3, rows, columns] = net.shape(input.value) else { return None };
        let lists = net.outputs().iter().map(|port| list(net.shape(port.value))).collect::<Option<Vec<_>>>()?;
        match lists.as_slice() {
            [one] => yolo(*one).map(Self::Yolo),
            [(scores, 2), (boxes, 4)] | [(boxes, 4), (scores, 2)] if scores == boxes => Some(Self::UltraLight),
            twelve if is_yunet(twelve, rows, columns) => Some(Self::YuNet),
            _ => None,
        }
    }
}

/// The shape of a list: entries, numbers of each. Axes of one element in front count nothing.
fn list(shape: &[usize]) -> Option<(usize, usize)> {
    match shape {
        [rest @ .., entries, numbers] if rest.iter().all(|size| *size == 1) => Some((*entries, *numbers)),
        _ => None,
    }
}

/// Entries lie behind one another or side by side; there are always more of them than numbers in one.
fn yolo((rows, columns): (usize, usize)) -> Option<YoloEntry> {
    match (rows.min(columns), rows > columns) {
        (5, _) => Some(YoloEntry::Score),
        (6, true) => Some(YoloEntry::ObjectAndClass),
        (16, true) => Some(YoloEntry::ObjectPointsClass),
        (20, false) => Some(YoloEntry::ScorePoints),
        _ => None,
    }
}

fn is_yunet(lists: &[(usize, usize)], rows: usize, columns: usize) -> bool {
    let grid = |stride: usize| rows.div_ceil(stride) * columns.div_ceil(stride);
    let expected = YUNET_STRIDES.iter().flat_map(|stride| YUNET_NUMBERS.map(|numbers| (grid(*stride), numbers)));
    let (mut expected, mut found) = (expected.collect::<Vec<_>>(), lists.to_vec());
    expected.sort_unstable();
    found.sort_unstable();
    expected == found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_told_by_their_sizes() {
        let grids = [(64, 8), (16, 16), (4, 32)];
        let mut lists: Vec<_> = [1, 4, 10, 1].iter().flat_map(|numbers| grids.map(|(count, _)| (count, *numbers))).collect();
        assert!(is_yunet(&lists, 64, 64) && !is_yunet(&lists, 64, 96));
        lists.pop();
        assert!(!is_yunet(&lists, 64, 64));
        assert_eq!(yolo((5, 8_400)), Some(YoloEntry::Score));
        assert_eq!(yolo((8_400, 5)), Some(YoloEntry::Score));
        assert_eq!(yolo((25_200, 16)), Some(YoloEntry::ObjectPointsClass));
        assert_eq!(yolo((20, 8_400)), Some(YoloEntry::ScorePoints));
        assert_eq!(yolo((84, 8_400)), None, "eighty kinds of things are no faces");
        assert_eq!((list(&[1, 96, 4]), list(&[96, 4]), list(&[2, 96, 4])), (Some((96, 4)), Some((96, 4)), None));
    }
}
