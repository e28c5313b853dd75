//! Bars above and below: rows of nearly one colour at the edges.

use shotfarm_tests::film::Frame;

/// How far a pixel may be from its row's colour, in codes.
const TOLERANCE: u8 = 6;
/// Share of a row's pixels that must be that near.
const ROW_SHARE: f64 = 0.995;
/// Share of the picture's height that is searched from each edge.
const SEARCH_SHARE: f64 = 0.2;
/// Rows that are taken away beyond a bar's own.
const SAFETY_ROWS: u32 = 5;

/// Rows of bars at the top and at the bottom of a frame.
pub(super) fn bars(frame: &Frame) -> (u32, u32) {
    let searched = (f64::from(frame.size.height) * SEARCH_SHARE) as usize;
    let bytes = frame.size.width as usize * 3;
    let rows = || frame.rgb.chunks_exact(bytes);
    let top = bar(rows().take(searched));
    let bottom = bar(rows().rev().take(searched));
    let safe = |rows: u32| if rows == 0 { 0 } else { rows + SAFETY_ROWS };
    (safe(top), safe(bottom))
}

/// Rows from an edge that all have the colour of the first.
fn bar<'f>(rows: impl Iterator<Item = &'f [u8]>) -> u32 {
    let mut colour = None;
    let mut count = 0;
    for row in rows {
        let own = *colour.get_or_insert([row[0], row[1], row[2]]);
        let near = |pixel: &&[u8]| pixel.iter().zip(own).all(|(code, own)| code.abs_diff(own) <= TOLERANCE);
        let share = row.chunks_exact(3).filter(near).count() as f64 / (row.len() / 3) as f64;
        if share < ROW_SHARE {
            break;
        }
        count += 1;
    }
    count
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::Size;

    use super::*;

    #[test]
    fn bars_end_where_the_picture_begins() {
        let size = Size { width: 40, height: 50 };
        let row = |y: u32| -> Vec<u8> {
            (0..40 * 3).map(|x| if (6..46).contains(&y) { (x * 5 % 200) as u8 + 40 } else { 3 }).collect()
        };
        let frame = Frame { size, rgb: (0..50).flat_map(row).collect() };
        assert_eq!(bars(&frame), (6 + SAFETY_ROWS, 4 + SAFETY_ROWS));
        let plain = Frame { size, rgb: (0..50).flat_map(|_| row(20)).collect() };
        assert_eq!(bars(&plain), (0, 0));
    }
}
