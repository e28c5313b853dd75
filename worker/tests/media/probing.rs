//! What a probe says of good sources, and the one sentence it has for each kind of bad one.

use std::fs;

use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::media::{ChromaSite, Extent, Matrix, PixelFormat, Range};

use super::clips::Bench;

#[test]
fn facts_are_what_decoding_gives() {
    let bench = Bench::new();
    let path = bench.make(
        "it's a shot -y.mp4",
        "-f lavfi -i testsrc2=s=64x36:r=30000/1001 -f lavfi -i sine=f=440:r=44100 -map 0 -map 1 -frames:v 50 -t 1.6 \
         -c:v libx264 -pix_fmt yuv420p -vf setsar=4/3 -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 -c:a aac",
    );
    let facts = bench.probe(&path).unwrap();
    assert_eq!((facts.container.as_str(), facts.codec.as_str()), ("mov", "h264"));
    assert_eq!((facts.rate.to_string().as_str(), facts.frames, facts.start_micros), ("30000/1001", 48, 0));
    assert_eq!((facts.layout.extent, facts.layout.format), (Extent::new(64, 36), PixelFormat::Yuv420p));
    assert_eq!(facts.pixel_aspect, (4, 3));
    let colour = &facts.layout.colour;
    assert_eq!((colour.matrix, colour.range, colour.site), (Matrix::Bt709, Range::Limited, ChromaSite::Left));
    let audio: Vec<_> = facts.audio.iter().map(|audio| (audio.codec.as_str(), audio.sample_rate, audio.channels)).collect();
    assert_eq!(audio, [("aac", 44_100, 1)]);
    assert!((70_560..=71_680).contains(&facts.audio[0].samples), "{}", facts.audio[0].samples);
}

#[test]
fn full_range_is_told_from_the_name_of_the_format() {
    let bench = Bench::new();
    let path = bench.make("full.mkv", "-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 5 -c:v mjpeg -pix_fmt yuvj422p");
    let facts = bench.probe(&path).unwrap();
    assert_eq!((facts.layout.format, facts.layout.colour.range), (PixelFormat::Yuv422p, Range::Full));
    assert_eq!((facts.rate.to_string().as_str(), facts.frames), ("24", 5));
}

#[test]
fn a_single_frame_is_a_shot() {
    let bench = Bench::new();
    let path = bench.make("one.mp4", "-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 1 -c:v libx264 -pix_fmt yuv420p");
    let facts = bench.probe(&path).unwrap();
    assert_eq!((facts.rate.to_string().as_str(), facts.frames), ("24", 1));
}

/// Every bad source is the job's fault, and its sentence names the reason.
#[test]
fn bad_sources_are_refused_in_one_sentence() {
    let bench = Bench::new();
    let x264 = "-c:v libx264 -pix_fmt yuv420p";
    let clip = "-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 30";
    let good = fs::read(bench.make("good.mp4", &format!("{clip} {x264} -movflags +faststart"))).unwrap();
    let mkv = fs::read(bench.make("good.mkv", &format!("{clip} {x264} -g 10"))).unwrap();
    let mut scratched = mkv.clone();
    let middle = scratched.len() / 2;
    scratched[middle..middle + 400].fill(0x5a);
    let cases = [
        (bench.write("notes.mp4", "第一集\n".as_bytes()), "text file"),
        (bench.write("playlist.mp4", b"#EXTM3U\n#EXTINF:1,\ngood.mp4\n"), "text file"),
        (bench.write("list.mp4", b"ffconcat version 1.0\nfile good.mp4\n"), "text file"),
        (bench.write("empty.mp4", b""), "empty"),
        (bench.write("cut.mp4", &good[..good.len() * 2 / 3]), "damaged"),
        (bench.write("cut.mkv", &mkv[..mkv.len() * 2 / 3]), "damaged"),
        (bench.write("scratched.mkv", &scratched), "damaged"),
        (bench.write("head.mp4", &good[..64]), "damaged"),
        (bench.make("sound.mp4", "-f lavfi -i sine=d=1 -c:a aac"), "no video stream"),
        (bench.make("rgb.mkv", &format!("{clip} -c:v ffv1 -pix_fmt bgr0")), "`bgr0` is not supported"),
        (bench.make("alpha.mkv", &format!("{clip} -c:v ffv1 -pix_fmt yuva420p")), "`yuva420p` is not supported"),
        (bench.make("interlaced.mp4", &format!("{clip} -vf setfield=tff -flags +ilme+ildct {x264}")), "interlaced"),
        (bench.make("vfr.mp4", &format!("{clip} -vf select='not(eq(n,7))' -vsync vfr {x264}")), "frame rate varies"),
        (bench.make("two.mkv", &format!("{clip} {x264} -map 0:v -map 0:v")), "2 video streams"),
    ];
    for (path, part) in cases {
        let failure = Failure::from(bench.probe(&path).expect_err(part));
        assert_eq!(failure.class, FailureClass::Job, "{failure}");
        let name = path.file_name().unwrap().to_str().unwrap();
        assert!(failure.message.contains(part) && failure.message.contains(name), "{part}: {failure}");
    }
}

#[test]
fn a_rotated_source_is_refused() {
    let bench = Bench::new();
    bench.make("flat.mp4", "-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 5 -c:v libx264 -pix_fmt yuv420p");
    // Both spellings, since ffmpeg 7 dropped the first.
    let rotated = match bench.tools.ffmpeg.version.chars().next() {
        Some('5' | '6') => bench.make("rotated.mp4", "-i flat.mp4 -c copy -metadata:s:v:0 rotate=90"),
        _ => bench.make("rotated.mp4", "-display_rotation:v:0 90 -i flat.mp4 -c copy"),
    };
    let failure = Failure::from(bench.probe(&rotated).unwrap_err());
    assert!(failure.class == FailureClass::Job && failure.message.contains("rotated by"), "{failure}");
}

#[test]
fn a_missing_file_is_the_environments_fault() {
    let bench = Bench::new();
    let failure = Failure::from(bench.probe(&bench.path("gone.mp4")).unwrap_err());
    assert_eq!(failure.class, FailureClass::Environment, "{failure}");
}
