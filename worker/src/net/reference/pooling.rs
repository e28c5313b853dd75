//! Twins of the pooling operators.

use super::View;
use crate::net::shaped::PoolAt;

/// The input places that a window sees along axis `at`: from the first to before the last, clipped to the picture, in steps of
/// the dilation; and how many taps lie in the picture or its padding.
fn seen(pool: &PoolAt, at: usize, output: usize, size: usize) -> (impl Iterator<Item = usize> + Clone, usize) {
    let begin = (output * pool.stride[at]) as i64 - pool.pad[at] as i64;
    let (dilation, end) = (pool.dilation[at] as i64, (size + pool.pad_end[at]) as i64);
    let taps = (0..pool.kernel[at] as i64).map(move |tap| begin + tap * dilation);
    let in_padding = taps.clone().filter(|place| *place < end).count();
    (taps.filter_map(move |place| usize::try_from(place).ok().filter(|place| *place < size)), in_padding)
}

/// Runs `window` on every window of every plane: the elements it sees, and how many taps lie in picture or padding.
fn pool(
    pool: &PoolAt,
    x: View<'_, f32>,
    shape: &[usize],
    window: impl Fn(&mut dyn Iterator<Item = f32>, usize) -> f32,
) -> Vec<f32> {
    let (rows, columns) = (x.shape[2], x.shape[3]);
    let mut result = Vec::with_capacity(shape.iter().product());
    for plane in x.data.chunks_exact(rows * columns) {
        for row in 0..shape[2] {
            let (lines, tall) = seen(pool, 0, row, rows);
            for column in 0..shape[3] {
                let (places, wide) = seen(pool, 1, column, columns);
                let mut elements = lines.clone().flat_map(|line| places.clone().map(move |place| plane[line * columns + place]));
                result.push(window(&mut elements, tall * wide));
            }
        }
    }
    result
}

/// The largest element of each window; padding never wins.
pub(super) fn max_pool(at: &PoolAt, x: View<'_, f32>, shape: &[usize]) -> Vec<f32> {
    pool(at, x, shape, |elements, _| elements.fold(f32::NEG_INFINITY, f32::max))
}

/// The mean of each window.
pub(super) fn average_pool(at: &PoolAt, x: View<'_, f32>, shape: &[usize]) -> Vec<f32> {
    pool(at, x, shape, |elements, taps| {
        let (sum, count) = elements.fold((0.0_f64, 0_usize), |(sum, count), x| (sum + f64::from(x), count + 1));
        (sum / (if at.count_padding { taps } else { count }) as f64) as f32
    })
}
