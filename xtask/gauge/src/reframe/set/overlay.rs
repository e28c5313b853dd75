//! What is laid over the finished picture: subtitles, a channel's mark, a name; and the black bars of another aspect.

use shotfarm_lettering::{text_path, text_width};
use shotfarm_tests::film::Size;
use shotfarm_tests::film::canvas::{Canvas, Ink, flat, ink, rect};
use tiny_skia::Pixmap;

use super::layer::painted;

/// Something burned in.
#[derive(Clone, Copy, Debug)]
pub(super) enum Overlay {
    /// A line along the foot, centred; it need not stay whole.
    Subtitle(&'static str),
    /// A mark in a corner, 0 to 3 from the left top one clockwise.
    Logo(&'static str, u32),
    /// Words beside the subject, which must stay with it: left end and top as shares of the picture, height of the capitals as
    /// a share of its height.
    Name(&'static str, (f32, f32), f32),
}

impl Overlay {
    /// Whether it belongs to what must stay.
    pub(super) fn is_needed(&self) -> bool {
        matches!(self, Self::Name(..))
    }

    /// Its own layer, of the picture's size.
    pub(super) fn paint(&self, size: Size) -> Option<Pixmap> {
        let (width, height) = (size.width as f32, size.height as f32);
        painted(size, |canvas| match *self {
            Self::Subtitle(text) => {
                let tall = height * 0.05;
                words(canvas, text, ((width - text_width(text, tall)) / 2.0, height * 0.88), tall);
            }
            Self::Logo(text, corner) => {
                let tall = height * 0.045;
                let (broad, margin) = (text_width(text, tall) + tall * 1.6, height * 0.05);
                let x = if corner == 0 || corner == 3 { margin } else { width - margin - broad };
                let y = if corner < 2 { margin } else { height - margin - tall * 2.0 };
                canvas.fill(rect(x, y, broad, tall * 2.0).as_ref(), &flat(ink(0xd02030)));
                words(canvas, text, (x + tall * 0.8, y + tall * 0.5), tall);
            }
            Self::Name(text, at, tall) => {
                let (x, y, tall) = (at.0 * width, at.1 * height, tall * height);
                let (broad, pad) = (text_width(text, tall), tall * 0.6);
                canvas.fill(rect(x - pad, y - pad, broad + 2.0 * pad, tall + 2.0 * pad).as_ref(), &flat(Ink(0x10141c, 0.75)));
                words(canvas, text, (x, y), tall);
            }
        })
    }
}

fn words(canvas: &mut Canvas, text: &str, (x, y): (f32, f32), tall: f32) {
    let path = text_path(text, x, y, tall);
    canvas.stroke(path.as_ref(), &flat(ink(0x08080a)), (tall * 0.34).max(2.0));
    canvas.stroke(path.as_ref(), &flat(ink(0xf8f8f0)), (tall * 0.15).max(1.0));
}

/// Bars above and below, each a share of the picture's height.
pub(super) fn bars(size: Size, share: f32) -> Option<Pixmap> {
    let (width, height) = (size.width as f32, size.height as f32);
    let bar = bar_pixels(size, share) as f32;
    painted(size, |canvas| {
        for y in [0.0, height - bar] {
            canvas.fill(rect(0.0, y, width, bar).as_ref(), &flat(ink(0)));
        }
    })
}

/// The height of a bar: whole pairs of lines, as 4:2:0 has them.
pub(super) fn bar_pixels(size: Size, share: f32) -> u32 {
    (size.height as f32 * share / 2.0).round() as u32 * 2
}
