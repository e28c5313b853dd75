//! Walking over the elements of a value in order, with the places of its operands' elements alongside.

/// How far apart neighbours along each axis lie.
pub(in crate::net) fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut step = 1;
    for (stride, size) in strides.iter_mut().zip(shape).rev() {
        *stride = step;
        step *= *size as isize;
    }
    strides
}

/// The strides of an operand that is broadcast to `to`: zero along axes that it lacks or has with size 1.
pub(in crate::net) fn broadcast_strides(shape: &[usize], to: &[usize]) -> Vec<isize> {
    let lacks = to.len() - shape.len();
    let own = strides(shape);
    let along = |axis: usize| if axis < lacks || shape[axis - lacks] == 1 { 0 } else { own[axis - lacks] };
    (0..to.len()).map(along).collect()
}

/// Calls `visit` once for every element of a value of shape `shape`, in order, with the place in each operand, which begins at
/// `starts` and moves by `strides`.
pub(in crate::net) fn walk<const N: usize>(
    shape: &[usize],
    starts: [isize; N],
    strides: [&[isize]; N],
    mut visit: impl FnMut([usize; N]),
) {
    if shape.contains(&0) {
        return;
    }
    let Some((inner, outer)) = shape.split_last() else {
        visit(starts.map(|start| start as usize));
        return;
    };
    let mut counters = vec![0; outer.len()];
    let mut places = starts;
    loop {
        let mut along = places;
        for _ in 0..*inner {
            visit(along.map(|place| place as usize));
            for (place, strides) in along.iter_mut().zip(strides) {
                *place += strides[outer.len()];
            }
        }
        // The next row: as an odometer turns.
        let mut axis = outer.len();
        loop {
            if axis == 0 {
                return;
            }
            axis -= 1;
            counters[axis] += 1;
            for (place, strides) in places.iter_mut().zip(strides) {
                *place += strides[axis];
            }
            if counters[axis] < outer[axis] {
                break;
            }
            counters[axis] = 0;
            for (place, strides) in places.iter_mut().zip(strides) {
                *place -= strides[axis] * outer[axis] as isize;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transposed_value_is_walked_in_its_own_order() {
        let mut places = Vec::new();
        walk(&[3, 2], [0], [&[1, 3]], |[place]| places.push(place));
        assert_eq!(places, [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn a_scalar_is_one_element_and_an_empty_value_none() {
        let count = |shape: &[usize]| {
            let mut count = 0;
            walk(shape, [0], [&strides(shape)], |_| count += 1);
            count
        };
        assert_eq!((count(&[]), count(&[2, 0, 3]), count(&[2, 1, 3])), (1, 0, 6));
    }
}
