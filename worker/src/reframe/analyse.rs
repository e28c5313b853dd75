//! From the bytes that a look brings back to what was found in a frame. Pure.

use super::barrier::barriers;
use super::findings::{CELL_SIDE, Cell, Face, Full, Look, MOTION_UNITS, Seen};
use crate::gpu::Features;
use crate::gpu::shaders::look::{LOOK_CELL, LOOK_MOTION_UNITS};

/// Bytes of a cell in the features: the cell itself, and two sums of two bytes.
const CELL_BYTES: usize = size_of::<Cell>() + 4;

/// What was found in frame `frame`, from the [`Features`] that a look at it brought back, and the faces if a detector looked.
///
/// # Panics
/// When `features` are not of this look.
#[must_use]
pub fn seen(look: &Look, frame: u64, features: &[u8], faces: Option<Vec<Face>>) -> Seen {
    let places = Features::of(look);
    assert_eq!(features.len(), places.bytes(), "the features of this look");
    let cells = &features[places.cells()];
    let pixels = look.picture.pixels() as f64;
    let [residual, change] = [0, 2].map(|at| {
        let at = size_of::<Cell>() + at;
        let sums = cells.chunks_exact(CELL_BYTES).map(|cell| u64::from(u16::from_le_bytes([cell[at], cell[at + 1]])));
        (sums.sum::<u64>() as f64 / pixels) as f32
    });
    let others = features[places.others()].iter().rev().fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
    let full = look.is_seen(frame).then(|| Full {
        cells: bytemuck::cast_slice(&stored_cells(look, cells)).to_vec(),
        brightest: [&features[places.rows()], &features[places.columns()]].concat(),
        faces,
    });
    Seen { frame, change, residual, histogram: (f64::from(others) / pixels) as f32, full }
}

/// The cells as they are kept: contrast is then the geometric mean of how far a cell's colour is from others, which the features
/// say, and of the barrier before it. What is rare and nothing but sky, and what is closed in and nothing but a dark corner, is
/// low in one of them.
fn stored_cells(look: &Look, features: &[u8]) -> Vec<Cell> {
    let mut cells: Vec<Cell> =
        features.chunks_exact(CELL_BYTES).map(|cell| bytemuck::pod_read_unaligned(&cell[..size_of::<Cell>()])).collect();
    let barriers = barriers(look, &cells);
    for (cell, barrier) in cells.iter_mut().zip(barriers) {
        cell.contrast = (u32::from(cell.contrast) * u32::from(barrier)).isqrt() as u8;
    }
    cells
}

/// What the shaders take for granted of the look.
const _: () = assert!(CELL_SIDE == LOOK_CELL && MOTION_UNITS == LOOK_MOTION_UNITS as f64);
