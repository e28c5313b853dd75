//! Black bars at the edges of a stretch: rows and columns that stay dark while the picture does not.

use shotfarm_shared::track::Window;

use super::scene::Scene;

/// The brightest that a bar may be, of 255: black after compression.
const DARK_MOST: u8 = 34;
/// How much brighter the picture beside a bar must be at least once.
const STEP_LEAST: u8 = 24;
/// Brightest luma below which a frame says nothing of bars.
const LIT_LEAST: u8 = 64;
/// Part of the lit frames in which a row must be dark to belong to a bar.
const STEADY_PART: f64 = 0.97;
/// A bar takes no more of a side than this.
const PART_MOST: f64 = 0.4;
/// Rows of the look by which two bars that face one another may differ.
const UNLIKE_MOST: usize = 3;
/// Rows of the look that are left off beside a bar: its border is soft after scaling and compression.
const MARGIN: usize = 1;

/// The picture within its bars, in pixels of the source; all of it when there are none.
pub(super) fn content(scene: &Scene<'_>) -> Window {
    let look = scene.look;
    let (width, height) = (look.picture.width as usize, look.picture.height as usize);
    let lit = scene.views.iter().map(|view| view.brightest);
    let lit = lit.filter(|lines| lines.len() == width + height && lines.iter().any(|&line| line >= LIT_LEAST));
    let lit = lit.collect::<Vec<_>>();
    let (top, bottom) = pair(&lit, 0..height);
    let (left, right) = pair(&lit, height..height + width);
    let (pitch_x, pitch_y) = look.pitch();
    let (x, y) = (left as f64 * pitch_x, top as f64 * pitch_y);
    let inner = |length: usize, before: usize, after: usize| (length - before - after) as f64;
    Window { x, y, width: inner(width, left, right) * pitch_x, height: inner(height, top, bottom) * pitch_y }
}

/// How many lines of the look the bars at both ends of a side have, with their margins.
fn pair(lit: &[&[u8]], lines: std::ops::Range<usize>) -> (usize, usize) {
    let count = lines.len();
    let is_dark = lines.clone().map(|line| {
        let dark = lit.iter().filter(|lines| lines[line] <= DARK_MOST).count();
        !lit.is_empty() && dark as f64 >= STEADY_PART * lit.len() as f64
    });
    let is_dark = is_dark.collect::<Vec<_>>();
    let before = is_dark.iter().take_while(|&&dark| dark).count();
    let after = is_dark.iter().rev().take_while(|&&dark| dark).count();
    let most = (PART_MOST * count as f64) as usize;
    // One bar alone is a dark wall or a night sky more often than a bar.
    let is_pair = before.min(after) > 0 && before.max(after) <= most && before.abs_diff(after) <= UNLIKE_MOST;
    let brightest = |line: usize| lit.iter().map(|lines| lines[lines_at(&lines.len(), line)]).max().unwrap_or(0);
    let is_sharp = |line: usize| brightest(line) >= DARK_MOST + STEP_LEAST;
    if !is_pair || !is_sharp(lines.start + before + MARGIN) || !is_sharp(lines.end - 1 - after - MARGIN) {
        return (0, 0);
    }
    (before + MARGIN, after + MARGIN)
}

/// A line's place, within what there is.
fn lines_at(count: &usize, line: usize) -> usize {
    line.min(count - 1)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRange;

    use super::super::testing::{Painter, hash, rate};
    use super::*;

    fn seen(luma: impl Fn(u64, usize) -> u8) -> Window {
        let mut painter = Painter::new(640, 360, 24);
        for seen in &mut painter.findings.seen {
            let full = seen.full.as_mut().expect("seen");
            full.brightest = (0..180 + 320).map(|line| luma(seen.frame, line)).collect();
        }
        content(&Scene::of(&painter.findings, FrameRange::new(0, 24), rate()))
    }

    const WHOLE: Window = Window { x: 0.0, y: 0.0, width: 640.0, height: 360.0 };

    #[test]
    fn bars_above_and_below_are_left_out() {
        let barred = |frame: u64, line: usize| match line {
            0..22 | 158..180 => 18 + (hash(frame + line as u64) % 6) as u8,
            _ => 180,
        };
        assert_eq!(seen(barred), Window { x: 0.0, y: 46.0, width: 640.0, height: 360.0 - 92.0 });
        // A black frame among them changes nothing.
        assert_eq!(seen(|frame, line| if frame == 12 { 16 } else { barred(frame, line) }).y, 46.0);
        let pillars = |_: u64, line: usize| if line >= 180 && !(220..460).contains(&line) { 16 } else { 200 };
        assert_eq!(seen(pillars), Window { x: 82.0, y: 0.0, width: 640.0 - 164.0, height: 360.0 });
    }

    #[test]
    fn dark_pictures_have_no_bars() {
        assert_eq!(seen(|_, _| 16), WHOLE);
        assert_eq!(seen(|_, line| if line < 40 { 16 } else { 180 }), WHOLE, "a night sky");
        assert_eq!(seen(|_, line| (line.min(179_usize.saturating_sub(line)) * 4).clamp(16, 250) as u8), WHOLE, "a vignette");
        assert_eq!(seen(|frame, line| if line < 20 && frame % 2 == 0 { 16 } else { 180 }), WHOLE, "a lamp");
    }
}
