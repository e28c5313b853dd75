//! Painted layers: where their paint is, what their surface is like, how they are laid on a picture.

use shotfarm_tests::film::Size;
use shotfarm_tests::film::canvas::{Canvas, chance, hash};
use tiny_skia::{Pixmap, PixmapPaint, PremultipliedColorU8, Transform};

use shotfarm_shared::track::Window;

/// What a layer is painted like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// As a camera sees it: cloth, stone and leaves have a grain, light comes from one side.
    Live,
    /// As cels are painted: flat colours within dark outlines.
    Drawn,
}

impl Style {
    /// Width of outlines, in hundredths of a figure's height; none for what a camera sees.
    pub(super) fn outline(self) -> Option<f32> {
        (self == Self::Drawn).then_some(1.1)
    }
}

/// Paints a layer of a size.
pub(super) fn painted(size: Size, paint: impl FnOnce(&mut Canvas)) -> Option<Pixmap> {
    let mut canvas = Canvas::layer(size)?;
    paint(&mut canvas);
    Some(canvas.into_pixmap())
}

/// Cover from which a pixel belongs to what is painted: half.
const COVER_LEAST: u8 = 128;

/// Where the paint is.
pub(super) fn bounds(layer: &Pixmap) -> Option<Window> {
    bounds_above(layer, f64::from(layer.height()))
}

/// Where the paint is above a row.
pub(super) fn bounds_above(layer: &Pixmap, end: f64) -> Option<Window> {
    let width = layer.width() as usize;
    let (mut left, mut right, mut top, mut bottom) = (usize::MAX, 0, usize::MAX, 0);
    for (y, row) in layer.pixels().chunks_exact(width).enumerate().take(end.max(0.0) as usize) {
        let Some(first) = row.iter().position(|pixel| pixel.alpha() >= COVER_LEAST) else { continue };
        let last = row.iter().rposition(|pixel| pixel.alpha() >= COVER_LEAST).unwrap_or(first);
        (left, right, top, bottom) = (left.min(first), right.max(last), top.min(y), y);
    }
    (left <= right).then(|| Window::from([left as f64, top as f64, (right + 1 - left) as f64, (bottom + 1 - top) as f64]))
}

/// What makes painted surfaces look filmed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Surface {
    /// How strong the grain is, as a share of the light.
    pub(super) grain: f32,
    /// Pixels from one bump to the next of the coarser grain.
    pub(super) bump: f32,
    /// How much darker the far side from the light is, as a share; negative when the light comes from the right.
    pub(super) shade: f32,
    /// Which grain.
    pub(super) seed: u32,
}

/// Gives the paint a grain and a light side. The grain belongs to the thing: it moves with `anchor`.
pub(super) fn surfaced(layer: &mut Pixmap, surface: Surface, anchor: (f32, f32)) {
    let Some(area) = bounds(layer) else { return };
    let width = layer.width() as usize;
    let (left, top) = (area.x as usize, area.y as usize);
    let (columns, rows) = (area.width as usize, area.height as usize);
    for y in top..top + rows {
        for x in left..left + columns {
            let pixel = &mut layer.pixels_mut()[y * width + x];
            if pixel.alpha() == 0 {
                continue;
            }
            let (u, v) = ((x as f32 - anchor.0) / surface.bump, (y as f32 - anchor.1) / surface.bump);
            let grain = bumps(u, v, surface.seed) * 0.6 + bumps(u * 2.7, v * 2.7, surface.seed ^ 77) * 0.4;
            let across = (x - left) as f32 / columns as f32 - 0.5;
            let light = 1.0 + surface.grain * 2.0 * (grain - 0.5) - surface.shade * across;
            *pixel = lit(*pixel, light);
        }
    }
}

fn lit(pixel: PremultipliedColorU8, light: f32) -> PremultipliedColorU8 {
    let alpha = pixel.alpha();
    let channel = |code: u8| (f32::from(code) * light).round().clamp(0.0, f32::from(alpha)) as u8;
    PremultipliedColorU8::from_rgba(channel(pixel.red()), channel(pixel.green()), channel(pixel.blue()), alpha).unwrap_or(pixel)
}

