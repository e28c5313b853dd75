//! Every range of a source decodes to exactly the frames that a straight decode gives at those numbers.

use std::path::Path;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::MediaFacts;
use shotfarm_worker::media::{Decoder, MediaError, SourceIndex};

use super::clips::Bench;

fn decode(bench: &Bench, path: &Path, facts: &MediaFacts, index: &SourceIndex, range: FrameRange) -> Vec<Digest> {
    let mut decoder = Decoder::start(&bench.tools, path, facts, index, range, &bench.cancel).unwrap();
    let (mut digests, mut frame) = (Vec::new(), Vec::new());
    while decoder.read_frame(&mut frame).unwrap() {
        digests.push(Digest::of(&frame));
    }
    digests
}

/// Decodes the whole by an ffmpeg of the test's own, then many ranges by ours.
fn all_ranges_agree(bench: &Bench, path: &Path, seeks: bool) {
    let facts = bench.probe(path).unwrap();
    let index = SourceIndex::read(&bench.tools, path, &facts.container, &bench.cancel).unwrap();
    let raw = std::process::Command::new("ffmpeg")
        .args(["-nostdin", "-loglevel", "error", "-i"])
        .arg(path)
        .args(["-map", "0:v", "-vsync", "passthrough", "-f", "rawvideo", "-"])
        .output()
        .unwrap();
    let straight: Vec<_> = raw.stdout.chunks_exact(facts.layout.frame_bytes()).map(Digest::of).collect();
    assert_eq!(straight.len() as u64, facts.frames, "{}", path.display());
    let distinct: std::collections::BTreeSet<_> = straight.iter().collect();
    assert_eq!(distinct.len(), straight.len(), "frames that look alike prove nothing");
    let last = facts.frames;
    let mut ranges = vec![(0, last), (0, 1), (last - 1, last), (last - 2, last), (48, 96), (96, last), (47, 50), (95, 97)];
    ranges.extend((5..last).step_by(13).map(|start| (start, (start + 1 + start % 7).min(last))));
    let names = index.times().is_some();
    assert_eq!(names, seeks, "{}", path.display());
    for (start, end) in ranges {
        let range = FrameRange::new(start, end);
        let digests = decode(bench, path, &facts, &index, range);
        assert_eq!(digests, straight[start as usize..end as usize], "frames {range} of {}", path.display());
    }
}

#[test]
fn b_frames_and_long_groups_in_mp4_with_negative_times() {
    let bench = Bench::new();
    let path = bench.make(
        "long.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=24000/1001,noise=alls=40:allf=t -frames:v 131 -c:v libx264 -pix_fmt yuv420p -bf 3 -g 40 -keyint_min 20 -preset ultrafast -x264-params b-pyramid=normal:bframes=3:scenecut=0:ref=3",
    );
    all_ranges_agree(&bench, &path, true);
}

#[test]
fn open_groups_and_a_late_start_in_matroska() {
    let bench = Bench::new();
    let path = bench.make(
        "open.mkv",
        "-f lavfi -i testsrc2=s=64x36:r=24000/1001,noise=alls=40:allf=t -frames:v 131 -c:v libx264 -pix_fmt yuv420p -x264-params open-gop=1:keyint=12:min-keyint=6:bframes=3 -output_ts_offset 2.5",
    );
    all_ranges_agree(&bench, &path, true);
}

#[test]
fn an_edit_list_that_hides_frames() {
    let bench = Bench::new();
    bench.make(
        "whole.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=25,noise=alls=40:allf=t -frames:v 140 -c:v libx264 -pix_fmt yuv420p -x264-params keyint=16:bframes=2",
    );
    // Copying from the middle of a group of pictures writes an edit list that hides the frames before the cut.
    let path = bench.make("edited.mp4", "-ss 0.5 -i whole.mp4 -c copy");
    let facts = bench.probe(&path).unwrap();
    let index = SourceIndex::read(&bench.tools, &path, "mov", &bench.cancel).unwrap();
    assert!(index.packets > facts.frames, "{} packets, {} frames: nothing is hidden", index.packets, facts.frames);
    all_ranges_agree(&bench, &path, true);
}

#[test]
fn an_intra_refresh_in_mp4() {
    let bench = Bench::new();
    let path = bench.make(
        "refresh.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=25,noise=alls=40:allf=t -frames:v 110 -c:v libx264 -pix_fmt yuv420p -x264-params intra-refresh=1:keyint=15:bframes=0",
    );
    all_ranges_agree(&bench, &path, true);
}

#[test]
fn transport_streams_are_counted_from_the_beginning() {
    let bench = Bench::new();
    let path = bench.make(
        "stream.ts",
        "-f lavfi -i testsrc2=s=64x36:r=25,noise=alls=40:allf=t -frames:v 110 -c:v libx264 -pix_fmt yuv420p -g 12",
    );
    all_ranges_agree(&bench, &path, true);
}

#[test]
fn ranges_outside_the_source_are_the_workers_fault() {
    let bench = Bench::new();
    let path = bench
        .make("short.mp4", "-f lavfi -i testsrc2=s=64x36:r=25,noise=alls=40:allf=t -frames:v 5 -c:v libx264 -pix_fmt yuv420p");
    let facts = bench.probe(&path).unwrap();
    let index = SourceIndex::read(&bench.tools, &path, "mov", &bench.cancel).unwrap();
    for (start, end) in [(0, 6), (3, 3)] {
        let error = Decoder::start(&bench.tools, &path, &facts, &index, FrameRange::new(start, end), &bench.cancel).unwrap_err();
        assert_eq!(error.class(), FailureClass::Worker);
    }
    // Facts that promise more than the file holds are found out at the end.
    let wrong = MediaFacts { frames: 9, ..facts };
    let mut decoder = Decoder::start(&bench.tools, &path, &wrong, &index, FrameRange::new(2, 8), &bench.cancel).unwrap();
    let (mut frame, mut read) = (Vec::new(), 0);
    let error = loop {
        match decoder.read_frame(&mut frame) {
            Ok(true) => read += 1,
            Ok(false) => panic!("ended well after {read} frames"),
            Err(error) => break error,
        }
    };
    assert_eq!((read, error.class()), (3, FailureClass::Worker), "{error}");
}

#[test]
fn cancelling_stops_a_decoder_that_is_being_read() {
    let bench = Bench::new();
    let path = bench
        .make("shot.mp4", "-f lavfi -i testsrc2=s=640x360:r=25 -frames:v 200 -c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    let facts = bench.probe(&path).unwrap();
    let index = SourceIndex::read(&bench.tools, &path, "mov", &bench.cancel).unwrap();
    let mut decoder = Decoder::start(&bench.tools, &path, &facts, &index, FrameRange::new(0, 200), &bench.cancel).unwrap();
    let mut frame = Vec::new();
    assert!(decoder.read_frame(&mut frame).unwrap());
    bench.cancel.cancel();
    let ended = (0..200).find_map(|_| decoder.read_frame(&mut frame).err());
    assert!(matches!(ended, Some(MediaError::Cancelled)), "{ended:?}");
}
