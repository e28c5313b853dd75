//! Laying pictures out: a contact sheet (one tile a shot) and a before/after (the same crop, side by side).
//!
//! Before/after shows the source as it is: each of its pixels enlarged to a block of the output's size, nothing smoothed.

use tiny_skia::{Color, FillRule, LineCap, Paint, PathBuilder, Pixmap, PixmapPaint, Rect, Shader, Stroke, Transform};

use crate::film::{Frame, Size};
use shotfarm_lettering::{text_path, text_width};

const MARGIN: u32 = 18;
const GAP: u32 = 14;
const TITLE_HEIGHT: u32 = 46;
const CAPTION_HEIGHT: u32 = 40;
const BACKGROUND: u32 = 0x14161d;
const TEXT: u32 = 0xeef0f4;
const FAINT: u32 = 0x9aa2b4;
const GOOD: u32 = 0x5fd08a;
const BAD: u32 = 0xf0625d;

/// One picture of a contact sheet.
#[derive(Clone, Debug)]
pub struct Tile {
    /// The picture, of any size.
    pub frame: Frame,
    /// Its first line: which shot.
    pub caption: String,
    /// Its second line: seconds, sizes.
    pub note: String,
    /// Whether the shot is verified: a green or a red mark.
    pub verified: bool,
}

/// A sheet of tiles, `columns` wide, each `tile_width` pixels wide.
///
/// Returns an empty frame for no tiles or for sizes without pixels.
#[must_use]
pub fn contact_sheet(title: &str, tiles: &[Tile], columns: u32, tile_width: u32) -> Frame {
    let columns = columns.clamp(1, tiles.len().max(1) as u32);
    let tile_height = tiles.iter().map(|tile| fitted_height(tile.frame.size, tile_width)).max().unwrap_or(0);
    let rows = (tiles.len() as u32).div_ceil(columns);
    let width = 2 * MARGIN + columns * tile_width + (columns - 1) * GAP;
    let height = TITLE_HEIGHT + MARGIN + rows * (tile_height + CAPTION_HEIGHT + GAP);
    let Some(mut sheet) = sheet_of(width, height).filter(|_| !tiles.is_empty()) else { return empty() };
    write(&mut sheet, title, (MARGIN as f32, 17.0), 14.0, TEXT);
    for (index, tile) in tiles.iter().enumerate() {
        let (column, row) = (index as u32 % columns, index as u32 / columns);
        let (x, y) = (MARGIN + column * (tile_width + GAP), TITLE_HEIGHT + row * (tile_height + CAPTION_HEIGHT + GAP));
        place_scaled(&mut sheet, &tile.frame, (x, y), tile_width);
        let (left, top) = (x as f32, (y + tile_height) as f32);
        let mark = if tile.verified { GOOD } else { BAD };
        fill(&mut sheet, (left, top, tile_width as f32, 3.0), mark);
        write(&mut sheet, &tile.caption, (left + 1.0, top + 10.0), 9.0, TEXT);
        write(&mut sheet, &tile.note, (left + 1.0, top + 25.0), 7.5, FAINT);
    }
    frame(&sheet)
}

/// The same piece of the source (left) and the output (right), both at the output's scale, pixel for pixel.
///
/// `centre` is where to look, 0 to 1 across and down; `crop` is the size of each half in output pixels.
#[must_use]
pub fn before_after(before: &Frame, after: &Frame, centre: (f32, f32), crop: Size, captions: (&str, &str)) -> Frame {
    let crop = Size { width: crop.width.min(after.size.width), height: crop.height.min(after.size.height) };
    let Some(mut sheet) = sheet_of(crop.width * 2 + 4, crop.height + CAPTION_HEIGHT) else { return empty() };
    let corner = |side: u32, crop: u32, at: f32| ((side as f32 * at) as u32).saturating_sub(crop / 2).min(side - crop);
    let (left, top) = (corner(after.size.width, crop.width, centre.0), corner(after.size.height, crop.height, centre.1));
    let scale = |coordinate: u32, from: u32, to: u32| (u64::from(coordinate) * u64::from(to) / u64::from(from)) as u32;
    let (sheet_width, pixels) = (sheet.width(), sheet.data_mut());
    for y in 0..crop.height {
        for x in 0..crop.width {
            let (ox, oy) = (left + x, top + y);
            let (sx, sy) = (scale(ox, after.size.width, before.size.width), scale(oy, after.size.height, before.size.height));
            for (source, at_x, at_y, out_x) in [(before, sx, sy, x), (after, ox, oy, crop.width + 4 + x)] {
                let from = (at_y as usize * source.size.width as usize + at_x as usize) * 3;
                let to = (y as usize * sheet_width as usize + out_x as usize) * 4;
                pixels[to..to + 3].copy_from_slice(&source.rgb[from..from + 3]);
            }
        }
    }
    fill(&mut sheet, (crop.width as f32, 0.0, 4.0, (crop.height + CAPTION_HEIGHT) as f32), TEXT);
    let baseline = crop.height as f32 + 15.0;
    write(&mut sheet, captions.0, (12.0, baseline), 10.0, FAINT);
    write(&mut sheet, captions.1, (crop.width as f32 + 16.0, baseline), 10.0, TEXT);
    frame(&sheet)
}

