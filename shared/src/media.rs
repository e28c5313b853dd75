//! What a media file is: sizes, pixel formats, colour, and the facts that a probe establishes by decoding it once.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::frames::FrameRate;
use crate::limits::{FRAME_PIXELS_MAX, FRAME_SIDE_MAX};

/// Width and height of a picture in pixels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Extent {
    /// Pixels in a row.
    pub width: u32,
    /// Rows.
    pub height: u32,
}

/// A size that no frame may have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a frame of {0} pixels is outside the limits (1x1 to {FRAME_SIDE_MAX} a side and {FRAME_PIXELS_MAX} pixels in all)")]
pub struct ExtentOutOfBounds(pub Extent);

impl Extent {
    /// `width` by `height`.
    #[must_use]
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height }
    }

    /// Pixels in all.
    #[must_use]
    pub fn pixels(self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }

    /// Holds the size to the farm's bounds.
    ///
    /// # Errors
    /// When a side is 0 or the size is above [`FRAME_SIDE_MAX`] or [`FRAME_PIXELS_MAX`].
    pub fn check(self) -> Result<(), ExtentOutOfBounds> {
        let side = |length| (1..=FRAME_SIDE_MAX).contains(&length);
        if side(self.width) && side(self.height) && self.pixels() <= FRAME_PIXELS_MAX {
            Ok(())
        } else {
            Err(ExtentOutOfBounds(self))
        }
    }
}

impl fmt::Display for Extent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// How many luma samples share one chroma sample, as powers of two along each axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Subsampling {
    /// 1 when two columns share a chroma sample, else 0.
    pub log2_x: u32,
    /// 1 when two rows share a chroma sample, else 0.
    pub log2_y: u32,
}

/// The planar Y'CbCr layouts that the GPU passes read and write: three planes, 8 bits in a byte or 10 bits in the low end of
/// two little-endian bytes, rows without padding: what ffmpeg calls `rawvideo`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PixelFormat {
    /// 4:2:0, 8 bits.
    Yuv420p,
    /// 4:2:2, 8 bits.
    Yuv422p,
    /// 4:4:4, 8 bits.
    Yuv444p,
    /// 4:2:0, 10 bits.
    Yuv420p10le,
    /// 4:2:2, 10 bits.
    Yuv422p10le,
    /// 4:4:4, 10 bits.
    Yuv444p10le,
}

/// A pixel format that the passes do not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("pixel format `{name}` is not supported; supported are {}", PixelFormat::ALL.map(PixelFormat::name).join(", "))]
pub struct UnsupportedPixelFormat {
    /// The name as ffmpeg gave it.
    pub name: String,
}

impl PixelFormat {
    /// Every supported format.
    pub const ALL: [Self; 6] =
        [Self::Yuv420p, Self::Yuv422p, Self::Yuv444p, Self::Yuv420p10le, Self::Yuv422p10le, Self::Yuv444p10le];

    /// ffmpeg's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Yuv420p => "yuv420p",
            Self::Yuv422p => "yuv422p",
            Self::Yuv444p => "yuv444p",
            Self::Yuv420p10le => "yuv420p10le",
            Self::Yuv422p10le => "yuv422p10le",
            Self::Yuv444p10le => "yuv444p10le",
        }
    }

    /// Bits of one sample: 8 or 10.
    #[must_use]
    pub fn bits(self) -> u32 {
        match self {
            Self::Yuv420p | Self::Yuv422p | Self::Yuv444p => 8,
            Self::Yuv420p10le | Self::Yuv422p10le | Self::Yuv444p10le => 10,
        }
    }

    /// Bytes of one sample: 1 or 2.
    #[must_use]
    pub fn sample_bytes(self) -> usize {
        if self.bits() > 8 { 2 } else { 1 }
    }

    /// How its chroma planes are subsampled.
    #[must_use]
    pub fn subsampling(self) -> Subsampling {
        match self {
            Self::Yuv420p | Self::Yuv420p10le => Subsampling { log2_x: 1, log2_y: 1 },
            Self::Yuv422p | Self::Yuv422p10le => Subsampling { log2_x: 1, log2_y: 0 },
            Self::Yuv444p | Self::Yuv444p10le => Subsampling { log2_x: 0, log2_y: 0 },
        }
    }

    /// The size of the luma plane and of each chroma plane of a picture; chroma sizes are rounded up.
    #[must_use]
    pub fn planes(self, picture: Extent) -> [Extent; 3] {
        let sub = self.subsampling();
        let chroma = Extent::new(
            (picture.width + (1 << sub.log2_x) - 1) >> sub.log2_x,
            (picture.height + (1 << sub.log2_y) - 1) >> sub.log2_y,
        );
        [picture, chroma, chroma]
    }

    /// Bytes of one frame: its three planes, one after the other.
    #[must_use]
    pub fn frame_bytes(self, picture: Extent) -> usize {
        self.planes(picture).iter().map(|plane| plane.pixels() as usize * self.sample_bytes()).sum()
    }
}

