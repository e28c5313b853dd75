//! Where the outputs of a change of size lie among the texels of the source, along one axis, counted in f64 once for each job,
//! or for each frame where its window moves: a product in f32 would be off by a thousandth of a texel at the right edge of a wide frame.

use super::window::Span;

/// Places closer than this are one: a weight changes by less than 1e-5 of the whole over it.
const PLACES_ALIKE: f32 = 4e-6;

/// Outputs in blocks that read the same texels.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BlockPlaces {
    /// The first texel that each block reads; it may lie outside of the picture.
    pub(super) firsts: Vec<i32>,
    /// How far beyond it each output lies, block by block; so do outputs that do not exist, beyond the last.
    pub(super) offsets: Vec<f32>,
    /// Texels that every block reads.
    pub(super) texels: u32,
}

/// Blocks of `block` outputs that read every texel nearer than `reach`.
pub(super) fn blocks(window: Span, target: u32, block: u32, reach: f64) -> BlockPlaces {
    let centre = |output: u32| window.centre(output, target);
    // Texels exactly at the reach weigh nothing.
    let first = |begin: u32| (centre(begin) - reach).floor() as i32 + 1;
    let begins = (0..target).step_by(block as usize).collect::<Vec<_>>();
    let firsts = begins.iter().map(|&begin| first(begin)).collect::<Vec<_>>();
    let last = |begin: u32| (centre(begin + block - 1) + reach).ceil() as i32 - 1;
    let texels = begins.iter().map(|&begin| (last(begin) - first(begin) + 1).max(1) as u32).max().unwrap_or(1);
    let offset = |begin: u32, output: u32| (centre(begin + output) - f64::from(first(begin))) as f32;
    let offsets = begins.iter().flat_map(|&begin| (0..block).map(move |output| offset(begin, output))).collect();
    BlockPlaces { firsts, offsets, texels }
}

/// What two places counted from a rounded pitch may be apart beyond it, in texels: far more than f64 loses in a frame.
const PLACES_LOST: f64 = 1e-9;

/// Most texels that [`blocks`] gives a block with a window as long as this one, or shorter, and a kernel of this radius that is
/// widened where the picture shrinks.
pub(super) fn texels_max(longest: Span, target: u32, block: u32, radius: f64) -> u32 {
    let reach = radius * widened(longest, target);
    let outputs = f64::from(block - 1) * longest.pitch(target);
    ((outputs + 2.0 * reach + PLACES_LOST).ceil() as u32).max(1)
}

/// How many times a kernel is widened: as many times as the picture shrinks.
pub(super) fn widened(window: Span, target: u32) -> f64 {
    window.pitch(target).max(1.0)
}

/// The offsets of blocks of `block` outputs with the last of each repeated up to `lanes`, and behind them by how much the kernel
/// is drawn together, the other way round of [`widened`].
pub(super) fn padded(offsets: &[f32], block: u32, lanes: u32, widened: f64) -> Vec<f32> {
    let lane = |block: &[f32], lane: u32| block[(lane as usize).min(block.len() - 1)];
    let blocks = offsets.chunks(block as usize).flat_map(|block| (0..lanes).map(move |index| lane(block, index)));
    blocks.chain((0..lanes).map(|_| (1.0 / widened) as f32)).collect()
}

impl BlockPlaces {
    /// The offsets of every block, where all lie alike among their texels to within what f32 tells apart.
    pub(super) fn shared(&self, block: u32) -> Option<&[f32]> {
        let mut blocks = self.offsets.chunks(block as usize);
        let first = blocks.next()?;
        let alike = |block: &[f32]| block.iter().zip(first).all(|(left, right)| (left - right).abs() < PLACES_ALIKE);
        blocks.all(alike).then_some(first)
    }
}

/// The texel at or before each output, and how far beyond it the output lies, 0..1.
pub(super) fn each(window: Span, target: u32) -> Vec<[f32; 2]> {
    let place = |output| {
        let centre = window.centre(output, target);
        [centre.floor() as f32, (centre - centre.floor()) as f32]
    };
    (0..target).map(place).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_texel_within_reach_is_read(
            length in 1_u32..16_384, target in 1_u32..500, origin in -3.0_f64..9.0, block in 1_u32..5, reach in 0.6_f64..9.0
        ) {
            let window = Span { origin, length: f64::from(length) };
            let places = blocks(window, target, block, reach);
            for output in 0..target {
                let centre = origin + (f64::from(output) + 0.5) * f64::from(length) / f64::from(target) - 0.5;
                let index = (output / block) as usize;
                let first = f64::from(places.firsts[index]);
                let offset = places.offsets[index * block as usize + (output % block) as usize];
                prop_assert!((first + f64::from(offset) - centre).abs() < 1e-4 * f64::from(offset).max(1.0));
                prop_assert!(first <= (centre - reach).floor() + 1.0);
                prop_assert!(first + f64::from(places.texels) >= (centre + reach).ceil());
            }
        }

        #[test]
        fn it_is_the_centre_of_the_output_sample(source in 1_u32..=16_384, target in 1_u32..=3_000) {
            let window = Span { origin: 0.0, length: f64::from(source) };
            for (output, [whole, fraction]) in each(window, target).into_iter().enumerate() {
                let expected = (output as f64 + 0.5) * f64::from(source) / f64::from(target) - 0.5;
                prop_assert!((0.0..=1.0).contains(&fraction));
                prop_assert!((f64::from(whole) + f64::from(fraction) - expected).abs() < 1e-6);
            }
        }
    }
}
