//! The figures of one scaler on one reference.

use shotfarm_worker::quality::{Flicker, Plane, mean_squared_error, psnr, psnr_of_error, ssim};

use crate::corpus::{SIZE, Shrink};
use crate::ycbcr::{decode, extent, judged};

/// Samples at each side that are not compared: every scaler has its own way with what lies beyond the picture.
pub(crate) const BORDER: u32 = 8;

/// One scaler, one way of shrinking, one reference; means over the reference's frames.
#[derive(Clone, Debug, serde::Serialize)]
pub(crate) struct Cell {
    pub(crate) scaler: String,
    pub(crate) shrink: Shrink,
    /// The reference's place in the corpus.
    pub(crate) entry: usize,
    /// Of luma, in decibels.
    pub(crate) psnr: f64,
    /// Of luma.
    pub(crate) ssim: f64,
    /// Of red, green and blue together, in decibels.
    pub(crate) psnr_rgb: f64,
    /// Second temporal difference beside that of the plain filter; for references that move.
    pub(crate) flicker: Option<f64>,
    /// Milliseconds a frame with upload and readback; for our own scalers.
    pub(crate) millis: Option<f64>,
}

/// Compares results with the references' own frames; `plain` is the source brought to the same size by a plain filter.
pub(crate) fn measure(
    scaler: &str,
    shrink: Shrink,
    entry: usize,
    originals: &[Vec<u8>],
    results: &[Vec<u8>],
    plain: &[Vec<u8>],
    millis: Option<f64>,
) -> Cell {
    let mean = |figure: &dyn Fn(&[u8], &[u8]) -> f64| {
        let sum = originals.iter().zip(results).map(|(original, result)| figure(original, result)).sum::<f64>();
        sum / originals.len().max(1) as f64
    };
    let lumas = |frames: &[Vec<u8>]| frames.iter().map(|frame| luma(frame)).collect::<Vec<_>>();
    Cell {
        scaler: scaler.to_owned(),
        shrink,
        entry,
        psnr: mean(&|original, result| psnr(&luma(original), &luma(result))),
        ssim: mean(&|original, result| ssim(&luma(original), &luma(result)).unwrap_or_default()),
        psnr_rgb: mean(&psnr_rgb),
        flicker: Flicker::of(&lumas(results), &lumas(plain)).and_then(|flicker| flicker.ratio()),
        millis,
    }
}

fn luma(frame: &[u8]) -> Plane {
    inner(&Plane::luma(&judged(extent(SIZE)), frame))
}

fn psnr_rgb(original: &[u8], result: &[u8]) -> f64 {
    let size = extent(SIZE);
    let planes = [original, result].map(|frame| Plane::rgb(size, &decode(frame, size).rgb).map(|plane| inner(&plane)));
    let errors = planes[0].iter().zip(&planes[1]).map(|(left, right)| mean_squared_error(left, right));
    psnr_of_error(errors.sum::<f64>() / 3.0)
}

/// A plane without [`BORDER`].
fn inner(plane: &Plane) -> Plane {
    let (width, height) = (plane.extent.width, plane.extent.height);
    let kept = shotfarm_shared::media::Extent::new(width - 2 * BORDER, height - 2 * BORDER);
    let rows = plane.values.chunks_exact(width as usize).skip(BORDER as usize).take(kept.height as usize);
    Plane::new(kept, rows.flat_map(|row| &row[BORDER as usize..][..kept.width as usize]).copied().collect())
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::media::Extent;

    use super::*;

    #[test]
    fn the_border_does_not_count() {
        let extent = Extent::new(20, 18);
        let values = (0..20 * 18).map(|i| if (8..12).contains(&(i % 20)) && (8..10).contains(&(i / 20)) { 1.0 } else { 9.0 });
        let inner = inner(&Plane::new(extent, values.collect()));
        assert_eq!((inner.extent, inner.values), (Extent::new(4, 2), vec![1.0; 8]));
    }

    #[test]
    fn the_original_itself_is_without_fault() {
        let frame = crate::ycbcr::encode(&vec![[0.2, 0.4, 0.6]; 640 * 360]);
        let frames = [frame.clone(), frame.clone(), frame];
        let cell = measure("x", Shrink::AreaLinear, 0, &frames, &frames, &frames, None);
        assert_eq!((cell.psnr, cell.psnr_rgb, cell.flicker), (100.0, 100.0, None));
        assert!((cell.ssim - 1.0).abs() < 1e-9);
    }
}
