//! Shots by histograms: two of eight bins for red and green, their correlation with those of the frame before.

use shotfarm_tests::film::Frame;

/// Bins for each of red and green. The published detector counts two of the three colours.
const BINS: usize = 8;
/// One less the correlation, from which it is a cut (the stock graph's setting).
const MOTION_LEAST: f64 = 0.3;
/// Seconds that a shot has at least (likewise).
const SHOT_SECONDS_MIN: f64 = 0.2;

/// First frames of all shots but the first.
///
/// The published rule has a second branch (ten times the largest of the last 15 frames) that can never be taken, because the
/// largest includes the frame itself; it is left out.
pub(super) fn cuts(frames: &[Frame], per_second: f64) -> Vec<usize> {
    let histograms = frames.iter().map(histogram).collect::<Vec<_>>();
    let least = SHOT_SECONDS_MIN * per_second;
    let mut cuts: Vec<usize> = Vec::new();
    for at in 1..histograms.len() {
        let motion = 1.0 - correlation(&histograms[at - 1], &histograms[at]);
        let since = (at - cuts.last().copied().unwrap_or(0)) as f64;
        if motion > MOTION_LEAST && since >= least {
            cuts.push(at);
        }
    }
    cuts
}

fn histogram(frame: &Frame) -> Vec<f64> {
    let mut bins = vec![0.0; BINS * BINS];
    let bin = |code: u8| usize::from(code) * BINS / 256;
    for pixel in frame.rgb.chunks_exact(3) {
        bins[bin(pixel[0]) * BINS + bin(pixel[1])] += 1.0;
    }
    bins
}

/// Pearson's; flat histograms are alike.
fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let mean = |bins: &[f64]| bins.iter().sum::<f64>() / bins.len() as f64;
    let (a, b) = (mean(one), mean(other));
    let sums = one
        .iter()
        .zip(other)
        .fold((0.0, 0.0, 0.0), |(ab, aa, bb), (x, y)| (ab + (x - a) * (y - b), aa + (x - a).powi(2), bb + (y - b).powi(2)));
    let scale = (sums.1 * sums.2).sqrt();
    if scale > 0.0 { sums.0 / scale } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::Size;

    use super::*;

    fn frame(rgb: [u8; 3]) -> Frame {
        Frame { size: Size { width: 4, height: 4 }, rgb: rgb.repeat(16) }
    }

    #[test]
    fn another_colour_is_a_cut_but_not_too_soon() {
        let red = frame([200, 20, 20]);
        let green = frame([20, 200, 20]);
        let frames = [vec![red.clone(); 10], vec![green.clone(); 10], vec![red; 2], vec![green; 10]].concat();
        assert_eq!(cuts(&frames, 24.0), [10, 20], "0.2 s are 4.8 frames");
    }

    #[test]
    fn blue_alone_is_not_seen() {
        let frames = [vec![frame([100, 100, 0]); 10], vec![frame([100, 100, 255]); 10]].concat();
        assert_eq!(cuts(&frames, 24.0), [] as [usize; 0]);
    }
}
