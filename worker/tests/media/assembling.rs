//! Assembled outputs against their sources: every frame, every time, every audio sample, and how they lie to each other.

use std::path::{Path, PathBuf};

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::{Failure, FailureClass};
use shotfarm_shared::frames::FrameRange;
use shotfarm_shared::media::{FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Profile, Recipe, read_steps};
use shotfarm_shared::segment::Receipt;
use shotfarm_worker::media::encode::output_pixel_aspect;
use shotfarm_worker::media::{
    Assembly, Decoder, EncodeSettings, Encoder, FrameDigests, MediaError, OutputFacts, SourceIndex, assemble,
};

use super::clips::Bench;

/// A source with its facts and, by profile, segments that hold its own frames.
struct Shot {
    bench: Bench,
    source: PathBuf,
    facts: MediaFacts,
    recipe: Recipe,
    layout: FrameLayout,
    profile: Profile,
}

impl Shot {
    fn new(name: &str, make: &str, profile: Profile) -> Self {
        let bench = Bench::new();
        let source = bench.make(name, make);
        Self::of(bench, source, profile)
    }

    fn of(bench: Bench, source: PathBuf, profile: Profile) -> Self {
        let facts = bench.probe(&source).unwrap();
        let recipe = Recipe { steps: read_steps("upscale 1x filter=lanczos").unwrap(), profile };
        let layout = recipe.output_layout(&facts.layout).unwrap();
        Self { bench, source, facts, recipe, layout, profile }
    }

    /// Copies the source's frames into segments that begin at `starts`.
    fn segments(&self, starts: &[u64]) -> Vec<(Receipt, PathBuf)> {
        let ends = starts[1..].iter().copied().chain([self.facts.frames]);
        starts.iter().zip(ends).map(|(&start, end)| self.segment(FrameRange::new(start, end))).collect()
    }

    fn segment(&self, range: FrameRange) -> (Receipt, PathBuf) {
        let Bench { tools, cancel, .. } = &self.bench;
        let index = SourceIndex::read(tools, &self.source, &self.facts.container, cancel).unwrap();
        let mut decoder = Decoder::start(tools, &self.source, &self.facts, &index, range, cancel).unwrap();
        let settings = EncodeSettings {
            profile: self.profile,
            layout: self.layout.clone(),
            rate: self.facts.rate,
            pixel_aspect: output_pixel_aspect(&self.recipe, &self.facts, self.layout.extent),
        };
        let path = self.bench.path(&format!("segment{range}.{}", self.profile.extension()));
        let mut encoder = Encoder::start(tools, &settings, &path, cancel).unwrap();
        let mut frame = Vec::new();
        while decoder.read_frame(&mut frame).unwrap() {
            encoder.write_frame(&frame).unwrap();
        }
        let frames = encoder.finish().unwrap();
        let digests = FrameDigests::read(tools, &path, self.profile, &self.layout, cancel, &mut |_| {}).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        let receipt = Receipt {
            range,
            frames,
            bytes: bytes.len() as u64,
            digest: Digest::of(&bytes),
            frames_digest: digests.frames_digest(),
            recipe: Digest::of(b"recipe"),
            work_millis: 1,
            fidelity: None,
        };
        (receipt, path)
    }

    fn assemble(&self, segments: &[(Receipt, PathBuf)], name: &str) -> Result<(OutputFacts, PathBuf), MediaError> {
        let out = self.bench.path(&format!("{name}.{}", self.profile.extension()));
        let assembly =
            Assembly { segments, source: &self.source, facts: &self.facts, profile: self.profile, layout: &self.layout };
        let mut told = 0;
        let facts = assemble(&self.bench.tools, &assembly, &out, &self.bench.cancel, &mut |frames| told = frames)?;
        assert_eq!(told, self.facts.frames);
        Ok((facts, out))
    }

    /// Assembles from one, two and many segments: all give the same pictures and sound, and the output probes as the source.
    fn assembles_alike(&self) {
        self.assembles_from(&[vec![0], vec![0, 48], (0..self.facts.frames).step_by(48).collect()]);
    }

    fn assembles_from(&self, splits: &[Vec<u64>]) {
        let frames = self.facts.frames;
        let outputs: Vec<_> =
            (0..).zip(splits).map(|(n, starts)| self.assemble(&self.segments(starts), &format!("out{n}")).unwrap()).collect();
        for (facts, out) in &outputs {
            assert_eq!((facts.frames, facts.frames_digest), (frames, outputs[0].0.frames_digest));
            self.output_is_like_the_source(out, facts);
        }
    }

