//! Plain drawing on a picture in memory: areas, outlines, hatching, lines, dots, letters, other pictures.
//!
//! All places are in pixels of the canvas, as [`Window`]s. What has no size or lies outside is drawn as far as it can be seen:
//! nothing here fails.

use shotfarm_lettering::{text_path, text_width};
use shotfarm_shared::media::Extent;
use shotfarm_shared::track::Window;
use tiny_skia::{
    Color, FillRule, FilterQuality, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Shader, Stroke,
    Transform,
};

/// Between two lines of a hatching.
const HATCH_PITCH: f64 = 7.0;

/// A colour and how much of what lies beneath it covers, 0..255.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ink {
    pub(super) rgb: u32,
    pub(super) alpha: u8,
}

impl Ink {
    pub(super) const fn solid(rgb: u32) -> Self {
        Self { rgb, alpha: 255 }
    }

    pub(super) const fn thin(self, alpha: u8) -> Self {
        Self { alpha, ..self }
    }

    fn paint(self, smooth: bool) -> Paint<'static> {
        let Self { rgb, alpha } = self;
        let colour = Color::from_rgba8((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, alpha);
        Paint { shader: Shader::SolidColor(colour), anti_alias: smooth, ..Paint::default() }
    }
}

/// What is drawn on.
#[derive(Clone)]
pub(super) struct Canvas {
    pixmap: Pixmap,
}

/// A place from its sides.
pub(super) fn area(x: f64, y: f64, width: f64, height: f64) -> Window {
    Window { x, y, width, height }
}

impl Canvas {
    /// A canvas of one colour; a side of 0 becomes 1.
    pub(super) fn new(extent: Extent, rgb: u32) -> Self {
        let pixmap = Pixmap::new(extent.width.max(1), extent.height.max(1));
        let mut pixmap = pixmap.expect("both sides are positive, and sheets and clips are bounded far below 2^31 bytes");
        pixmap.fill(Color::from_rgba8((rgb >> 16) as u8, (rgb >> 8) as u8, rgb as u8, 255));
        Self { pixmap }
    }

    /// A canvas with a picture on it: three bytes a pixel, R'G'B'.
    pub(super) fn of_picture(extent: Extent, rgb: &[u8]) -> Self {
        let mut canvas = Self::new(extent, 0);
        for (pixel, rgb) in canvas.pixmap.data_mut().chunks_exact_mut(4).zip(rgb.chunks_exact(3)) {
            pixel[..3].copy_from_slice(rgb);
        }
        canvas
    }

    pub(super) fn extent(&self) -> Extent {
        Extent::new(self.pixmap.width(), self.pixmap.height())
    }

    /// Its pixels: R', G', B' and an alpha that is full everywhere.
    pub(super) fn rgba(&self) -> &[u8] {
        self.pixmap.data()
    }

    /// The file of it.
    pub(super) fn png(&self) -> Result<Vec<u8>, String> {
        self.pixmap.encode_png().map_err(|error| error.to_string())
    }

    /// Fills whole pixels, so that fields side by side have no seam.
    pub(super) fn fill(&mut self, place: Window, ink: Ink) {
        let (left, top) = (place.x.round(), place.y.round());
        let (width, height) = (place.right().round() - left, place.bottom().round() - top);
        self.fill_path(rect(area(left, top, width, height)).map(PathBuilder::from_rect), ink, false);
    }

    pub(super) fn dot(&mut self, (x, y): (f64, f64), radius: f64, ink: Ink) {
        self.fill_path(PathBuilder::from_circle(x as f32, y as f32, radius as f32), ink, true);
    }

    fn fill_path(&mut self, path: Option<Path>, ink: Ink, smooth: bool) {
        if let Some(path) = path {
            self.pixmap.fill_path(&path, &ink.paint(smooth), FillRule::Winding, Transform::identity(), None);
        }
    }

    /// Draws the border of a place, its outer edge on that of the place.
    pub(super) fn outline(&mut self, place: Window, thickness: f64, ink: Ink) {
        let inner = thickness / 2.0;
        let place = area(place.x + inner, place.y + inner, place.width - thickness, place.height - thickness);
        if let Some(rect) = rect(place) {
            self.stroke(Some(PathBuilder::from_rect(rect)), thickness, ink);
        }
    }

    /// Lines from each point to the next.
    pub(super) fn line(&mut self, points: impl IntoIterator<Item = (f64, f64)>, thickness: f64, ink: Ink) {
        let mut builder = PathBuilder::new();
        for (index, (x, y)) in points.into_iter().enumerate() {
            let (x, y) = (x as f32, y as f32);
            if index == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
        }
        self.stroke(builder.finish(), thickness, ink);
    }

    /// Slanting lines over a place.
    pub(super) fn hatch(&mut self, place: Window, ink: Ink) {
        let mut builder = PathBuilder::new();
        let end = place.right() + place.bottom();
        // Counted from the canvas's corner, so that the lines of neighbouring places meet.
        let mut sum = ((place.x + place.y) / HATCH_PITCH).ceil() * HATCH_PITCH;
        while sum < end {
            let from = place.x.max(sum - place.bottom());
            let to = place.right().min(sum - place.y);
            builder.move_to(from as f32, (sum - from) as f32);
            builder.line_to(to as f32, (sum - to) as f32);
            sum += HATCH_PITCH;
        }
        self.stroke(builder.finish(), 1.0, ink);
    }

