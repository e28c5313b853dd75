//! One plane of values, and how raw frames become planes.

use shotfarm_shared::media::{Extent, FrameLayout, Range};

/// The largest value: white of full range in 8 bits.
pub const PEAK: f64 = 255.0;

/// One component of a picture, row by row from the top, in 8-bit codes.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Columns and rows.
    pub extent: Extent,
    /// `extent.pixels()` values.
    pub values: Vec<f32>,
}

impl Plane {
    /// A plane from its values.
    ///
    /// # Panics
    /// When there are not as many values as pixels.
    #[must_use]
    pub fn new(extent: Extent, values: Vec<f32>) -> Self {
        assert_eq!(values.len() as u64, extent.pixels(), "a plane of {extent}");
        Self { extent, values }
    }

    /// The luma of a raw frame.
    ///
    /// # Panics
    /// When `frame` is not of the layout's size.
    #[must_use]
    pub fn luma(layout: &FrameLayout, frame: &[u8]) -> Self {
        let source = Luma::of(layout, frame);
        let width = layout.extent.width as usize;
        let mut values = vec![0.0; layout.extent.pixels() as usize];
        for (y, row) in values.chunks_exact_mut(width).enumerate() {
            source.read_row(y, row);
        }
        Self { extent: layout.extent, values }
    }

    /// Red, green and blue of a picture of three bytes a pixel.
    ///
    /// # Panics
    /// When there are not three bytes for every pixel.
    #[must_use]
    pub fn rgb(extent: Extent, bytes: &[u8]) -> [Self; 3] {
        assert_eq!(bytes.len() as u64, extent.pixels() * 3, "three bytes a pixel of {extent}");
        [0, 1, 2]
            .map(|channel| Self { extent, values: bytes.iter().skip(channel).step_by(3).map(|&code| f32::from(code)).collect() })
    }
}

/// The luma of a raw frame, where it lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Luma<'a> {
    bytes: &'a [u8],
    width: usize,
    sample_bytes: usize,
    /// 8-bit codes for one code of the frame.
    scale: f32,
}

impl<'a> Luma<'a> {
    pub(super) fn of(layout: &FrameLayout, frame: &'a [u8]) -> Self {
        assert_eq!(frame.len(), layout.frame_bytes(), "a frame of the layout");
        let sample_bytes = layout.format.sample_bytes();
        let bits = layout.format.bits();
        // A 10-bit code of limited range is four times the 8-bit code; full range ends at the largest code of either.
        let scale = match layout.colour.range {
            Range::Limited => 1.0 / (1_u32 << (bits - 8)) as f32,
            Range::Full => PEAK as f32 / ((1_u32 << bits) - 1) as f32,
        };
        let bytes = &frame[..layout.extent.pixels() as usize * sample_bytes];
        Self { bytes, width: layout.extent.width as usize, sample_bytes, scale }
    }

    /// Puts the values of a row into `values`, as many as the picture is wide.
    pub(super) fn read_row(&self, y: usize, values: &mut [f32]) {
        let row = &self.bytes[y * self.width * self.sample_bytes..][..self.width * self.sample_bytes];
        if self.sample_bytes == 1 {
            for (value, &code) in values.iter_mut().zip(row) {
                *value = f32::from(code) * self.scale;
            }
        } else {
            for (value, code) in values.iter_mut().zip(row.chunks_exact(2)) {
                *value = f32::from(u16::from_le_bytes([code[0], code[1]])) * self.scale;
            }
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Matrix, PixelFormat};

    use super::*;

    pub(in super::super) fn layout(width: u32, height: u32, format: PixelFormat, range: Range) -> FrameLayout {
        let colour = Colour { matrix: Matrix::Bt709, range, site: ChromaSite::Left, tags: ColourTags::default() };
        FrameLayout { extent: Extent::new(width, height), format, colour }
    }

    #[test]
    fn depths_are_brought_to_one_scale() {
        for (range, code, value) in [(Range::Limited, 940_u16, 235.0), (Range::Full, 1_023, 255.0)] {
            let layout = layout(2, 1, PixelFormat::Yuv420p10le, range);
            let frame = [code, 0, 512, 512].map(u16::to_le_bytes).concat();
            assert_eq!(Plane::luma(&layout, &frame).values, [value, 0.0], "{range:?}");
        }
        let rgb = Plane::rgb(Extent::new(2, 1), &[1, 2, 3, 4, 5, 6]);
        assert_eq!(rgb.map(|plane| plane.values), [[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]);
    }
}
