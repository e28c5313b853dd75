//! The path of a window that follows: a polynomial through the points of interest that shrugs off outliers.

/// Degree of the polynomial.
const DEGREE: usize = 4;
const TERMS: usize = DEGREE + 1;
/// Scale of the Cauchy loss, in picture sides.
const LOSS_SCALE: f64 = 0.5;
/// Rounds of reweighting: the weights hardly move after a few.
const ROUNDS: usize = 8;

/// A point of interest: its frame, where it is (in picture sides, 0 to 1), how much it counts.
pub(super) type Point = (f64, f64, f64);

/// The polynomial at every point's frame: least squares under the Cauchy loss, by reweighting.
pub(super) fn polynomial(points: &[Point]) -> Vec<f64> {
    let (first, last) = points.first().zip(points.last()).map_or((0.0, 1.0), |(first, last)| (first.0, last.0));
    // Time runs from 0 to 1, so that the sums stay well conditioned; the polynomials are the same.
    let time = |frame: f64| (frame - first) / (last - first).max(1.0);
    let mut losses = vec![1.0; points.len()];
    let mut terms = [0.0; TERMS];
    for _ in 0..ROUNDS {
        let weighted = points.iter().zip(&losses).map(|(&(frame, at, weight), loss)| (time(frame), at, weight * loss));
        terms = fit(weighted);
        for (loss, &(frame, at, _)) in losses.iter_mut().zip(points) {
            let off = value(&terms, time(frame)) - at;
            *loss = 1.0 / (1.0 + (off / LOSS_SCALE).powi(2));
        }
    }
    points.iter().map(|point| value(&terms, time(point.0))).collect()
}

fn value(terms: &[f64; TERMS], t: f64) -> f64 {
    terms.iter().rev().fold(0.0, |sum, term| sum * t + term)
}

/// Weighted least squares by the normal equations; the smallest of damping keeps fewer points than terms solvable.
fn fit(points: impl Iterator<Item = Point>) -> [f64; TERMS] {
    let mut rows = [[0.0; TERMS + 1]; TERMS];
    for (t, at, weight) in points {
        let powers = std::array::from_fn::<f64, TERMS, _>(|power| t.powi(power as i32));
        for (row, &left) in rows.iter_mut().zip(&powers) {
            for (cell, &right) in row.iter_mut().zip(&powers) {
                *cell += weight * left * right;
            }
            row[TERMS] += weight * left * at;
        }
    }
    for (index, row) in rows.iter_mut().enumerate() {
        row[index] += 1e-9;
    }
    solve(rows)
}

/// Gauss's elimination with the largest pivot.
fn solve(mut rows: [[f64; TERMS + 1]; TERMS]) -> [f64; TERMS] {
    for column in 0..TERMS {
        let pivot = (column..TERMS).max_by(|&a, &b| rows[a][column].abs().total_cmp(&rows[b][column].abs()));
        rows.swap(column, pivot.unwrap_or(column));
        let above = rows[column];
        for row in rows.iter_mut().skip(column + 1) {
            let share = row[column] / above[column];
            row.iter_mut().zip(&above).for_each(|(cell, top)| *cell -= share * top);
        }
    }
    let mut terms = [0.0; TERMS];
    for column in (0..TERMS).rev() {
        let known = (column + 1..TERMS).map(|other| rows[column][other] * terms[other]).sum::<f64>();
        terms[column] = (rows[column][TERMS] - known) / rows[column][column];
    }
    terms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_polynomial_comes_back_exactly() {
        let at = |frame: f64| 0.2 + 0.01 * frame - 0.0001 * frame * frame;
        let points = (0..60).map(|frame| (f64::from(frame), at(f64::from(frame)), 100.0)).collect::<Vec<_>>();
        for (found, point) in polynomial(&points).iter().zip(&points) {
            assert!((found - point.1).abs() < 1e-6, "{found} {point:?}");
        }
    }

    #[test]
    fn an_outlier_pulls_less_than_by_least_squares() {
        let mut points = (0..40).map(|frame| (f64::from(frame), 0.3, 100.0)).collect::<Vec<_>>();
        points[20].1 = 3.0;
        let plain = fit(points.iter().map(|&(frame, at, weight)| (frame / 39.0, at, weight)));
        let (robust, plain) = (polynomial(&points)[20] - 0.3, value(&plain, 20.0 / 39.0) - 0.3);
        assert!(robust.abs() < plain.abs() / 4.0, "{robust} {plain}");
    }

    #[test]
    fn few_points_are_enough() {
        let found = polynomial(&[(0.0, 0.4, 1.0), (1.0, 0.5, 1.0)]);
        assert!(found.iter().zip([0.4, 0.5]).all(|(found, at)| (found - at).abs() < 1e-3), "{found:?}");
        assert!(polynomial(&[]).is_empty());
    }
}