    fn output_is_like_the_source(&self, out: &Path, facts: &OutputFacts) {
        let probed = self.bench.probe(out).unwrap();
        assert_eq!((probed.rate, probed.frames), (self.facts.rate, self.facts.frames));
        assert_eq!(probed.pixel_aspect, self.facts.pixel_aspect);
        assert_eq!(probed.layout.colour.tags.matrix, self.layout.colour.tags.matrix);
        assert_eq!(facts.audio, self.facts.audio);
        assert_eq!(facts.digest, Digest::of(&std::fs::read(out).unwrap()));
        if self.profile != Profile::MasterFfv1 {
            assert_eq!(probed.audio, self.facts.audio);
        }
    }
}

const VIDEO: &str = "-c:v libx264 -preset ultrafast -pix_fmt yuv420p";

#[test]
fn silent_shots_of_every_rate() {
    for rate in ["24", "16", "30000/1001"] {
        let make = format!("-f lavfi -i testsrc2=s=64x36:r={rate} -frames:v 99 {VIDEO}");
        Shot::new("source.mp4", &make, Profile::Review).assembles_alike();
    }
}

#[test]
fn a_phone_shot_in_five_segments_with_sound_that_starts_with_priming() {
    let make = format!(
        "-f lavfi -i testsrc2=s=64x36:r=25 -f lavfi -i sine=f=330:r=48000 -frames:v 200 -t 8 {VIDEO} -vf setsar=8/9 -c:a aac"
    );
    Shot::new("source.mp4", &make, Profile::PhoneH264).assembles_alike();
}

#[test]
fn a_master_with_sound() {
    let make =
        format!("-f lavfi -i testsrc2=s=64x36:r=30000/1001 -f lavfi -i sine=f=330:r=48000 -frames:v 100 -t 3.3 {VIDEO} -c:a aac");
    Shot::new("source.mp4", &make, Profile::MasterFfv1).assembles_alike();
}

#[test]
fn a_master_of_a_matroska_source_with_flac() {
    let make =
        format!("-f lavfi -i testsrc2=s=64x36:r=24000/1001 -f lavfi -i sine=f=330:r=48000 -frames:v 97 -t 4 {VIDEO} -c:a flac");
    Shot::new("source.mkv", &make, Profile::MasterFfv1).assembles_alike();
}

#[test]
fn sound_that_starts_late_or_early_and_two_streams_keep_their_place() {
    for (inputs, start_micros) in [
        // The sound comes 0.731 s after the picture, then the picture 0.413 s after the sound.
        ("-i video.mp4 -itsoffset 0.731 -i a.m4a -i b.m4a", 0..1),
        ("-itsoffset 0.413 -i video.mp4 -i a.m4a -itsoffset 0.2 -i b.m4a", 412_000..414_000),
    ] {
        for profile in [Profile::Review, Profile::MasterFfv1] {
            let bench = Bench::new();
            bench.make("video.mp4", &format!("-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 97 {VIDEO}"));
            bench.make("a.m4a", "-f lavfi -i sine=f=330:r=44100 -t 4 -c:a aac");
            bench.make("b.m4a", "-f lavfi -i sine=f=990:r=48000 -t 3.5 -c:a alac");
            let source = bench.make("source.mp4", &format!("{inputs} -map 0 -map 1 -map 2 -c copy"));
            let shot = Shot::of(bench, source, profile);
            assert_eq!(shot.facts.audio.len(), 2, "{inputs}");
            assert!(start_micros.contains(&shot.facts.start_micros), "{inputs}: {}", shot.facts.start_micros);
            shot.assembles_from(&[vec![0, 48]]);
        }
    }
}

#[test]
fn sound_that_the_container_cannot_carry_is_the_jobs_fault_and_names_the_profile_that_can() {
    let make = format!("-f lavfi -i testsrc2=s=64x36:r=24 -f lavfi -i sine=r=44100 -frames:v 10 -t 0.4 {VIDEO} -c:a pcm_s16le");
    let shot = Shot::new("source.mov", &make, Profile::PhoneH264);
    let failure = Failure::from(shot.assemble(&shot.segments(&[0]), "out").unwrap_err());
    assert_eq!(failure.class, FailureClass::Job);
    assert!(failure.message.contains("pcm_s16le") && failure.message.contains("master-ffv1"), "{failure}");
}

#[test]
fn wrong_segments_never_become_an_output() {
    let make = format!("-f lavfi -i testsrc2=s=64x36:r=24 -frames:v 100 {VIDEO}");
    let shot = Shot::new("source.mp4", &make, Profile::Review);
    let right = shot.segments(&[0, 48]);
    let mut swapped = right.clone();
    swapped[1].0.frames_digest = right[0].0.frames_digest;
    let missing = vec![right[0].clone()];
    let mut twice = right.clone();
    twice[1].1 = right[0].1.clone();
    for segments in [swapped, missing, twice] {
        let error = shot.assemble(&segments, "out").unwrap_err();
        assert_eq!(error.class(), FailureClass::Worker, "{error}");
        assert!(!shot.bench.path("out.mp4").exists());
    }
}
