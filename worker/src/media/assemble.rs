//! The finished shot: its segments joined without touching a picture, with the source's own sound, and the proof of both.
//!
//! Invariants: nothing appears at the output's name before every frame digest, every frame time and every audio sample in it
//! has been compared with what it was made from; the sound is copied, never encoded, and keeps its place under the picture.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;

use shotfarm_shared::digest::Digest;
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::media::{AudioFacts, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::Profile;
use shotfarm_shared::segment::Receipt;

use super::audio::{AudioStream, Pcm, SAMPLE_BYTES};
use super::decode::seconds;
use super::encode::{Container, container};
use super::error::MediaError;
use super::index::SourceIndex;
use super::join::{Part, concat_input, even_decode_times, publish, video_timescale, work_folder};
use super::process::{Cancel, Purpose};
use super::timing::off_ticks;
use super::tools::{Tools, container_input, file_url, output};
use super::verify::FrameDigests;

/// Samples of coding delay that a container without a field for it may leave audible at the ends: two of the longest frames
/// of the codecs we carry (AAC with SBR: 2048).
const PADDING_SAMPLES_MAX: u64 = 4_096;
/// How far sound may move against the picture: the rounding of the container's clock, twice.
const OFFSET_MICROS_MAX_MP4: i64 = 100;
/// See [`OFFSET_MICROS_MAX_MP4`]; Matroska's clock ticks in milliseconds.
const OFFSET_MICROS_MAX_MATROSKA: i64 = 1_100;

/// What is to be assembled.
#[derive(Clone, Copy, Debug)]
pub struct Assembly<'a> {
    /// Every segment of the shot, in order, with its receipt.
    pub segments: &'a [(Receipt, PathBuf)],
    /// The source: its sound and its metadata are taken over.
    pub source: &'a Path,
    /// What the probe established about the source.
    pub facts: &'a MediaFacts,
    /// How the segments were encoded.
    pub profile: Profile,
    /// Their frames.
    pub layout: &'a FrameLayout,
}

/// What was assembled, all of it counted after the fact.
#[derive(Clone, Debug, PartialEq)]
pub struct OutputFacts {
    /// Frames found by decoding.
    pub frames: u64,
    /// Length of the picture, for display.
    pub seconds: f64,
    /// Size of the file.
    pub bytes: u64,
    /// The blob of the file.
    pub digest: Digest,
    /// Digest over the digests of its frames.
    pub frames_digest: Digest,
    /// Its audio streams, which decode to the source's own samples.
    pub audio: Vec<AudioFacts>,
}

/// Joins the segments, adds the source's sound, verifies the whole and puts it at `out`. `frame_done` is told how many frames
/// have been verified so far.
///
/// # Errors
/// The job's fault when the profile cannot carry the source's sound; the worker's when segments are missing or the output is
/// not what it was made from; the environment's otherwise. Nothing is left behind.
pub fn assemble(
    tools: &Tools,
    assembly: &Assembly<'_>,
    out: &Path,
    cancel: &Cancel,
    frame_done: &mut dyn FnMut(u64),
) -> Result<OutputFacts, MediaError> {
    assembly.check_audio()?;
    assembly.check_segments(out)?;
    let folder = work_folder(out)?;
    let made = folder.path().join(format!("output.{}", assembly.profile.extension()));
    let heard = assembly.listen(tools, cancel)?;
    assembly.mux(tools, &folder.path().join("segments.ffconcat"), &made, &heard, cancel)?;
    let frames = assembly.verify_frames(tools, &made, cancel, frame_done)?;
    let start_micros = assembly.verify_times(tools, &made, cancel)?;
    for (number, heard) in heard.iter().enumerate() {
        assembly.verify_audio(tools, &made, number, heard, start_micros, cancel)?;
    }
    let (bytes, digest) = digest_file(&made)?;
    cancel.check()?;
    publish(&made, out)?;
    let facts = assembly.facts;
    Ok(OutputFacts {
        frames: frames.len(),
        seconds: facts.seconds(),
        bytes,
        digest,
        frames_digest: frames.frames_digest(),
        audio: facts.audio.clone(),
    })
}

/// What is heard of one audio stream of the source.
#[derive(Clone, Copy, Debug)]
struct Heard {
    /// When it begins, on the source's clock; `None` for a stream without a sample.
    start_micros: Option<i64>,
    pcm: Pcm,
}

