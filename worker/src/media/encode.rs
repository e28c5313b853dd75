//! Frames into an encoded segment, through a fenced ffmpeg.
//!
//! Invariant: what a frame decodes to depends on the frames of its own grid cell ([`GRID_FRAMES`]) and on nothing else, so a
//! shot may be split between any two cells without a seam. x264's constant quality looks back over everything it has encoded
//! (measured here: with CRF, every group of pictures after the first differs between a whole encode and a split one, whatever
//! mbtree, qcomp and threads are set to), so each cell gets an encoder process of its own. FFV1 is lossless and needs none.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRate;
use shotfarm_shared::limits::GRID_FRAMES;
use shotfarm_shared::media::{Extent, FrameLayout, MediaFacts};
use shotfarm_shared::recipe::{Profile, Recipe};
use tempfile::TempDir;

use super::error::MediaError;
use super::join::{Part, concat_input, even_decode_times, publish, video_timescale, work_folder};
use super::process::{Cancel, Child, Purpose};
use super::tools::{Tools, file_url, output};

/// Encoders of earlier cells that may still be finishing while the next one is fed: the tail of one cell overlaps the head of
/// the next, and memory stays that of two.
const CELLS_FINISHING_MAX: usize = 1;
/// Largest part of a pixel's shape that H.264 can write.
const PIXEL_ASPECT_PART_MAX: u64 = 65_535;

/// What x264 is held to besides quality. Threads are fixed, since their number changes the bits; `cpu-independent` for the
/// same reason. A cell is one group of pictures, closed at both ends.
const X264_FIXED: &str = "keyint=48:min-keyint=48:scenecut=0:open-gop=0:threads=4:lookahead-threads=1:sliced-threads=0:\
     cpu-independent=1";
const _: () = assert!(GRID_FRAMES == 48, "X264_FIXED names the length of a cell");

/// What an encoder is to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeSettings {
    /// Codec and quality.
    pub profile: Profile,
    /// The frames that will be written.
    pub layout: FrameLayout,
    /// Their rate.
    pub rate: FrameRate,
    /// Shape of a pixel, width to height: [`output_pixel_aspect`].
    pub pixel_aspect: (u32, u32),
}

/// How ffmpeg names a profile's container when writing and when reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Container {
    pub(crate) muxer: &'static str,
    pub(crate) demuxer: &'static str,
    pub(crate) extension: &'static str,
}

pub(crate) fn container(profile: Profile) -> Container {
    let extension = profile.extension();
    match profile {
        Profile::PhoneH264 | Profile::Review => Container { muxer: "mp4", demuxer: "mov", extension },
        Profile::MasterFfv1 => Container { muxer: "matroska", demuxer: "matroska", extension },
    }
}

/// The pixel shape with which `output` is shown in the shape that the recipe keeps, in lowest terms; within what H.264 can write.
#[must_use]
pub fn output_pixel_aspect(recipe: &Recipe, facts: &MediaFacts, output: Extent) -> (u32, u32) {
    let (kept, aspect) = recipe.kept_shape(facts);
    // Products of three 32-bit numbers do not fit 64 bits: an aspect beyond 16 bits is nonsense, so it is cut down first.
    let (width, height) = shrink(u64::from(aspect.0), u64::from(aspect.1));
    shrink(
        u64::from(width) * u64::from(kept.width) * u64::from(output.height),
        u64::from(height) * u64::from(kept.height) * u64::from(output.width),
    )
}

