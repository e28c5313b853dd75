//! What an analysis finds in the frames of a range, and how that is stored.
//!
//! Everything is measured on a small copy of the frame, the *look* ([`Look::picture`]), divided into square cells. Invariants:
//! which frames are seen in full depends on nothing but the shot ([`Look::is_seen`]); findings of neighbouring ranges join into
//! those of the whole shot ([`Findings::join`]).

use bytemuck::{Pod, Zeroable};
use serde::{Deserialize, Serialize};
use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;

/// Longest side of the look, in pixels.
pub const LOOK_SIDE: u32 = 320;
/// Side of a cell, in pixels of the look.
pub const CELL_SIDE: u32 = 8;
/// Frames seen in full in a second, or near it: what matters does not move far in a twelfth.
pub const SEEN_PER_SECOND: f64 = 12.0;
/// Most frames seen in full of one shot, so that the findings of an hour stay within what a plan can hold.
pub const SEEN_MAX: u64 = 20_000;
/// Units of [`Cell::motion`] in a pixel of the look.
pub const MOTION_UNITS: f64 = 4.0;

/// How a shot is looked at. A function of the source alone.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Look {
    /// The size of the source.
    pub source: Extent,
    /// The size of the small copy: its longer side is [`LOOK_SIDE`], or the source's where that is less.
    pub picture: Extent,
    /// Columns of cells; the last may reach beyond the picture.
    pub columns: u32,
    /// Rows of cells, likewise.
    pub rows: u32,
    /// Every so-manieth frame is seen in full; the first always is.
    pub every: u64,
    /// Frames of the whole shot.
    pub frames: u64,
}

/// One cell of a frame that was seen in full. All parts are means or shares over the cell's pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Cell {
    /// Luma, 0..255 over the full range whatever the source's.
    pub luma: u8,
    /// Cb, 128 without colour.
    pub blue: u8,
    /// Cr, likewise.
    pub red: u8,
    /// How much the cell stands out: its colour is far from those of the other cells, nearby and in the whole picture, and no way
    /// leads to it from the left, upper or right border without crossing edges (see `barrier`). What matters is how much more it
    /// is than elsewhere in the frame.
    pub contrast: u8,
    /// Strength of edges: differences of luma over two pixels along x and along y, added.
    pub edges: u8,
    /// Share of pixels with the colour of skin, 255 for all.
    pub skin: u8,
    /// Strong edges that stand exactly where they stood in the frame before: letters, logos, and all of a still picture. At most
    /// `edges`.
    pub still_edges: u8,
    /// Strokes: by how much luma goes up and down again, or down and up, within a few pixels along x, as in lettering.
    pub strokes: u8,
    /// How far the cell's content has moved since the frame before, along x then y, in [`MOTION_UNITS`]. 0 where it cannot be told:
    /// in cells with hardly an edge, and where no way explains the cell better than standing still.
    pub motion: [i8; 2],
    /// How far the cell is from the frame before once that motion is taken out, counted as [`Seen::residual`].
    pub residual: u8,
    /// How far it is from the same place of the frame before, counted as [`Seen::change`].
    pub change: u8,
}

/// One frame.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Its number in the shot.
    pub frame: u64,
    /// Mean absolute differences to the frame before in codes of 8 bits, of luma, Cb and Cr added (so up to 765, and below 100 in
    /// nearly every pair of pictures); 0 for the first frame.
    pub change: f32,
    /// The same with every cell's motion taken out: what no movement explains. What a movement brought in from outside the picture
    /// counts as nothing. At most `change`.
    pub residual: f32,
    /// Distance of the colour histograms of the two frames: the share of pixels whose colour the other has not, 0..1.
    pub histogram: f32,
    /// What is only there of frames that are seen in full.
    pub full: Option<Full>,
}

/// What is found in a frame that is seen in full.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Full {
    /// Its cells, row by row, as the bytes of [`Cell`].
    #[serde(with = "serde_bytes")]
    pub cells: Vec<u8>,
    /// The brightest luma of every row of the look, then of every column: what bars are found by.
    #[serde(with = "serde_bytes")]
    pub brightest: Vec<u8>,
    /// The faces, if a detector looked.
    pub faces: Option<Vec<Face>>,
}

