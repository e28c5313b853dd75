//! The pictures of the report: for each reference one sheet with the same piece of every result, twice as large, and its name.

use std::path::{Path, PathBuf};

use shotfarm_tests::film::{Frame, Size};
use shotfarm_tests::pictures::{Tile, contact_sheet, write_png};

use crate::corpus::{Entry, SIZE};
use crate::error::GaugeError;
use crate::ycbcr::{decode, extent};

/// The piece that is shown, in pixels of the reference.
const PIECE: Size = Size { width: 150, height: 110 };
/// Every pixel is shown as a block of so many.
const TIMES: u32 = 2;
const COLUMNS: u32 = 5;

/// One tile of a sheet.
pub(crate) type Crop = Tile;

/// The first tile: the reference itself.
pub(crate) fn first(entry: &Entry, original: &[u8]) -> Vec<Crop> {
    vec![tile(entry, "original", String::new(), original)]
}

/// A scaler's tile.
pub(crate) fn crop(entry: &Entry, name: &str, result: &[u8], psnr: f64) -> Crop {
    tile(entry, name, format!("{psnr:.2} dB luma"), result)
}

fn tile(entry: &Entry, caption: &str, note: String, raw: &[u8]) -> Crop {
    let (left, top) = busiest(&entry.frames[0]);
    let frame = magnified(&decode(raw, extent(SIZE)), (left, top));
    Tile { frame, caption: caption.to_owned(), note, verified: true }
}

/// The left top corner of the piece with the most edges: there scalers differ.
fn busiest(frame: &Frame) -> (u32, u32) {
    let width = frame.size.width as usize;
    let green = |x: u32, y: u32| i32::from(frame.rgb[(y as usize * width + x as usize) * 3 + 1]);
    let step = 10;
    let columns = (0..=(frame.size.width - PIECE.width) / step).map(|column| column * step);
    let corners = columns.flat_map(|x| (0..=(frame.size.height - PIECE.height) / step).map(move |row| (x, row * step)));
    let busy = |&(left, top): &(u32, u32)| {
        let places =
            (top..top + PIECE.height - 1).step_by(2).flat_map(|y| (left..left + PIECE.width - 1).step_by(2).map(move |x| (x, y)));
        places.map(|(x, y)| (green(x, y) - green(x + 1, y)).abs() + (green(x, y) - green(x, y + 1)).abs()).sum::<i32>()
    };
    corners.max_by_key(busy).unwrap_or_default()
}

/// The piece at that corner, every pixel a block.
fn magnified(frame: &Frame, (left, top): (u32, u32)) -> Frame {
    let size = Size { width: PIECE.width * TIMES, height: PIECE.height * TIMES };
    let mut rgb = Vec::with_capacity((size.width * size.height * 3) as usize);
    for y in 0..size.height {
        for x in 0..size.width {
            let from = ((top + y / TIMES) * frame.size.width + left + x / TIMES) as usize * 3;
            rgb.extend_from_slice(&frame.rgb[from..from + 3]);
        }
    }
    Frame { size, rgb }
}

/// Writes a reference's sheet and says where.
pub(crate) fn write(folder: &Path, entry: &Entry, tiles: &[Crop]) -> Result<PathBuf, GaugeError> {
    let title = format!("{} shrunk by area, then enlarged 2x", entry.name);
    let path = folder.join(format!("{}.png", entry.name.replace(' ', "-")));
    write_png(&contact_sheet(&title, tiles, COLUMNS, PIECE.width * TIMES), &path)?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_piece_lies_where_the_edges_are() {
        let mut frame = Frame { size: SIZE, rgb: vec![80; (SIZE.width * SIZE.height * 3) as usize] };
        for y in 200..260 {
            for x in 400..460 {
                let code = if (x + y) % 2 == 0 { 255 } else { 0 };
                frame.rgb[((y * SIZE.width + x) * 3 + 1) as usize] = code;
            }
        }
        let (left, top) = busiest(&frame);
        assert!((310..=400).contains(&left) && (150..=200).contains(&top), "{left} {top}");
        let shown = magnified(&frame, (left, top));
        assert_eq!((shown.size.width, shown.size.height), (300, 220));
        assert_eq!(shown.rgb[..3], shown.rgb[3..6], "every pixel is a block");
    }
}