impl FromStr for PixelFormat {
    type Err = UnsupportedPixelFormat;

    fn from_str(name: &str) -> Result<Self, UnsupportedPixelFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name).ok_or_else(|| UnsupportedPixelFormat { name: name.to_owned() })
    }
}

/// The matrix between R'G'B' and Y'CbCr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Matrix {
    /// ITU-R BT.601: standard definition.
    Bt601,
    /// ITU-R BT.709: high definition.
    Bt709,
    /// ITU-R BT.2020, non-constant luminance.
    Bt2020,
}

impl Matrix {
    /// The weights of red and blue in luma (Kr, Kb), from the standard of the same name.
    #[must_use]
    pub fn luma_weights(self) -> (f64, f64) {
        match self {
            Self::Bt601 => (0.299, 0.114),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Bt2020 => (0.2627, 0.0593),
        }
    }
}

/// Which codes carry picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Range {
    /// Luma 16-235, chroma 16-240 (times four in 10 bits).
    Limited,
    /// All codes.
    Full,
}

/// Where the chroma samples of 4:2:0 and 4:2:2 lie among the luma samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChromaSite {
    /// On the even columns, between the rows: MPEG-2, H.264 and HEVC by default.
    Left,
    /// Between columns and between rows: JPEG, MPEG-1.
    Center,
    /// On the even columns and even rows: BT.2020 deliveries.
    TopLeft,
}

/// The colour description of a video stream: the words that the file carries, and what they mean for arithmetic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Colour {
    /// The matrix used in arithmetic.
    pub matrix: Matrix,
    /// The range used in arithmetic.
    pub range: Range,
    /// The chroma siting used in arithmetic.
    pub site: ChromaSite,
    /// The tags as ffmpeg names them; `None` where the file has none. Written to the output as they were read.
    pub tags: ColourTags,
}

/// Colour tags as the file carries them, in ffmpeg's names (`bt709`, `smpte170m`, `tv`, ...).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColourTags {
    /// `color_space`.
    pub matrix: Option<String>,
    /// `color_primaries`.
    pub primaries: Option<String>,
    /// `color_transfer`.
    pub transfer: Option<String>,
    /// `color_range`.
    pub range: Option<String>,
    /// `chroma_location`.
    pub site: Option<String>,
}

impl Colour {
    /// The meaning of `tags` for a picture of this size. Where a tag is missing: BT.709 from 720 rows up and BT.601 below, as
    /// players guess; limited range; chroma on the left.
    ///
    /// # Errors
    /// The name of a matrix that the passes do not know.
    pub fn from_tags(tags: ColourTags, picture: Extent) -> Result<Self, String> {
        let matrix = match tags.matrix.as_deref() {
            Some("bt709") => Matrix::Bt709,
            Some("smpte170m" | "bt470bg") => Matrix::Bt601,
            Some("bt2020nc") => Matrix::Bt2020,
            None if picture.width.min(picture.height) >= 720 => Matrix::Bt709,
            None => Matrix::Bt601,
            Some(other) => return Err(other.to_owned()),
        };
        let range = if tags.range.as_deref() == Some("pc") { Range::Full } else { Range::Limited };
        let site = match tags.site.as_deref() {
            Some("center") => ChromaSite::Center,
            Some("topleft") => ChromaSite::TopLeft,
            _ => ChromaSite::Left,
        };
        Ok(Self { matrix, range, site, tags })
    }