/// A face, in pixels of the source.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Face {
    /// Where it is.
    pub place: Window,
    /// How sure the detector is, 0..1.
    pub score: f32,
    /// Eyes (the left one of the picture first), nose, corners of the mouth, if the detector tells.
    pub points: Option<[[f32; 2]; 5]>,
}

/// What was found in a range of frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    /// How it was looked.
    pub look: Look,
    /// The frames.
    pub range: FrameRange,
    /// What was found, frame by frame.
    pub seen: Vec<Seen>,
}

/// Findings that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFindings {
    /// Not the form.
    #[error("the findings cannot be read: {0}")]
    Form(String),
    /// Something in them does not fit.
    #[error("the findings of frames {range} are not whole: {reason}")]
    NotWhole {
        /// Which.
        range: FrameRange,
        /// What is missing.
        reason: &'static str,
    },
}

impl Look {
    /// How a shot of `frames` frames of the size `source` is looked at.
    #[must_use]
    pub fn of(source: Extent, rate: FrameRate, frames: u64) -> Self {
        let longest = source.width.max(source.height);
        let shrink = (f64::from(LOOK_SIDE) / f64::from(longest)).min(1.0);
        let side = |length: u32| ((f64::from(length) * shrink).round() as u32).clamp(1, LOOK_SIDE);
        let picture = Extent::new(side(source.width), side(source.height));
        let by_rate = (rate.per_second() / SEEN_PER_SECOND).round().max(1.0) as u64;
        Self {
            source,
            picture,
            columns: picture.width.div_ceil(CELL_SIDE),
            rows: picture.height.div_ceil(CELL_SIDE),
            every: by_rate.max(frames.div_ceil(SEEN_MAX)),
            frames,
        }
    }

    /// Whether a frame is seen in full.
    #[must_use]
    pub fn is_seen(&self, frame: u64) -> bool {
        frame.is_multiple_of(self.every)
    }

    /// Cells of a frame.
    #[must_use]
    pub fn cells(&self) -> usize {
        self.columns as usize * self.rows as usize
    }

    /// Pixels of the source in one pixel of the look, along x and y.
    #[must_use]
    pub fn pitch(&self) -> (f64, f64) {
        let ratio = |source: u32, picture: u32| f64::from(source) / f64::from(picture);
        (ratio(self.source.width, self.picture.width), ratio(self.source.height, self.picture.height))
    }

    /// Where a cell lies, in pixels of the source; within the picture.
    #[must_use]
    pub fn cell_place(&self, column: u32, row: u32) -> Window {
        let (pitch_x, pitch_y) = self.pitch();
        let begin = |index: u32| f64::from(index * CELL_SIDE);
        let end = |index: u32, length: u32| f64::from(((index + 1) * CELL_SIDE).min(length));
        let (x, y) = (begin(column) * pitch_x, begin(row) * pitch_y);
        let (right, bottom) = (end(column, self.picture.width) * pitch_x, end(row, self.picture.height) * pitch_y);
        Window { x, y, width: right - x, height: bottom - y }
    }
}

impl Full {
    /// Its cells, row by row.
    #[must_use]
    pub fn cells(&self) -> &[Cell] {
        bytemuck::cast_slice(&self.cells)
    }
}

impl Findings {
    /// The stored form.
    #[must_use]
    pub fn write(&self) -> Vec<u8> {
        rmp_serde::to_vec_named(self).expect("findings are plain data, which always has a stored form")
    }

    /// Reads what [`Self::write`] wrote, and holds it to its own look.
    ///
    /// # Errors
    /// When it is not that form, or not whole.
    pub fn read(bytes: &[u8]) -> Result<Self, InvalidFindings> {
        let found: Self = rmp_serde::from_slice(bytes).map_err(|error| InvalidFindings::Form(error.to_string()))?;
        found.checked()
    }

