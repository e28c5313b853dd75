//! A short episode of an animated drama, drawn by our own code: what tests and the demo hand to the farm.
//!
//! Every picture is a pure function of (shot, frame, size): the same on every machine's run, and the same story at any size.
//! The sound is a pure function of the shot. Clips are encoded as AI video models hand them over: H.264, 4:2:0, BT.709, AAC.

pub mod canvas;
mod dialogue;
mod encode;
pub mod face;
mod manifest;
mod scene_he;
mod scene_mountains;
mod scene_rooftop;
mod scene_she;
mod scene_street;
mod scene_title;
mod sound;

pub use encode::{Clip, EncodeError, Episode, encode, encode_pictures};
pub use manifest::{ManifestRow, manifest_csv};
pub use sound::{SAMPLE_RATE_HZ, soundtrack, wav_bytes};

use canvas::Canvas;

/// Frames per second of the whole episode.
pub const FRAMES_PER_SECOND: u32 = 24;
/// The size of the clips that the demo hands in.
pub const CLIP_SIZE: Size = Size { width: 640, height: 360 };

/// The size of a frame in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Pixels from left to right.
    pub width: u32,
    /// Pixels from top to bottom.
    pub height: u32,
}

/// One picture: `width * height` pixels of red, green, blue, eight bits each, row by row from the top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frame {
    /// Its size.
    pub size: Size,
    /// `width * height * 3` bytes.
    pub rgb: Vec<u8>,
}

/// The shots of the episode, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Shot {
    /// Drawn letters, hairlines and rings: the title card.
    Title,
    /// A push along layered mountains at sunrise.
    Mountains,
    /// A street at night, in rain, with neon and a passing car.
    Street,
    /// She speaks; close.
    She,
    /// He answers: the reverse shot.
    He,
    /// A figure runs along the roofs.
    Rooftop,
}

impl Shot {
    /// Every shot, in the order of the story.
    pub const ALL: [Self; 6] = [Self::Title, Self::Mountains, Self::Street, Self::She, Self::He, Self::Rooftop];

    /// The shot's label within the episode.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Title => "sh0010",
            Self::Mountains => "sh0020",
            Self::Street => "sh0030",
            Self::She => "sh0040",
            Self::He => "sh0050",
            Self::Rooftop => "sh0060",
        }
    }

    /// What is seen, in a few words.
    #[must_use]
    pub fn caption(self) -> &'static str {
        match self {
            Self::Title => "title card",
            Self::Mountains => "sunrise",
            Self::Street => "night street",
            Self::She => "she speaks",
            Self::He => "he answers",
            Self::Rooftop => "rooftop run",
        }
    }

    /// Frames of the full-length shot: 3 to 4 seconds.
    #[must_use]
    pub fn frames(self) -> u32 {
        match self {
            Self::Title | Self::Rooftop => 72,
            Self::Mountains | Self::Street => 84,
            Self::She | Self::He => 80,
        }
    }

    fn seed(self) -> u32 {
        self as u32 + 95
    }
}

/// Draws one frame of a shot. `frame` counts from 0 and may go past the shot's end; the story simply goes on.
///
/// A size without pixels gives an empty frame.
#[must_use]
pub fn draw(shot: Shot, frame: u32, size: Size) -> Frame {
    let Some(mut canvas) = Canvas::new(size) else { return Frame { size, rgb: Vec::new() } };
    let seconds = frame as f32 / FRAMES_PER_SECOND as f32;
    match shot {
        Shot::Title => scene_title::draw(&mut canvas, seconds),
        Shot::Mountains => scene_mountains::draw(&mut canvas, seconds),
        Shot::Street => scene_street::draw(&mut canvas, seconds),
        Shot::She => scene_she::draw(&mut canvas, seconds),
        Shot::He => scene_he::draw(&mut canvas, seconds),
        Shot::Rooftop => scene_rooftop::draw(&mut canvas, seconds),
    }
    canvas.finish(shot.seed().wrapping_mul(7919).wrapping_add(frame))
}
