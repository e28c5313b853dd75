//! What was seen of one stretch: its frames, the ones that were seen in full, and how it was looked at.

use shotfarm_shared::frames::{FrameRange, FrameRate};
use shotfarm_shared::track::Window;

use super::super::findings::{Cell, Face, Findings, Look};

/// Frames of one stretch that are looked at, at most: of an hour without a cut one in a second is enough.
const VIEWS_MAX: usize = 4_000;

/// Range of luma that most of a picture in daylight spans, in codes.
const LIGHT_USUAL: f32 = 130.0;
/// The least light that is believed.
const LIGHT_LEAST: f32 = 0.25;
/// How much more a code of colour says than one of luma: shadows and lamps change luma alone.
pub(super) const COLOUR_WEIGHT: f32 = 1.6;

/// A stretch of the shot as it was seen.
pub(super) struct Scene<'f> {
    /// How it was looked at.
    pub(super) look: &'f Look,
    /// Frames in a second.
    pub(super) per_second: f64,
    /// Its frames.
    pub(super) range: FrameRange,
    /// The picture without its bars.
    pub(super) content: Window,
    /// The frames that were seen in full, in order; every so-manieth of very many.
    pub(super) views: Vec<View<'f>>,
    /// Frames from one view to the next.
    pub(super) every: u64,
}

/// A frame that was seen in full.
#[derive(Clone, Copy)]
pub(super) struct View<'f> {
    /// Its number in the stretch.
    pub(super) at: u64,
    /// Whether the frame before it is of the same stretch, so that its motion means something.
    pub(super) moves: bool,
    /// Its cells, row by row.
    pub(super) cells: &'f [Cell],
    /// The brightest luma of every row, then of every column, of the look.
    pub(super) brightest: &'f [u8],
    /// The faces, if a detector looked.
    pub(super) faces: Option<&'f [Face]>,
}

impl<'f> Scene<'f> {
    /// The frames `range` of what was found; the content is the whole picture until it is known better.
    pub(super) fn of(findings: &'f Findings, range: FrameRange, rate: FrameRate) -> Self {
        let from = (range.start - findings.range.start) as usize;
        let seen = findings.seen.iter().skip(from).take(range.len() as usize).filter(|seen| seen.full.is_some());
        let thin = seen.clone().count().div_ceil(VIEWS_MAX).max(1);
        let views = seen.step_by(thin).filter_map(|seen| {
            let full = seen.full.as_ref()?;
            Some(View {
                at: seen.frame - range.start,
                moves: seen.frame > range.start,
                cells: full.cells(),
                brightest: &full.brightest,
                faces: full.faces.as_deref(),
            })
        });
        Self {
            look: &findings.look,
            per_second: rate.per_second(),
            range,
            content: Window::whole(findings.look.source),
            views: views.collect(),
            every: findings.look.every * thin as u64,
        }
    }

    /// Frames of the stretch.
    pub(super) fn frames(&self) -> usize {
        self.range.len() as usize
    }

    /// Columns and rows of cells.
    pub(super) fn grid(&self) -> (usize, usize) {
        (self.look.columns as usize, self.look.rows as usize)
    }

    /// Seconds from one seen frame to the next.
    pub(super) fn view_seconds(&self) -> f64 {
        self.every as f64 / self.per_second
    }

    /// Seen frames in so many seconds, one at least.
    pub(super) fn views_in(&self, seconds: f64) -> usize {
        (seconds / self.view_seconds()).round().max(1.0) as usize
    }

    /// Which cells lie within the content, row by row: all of the cell, but for an eighth of it.
    pub(super) fn cells_within(&self) -> Vec<bool> {
        let (columns, rows) = self.grid();
        let places = (0..rows).flat_map(|row| (0..columns).map(move |column| (column, row)));
        let within = |(column, row): (usize, usize)| {
            let place = self.look.cell_place(column as u32, row as u32);
            place.overlap(&self.content) >= place.width * place.height * 0.875
        };
        places.map(within).collect()
    }

    /// How much of the usual range of light the stretch uses, up to 1: in the dark all differences are small.
    pub(super) fn light(&self, within: &[bool]) -> f32 {
        let Some(view) = self.views.get(self.views.len() / 2) else { return 1.0 };
        let mut luma =
            view.cells.iter().zip(within).filter(|(_, within)| **within).map(|(cell, _)| cell.luma).collect::<Vec<_>>();
        luma.sort_unstable();
        let at =
            |twentieths: usize| luma.get(luma.len().saturating_sub(1) * twentieths / 20).map_or(0.0, |luma| f32::from(*luma));
        ((at(19) - at(1)) / LIGHT_USUAL).clamp(LIGHT_LEAST, 1.0)
    }
}

/// The cells about one, itself included, up to `reach` to each side.
pub(super) fn around(index: usize, (columns, rows): (usize, usize), reach: usize) -> impl Iterator<Item = usize> {
    let (column, row) = (index % columns, index / columns);
    (row.saturating_sub(reach)..(row + reach + 1).min(rows)).flat_map(move |row| {
        let across = column.saturating_sub(reach)..(column + reach + 1).min(columns);
        across.map(move |column| row * columns + column)
    })
}

/// Distance of two cells' colours, in codes: luma, and Cb and Cr more.
pub(super) fn colour_codes(one: &Cell, other: &Cell) -> f32 {
    let chroma = f32::from(one.blue.abs_diff(other.blue)) + f32::from(one.red.abs_diff(other.red));
    f32::from(one.luma.abs_diff(other.luma)) + COLOUR_WEIGHT * chroma
}

/// The median over the cells that count; 0 of none.
pub(super) fn median_within(values: &[f32], within: &[bool]) -> f32 {
    let mut values = values.iter().zip(within).filter(|(_, within)| **within).map(|(value, _)| *value).collect::<Vec<_>>();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}
