//! A split leaves no seam: a shot encoded whole and in parts decodes to the same pictures.

use std::path::Path;

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::media::{Colour, ColourTags, Extent, FrameLayout, PixelFormat};
use shotfarm_shared::recipe::Profile;
use shotfarm_worker::media::{EncodeSettings, Encoder, FrameDigests, SourceIndex};

use super::clips::{Bench, noisy_frames};

pub(crate) fn settings(profile: Profile, width: u32, height: u32) -> EncodeSettings {
    let word = |text: &str| Some(text.to_owned());
    let tags = ColourTags {
        matrix: word("smpte170m"),
        primaries: word("bt709"),
        transfer: word("bt709"),
        range: word("pc"),
        site: word("left"),
    };
    let extent = Extent::new(width, height);
    let colour = Colour::from_tags(tags, extent).unwrap();
    let layout = FrameLayout { extent, format: PixelFormat::Yuv420p, colour };
    EncodeSettings { profile, layout, rate: FrameRate::new(24_000, 1_001).unwrap(), pixel_aspect: (9, 10) }
}

pub(crate) fn encode(bench: &Bench, settings: &EncodeSettings, frames: &[Vec<u8>], out: &Path) -> FrameDigests {
    let mut encoder = Encoder::start(&bench.tools, settings, out, &bench.cancel).unwrap();
    for frame in frames {
        encoder.write_frame(frame).unwrap();
    }
    assert_eq!(encoder.finish().unwrap(), frames.len() as u64);
    FrameDigests::read(&bench.tools, out, settings.profile, &settings.layout, &bench.cancel, &mut |_| {}).unwrap()
}

fn splits_leave_no_seam(profile: Profile, seed: u64, count: u64) {
    let bench = Bench::new();
    let settings = settings(profile, 96, 54);
    let frames = noisy_frames(96, 54, count, seed);
    let out = bench.path(&format!("whole.{}", profile.extension()));
    let whole = encode(&bench, &settings, &frames, &out);
    assert_eq!(whole.len(), count);
    for (start, end) in [(0, 48), (48, 96), (48, count), (96, count), (144.min(count - count % 48), count)] {
        let out = bench.path(&format!("part{start}-{end}.{}", profile.extension()));
        let part = encode(&bench, &settings, &frames[start as usize..end as usize], &out);
        let slice = whole.slice_digest(FrameRange::new(start, end));
        assert_eq!(slice, Some(part.frames_digest()), "{profile} seed {seed}: frames {start}..{end} differ from the whole");
    }
    let left: Vec<_> = std::fs::read_dir(out.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().starts_with('.')), "{left:?} is left behind");
}

#[test]
fn phone_segments_join_without_a_seam() {
    for (seed, count) in [(1, 146), (2, 193)] {
        splits_leave_no_seam(Profile::PhoneH264, seed, count);
    }
}

#[test]
fn review_segments_join_without_a_seam() {
    splits_leave_no_seam(Profile::Review, 3, 149);
}

#[test]
fn masters_are_lossless() {
    let bench = Bench::new();
    let settings = settings(Profile::MasterFfv1, 34, 18);
    let frames = noisy_frames(34, 18, 50, 4);
    let digests = encode(&bench, &settings, &frames, &bench.path("master.mkv"));
    let written: Vec<_> = frames.iter().map(|frame| shotfarm_shared::digest::Digest::of(frame)).collect();
    assert_eq!(digests.digests, written);
}

#[test]
fn segments_carry_their_tags_shape_and_times() {
    for profile in Profile::ALL {
        let bench = Bench::new();
        let settings = settings(profile, 96, 54);
        let out = bench.path(&format!("tagged.{}", profile.extension()));
        encode(&bench, &settings, &noisy_frames(96, 54, 97, 5), &out);
        let facts = bench.probe(&out).unwrap();
        assert_eq!((facts.rate, facts.frames, facts.pixel_aspect), (settings.rate, 97, (9, 10)), "{profile}");
        let (mut read, mut wanted) = (facts.layout.colour.tags, settings.layout.colour.tags.clone());
        // FFV1 has no field for the place of chroma, and Matroska's is not read back by ffmpeg 5.
        if profile == Profile::MasterFfv1 {
            (read.site, wanted.site) = (None, None);
        }
        assert_eq!(read, wanted, "{profile}");
        let index = SourceIndex::read(&bench.tools, &out, &facts.container, &bench.cancel).unwrap();
        assert_eq!(index.shown(), Some(97));
    }
}

#[test]
fn a_frame_of_the_wrong_size_is_the_workers_fault() {
    let bench = Bench::new();
    let mut encoder =
        Encoder::start(&bench.tools, &settings(Profile::Review, 96, 54), &bench.path("x.mp4"), &bench.cancel).unwrap();
    assert_eq!(encoder.write_frame(&[0; 7]).unwrap_err().class(), FailureClass::Worker);
    assert_eq!(encoder.finish().unwrap_err().class(), FailureClass::Worker);
    assert!(!bench.path("x.mp4").exists());
}
