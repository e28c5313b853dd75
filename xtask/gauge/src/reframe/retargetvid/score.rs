//! Overlaps as RetargetVid's own evaluation counts them: corners are both inside, so a window has a pixel more on each axis; the
//! mean over a clip's frames, then over clips, then over annotators.

use shotfarm_shared::track::Window;

use super::annotations::{Annotations, Aspect};

/// Intersection over union of two windows of whole pixels, counted with both corners.
fn overlap(one: &Window, other: &Window) -> f64 {
    let counted = |window: &Window| Window { width: window.width + 1.0, height: window.height + 1.0, ..*window };
    counted(one).intersection_over_union(&counted(other))
}

/// The mean over the frames that both have.
pub(crate) fn clip_overlap(annotated: &[Window], chosen: &[Window]) -> f64 {
    let frames = annotated.len().min(chosen.len());
    annotated.iter().zip(chosen).map(|(one, other)| overlap(one, other)).sum::<f64>() / frames.max(1) as f64
}

/// Mean overlap with all annotators, of choices for some clips; nothing without clips.
pub(crate) fn mean_overlap(annotations: &Annotations, aspect: Aspect, chosen: &[(u32, Vec<Window>)]) -> Option<f64> {
    let clips = chosen.iter().filter_map(|(clip, windows)| Some((annotations.clips.get(&(*clip, aspect))?, windows)));
    let clips = clips.collect::<Vec<_>>();
    let by_annotator = (0..annotations.annotators.len())
        .map(|annotator| mean(clips.iter().map(|(annotated, windows)| clip_overlap(&annotated[annotator], windows))));
    mean(by_annotator.flatten().collect::<Vec<_>>().into_iter())
}

/// What annotators reach among themselves: the mean overlap of each with every other.
pub(crate) fn ceiling(annotations: &Annotations, aspect: Aspect) -> Option<f64> {
    let count = annotations.annotators.len();
    let pairs = (0..count).flat_map(|one| (0..count).filter(move |&other| other != one).map(move |other| (one, other)));
    let clips = annotations.clips.iter().filter(|((_, of), _)| *of == aspect).map(|(_, annotated)| annotated).collect::<Vec<_>>();
    let by_pair = pairs.map(|(one, other)| mean(clips.iter().map(|clip| clip_overlap(&clip[one], &clip[other]))));
    mean(by_pair.flatten().collect::<Vec<_>>().into_iter())
}

/// The static centre crop of a clip of `frames` frames, in whole pixels as the annotators' tool has them.
pub(crate) fn centre(size: (f64, f64), aspect: Aspect, frames: usize) -> Vec<Window> {
    let window =
        crate::reframe::judged::centre_crop(&Window { x: 0.0, y: 0.0, width: size.0, height: size.1 }, aspect.ratio(), 1);
    vec![whole(&window.shown[0][0]); frames]
}

/// A window on whole pixels, as large as before.
pub(crate) fn whole(window: &Window) -> Window {
    Window { x: window.x.floor(), y: window.y.floor(), width: window.width.floor(), height: window.height.floor() }
}

/// The size of a clip's picture: a tall window is as high as it, a wide one as wide.
pub(crate) fn picture(annotations: &Annotations, clip: u32) -> Option<(f64, f64)> {
    let furthest = |aspect: Aspect, edge: fn(&Window) -> f64| {
        annotations.clips.get(&(clip, aspect))?.iter().flatten().map(edge).reduce(f64::max)
    };
    Some((furthest(Aspect::Wide, Window::right)?, furthest(Aspect::Tall, Window::bottom)?))
}

/// The mean; nothing of nothing.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / f64::from(count))
}

#[cfg(test)]
mod tests {
    use super::super::annotations::tests::set;
    use super::*;

    fn annotations() -> (tempfile::TempDir, Annotations) {
        let folder = set(&[
            ("a", "001_1-3.txt", "0,0,119,359\n0,0,119,359"),
            ("b", "001_1-3.txt", "60,0,179,359\n0,0,119,359"),
            ("a", "001_3-1.txt", "0,73,640,286\n0,73,640,286"),
            ("b", "001_3-1.txt", "0,73,640,286\n0,0,640,213"),
        ]);
        let found = Annotations::read(folder.path()).expect("annotations");
        (folder, found)
    }

    #[test]
    fn overlaps_count_both_corners() {
        let window = |x: f64| Window { x, y: 0.0, width: 9.0, height: 9.0 };
        assert!((overlap(&window(0.0), &window(5.0)) - 50.0 / 150.0).abs() < 1e-12);
    }

    #[test]
    fn means_go_over_frames_clips_and_annotators() {
        let (_folder, found) = annotations();
        let third = 1.0 / 3.0;
        assert!(ceiling(&found, Aspect::Tall).is_some_and(|mean| (mean - (third + 1.0) / 2.0).abs() < 1e-9));
        let first = found.clips[&(1, Aspect::Tall)][0].clone();
        let mean = mean_overlap(&found, Aspect::Tall, &[(1, first)]);
        assert!(mean.is_some_and(|mean| (mean - (1.0 + (third + 1.0) / 2.0) / 2.0).abs() < 1e-9), "{mean:?}");
        assert_eq!(mean_overlap(&found, Aspect::Tall, &[]), None);
    }

    #[test]
    fn the_picture_is_known_from_the_windows_and_the_centre_from_the_picture() {
        let (_folder, found) = annotations();
        assert_eq!(picture(&found, 1), Some((640.0, 359.0)));
        assert_eq!(centre((640.0, 360.0), Aspect::Wide, 1)[0], Window { x: 0.0, y: 73.0, width: 640.0, height: 213.0 });
        assert_eq!(centre((640.0, 360.0), Aspect::Tall, 2)[1], Window { x: 260.0, y: 0.0, width: 120.0, height: 360.0 });
    }
}