    /// Itself, if it is whole.
    ///
    /// # Errors
    /// When frames are missing, or something of a frame.
    pub fn checked(self) -> Result<Self, InvalidFindings> {
        self.check().map(|()| self)
    }

    fn check(&self) -> Result<(), InvalidFindings> {
        let (look, range) = (&self.look, self.range);
        let fails = |reason| Err(InvalidFindings::NotWhole { range, reason });
        if self.seen.len() as u64 != range.len() || (range.start..range.end).ne(self.seen.iter().map(|seen| seen.frame)) {
            return fails("frames are missing");
        }
        let sides = (look.picture.width + look.picture.height) as usize;
        for seen in &self.seen {
            match &seen.full {
                None if look.is_seen(seen.frame) => return fails("a frame was not seen in full"),
                Some(full) if full.cells.len() != look.cells() * size_of::<Cell>() || full.brightest.len() != sides => {
                    return fails("cells are missing");
                }
                Some(_) | None => {}
            }
        }
        Ok(())
    }

    /// The findings of the whole shot from those of its ranges, in order.
    ///
    /// # Errors
    /// When a range is missing, or was looked at in another way.
    pub fn join(parts: Vec<Self>) -> Result<Self, InvalidFindings> {
        let mut parts = parts.into_iter();
        let Some(mut all) = parts.next() else {
            return Err(InvalidFindings::NotWhole { range: FrameRange::new(0, 0), reason: "there are none" });
        };
        for part in parts {
            if part.look != all.look || part.range.start != all.range.end {
                return Err(InvalidFindings::NotWhole { range: part.range, reason: "they do not follow those before" });
            }
            all.range.end = part.range.end;
            all.seen.extend(part.seen);
        }
        if all.range == FrameRange::new(0, all.look.frames) {
            Ok(all)
        } else {
            Err(InvalidFindings::NotWhole { range: all.range, reason: "they are not all of the shot" })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look() -> Look {
        Look::of(Extent::new(1920, 1080), FrameRate::new(24, 1).expect("a rate"), 100)
    }

    fn findings(start: u64, end: u64) -> Findings {
        let look = look();
        let seen = (start..end).map(|frame| {
            let full = look.is_seen(frame).then(|| Full {
                cells: vec![7; look.cells() * size_of::<Cell>()],
                brightest: vec![200; 320 + 180],
                faces: None,
            });
            Seen { frame, change: 1.5, residual: 0.5, histogram: 0.1, full }
        });
        Findings { look, range: FrameRange::new(start, end), seen: seen.collect() }
    }

    #[test]
    fn the_look_is_small_and_depends_on_the_source_alone() {
        let look = look();
        assert_eq!((look.picture, look.columns, look.rows, look.every), (Extent::new(320, 180), 40, 23, 2));
        let last = look.cell_place(39, 22);
        assert_eq!((last.right(), last.bottom()), (1920.0, 1080.0));
        let small = Look::of(Extent::new(64, 36), FrameRate::new(8, 1).expect("a rate"), 3);
        assert_eq!((small.picture, small.every), (Extent::new(64, 36), 1));
        assert_eq!(Look::of(Extent::new(64, 36), FrameRate::new(60, 1).expect("a rate"), 216_000).every, 11);
    }

    #[test]
    fn parts_join_into_the_whole_and_nothing_else() {
        let parts = [findings(0, 48), findings(48, 100)];
        let stored = parts.iter().map(Findings::write).collect::<Vec<_>>();
        let read = stored.iter().map(|bytes| Findings::read(bytes).expect("whole")).collect();
        assert_eq!(Findings::join(read), Ok(findings(0, 100)));
        assert!(Findings::join(vec![findings(0, 48), findings(49, 100)]).is_err());
        assert!(Findings::join(vec![findings(0, 48)]).is_err());
        let mut holed = findings(0, 48);
        holed.seen.remove(3);
        assert!(Findings::read(&holed.write()).is_err());
        assert!(Findings::read(b"nothing").is_err());
    }
}
