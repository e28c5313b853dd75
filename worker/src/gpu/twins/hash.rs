//! Twin of `shared/hash.wgsl`.

use crate::gpu::shaders::hash::{HASH_ADDEND, HASH_FACTOR};

pub(crate) fn pcg3d(place: [u32; 3]) -> [u32; 3] {
    let mut v = place.map(|x| x.wrapping_mul(HASH_FACTOR).wrapping_add(HASH_ADDEND));
    let round = |v: &mut [u32; 3]| {
        v[0] = v[0].wrapping_add(v[1].wrapping_mul(v[2]));
        v[1] = v[1].wrapping_add(v[2].wrapping_mul(v[0]));
        v[2] = v[2].wrapping_add(v[0].wrapping_mul(v[1]));
    };
    round(&mut v);
    v = v.map(|x| x ^ (x >> 16));
    round(&mut v);
    v
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every bit is set about half of the time, and neighbours along each axis have nothing to do with each other.
    #[test]
    fn it_looks_like_chance() {
        let side = 64_u32;
        let places = (0..side * side * 4).map(|i| [i % side, i / side % side, i / side / side]);
        let (mut ones, mut count) = ([0_u32; 96], 0_u32);
        let mut products = [0.0_f64; 3];
        let unit = |x: u32| f64::from(x) / f64::from(u32::MAX) - 0.5;
        for place in places {
            let here = pcg3d(place);
            for bit in 0..96 {
                ones[bit] += (here[bit / 32] >> (bit % 32)) & 1;
            }
            for (axis, product) in products.iter_mut().enumerate() {
                let mut next = place;
                next[axis] += 1;
                *product += unit(here[0]) * unit(pcg3d(next)[0]);
            }
            count += 1;
        }
        let count = f64::from(count);
        // Five standard deviations of a fair coin, and of the mean of products of two even variables.
        assert!(ones.iter().all(|&ones| (f64::from(ones) / count - 0.5).abs() < 2.5 / count.sqrt()), "{ones:?}");
        assert!(products.iter().all(|product| (product / count).abs() < 5.0 / 12.0 / count.sqrt()), "{products:?}");
    }
}