/// Smooth noise from 0 to 1, one bump per unit of the plane.
pub(super) fn bumps(x: f32, y: f32, seed: u32) -> f32 {
    let (column, row) = (x.floor(), y.floor());
    let at = |dx: i32, dy: i32| {
        let (a, b) = ((column as i32).wrapping_add(dx) as u32, (row as i32).wrapping_add(dy) as u32);
        chance(seed ^ b.wrapping_mul(0x9e37_79b9), a)
    };
    let smooth = |t: f32| t * t * (3.0 - 2.0 * t);
    let (u, v) = (smooth(x - column), smooth(y - row));
    let top = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
    let bottom = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
    top + (bottom - top) * v
}

/// Lays a layer on a picture, moved by fractions of a pixel.
pub(super) fn lay(picture: &mut Pixmap, layer: &Pixmap, (x, y): (f32, f32)) {
    let paint = PixmapPaint { quality: tiny_skia::FilterQuality::Bilinear, ..PixmapPaint::default() };
    picture.draw_pixmap(0, 0, layer.as_ref(), &paint, Transform::from_translate(x, y), None);
}

/// Light and noise of a camera's sensor.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sensor {
    /// The light as a share of the scene's.
    pub(super) light: f32,
    /// The noise in codes of 8 bits: half of the widest swing.
    pub(super) noise: f32,
}

/// The picture as bytes of red, green and blue after the sensor; the same for the same seed.
pub(super) fn exposed(picture: &Pixmap, sensor: Sensor, seed: u32) -> Vec<u8> {
    let mut rgb = Vec::with_capacity(picture.pixels().len() * 3);
    for (index, pixel) in picture.pixels().iter().enumerate() {
        let random = hash(seed ^ (index as u32).wrapping_mul(0x9e37_79b9));
        // The sum of two even dice: nearly what a sensor does, and cheap. Most of it is shared by the three colours.
        let swing = |shift: u32| ((random >> shift & 0xff) as f32 + (random >> (shift + 8) & 0xff) as f32 - 255.0) / 255.0;
        let all = swing(0);
        let own = [swing(4), swing(12), swing(16)];
        for (code, own) in [pixel.red(), pixel.green(), pixel.blue()].into_iter().zip(own) {
            let value = f32::from(code) * sensor.light + sensor.noise * (0.8 * all + 0.4 * own);
            rgb.push(value.round().clamp(0.0, 255.0) as u8);
        }
    }
    rgb
}

#[cfg(test)]
mod tests {
    use shotfarm_tests::film::canvas::{flat, ink, rect};

    use super::*;

    #[test]
    fn the_bounds_are_where_the_paint_is() {
        let size = Size { width: 32, height: 20 };
        let layer = painted(size, |canvas| canvas.fill(rect(5.0, 7.0, 10.0, 4.0).as_ref(), &flat(ink(0x80a040))));
        assert_eq!(layer.as_ref().and_then(bounds), Some(Window::from([5.0, 7.0, 10.0, 4.0])));
        assert_eq!(layer.as_ref().and_then(|layer| bounds_above(layer, 9.0)).map(|area| area.bottom()), Some(9.0));
        assert_eq!(painted(size, |_| {}).as_ref().and_then(bounds), None);
    }

    #[test]
    fn a_surface_changes_light_but_not_extent() {
        let size = Size { width: 40, height: 40 };
        let mut layer =
            painted(size, |canvas| canvas.fill(rect(4.0, 4.0, 30.0, 30.0).as_ref(), &flat(ink(0x808080)))).expect("a layer");
        let (before, area) = (layer.clone(), bounds(&layer));
        surfaced(&mut layer, Surface { grain: 0.2, bump: 4.0, shade: 0.3, seed: 3 }, (0.0, 0.0));
        assert_eq!(bounds(&layer), area);
        assert_ne!(layer.data(), before.data());
        let light = |x: usize| (4..34).map(|y| u32::from(layer.pixels()[y * 40 + x].red())).sum::<u32>();
        assert!(light(6) > light(31), "lit from the left");
    }

    #[test]
    fn a_sensor_darkens_and_is_noisy_the_same_way_twice() {
        let size = Size { width: 8, height: 8 };
        let layer =
            painted(size, |canvas| canvas.fill(rect(0.0, 0.0, 8.0, 8.0).as_ref(), &flat(ink(0xc8c8c8)))).expect("a layer");
        let sensor = Sensor { light: 0.5, noise: 6.0 };
        let (first, again) = (exposed(&layer, sensor, 9), exposed(&layer, sensor, 9));
        assert!(first == again && first != exposed(&layer, sensor, 10));
        assert!(first.iter().all(|&code| (90..=110).contains(&code)), "{first:?}");
    }
}
