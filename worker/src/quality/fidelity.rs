//! How near a rendered frame comes to its source: both brought to the smaller of their sizes, and compared.
//!
//! A picture that was enlarged well still holds the source: shrunk again, it comes back. One that a network broke, that is
//! shifted, black, or of another frame does not.

use shotfarm_shared::media::{Extent, FrameLayout};

use super::area::shrink_luma;
use super::plane::Luma;
use super::psnr::psnr;

/// The peak signal to noise ratio of luma between two raw frames of the same picture, in decibels. Each is brought by area to
/// the smaller of both along each axis, in the light it is coded in.
///
/// # Panics
/// When a frame is not of its layout's size.
#[must_use]
pub fn decibels_from_source((source_layout, source): (&FrameLayout, &[u8]), (layout, frame): (&FrameLayout, &[u8])) -> f64 {
    let (from, to) = (source_layout.extent, layout.extent);
    let common = Extent::new(from.width.min(to.width), from.height.min(to.height));
    let source = shrink_luma(Luma::of(source_layout, source), from, common);
    let frame = shrink_luma(Luma::of(layout, frame), to, common);
    psnr(&source, &frame)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::{PixelFormat, Range};

    use super::super::plane::tests::layout;
    use super::*;

    /// A frame with a light disc at `x`.
    fn disc(layout: &FrameLayout, x: f64) -> Vec<u8> {
        let Extent { width, height } = layout.extent;
        let mut frame = vec![128; layout.frame_bytes()];
        for (i, code) in frame.iter_mut().take(layout.extent.pixels() as usize).enumerate() {
            let place = ((i as u32 % width) as f64 + 0.5, (i as u32 / width) as f64 + 0.5);
            let distance = (place.0 / f64::from(width) - x).hypot(place.1 / f64::from(height) - 0.5);
            *code = (40.0 + 160.0 / (1.0 + ((distance - 0.25) * 30.0).exp())) as u8;
        }
        frame
    }

    #[test]
    fn the_same_picture_in_any_size_is_near_and_another_is_not() {
        let small = layout(40, 30, PixelFormat::Yuv420p, Range::Limited);
        let source = disc(&small, 0.5);
        for (width, height) in [(80, 60), (60, 44), (20, 60), (20, 16)] {
            let large = layout(width, height, PixelFormat::Yuv420p, Range::Limited);
            let near = decibels_from_source((&small, &source), (&large, &disc(&large, 0.5)));
            let shifted = decibels_from_source((&small, &source), (&large, &disc(&large, 0.53)));
            let black = decibels_from_source((&small, &source), (&large, &vec![16; large.frame_bytes()]));
            assert!(near > 38.0 && shifted < near - 8.0 && black < 12.0, "{width}x{height}: {near} {shifted} {black}");
        }
        assert_eq!(decibels_from_source((&small, &source), (&small, &source)), 100.0);
    }

    #[test]
    fn ten_bits_are_compared_with_eight() {
        let (eight, ten) =
            (layout(8, 4, PixelFormat::Yuv420p, Range::Limited), layout(8, 4, PixelFormat::Yuv420p10le, Range::Limited));
        let source = disc(&eight, 0.5);
        let deeper = source.iter().flat_map(|&code| (u16::from(code) * 4).to_le_bytes()).collect::<Vec<_>>();
        assert_eq!(decibels_from_source((&eight, &source), (&ten, &deeper)), 100.0);
    }
}
