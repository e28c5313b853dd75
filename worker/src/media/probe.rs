//! What a source is, established by reading it to its end: its own description is only a hint, what decodes is the truth.
//!
//! Everything that the farm does not render is refused here, in one sentence, before a GPU is touched.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::limits::{BLOB_BYTES_MAX, SHOT_FRAMES_MAX};
use shotfarm_shared::media::{AudioFacts, Colour, ColourTags, Extent, FrameLayout, MediaFacts, PixelFormat};

use super::error::MediaError;
use super::index::SourceIndex;
use super::process::{Cancel, Child, Purpose, last_lines};
use super::sniff::{self, HEAD_BYTES};
use super::timing::{TimeBase, constant_rate, off_grid};
use super::tools::{Tools, container_input, output, source_input};

/// Streams looked at: a film has a few, a file with thousands is made to hurt.
const STREAMS_MAX: usize = 64;
/// Bytes of one sample of decoded audio as the probe asks for it (`pcm_f32le`).
const AUDIO_SAMPLE_BYTES: u64 = 4;
/// How much earlier than announced a source without a frame count may end: what containers round and pad.
const SHORTFALL_MICROS_MAX: i64 = 500_000;

/// Decodes the source at `path` once, to its end, and gives what it is.
///
/// # Errors
/// The job's fault, in one sentence: no video, damaged, or of a kind that is not rendered. The environment's: a tool is
/// missing, the file cannot be read, memory ran out.
pub fn probe(tools: &Tools, path: &Path, cancel: &Cancel) -> Result<MediaFacts, MediaError> {
    let container = sniff_file(path)?;
    let described = describe(tools, path, container, cancel)?;
    let stream = Picture::of(&described).map_err(|reason| MediaError::refused(path, reason))?;
    let decoded = decode_all(tools, path, container, &stream, &described, cancel)?;
    let index = SourceIndex::read(tools, path, container, cancel)?;
    check_whole(path, &described, &stream, &decoded, &index)?;
    let rate = constant_rate(&decoded.pts, stream.time_base, &stream.stated_rates).ok_or_else(|| {
        let near = stream.stated_rates.first().and_then(|&rate| off_grid(&decoded.pts, stream.time_base, rate));
        let at = near.map(|frame| format!(" (frame {frame} is off the beat)")).unwrap_or_default();
        MediaError::refused(path, format!("its frame rate varies{at}; export it with a constant frame rate"))
    })?;
    let first = decoded.pts.first().copied().unwrap_or_default();
    Ok(MediaFacts {
        container: container.to_owned(),
        codec: stream.codec,
        layout: stream.layout,
        pixel_aspect: stream.pixel_aspect,
        rate,
        frames: decoded.pts.len() as u64,
        start_micros: stream.time_base.micros(first),
        audio: described.audio().zip(&decoded.audio_samples).map(|(audio, &samples)| audio.facts(samples)).collect(),
    })
}

fn sniff_file(path: &Path) -> Result<&'static str, MediaError> {
    let reading = |error| MediaError::io("reading", path, error);
    let file = File::open(path).map_err(reading)?;
    let metadata = file.metadata().map_err(reading)?;
    if !metadata.is_file() {
        return Err(MediaError::refused(path, "it is not a file; hand in the video itself"));
    }
    if metadata.len() > BLOB_BYTES_MAX {
        return Err(MediaError::refused(path, format!("it is larger than {} GiB; split it", BLOB_BYTES_MAX >> 30)));
    }
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.take(HEAD_BYTES as u64).read_to_end(&mut head).map_err(reading)?;
    sniff::demuxer(&head).map_err(|reason| MediaError::refused(path, reason))
}