fn empty() -> Frame {
    Frame { size: Size { width: 0, height: 0 }, rgb: Vec::new() }
}

fn fitted_height(size: Size, width: u32) -> u32 {
    (u64::from(width) * u64::from(size.height) / u64::from(size.width.max(1))) as u32
}

fn colour(rgb: u32) -> Color {
    Color::from_rgba8((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255)
}

fn sheet_of(width: u32, height: u32) -> Option<Pixmap> {
    let mut sheet = Pixmap::new(width, height)?;
    sheet.fill(colour(BACKGROUND));
    Some(sheet)
}

fn fill(sheet: &mut Pixmap, (x, y, width, height): (f32, f32, f32, f32), rgb: u32) {
    if let Some(rect) = Rect::from_xywh(x, y, width, height) {
        let paint = Paint { shader: Shader::SolidColor(colour(rgb)), ..Paint::default() };
        sheet.fill_path(&PathBuilder::from_rect(rect), &paint, FillRule::Winding, Transform::identity(), None);
    }
}

/// Writes a line of text; one that is too long for the sheet is drawn smaller.
fn write(sheet: &mut Pixmap, text: &str, (x, y): (f32, f32), height: f32, rgb: u32) {
    let room = sheet.width() as f32 - x - 8.0;
    let height = if text_width(text, height) > room { height * room / text_width(text, height) } else { height };
    if let Some(path) = text_path(text, x, y, height) {
        let paint = Paint { shader: Shader::SolidColor(colour(rgb)), ..Paint::default() };
        let stroke = Stroke { width: (height * 0.13).max(1.0), line_cap: LineCap::Round, ..Stroke::default() };
        sheet.stroke_path(&path, &paint, &stroke, Transform::identity(), None);
    }
}

/// Puts a frame on the sheet, scaled to the width.
fn place_scaled(sheet: &mut Pixmap, frame: &Frame, (x, y): (u32, u32), width: u32) {
    let rgba: Vec<u8> = frame.rgb.chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect();
    let picture = tiny_skia::IntSize::from_wh(frame.size.width, frame.size.height).and_then(|size| Pixmap::from_vec(rgba, size));
    if let Some(picture) = picture {
        let scale = width as f32 / frame.size.width as f32;
        let paint = PixmapPaint { quality: tiny_skia::FilterQuality::Bicubic, ..PixmapPaint::default() };
        let transform = Transform::from_row(scale, 0.0, 0.0, scale, x as f32, y as f32);
        sheet.draw_pixmap(0, 0, picture.as_ref(), &paint, transform, None);
    }
}

fn frame(sheet: &Pixmap) -> Frame {
    let rgb = sheet.pixels().iter().flat_map(|pixel| [pixel.red(), pixel.green(), pixel.blue()]).collect();
    Frame { size: Size { width: sheet.width(), height: sheet.height() }, rgb }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(width: u32, height: u32, value: u8) -> Frame {
        Frame { size: Size { width, height }, rgb: vec![value; (width * height * 3) as usize] }
    }

    #[test]
    fn before_after_holds_the_source_left_and_the_output_right() {
        let picture = before_after(&plain(8, 4, 50), &plain(16, 8, 200), (0.5, 0.5), Size { width: 10, height: 8 }, ("", ""));
        assert_eq!(picture.size, Size { width: 24, height: 8 + CAPTION_HEIGHT });
        assert_eq!(picture.rgb[0], 50);
        assert_eq!(picture.rgb[23 * 3], 200);
    }

    #[test]
    fn before_after_enlarges_the_source_without_smoothing() {
        let before = Frame { size: Size { width: 2, height: 1 }, rgb: vec![0, 0, 0, 255, 255, 255] };
        let picture = before_after(&before, &plain(8, 4, 9), (0.5, 0.5), Size { width: 8, height: 4 }, ("", ""));
        let left: Vec<u8> = picture.rgb[..24].iter().copied().step_by(3).collect();
        assert_eq!(left, [0, 0, 0, 0, 255, 255, 255, 255]);
    }

    #[test]
    fn a_sheet_shows_every_tile() {
        let tile = |value| Tile { frame: plain(16, 9, value), caption: "sh0010".into(), note: "1 s".into(), verified: true };
        let sheet = contact_sheet("九五", &[tile(90), tile(130), tile(170)], 2, 32);
        for (value, (x, y)) in [(90, (MARGIN + 16, TITLE_HEIGHT + 9)), (130, (MARGIN + 32 + GAP + 16, TITLE_HEIGHT + 9))] {
            assert_eq!(sheet.rgb[((y * sheet.size.width + x) * 3) as usize], value);
        }
        let second_row = TITLE_HEIGHT + 18 + CAPTION_HEIGHT + GAP + 9;
        assert_eq!(sheet.rgb[((second_row * sheet.size.width + MARGIN + 16) * 3) as usize], 170);
        assert_eq!(contact_sheet("none", &[], 3, 32).rgb.len(), 0);
    }
}