impl Assembly<'_> {
    fn check_audio(&self) -> Result<(), MediaError> {
        let Some(audio) = self.facts.audio.iter().find(|audio| !self.profile.carries_audio(&audio.codec)) else { return Ok(()) };
        let able = Profile::ALL.into_iter().find(|profile| profile.carries_audio(&audio.codec));
        let able = able.map(|profile| format!("use profile {profile}, or ")).unwrap_or_default();
        let reason = format!(
            "its sound is {}, which profile {} cannot carry unchanged; {able}convert the sound to aac",
            audio.codec, self.profile
        );
        Err(MediaError::refused(self.source, reason))
    }

    /// The segments must be the shot: from the first frame to the last, without a gap.
    fn check_segments(&self, out: &Path) -> Result<(), MediaError> {
        let mut next = 0;
        for (receipt, _) in self.segments {
            if receipt.range.start != next || receipt.range.is_empty() || receipt.frames != receipt.range.len() {
                let detail = format!("frames {} with {} frames follow frame {next}", receipt.range, receipt.frames);
                return Err(MediaError::own("assembling", out, detail));
            }
            next = receipt.range.end;
        }
        if next == self.facts.frames {
            return Ok(());
        }
        Err(MediaError::own("assembling", out, format!("the segments end at frame {next} of {}", self.facts.frames)))
    }

    fn source_audio(&self, number: usize) -> AudioStream<'_> {
        AudioStream { path: self.source, demuxer: &self.facts.container, number, fault: FailureClass::Job }
    }

    fn listen(&self, tools: &Tools, cancel: &Cancel) -> Result<Vec<Heard>, MediaError> {
        (0..self.facts.audio.len())
            .map(|number| {
                let stream = self.source_audio(number);
                Ok(Heard { start_micros: stream.start_micros(tools, cancel)?, pcm: stream.pcm(tools, 0, u64::MAX, cancel)? })
            })
            .collect()
    }

    fn mux(&self, tools: &Tools, list: &Path, made: &Path, heard: &[Heard], cancel: &Cancel) -> Result<(), MediaError> {
        let start = self.facts.start_micros;
        // The earliest of picture and sound becomes time zero; everything keeps its distance to it.
        let zero = heard.iter().filter_map(|heard| heard.start_micros).fold(start, i64::min);
        let parts: Vec<_> =
            self.segments.iter().map(|(receipt, path)| Part { path: path.clone(), frames: receipt.frames }).collect();
        let mut command = tools.ffmpeg();
        command.args(["-copyts", "-itsoffset", &seconds(start - zero)]);
        concat_input(&mut command, list, &parts, self.facts.rate)?;
        command.args(["-itsoffset", &seconds(-zero)]);
        container_input(&mut command, &self.facts.container, self.source)?;
        command.args(["-map", "0:v"]);
        for number in 0..heard.len() {
            command.args(["-map", &format!("1:a:{number}")]);
        }
        command.args(["-c", "copy", "-map_metadata", "1", "-map_chapters", "1", "-fflags", "+bitexact"]);
        self.container_args(&mut command, start - zero);
        command.arg(file_url(made)?);
        output(command, Purpose { operation: "assembling", path: made, fault: FailureClass::Worker }, cancel).map(drop)
    }

    fn container_args(&self, command: &mut Command, start_micros: i64) {
        let (rate, Container { muxer, .. }) = (self.facts.rate, container(self.profile));
        match self.profile {
            Profile::PhoneH264 | Profile::Review => {
                let scale = video_timescale(rate).to_string();
                command.args(["-video_track_timescale", &scale, "-movie_timescale", &scale, "-movflags", "+faststart"]);
                command.args(["-bsf:v", &even_decode_times(rate, start_micros)]);
                // A source may not tell how long its last audio packet is (ALAC in MP4). Taken as nothing, it would end the edit
                // list before that packet, and its samples would be lost; as long as the one before, it loses nothing.
                command.args(["-bsf:a", "setts=duration=if(gt(DURATION\\,0)\\,DURATION\\,max(PREV_OUTDURATION\\,1))"]);
                // FLAC and Opus in MP4 are standard, yet older versions of ffmpeg want to be told so.
                command.args(["-strict", "-2"]);
            }
            // Every frame's time is rounded by itself, so that rounding in the segments does not add up. FFV1 is intra-only:
            // packets are frames, in order.
            Profile::MasterFfv1 => {
                let start = seconds(start_micros);
                let times = format!("setts=ts=round(({start}+N*{}/{})/TB)", rate.den(), rate.num());
                command.args(["-bsf:v", &times]);
            }
        }
        command.args(["-f", muxer]);
    }

    fn verify_frames(
        &self,
        tools: &Tools,
        made: &Path,
        cancel: &Cancel,
        frame_done: &mut dyn FnMut(u64),
    ) -> Result<FrameDigests, MediaError> {
        let frames = FrameDigests::read(tools, made, self.profile, self.layout, cancel, frame_done)?;
        if frames.len() != self.facts.frames {
            let detail = format!("{} frames were to be there and {} were counted", self.facts.frames, frames.len());
            return Err(MediaError::own("assembling", made, detail));
        }
        match self.segments.iter().find(|(receipt, _)| frames.slice_digest(receipt.range) != Some(receipt.frames_digest)) {
            None => Ok(frames),
            Some((receipt, _)) => {
                let detail = format!("frames {} are not those of their segment", receipt.range);
                Err(MediaError::own("assembling", made, detail))
            }
        }
    }

    /// Holds every frame to its time and gives that of the first, in microseconds.
    fn verify_times(&self, tools: &Tools, made: &Path, cancel: &Cancel) -> Result<i64, MediaError> {
        let index = SourceIndex::read(tools, made, container(self.profile).demuxer, cancel)?;
        let wrong = |detail: String| MediaError::own("assembling", made, detail);
        let (pts, base) = index.times().ok_or_else(|| wrong("its frames have no times".to_owned()))?;
        if pts.len() as u64 != self.facts.frames {
            return Err(wrong(format!("{} frames were to be there and {} have a time", self.facts.frames, pts.len())));
        }
        if let Some(frame) = off_ticks(pts, base, self.facts.rate) {
            return Err(wrong(format!("frame {frame} is not at its time")));
        }
        Ok(pts.first().map_or(0, |&first| base.micros(first)))
    }

    fn verify_audio(
        &self,
        tools: &Tools,
        made: &Path,
        number: usize,
        heard: &Heard,
        picture_micros: i64,
        cancel: &Cancel,
    ) -> Result<(), MediaError> {
        let demuxer = container(self.profile).demuxer;
        let stream = AudioStream { path: made, demuxer, number, fault: FailureClass::Worker };
        let wrong = |detail| Err(MediaError::own("assembling", made, format!("audio stream {number}: {detail}")));
        let Some(lead_bytes) = find_sound(tools, &stream, &heard.pcm, cancel)? else {
            return wrong("its samples are not the source's".to_owned());
        };
        let facts = &self.facts.audio[number];
        let lead_samples = lead_bytes / (SAMPLE_BYTES * u64::from(facts.channels.max(1)));
        let exact = demuxer == "mov";
        if lead_samples > if exact { 0 } else { PADDING_SAMPLES_MAX } {
            return wrong(format!("{lead_samples} samples were added before the source's first"));
        }
        let (Some(source), Some(copy)) = (heard.start_micros, stream.start_micros(tools, cancel)?) else { return Ok(()) };
        let lead_micros = (lead_samples * 1_000_000 / u64::from(facts.sample_rate.max(1))).cast_signed();
        let moved = (copy + lead_micros - picture_micros) - (source - self.facts.start_micros);
        let most = if exact { OFFSET_MICROS_MAX_MP4 } else { OFFSET_MICROS_MAX_MATROSKA };
        if moved.abs() > most {
            return wrong(format!("the sound moved by {moved} µs against the picture"));
        }
        Ok(())
    }
}

/// Where the source's samples begin in the copy, in bytes; `None` when they are not all there, unchanged and unbroken. The
/// copy may be longer at one end, by the coding delay that its container has no field for.
fn find_sound(tools: &Tools, copy: &AudioStream<'_>, source: &Pcm, cancel: &Cancel) -> Result<Option<u64>, MediaError> {
    let from_start = copy.pcm(tools, 0, source.bytes, cancel)?;
    if from_start.digest == source.digest {
        return Ok(Some(0));
    }
    let Some(lead @ 1..) = from_start.bytes.checked_sub(source.bytes) else { return Ok(None) };
    let at_end = copy.pcm(tools, lead, source.bytes, cancel)?;
    Ok((at_end.digest == source.digest).then_some(lead))
}

fn digest_file(path: &Path) -> Result<(u64, Digest), MediaError> {
    let mut hasher = blake3::Hasher::new();
    File::open(path)
        .and_then(|file| hasher.update_reader(file).map(drop))
        .map_err(|error| MediaError::io("reading", path, error))?;
    Ok((hasher.count(), hasher.finalize().into()))
}
