//! Answers made by hand, and a seeded network.

use proptest::prelude::*;
use shotfarm_shared::media::PixelFormat;

use super::decode::{Found, List, decode};
use super::suppress::{FACES_MAX, suppressed};
use super::*;
use crate::gpu::testing::layout;
use crate::gpu::twins;
use crate::net::detector::YoloEntry;
use crate::net::families;

const SHOWN: Extent = Extent { width: 64, height: 32 };

/// Twelve lists in which one place of the grid of 16 has a face.
fn yunet_lists(place: usize) -> Vec<(Vec<usize>, Vec<f32>)> {
    let mut lists = Vec::new();
    for numbers in [1, 1, 4, 10] {
        for stride in [8, 16, 32] {
            let entries = (64 / stride) * (32 / stride);
            let mut values = vec![0.0; entries * numbers];
            if stride == 16 {
                let own = &mut values[place * numbers..(place + 1) * numbers];
                match numbers {
                    1 => own.fill(0.9),
                    4 => own.copy_from_slice(&[0.5, 0.25, 0.0, 2.0_f32.ln()]),
                    _ => own.copy_from_slice(&[0.1, 0.2, 0.9, 0.2, 0.5, 0.4, 0.2, 0.6, 0.8, 0.6]),
                }
            }
            lists.push((vec![1, entries, numbers], values));
        }
    }
    lists
}

fn found(family: FaceFamily, lists: &[(Vec<usize>, Vec<f32>)]) -> Vec<Found> {
    decode(family, &lists.iter().map(|(shape, values)| List::new(shape, values)).collect::<Vec<_>>(), SHOWN)
}

#[test]
fn yunet_counts_in_steps_of_its_grid() {
    let faces = found(FaceFamily::YuNet, &yunet_lists(6));
    assert_eq!(faces.len(), 1);
    // Place 6 of a grid of 4 columns: column 2, row 1.
    let Found { score, corners, points } = faces[0];
    assert!((score - 0.9).abs() < 1e-6);
    assert_eq!(corners, [32.0, 4.0, 48.0, 36.0]);
    let points = points.expect("it tells five points");
    assert!((points[0][0] - 33.6).abs() < 1e-5 && (points[4][1] - 25.6).abs() < 1e-5);
}

#[test]
fn ultra_light_counts_from_0_to_1_and_its_second_score_counts() {
    let lists = [(vec![1, 3, 2], vec![0.9, 0.1, 0.2, 0.8, 0.6, 0.4]), (vec![1, 3, 4], [0.25, 0.25, 0.5, 0.75].repeat(3))];
    assert_eq!(found(FaceFamily::UltraLight, &lists), [Found { score: 0.8, corners: [16.0, 8.0, 32.0, 24.0], points: None }]);
}

#[test]
fn yolo_counts_in_pixels_either_way_round() {
    let mut rows = vec![0.0; 9 * 5];
    rows[10..15].copy_from_slice(&[20.0, 10.0, 8.0, 4.0, 0.75]);
    let columns = (0..45).map(|at| rows[at % 9 * 5 + at / 9]).collect::<Vec<_>>();
    let expected = [Found { score: 0.75, corners: [16.0, 8.0, 24.0, 12.0], points: None }];
    assert_eq!(found(FaceFamily::Yolo(YoloEntry::Score), &[(vec![1, 9, 5], rows)]), expected);
    assert_eq!(found(FaceFamily::Yolo(YoloEntry::Score), &[(vec![1, 5, 9], columns)]), expected);
    let mut pointed = vec![0.0; 40 * 16];
    pointed[16..21].copy_from_slice(&[20.0, 10.0, 8.0, 4.0, 0.5]);
    pointed[31] = 0.8;
    let faces = found(FaceFamily::Yolo(YoloEntry::ObjectPointsClass), &[(vec![1, 40, 16], pointed)]);
    assert!(faces.len() == 1 && (faces[0].score - 0.4).abs() < 1e-6 && faces[0].points.is_some());
}

#[test]
fn the_surest_of_several_boxes_on_one_face_stays() {
    let face = |score, left: f32| Found { score, corners: [left, 0.0, left + 10.0, 10.0], points: None };
    let kept = suppressed(vec![face(0.6, 0.0), face(0.9, 2.0), face(0.7, 9.0), face(0.8, 50.0)]);
    assert_eq!(kept.iter().map(|face| face.score).collect::<Vec<_>>(), [0.9, 0.8, 0.7]);
    let crowd = (0..500).map(|at| face(0.5, at as f32 * 20.0)).collect();
    assert_eq!(suppressed(crowd).len(), FACES_MAX);
}

#[test]
fn a_seeded_network_is_known_shown_and_answers() {
    let network = Arc::new(Network::read(&families::face_detector(16, 7), None).expect("a network"));
    let frame = layout(100, 60, PixelFormat::Yuv420p);
    let detector = Detector::new(&network, frame.extent).expect("an Ultra-Light");
    assert_eq!((detector.family, detector.shown.tensor), (FaceFamily::UltraLight, Extent::new(128, 64)));
    let recording = detector.recording(&frame, &Options::default());
    let answer = twins::run(&recording, &vec![90; frame.frame_bytes()]);
    let faces = detector.faces(&answer);
    let whole = |face: &Face| face.place.x >= 0.0 && face.place.right() <= 100.0 && face.place.bottom() <= 60.0;
    assert!(faces.iter().all(whole) && faces.is_sorted_by(|left, right| left.score >= right.score));
}

#[test]
fn what_is_no_detector_is_told_with_what_it_gives() {
    let network = Arc::new(Network::read(&families::srvgg(4, 1, 2, 1), None).expect("a network"));
    let error = Detector::new(&network, Extent::new(64, 64)).expect_err("an upscaler").to_string();
    assert!(error.starts_with("the network gives `") && error.contains("YuNet gives twelve lists"), "{error}");
}

#[test]
fn networks_of_a_fixed_size_are_shown_the_frame_in_their_corner() {
    let mut network = Network::read(&families::face_detector(16, 7), None).expect("a network");
    let size = |side: u64| Dim::Fixed(side);
    network.inputs[0].shape = Some(vec![size(1), size(3), size(240), size(320)]);
    assert_eq!(sizes(&network, Extent::new(1920, 1080)), (Extent::new(320, 180), Extent::new(320, 240)));
    assert_eq!(sizes(&network, Extent::new(90, 160)), (Extent::new(135, 240), Extent::new(320, 240)));
    network.inputs[0].shape = None;
    assert_eq!(sizes(&network, Extent::new(1920, 1080)), (Extent::new(640, 360), Extent::new(640, 384)));
}

proptest! {
    #[test]
    fn whatever_a_network_answers_faces_are_whole(values in proptest::collection::vec(any::<f32>(), 17 * 5)) {
        let lists = [List::new(&[1, 17, 5], &values)];
        for face in suppressed(decode(FaceFamily::Yolo(YoloEntry::Score), &lists, SHOWN)) {
            prop_assert!((0.3..=1.0).contains(&face.score));
            if let Some(place) = decode::clipped(face.corners, [2.0, 2.0], Extent::new(128, 64)) {
                prop_assert!(place.x >= 0.0 && place.y >= 0.0 && place.right() <= 128.0 && place.bottom() <= 64.0);
                prop_assert!(place.width > 0.0 && place.height > 0.0);
            }
        }
    }
}