    /// Whether the transfer is one of high dynamic range (PQ or HLG).
    #[must_use]
    pub fn is_hdr(&self) -> bool {
        matches!(self.tags.transfer.as_deref(), Some("smpte2084" | "arib-std-b67"))
    }
}

/// How the samples of a frame lie in memory and what they mean: all that a GPU pass needs to know of a frame.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrameLayout {
    /// Size of the picture.
    pub extent: Extent,
    /// Planes and bits.
    pub format: PixelFormat,
    /// Arithmetic meaning and tags.
    pub colour: Colour,
}

impl FrameLayout {
    /// Bytes of one frame.
    #[must_use]
    pub fn frame_bytes(&self) -> usize {
        self.format.frame_bytes(self.extent)
    }
}

/// One audio stream of a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AudioFacts {
    /// ffmpeg's name of the codec.
    pub codec: String,
    /// Samples a second of one channel.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u32,
    /// Samples of one channel, found by decoding.
    pub samples: u64,
}

/// What a probe establishes about a source by decoding it once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MediaFacts {
    /// ffmpeg's name of the demuxer, the only one that later steps may open the source with.
    pub container: String,
    /// ffmpeg's name of the video codec.
    pub codec: String,
    /// Size, format and colour of its frames.
    pub layout: FrameLayout,
    /// Shape of a pixel as width to height; 1:1 for square pixels.
    pub pixel_aspect: (u32, u32),
    /// The constant rate of its frames.
    pub rate: FrameRate,
    /// Frames found by decoding to the end.
    pub frames: u64,
    /// Presentation time of the first frame, in microseconds on the source's clock; audio is placed relative to it.
    pub start_micros: i64,
    /// Its audio streams, in file order.
    pub audio: Vec<AudioFacts>,
}

impl MediaFacts {
    /// Length of the picture in seconds, for display and estimates.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.rate.seconds(self.frames)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn odd_sizes_round_their_chroma_up() {
        let planes = PixelFormat::Yuv420p.planes(Extent::new(5, 3));
        assert_eq!(planes, [Extent::new(5, 3), Extent::new(3, 2), Extent::new(3, 2)]);
        assert_eq!(PixelFormat::Yuv420p.frame_bytes(Extent::new(5, 3)), 15 + 6 + 6);
        assert_eq!(PixelFormat::Yuv422p10le.frame_bytes(Extent::new(4, 2)), 32);
    }

    #[test]
    fn format_names_are_read_back() {
        for format in PixelFormat::ALL {
            assert_eq!(format.name().parse(), Ok(format));
        }
        let error = "rgb24".parse::<PixelFormat>().expect_err("rgb24 is not planar");
        assert!(error.to_string().contains("`rgb24` is not supported; supported are yuv420p, "));
    }

    #[test]
    fn an_unknown_matrix_is_refused_and_a_missing_one_guessed() {
        let tags = |matrix: Option<&str>| ColourTags { matrix: matrix.map(str::to_owned), ..ColourTags::default() };
        let of = |matrix, height| Colour::from_tags(tags(matrix), Extent::new(1280, height)).map(|colour| colour.matrix);
        assert_eq!(of(None, 720), Ok(Matrix::Bt709));
        assert_eq!(of(None, 576), Ok(Matrix::Bt601));
        assert_eq!(of(Some("smpte170m"), 1080), Ok(Matrix::Bt601));
        assert_eq!(of(Some("ycgco"), 1080), Err("ycgco".to_owned()));
    }

    #[test]
    fn extents_have_bounds() {
        assert!(Extent::new(1, 1).check().is_ok());
        assert!(Extent::new(0, 10).check().is_err());
        assert!(Extent::new(65_536, 2).check().is_err());
        assert!(Extent::new(16_384, 16_384).check().is_err());
    }
}