/// What ffprobe writes, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Described {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Debug, Default, Deserialize)]
struct Format {
    duration: Option<String>,
    start_time: Option<String>,
    #[serde(default)]
    format_name: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stream {
    codec_type: String,
    codec_name: String,
    pix_fmt: Option<String>,
    width: u32,
    height: u32,
    sample_aspect_ratio: Option<String>,
    field_order: Option<String>,
    color_space: Option<String>,
    color_primaries: Option<String>,
    color_transfer: Option<String>,
    color_range: Option<String>,
    chroma_location: Option<String>,
    r_frame_rate: String,
    avg_frame_rate: String,
    time_base: String,
    nb_frames: Option<String>,
    sample_rate: Option<String>,
    channels: u32,
    disposition: Disposition,
    side_data_list: Vec<SideData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Disposition {
    attached_pic: u8,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SideData {
    rotation: f64,
}

impl Described {
    fn is_matroska(&self) -> bool {
        self.format.format_name.starts_with("matroska")
    }

    fn audio(&self) -> impl Iterator<Item = &Stream> {
        self.streams.iter().filter(|stream| stream.codec_type == "audio")
    }
}

impl Stream {
    fn facts(&self, samples: u64) -> AudioFacts {
        let sample_rate = self.sample_rate.as_deref().and_then(|rate| rate.parse().ok()).unwrap_or(0);
        AudioFacts { codec: self.codec_name.clone(), sample_rate, channels: self.channels, samples }
    }
}

fn describe(tools: &Tools, path: &Path, container: &'static str, cancel: &Cancel) -> Result<Described, MediaError> {
    let mut command = tools.ffprobe();
    command.args(["-show_streams", "-show_format", "-of", "json"]);
    container_input(&mut command, container, path)?;
    let purpose = Purpose { operation: "probing", path, fault: FailureClass::Job };
    let json = output(command, purpose, cancel)?;
    serde_json::from_slice(&json).map_err(|error| MediaError::own("probing", path, format!("ffprobe's answer: {error}")))
}

/// The one picture stream, held to what the passes take.
#[derive(Debug)]
struct Picture {
    codec: String,
    layout: FrameLayout,
    pixel_aspect: (u32, u32),
    time_base: TimeBase,
    stated_rates: Vec<FrameRate>,
    stated_frames: Option<u64>,
}

impl Picture {
    fn of(described: &Described) -> Result<Self, String> {
        if described.streams.len() > STREAMS_MAX {
            return Err(format!("it has {} streams; at most {STREAMS_MAX} are taken", described.streams.len()));
        }
        if described.streams.is_empty() {
            return Err("nothing in it can be read: it is damaged or cut short; export it again".to_owned());
        }
        let is_picture = |stream: &&Stream| stream.codec_type == "video" && stream.disposition.attached_pic == 0;
        let pictures: Vec<_> = described.streams.iter().filter(is_picture).collect();
        let stream = match pictures[..] {
            [] => return Err("it has no video stream; hand in a file with pictures".to_owned()),
            [stream] => stream,
            _ => return Err(format!("it has {} video streams; keep the one to render", pictures.len())),
        };
        if let Some(order) = stream.field_order.as_deref().filter(|&order| order != "progressive" && order != "unknown") {
            return Err(format!("it is interlaced ({order}); deinterlace it first"));
        }
        if let Some(turned) = stream.side_data_list.iter().find(|data| data.rotation != 0.0) {
            return Err(format!("it is to be shown rotated by {} degrees; rotate its pixels first", turned.rotation));
        }
        let time_base = TimeBase::read(&stream.time_base).ok_or("its video stream has no time base; export it again")?;
        Ok(Self {
            codec: stream.codec_name.clone(),
            layout: layout(stream)?,
            pixel_aspect: stream.sample_aspect_ratio.as_deref().and_then(pixel_aspect).unwrap_or((1, 1)),
            time_base,
            stated_rates: [&stream.r_frame_rate, &stream.avg_frame_rate].iter().filter_map(|rate| rate.parse().ok()).collect(),
            stated_frames: stream.nb_frames.as_deref().and_then(|frames| frames.parse().ok()),
        })
    }
}

fn layout(stream: &Stream) -> Result<FrameLayout, String> {
    let extent = Extent::new(stream.width, stream.height);
    extent.check().map_err(|error| format!("{error}; scale it down first"))?;
    let name =
        stream.pix_fmt.as_deref().ok_or("none of its pictures can be read: it is damaged or cut short; export it again")?;
    // The J formats are the plain ones with the range in their name.
    let (name, full) = match name {
        "yuvj420p" => ("yuv420p", true),
        "yuvj422p" => ("yuv422p", true),
        "yuvj444p" => ("yuv444p", true),
        other => (other, false),
    };
    let format: PixelFormat = name.parse().map_err(|error| format!("{error}; convert it first"))?;
    let said = |tag: &Option<String>| tag.clone().filter(|word| !matches!(word.as_str(), "unknown" | "unspecified" | "reserved"));
    let tags = ColourTags {
        matrix: said(&stream.color_space),
        primaries: said(&stream.color_primaries),
        transfer: said(&stream.color_transfer),
        range: if full { Some("pc".to_owned()) } else { said(&stream.color_range) },
        site: said(&stream.chroma_location),
    };
    let colour = Colour::from_tags(tags, extent)
        .map_err(|matrix| format!("its colour matrix `{matrix}` is not supported; convert it to bt709"))?;
    Ok(FrameLayout { extent, format, colour })
}

fn pixel_aspect(text: &str) -> Option<(u32, u32)> {
    let (width, height) = text.split_once(':')?;
    let (width, height) = (width.parse().ok()?, height.parse().ok()?);
    (width > 0 && height > 0).then_some((width, height))
}

/// What decoding to the end gave.
#[derive(Debug, Default)]
struct Decoded {
    /// Presentation times of the frames, in ticks of the video stream.
    pts: Vec<i64>,
    /// Samples of one channel, by audio stream.
    audio_samples: Vec<u64>,
    /// Where the last audio sample ends, in microseconds.
    audio_end_micros: i64,
    /// What the decoder said while all went well.
    remarks: String,
}

/// Decodes every stream once; ffmpeg writes a line for every frame (`framecrc`), so no picture crosses a pipe.
fn decode_all(
    tools: &Tools,
    path: &Path,
    container: &'static str,
    picture: &Picture,
    described: &Described,
    cancel: &Cancel,
) -> Result<Decoded, MediaError> {
    let mut command = tools.ffmpeg();
    command.arg("-copyts");
    source_input(&mut command, container, path)?;
    let TimeBase { num, den } = picture.time_base;
    command.args(["-map", "0:V:0", "-map", "0:a?", "-autoscale", "0"]).args(tools.passthrough());
    command.args(["-enc_time_base:v", &format!("{num}/{den}"), "-c:v", "rawvideo", "-c:a", "pcm_f32le", "-f", "framecrc"]);
    command.arg("pipe:1");
    let purpose = Purpose { operation: "probing", path, fault: FailureClass::Job };
    let mut child = Child::start(command, false, purpose, cancel)?;
    let audio: Vec<_> = described.audio().map(|stream| u64::from(stream.channels.max(1)) * AUDIO_SAMPLE_BYTES).collect();
    let mut counter = Counter::new(picture.layout.frame_bytes() as u64, audio);
    let counted = counter.read(&mut BufReader::new(&mut child));
    if let Ok(Err(reason)) = counted {
        return Err(MediaError::refused(path, reason));
    }
    // Decoders work on several frames at once, so that the count at a breakdown is a little low.
    let frames = counter.decoded.pts.len();
    let remarks = child.finish().map_err(|error| match error {
        MediaError::Damaged { subject, detail } => {
            MediaError::Damaged { subject, detail: format!("it cannot be decoded beyond about frame {frames} ({detail})") }
        }
        other => other,
    })?;
    match counted {
        Err(error) => Err(MediaError::io("probing", path, error)),
        Ok(_) => Ok(Decoded { remarks, ..counter.decoded }),
    }
}

/// Reads the lines of `framecrc`.
#[derive(Debug)]
struct Counter {
    frame_bytes: u64,
    /// Bytes of one sample of all channels, by audio stream.
    audio_bytes: Vec<u64>,
    time_bases: Vec<Option<TimeBase>>,
    decoded: Decoded,
}

impl Counter {
    fn new(frame_bytes: u64, audio_bytes: Vec<u64>) -> Self {
        let streams = audio_bytes.len();
        let decoded = Decoded { audio_samples: vec![0; streams], audio_end_micros: i64::MIN, ..Decoded::default() };
        Self { frame_bytes, audio_bytes, time_bases: vec![None; streams + 1], decoded }
    }

    /// The outer error is the pipe's, the inner one refuses the source.
    fn read(&mut self, lines: &mut impl BufRead) -> std::io::Result<Result<(), String>> {
        let mut line = String::new();
        loop {
            line.clear();
            if lines.read_line(&mut line)? == 0 {
                return Ok(Ok(()));
            }
            if let Err(reason) = self.line(&line) {
                return Ok(Err(reason));
            }
        }
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(header) = line.strip_prefix("#tb ") {
            // `#tb 1: 1/48000`
            let (stream, base) = header.split_once(':').unwrap_or_default();
            let slot = stream.trim().parse::<usize>().ok().and_then(|stream| self.time_bases.get_mut(stream));
            if let Some(slot) = slot {
                *slot = TimeBase::read(base);
            }
            return Ok(());
        }
        let mut fields = line.split(',').map(str::trim);
        let mut number = || fields.next().and_then(|field| field.parse::<i64>().ok());
        let (Some(stream), _, Some(pts), Some(duration), Some(bytes)) = (number(), number(), number(), number(), number()) else {
            return Ok(());
        };
        let (stream, bytes) = (usize::try_from(stream).unwrap_or(usize::MAX), bytes.unsigned_abs());
        if stream == 0 {
            return self.frame(pts, bytes);
        }
        self.audio(stream - 1, pts, duration, bytes);
        Ok(())
    }

    fn frame(&mut self, pts: i64, bytes: u64) -> Result<(), String> {
        let frame = self.decoded.pts.len() as u64;
        if bytes != self.frame_bytes {
            return Err(format!("its picture changes size or format at frame {frame}; export it in one size"));
        }
        if frame >= SHOT_FRAMES_MAX {
            return Err(format!("it has more than {SHOT_FRAMES_MAX} frames; split it"));
        }
        self.decoded.pts.push(pts);
        Ok(())
    }

    fn audio(&mut self, audio: usize, pts: i64, duration: i64, bytes: u64) {
        let (Some(samples), Some(&sample_bytes)) = (self.decoded.audio_samples.get_mut(audio), self.audio_bytes.get(audio))
        else {
            return;
        };
        *samples += bytes / sample_bytes;
        if let Some(Some(base)) = self.time_bases.get(audio + 1) {
            self.decoded.audio_end_micros = self.decoded.audio_end_micros.max(base.micros(pts.saturating_add(duration)));
        }
    }
}

/// Holds what decoded to what the file announces of itself: a file cut short often decodes without an error.
fn check_whole(
    path: &Path,
    described: &Described,
    picture: &Picture,
    decoded: &Decoded,
    index: &SourceIndex,
) -> Result<(), MediaError> {
    let frames = decoded.pts.len() as u64;
    if !decoded.remarks.is_empty() {
        return Err(MediaError::damaged(path, last_lines(&decoded.remarks)));
    }
    if frames == 0 {
        return Err(MediaError::damaged(path, "not one frame of it can be decoded"));
    }
    if let Some(frame) = decoded.pts.windows(2).position(|pair| pair[0] >= pair[1]) {
        return Err(MediaError::damaged(path, format!("frame {} is shown no later than the one before it", frame + 1)));
    }
    if let Some(stated) = picture.stated_frames.filter(|&stated| index.packets < stated) {
        return Err(MediaError::damaged(path, format!("it announces {stated} frames and holds {}", index.packets)));
    }
    // VP8 and VP9 store pictures that are never shown; elsewhere every packet that is not edited away is a frame.
    let hides_frames = matches!(picture.codec.as_str(), "vp8" | "vp9");
    if let Some(shown) = index.shown().filter(|&shown| frames < shown && !hides_frames) {
        return Err(MediaError::damaged(path, format!("it holds {shown} frames and {frames} of them can be decoded")));
    }
    if picture.stated_frames.is_some() { Ok(()) } else { check_duration(path, described, picture, decoded) }
}

fn check_duration(path: &Path, described: &Described, picture: &Picture, decoded: &Decoded) -> Result<(), MediaError> {
    let micros = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<f64>().ok()).map(|s| (s * 1e6) as i64);
    let Some(duration) = micros(&described.format.duration) else { return Ok(()) };
    // Matroska's duration is where the last stream ends; elsewhere it counts from the start.
    let from = if described.is_matroska() { 0 } else { micros(&described.format.start_time).unwrap_or(0) };
    let announced = duration + from;
    let last = decoded.pts.last().copied().unwrap_or_default();
    let end = picture.time_base.micros(last).max(decoded.audio_end_micros);
    if end + SHORTFALL_MICROS_MAX < announced {
        let seconds = |micros: i64| micros as f64 / 1e6;
        let detail = format!("it announces {:.3} s and ends at {:.3} s", seconds(announced), seconds(end));
        return Err(MediaError::damaged(path, detail));
    }
    Ok(())
}
