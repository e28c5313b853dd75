//! The drawn episode: the same picture whenever it is drawn, moving, and encoded frame for frame.

use shotfarm_tests::film::{CLIP_SIZE, Episode, SAMPLE_RATE_HZ, Shot, Size, draw, encode, soundtrack};
use shotfarm_tests::pictures::{frame_of, look_at};

const SMALL: Size = Size { width: 160, height: 90 };

#[test]
fn a_frame_is_the_same_whenever_it_is_drawn() {
    for shot in Shot::ALL {
        assert_eq!(draw(shot, 7, SMALL), draw(shot, 7, SMALL), "{shot:?}");
    }
}

#[test]
fn pictures_move_and_shots_differ() {
    for shot in Shot::ALL {
        for frame in [0, 30, 60] {
            let changed = changed_pixels(shot, frame, shot, frame + 1);
            assert!(changed > 100, "{shot:?}: only {changed} pixels change after frame {frame}");
        }
        for other in Shot::ALL.into_iter().filter(|other| *other > shot) {
            let changed = changed_pixels(shot, 12, other, 12);
            assert!(changed > SMALL.width * SMALL.height / 2, "{shot:?} and {other:?} differ in only {changed} pixels");
        }
    }
}

/// Pixels whose green differs by more than the dither does.
fn changed_pixels(shot: Shot, frame: u32, other: Shot, other_frame: u32) -> u32 {
    let (a, b) = (draw(shot, frame, SMALL), draw(other, other_frame, SMALL));
    a.rgb.chunks(3).zip(b.rgb.chunks(3)).map(|(a, b)| u32::from(a[1].abs_diff(b[1]) > 2)).sum()
}

#[test]
fn a_larger_picture_tells_the_same_story() {
    for shot in Shot::ALL {
        let (small, large) = (draw(shot, 24, SMALL), draw(shot, 24, Size { width: 320, height: 180 }));
        let difference: f64 = (0..SMALL.height)
            .flat_map(|y| (0..SMALL.width).map(move |x| (x, y)))
            .map(|(x, y)| {
                let at = |x: u32, y: u32| f64::from(large.rgb[((y * 320 + x) * 3 + 1) as usize]);
                let mean = (at(2 * x, 2 * y) + at(2 * x + 1, 2 * y) + at(2 * x, 2 * y + 1) + at(2 * x + 1, 2 * y + 1)) / 4.0;
                (mean - f64::from(small.rgb[((y * SMALL.width + x) * 3 + 1) as usize])).abs()
            })
            .sum();
        let mean = difference / f64::from(SMALL.width * SMALL.height);
        assert!(mean < 4.0, "{shot:?}: mean difference {mean:.2} of 255");
    }
}

#[test]
fn odd_and_empty_sizes_are_drawn_without_complaint() {
    for size in [Size { width: 0, height: 9 }, Size { width: 1, height: 1 }, Size { width: 33, height: 77 }] {
        let frame = draw(Shot::She, 3, size);
        assert_eq!(frame.rgb.len(), (size.width * size.height * 3) as usize);
    }
}

#[test]
fn sound_lasts_as_long_as_its_picture_and_can_be_heard() {
    for shot in Shot::ALL {
        let Some(pcm) = soundtrack(shot, 24) else {
            assert_eq!(shot, Shot::Title, "only the title card is silent");
            continue;
        };
        assert_eq!(pcm.len(), 2 * SAMPLE_RATE_HZ as usize);
        let power = pcm.iter().map(|&sample| f64::from(sample).powi(2)).sum::<f64>() / pcm.len() as f64;
        assert!((300.0..15_000.0).contains(&power.sqrt()), "{shot:?}: root mean square {:.0}", power.sqrt());
        assert_eq!(pcm, soundtrack(shot, 24).unwrap(), "{shot:?} sounds the same every time");
    }
}

#[test]
fn clips_hold_every_frame_the_sound_and_true_colours() {
    let dir = tempfile::tempdir().unwrap();
    let episode =
        Episode { dir: dir.path().join("clips"), size: SMALL, shots: vec![Shot::Title, Shot::Mountains], frames: Some(12) };
    let mut seen = Vec::new();
    let clips = encode(&episode, |frames| seen.push(frames)).unwrap();
    assert_eq!(seen, (1..=24).collect::<Vec<_>>());
    for (clip, audio_streams) in clips.iter().zip([0, 1]) {
        let look = look_at(&clip.path).unwrap();
        assert_eq!((look.size, look.frames, look.audio_streams), (SMALL, 12, audio_streams));
        assert_eq!(look.colour, "bt709/bt709/bt709/tv");
        assert_eq!(clip.has_sound, audio_streams == 1);
        let (drawn, shown) = (draw(clip.shot, 11, SMALL), frame_of(&clip.path, SMALL, 11).unwrap());
        let far = drawn.rgb.iter().zip(&shown.rgb).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / drawn.rgb.len() as f64;
        assert!(far < 8.0, "{:?}: the decoded picture is {far:.1} of 255 away from the drawn one", clip.shot);
    }
    assert!(frame_of(&clips[0].path, SMALL, 12).is_err(), "there is no thirteenth frame");
}

#[test]
fn the_whole_episode_is_six_shots_of_three_to_four_seconds() {
    let episode = Episode::whole(std::path::Path::new("clips"));
    assert_eq!(episode.size, CLIP_SIZE);
    assert!(Shot::ALL.iter().all(|shot| (72..=96).contains(&episode.frames_of(*shot))));
    assert_eq!(episode.frames_total(), Shot::ALL.iter().map(|shot| shot.frames()).sum::<u32>());
}
