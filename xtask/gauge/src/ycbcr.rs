//! Between R'G'B' pictures and raw 4:4:4 frames of BT.709 in limited range, 8 bits: the one layout in which scalers are judged.
//!
//! 4:4:4, so that no scaler is judged by how it places or widens chroma: `docs/pictures.md` says what holds in 4:2:0.

use shotfarm_shared::media::{ChromaSite, Colour, ColourTags, Extent, FrameLayout, Matrix, PixelFormat, Range};
use shotfarm_tests::film::{Frame, Size};

/// A layout of this size and format in BT.709, limited range, tagged as such.
pub(crate) fn layout(extent: Extent, format: PixelFormat) -> FrameLayout {
    let tag = |text: &str| Some(text.to_owned());
    let tags = ColourTags { matrix: tag("bt709"), primaries: tag("bt709"), transfer: tag("bt709"), range: tag("tv"), site: None };
    FrameLayout { extent, format, colour: Colour { matrix: Matrix::Bt709, range: Range::Limited, site: ChromaSite::Left, tags } }
}

/// The layout in which scalers are judged.
pub(crate) fn judged(extent: Extent) -> FrameLayout {
    layout(extent, PixelFormat::Yuv444p)
}

/// The size of a frame as the farm writes it.
pub(crate) fn extent(size: Size) -> Extent {
    Extent::new(size.width, size.height)
}

/// R'G'B' values of 0 to 1, pixel by pixel, as a raw frame.
pub(crate) fn encode(rgb: &[[f64; 3]]) -> Vec<u8> {
    let (kr, kb) = Matrix::Bt709.luma_weights();
    let mut planes = [const { Vec::new() }; 3];
    for &[r, g, b] in rgb {
        let y = kr * r + (1.0 - kr - kb) * g + kb * b;
        let codes = [16.0 + 219.0 * y, 128.0 + 112.0 * (b - y) / (1.0 - kb), 128.0 + 112.0 * (r - y) / (1.0 - kr)];
        for (plane, code) in planes.iter_mut().zip(codes) {
            plane.push(code.round().clamp(0.0, 255.0) as u8);
        }
    }
    planes.concat()
}

/// A picture's bytes as R'G'B' values of 0 to 1.
pub(crate) fn values(frame: &Frame) -> Vec<[f64; 3]> {
    frame.rgb.chunks_exact(3).map(|pixel| [0, 1, 2].map(|channel| f64::from(pixel[channel]) / 255.0)).collect()
}

/// A raw frame as a picture.
pub(crate) fn decode(frame: &[u8], extent: Extent) -> Frame {
    let (kr, kb) = Matrix::Bt709.luma_weights();
    let pixels = extent.pixels() as usize;
    let code = |value: f64| (value * 255.0).round().clamp(0.0, 255.0) as u8;
    let rgb = (0..pixels).flat_map(|i| {
        let y = (f64::from(frame[i]) - 16.0) / 219.0;
        let cb = (f64::from(frame[pixels + i]) - 128.0) / 224.0;
        let cr = (f64::from(frame[2 * pixels + i]) - 128.0) / 224.0;
        let (r, b) = (y + 2.0 * (1.0 - kr) * cr, y + 2.0 * (1.0 - kb) * cb);
        [code(r), code((y - kr * r - kb * b) / (1.0 - kr - kb)), code(b)]
    });
    Frame { size: Size { width: extent.width, height: extent.height }, rgb: rgb.collect() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn black_white_and_grey_have_their_printed_codes() {
        assert_eq!(encode(&[[0.0; 3], [1.0; 3], [0.5; 3]]), [16, 235, 126, 128, 128, 128, 128, 128, 128]);
        assert_eq!(encode(&[[1.0, 0.0, 0.0]]), [63, 102, 240]);
    }

    proptest! {
        #[test]
        fn a_picture_comes_back_within_what_the_codes_can_hold(pixel: [u8; 3]) {
            let frame = Frame { size: Size { width: 1, height: 1 }, rgb: pixel.to_vec() };
            let back = decode(&encode(&values(&frame)), Extent::new(1, 1));
            for (a, b) in pixel.iter().zip(&back.rgb) {
                prop_assert!(a.abs_diff(*b) <= 3, "{pixel:?} {:?}", back.rgb);
            }
        }
    }
}
