//! How an output is encoded and packed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::error::InvalidRecipe;
use crate::media::PixelFormat;

/// How an output is encoded and packed, by name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// H.264 High in MP4 for phones and platforms: 8-bit 4:2:0, visually lossless.
    #[default]
    PhoneH264,
    /// H.264 in MP4 for looking at: small and quick.
    Review,
    /// FFV1 in Matroska: every bit of every frame, the source's own subsampling and depth.
    MasterFfv1,
}

impl Profile {
    /// Every profile, the default first.
    pub const ALL: [Self; 3] = [Self::PhoneH264, Self::Review, Self::MasterFfv1];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PhoneH264 => "phone-h264",
            Self::Review => "review",
            Self::MasterFfv1 => "master-ffv1",
        }
    }

    /// The ending of an output's file name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::PhoneH264 | Self::Review => "mp4",
            Self::MasterFfv1 => "mkv",
        }
    }

    /// The pixel format it encodes, given the source's.
    #[must_use]
    pub fn pixel_format(self, source: PixelFormat) -> PixelFormat {
        match self {
            Self::PhoneH264 | Self::Review => PixelFormat::Yuv420p,
            Self::MasterFfv1 => source,
        }
    }

    /// Whether the audio codec can be carried unchanged in its container.
    #[must_use]
    pub fn carries_audio(self, codec: &str) -> bool {
        match self {
            Self::PhoneH264 | Self::Review => matches!(codec, "aac" | "mp3" | "ac3" | "eac3" | "alac" | "opus" | "flac"),
            Self::MasterFfv1 => true,
        }
    }
}

impl FromStr for Profile {
    type Err = InvalidRecipe;

    fn from_str(name: &str) -> Result<Self, InvalidRecipe> {
        Self::ALL.into_iter().find(|profile| profile.name() == name).ok_or_else(|| InvalidRecipe::UnknownProfile(name.to_owned()))
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