fn shrink(width: u64, height: u64) -> (u32, u32) {
    let divisor = gcd(width, height).max(1);
    let (mut width, mut height) = (width / divisor, height / divisor);
    while width > PIXEL_ASPECT_PART_MAX || height > PIXEL_ASPECT_PART_MAX {
        (width, height) = (width.div_ceil(2), height.div_ceil(2));
    }
    (width.max(1) as u32, height.max(1) as u32)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A running encode of one segment.
#[derive(Debug)]
pub struct Encoder {
    tools: Tools,
    settings: EncodeSettings,
    cancel: Cancel,
    out: PathBuf,
    /// Fields drop in order: the children are gone before their folder.
    current: Option<Cell>,
    finishing: VecDeque<Cell>,
    parts: Vec<Part>,
    folder: TempDir,
    frames: u64,
}

#[derive(Debug)]
struct Cell {
    child: Child,
    part: Part,
}

impl Encoder {
    /// Begins a segment that [`Encoder::finish`] puts at `out`. Its first frame must lie on the grid of [`GRID_FRAMES`].
    ///
    /// # Errors
    /// When the layout is not the one that the profile encodes (the worker's fault) or no folder can be made beside `out`.
    pub fn start(tools: &Tools, settings: &EncodeSettings, out: &Path, cancel: &Cancel) -> Result<Self, MediaError> {
        let (format, wanted) = (settings.layout.format, settings.profile.pixel_format(settings.layout.format));
        if format != wanted {
            let detail = format!("{} frames are {}, not {}", settings.profile, wanted.name(), format.name());
            return Err(MediaError::own("encoding", out, detail));
        }
        Ok(Self {
            tools: tools.clone(),
            settings: settings.clone(),
            cancel: cancel.clone(),
            out: out.to_owned(),
            current: None,
            finishing: VecDeque::new(),
            parts: Vec::new(),
            folder: work_folder(out)?,
            frames: 0,
        })
    }

    /// Encodes one frame, laid out as the settings say.
    ///
    /// # Errors
    /// A frame of another size (the worker's fault), an encoder that failed, a full disk, a cancelled task.
    pub fn write_frame(&mut self, frame: &[u8]) -> Result<(), MediaError> {
        let frame_bytes = self.settings.layout.frame_bytes();
        if frame.len() != frame_bytes {
            let detail = format!("frame {} has {} bytes, not {frame_bytes}", self.frames, frame.len());
            return Err(MediaError::own("encoding", &self.out, detail));
        }
        let mut cell = match self.current.take() {
            Some(cell) => cell,
            None => self.start_cell()?,
        };
        if let Err(error) = cell.child.write_all(frame) {
            // The encoder has gone; its own words are better than "broken pipe".
            cell.child.finish()?;
            return Err(MediaError::io("encoding", &self.out, error));
        }
        cell.part.frames += 1;
        self.frames += 1;
        if cell_is_full(self.settings.profile, cell.part.frames) {
            self.close_cell(cell)
        } else {
            self.current = Some(cell);
            Ok(())
        }
    }

    fn close_cell(&mut self, mut cell: Cell) -> Result<(), MediaError> {
        cell.child.close_stdin();
        self.finishing.push_back(cell);
        self.wait_for_cells(CELLS_FINISHING_MAX)
    }

    fn wait_for_cells(&mut self, most_left: usize) -> Result<(), MediaError> {
        while self.finishing.len() > most_left {
            let Some(Cell { child, part }) = self.finishing.pop_front() else { break };
            child.finish()?;
            self.parts.push(part);
        }
        Ok(())
    }

    fn start_cell(&self) -> Result<Cell, MediaError> {
        let number = self.parts.len() + self.finishing.len();
        let Container { muxer, extension, .. } = container(self.settings.profile);
        let path = self.folder.path().join(format!("cell{number}.{extension}"));
        let FrameLayout { extent, format, .. } = &self.settings.layout;
        let rate = self.settings.rate;
        let mut command = self.tools.ffmpeg();
        command.args(["-f", "rawvideo", "-pixel_format", format.name(), "-video_size", &extent.to_string()]);
        command.args(["-framerate", &format!("{}/{}", rate.num(), rate.den()), "-i", "pipe:0"]);
        command.args(["-vf", &self.filters()]).args(self.tools.passthrough()).args(codec_args(self.settings.profile));
        command.args(["-pix_fmt", format.name()]).args(self.tag_args());
        command.args(["-video_track_timescale", &video_timescale(rate).to_string()]);
        command.args(["-map_metadata", "-1", "-flags:v", "+bitexact", "-fflags", "+bitexact", "-f", muxer]).arg(file_url(&path)?);
        let purpose = Purpose { operation: "encoding", path: &self.out, fault: FailureClass::Worker };
        let child = Child::start(command, true, purpose, &self.cancel)?;
        Ok(Cell { child, part: Part { path, frames: 0 } })
    }

    /// Filters that set words, not pixels: raw frames carry no tags and no shape.
    fn filters(&self) -> String {
        let (width, height) = self.settings.pixel_aspect;
        let tags = &self.settings.layout.colour.tags;
        let words = [
            ("range", &tags.range),
            ("color_primaries", &tags.primaries),
            ("color_trc", &tags.transfer),
            ("colorspace", &tags.matrix),
        ];
        let words: Vec<_> = words.iter().filter_map(|(key, tag)| Some(format!("{key}={}", tag.as_deref()?))).collect();
        let tagged = if words.is_empty() { String::new() } else { format!("setparams={},", words.join(":")) };
        format!("{tagged}setsar=sar={width}/{height}:max={PIXEL_ASPECT_PART_MAX}")
    }

    /// The same tags for the encoder itself: which of the two ways reaches the file depends on ffmpeg's version.
    fn tag_args(&self) -> Vec<&str> {
        let tags = &self.settings.layout.colour.tags;
        [
            ("-color_range", &tags.range),
            ("-color_primaries", &tags.primaries),
            ("-color_trc", &tags.transfer),
            ("-colorspace", &tags.matrix),
            ("-chroma_sample_location", &tags.site),
        ]
        .into_iter()
        .filter_map(|(option, tag)| Some([option, tag.as_deref()?]))
        .flatten()
        .collect()
    }

    /// Ends the segment, makes it durable, puts it in place, and gives the number of frames written.
    ///
    /// # Errors
    /// As [`Encoder::write_frame`]; a segment without a frame is the worker's fault. Nothing is left behind.
    pub fn finish(mut self) -> Result<u64, MediaError> {
        if let Some(cell) = self.current.take() {
            self.close_cell(cell)?;
        }
        self.wait_for_cells(0)?;
        let made = match &self.parts[..] {
            [] => return Err(MediaError::own("encoding", &self.out, "no frame was written")),
            [only] => only.path.clone(),
            cells => self.join(cells)?,
        };
        publish(&made, &self.out)?;
        Ok(self.frames)
    }

    fn join(&self, cells: &[Part]) -> Result<PathBuf, MediaError> {
        let Container { muxer, extension, .. } = container(self.settings.profile);
        let joined = self.folder.path().join(format!("segment.{extension}"));
        let mut command = self.tools.ffmpeg();
        concat_input(&mut command, &self.folder.path().join("cells.ffconcat"), cells, self.settings.rate)?;
        command.args(["-map", "0:v", "-c", "copy", "-map_metadata", "-1", "-fflags", "+bitexact"]);
        // Only H.264 is encoded in cells.
        command.args(["-bsf:v", &even_decode_times(self.settings.rate, 0)]);
        command.args(["-video_track_timescale", &video_timescale(self.settings.rate).to_string(), "-f", muxer]);
        command.arg(file_url(&joined)?);
        output(command, Purpose { operation: "joining", path: &self.out, fault: FailureClass::Worker }, &self.cancel)?;
        Ok(joined)
    }
}

fn cell_is_full(profile: Profile, frames: u64) -> bool {
    match profile {
        Profile::PhoneH264 | Profile::Review => frames == GRID_FRAMES,
        Profile::MasterFfv1 => false,
    }
}

fn codec_args(profile: Profile) -> Vec<&'static str> {
    let mut args = match profile {
        Profile::PhoneH264 => vec!["-c:v", "libx264", "-profile:v", "high", "-preset", "medium", "-crf", "15"],
        Profile::Review => vec!["-c:v", "libx264", "-profile:v", "high", "-preset", "veryfast", "-crf", "23"],
        // Slices are what several cores decode and what a checksum covers; four fit the smallest picture.
        Profile::MasterFfv1 => {
            vec!["-c:v", "ffv1", "-level", "3", "-g", "1", "-slices", "4", "-slicecrc", "1", "-threads", "4"]
        }
    };
    if profile != Profile::MasterFfv1 {
        args.extend(["-x264-params", X264_FIXED]);
    }
    args
}