    fn stroke(&mut self, path: Option<Path>, thickness: f64, ink: Ink) {
        if let Some(path) = path {
            let stroke =
                Stroke { width: thickness as f32, line_cap: LineCap::Round, line_join: LineJoin::Round, ..Stroke::default() };
            self.pixmap.stroke_path(&path, &ink.paint(true), &stroke, Transform::identity(), None);
        }
    }

    /// Writes one line of text with capitals `height` high from the left top `(x, y)`; what does not fit into `room` is left
    /// out behind two dots.
    pub(super) fn write(&mut self, text: &str, (x, y): (f64, f64), height: f64, room: f64, ink: Ink) {
        let text = shortened(text, height, room);
        let path = text_path(&text, x as f32, y as f32, height as f32);
        self.stroke(path, (height * 0.14).max(1.0), ink);
    }

    /// Puts the part `from` of `picture` onto the place `to`, enlarged or made smaller; nothing is drawn outside of `to`.
    pub(super) fn show(&mut self, picture: &Self, from: Window, to: Window) {
        let (scale_x, scale_y) = (to.width / from.width, to.height / from.height);
        if from == to && from == Window::whole(picture.extent()) {
            // As it is and where it is: no mask is needed, and no sample made anew.
            let paint = PixmapPaint::default();
            return self.pixmap.draw_pixmap(0, 0, picture.pixmap.as_ref(), &paint, Transform::identity(), None);
        }
        let Some(clip) = rect(to).filter(|_| scale_x.is_finite() && scale_y.is_finite()) else { return };
        let Some(mut mask) = Mask::new(self.pixmap.width(), self.pixmap.height()) else { return };
        mask.fill_path(&PathBuilder::from_rect(clip), FillRule::Winding, false, Transform::identity());
        let transform = Transform::from_row(
            scale_x as f32,
            0.0,
            0.0,
            scale_y as f32,
            (to.x - from.x * scale_x) as f32,
            (to.y - from.y * scale_y) as f32,
        );
        let paint = PixmapPaint { quality: FilterQuality::Bilinear, ..PixmapPaint::default() };
        self.pixmap.draw_pixmap(0, 0, picture.pixmap.as_ref(), &paint, transform, Some(&mask));
    }
}

fn rect(place: Window) -> Option<Rect> {
    Rect::from_xywh(place.x as f32, place.y as f32, place.width as f32, place.height as f32)
}

/// How wide a line of text is with capitals `height` high.
pub(super) fn wide(text: &str, height: f64) -> f64 {
    f64::from(text_width(text, height as f32))
}

/// As much of the text as is at most `room` wide.
fn shortened(text: &str, height: f64, room: f64) -> String {
    let mut kept = text.to_owned();
    if wide(&kept, height) <= room {
        return kept;
    }
    while kept.pop().is_some() {
        let short = format!("{}..", kept.trim_end());
        if wide(&short, height) <= room {
            return short;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canvas() -> Canvas {
        Canvas::new(Extent::new(40, 20), 0)
    }

    fn reds(canvas: &Canvas) -> usize {
        canvas.rgba().chunks_exact(4).filter(|pixel| pixel[0] > 100).count()
    }

    #[test]
    fn a_fill_covers_its_pixels_and_no_others() {
        let mut drawn = canvas();
        drawn.fill(area(3.4, 2.0, 5.0, 4.0), Ink::solid(0xff_0000));
        assert_eq!(reds(&drawn), 20);
        for outside in [area(0.0, 0.0, 0.0, 5.0), area(-9.0, -9.0, 4.0, 4.0), area(f64::NAN, 0.0, 5.0, 5.0)] {
            drawn.fill(outside, Ink::solid(0xff_0000));
        }
        assert_eq!(reds(&drawn), 20, "nothing was drawn for what cannot be seen");
    }

    #[test]
    fn a_picture_stays_within_its_place() {
        let red = Canvas::new(Extent::new(8, 8), 0xff_0000);
        let mut drawn = canvas();
        drawn.show(&red, area(2.0, 2.0, 4.0, 4.0), area(10.0, 5.0, 8.0, 8.0));
        assert_eq!(reds(&drawn), 64);
        drawn.show(&red, area(0.0, 0.0, 0.0, 0.0), area(0.0, 0.0, 40.0, 20.0));
        assert_eq!(reds(&drawn), 64);
    }

    #[test]
    fn long_lines_are_cut_and_marked() {
        assert_eq!(shortened("abc", 10.0, 1_000.0), "abc");
        let cut = shortened("a very long name of a shot", 10.0, 80.0);
        assert!(cut.ends_with("..") && wide(&cut, 10.0) <= 80.0, "{cut}");
        assert_eq!(shortened("镜镜镜", 10.0, 1.0), "");
    }
}
