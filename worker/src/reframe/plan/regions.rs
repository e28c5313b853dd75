//! From a map of saliency to regions: connected cells that stand out, merged where they are parts of one thing.

use shotfarm_shared::track::Window;

use super::saliency::Saliency;
use crate::reframe::findings::Look;

/// Part of the frame's peak from which a cell belongs to a region.
const PART_LEAST: f32 = 0.5;
/// Part of the peak that one cell of a region must reach.
const PART_SURE: f32 = 0.7;
/// The peak is the mean of this part of the cells, so that one cell cannot set it.
const PEAK_PART: f32 = 0.015;
/// Saliency below which nothing stands out at all.
const PEAK_LEAST: f32 = 0.2;
/// From how much life a cell belongs to what lives, and how much one of its cells must have; cells that are apart by one belong
/// together: what is flat shows its life at its edges alone.
const LIFE: Levels = Levels { least: 0.15, sure: 0.35, reach: 2 };
/// Cells that live at least.
const LIFE_CELLS_LEAST: usize = 2;
/// Weight that what lives has at least: below, it is noise, or of no matter.
const LIFE_WEIGHT_LEAST: f32 = 3.0;
/// How well what stands below must be walled off, as a part of what lives.
const STANDS_PART: f32 = 0.4;
/// And how many times as well as what is beside it.
const STANDS_OUT: f32 = 1.25;
/// Cells between the two sides of one thing at most, and how well what lies there is walled off.
const ACROSS_CELLS_MOST: usize = 6;
const ACROSS_WALLED: f32 = 0.7;
/// Cells between two parts of one thing that stand above one another.
const GAP_CELLS: usize = 2;
/// Regions of a frame at most: the strongest.
const REGIONS_MAX: usize = 8;
/// Part of the picture's width from which a region is taken for background.
const WIDTH_MOST: f64 = 0.8;

/// Cells that stand out together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Region {
    /// Where, in pixels of the source.
    pub(super) place: Window,
    /// The sum of its cells' saliency, as cells that stand out in full.
    pub(super) weight: f64,
    /// The part of its saliency that moves, 0..1.
    pub(super) moving: f64,
}

/// From what on a cell belongs to a patch.
#[derive(Clone, Copy)]
struct Levels {
    least: f32,
    /// What one of its cells must reach.
    sure: f32,
    /// Cells over which two cells belong together.
    reach: usize,
}

/// A region in cells while it grows.
#[derive(Clone, Copy)]
struct Patch {
    left: usize,
    top: usize,
    right: usize,
    bottom: usize,
    weight: f32,
    moving: f32,
    cells: usize,
}

impl Patch {
    /// Both as one.
    fn and(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
            weight: self.weight + other.weight,
            moving: self.moving + other.moving,
            cells: self.cells + other.cells,
        }
    }
}

/// The regions of a frame that stand out, strongest first.
pub(super) fn regions(saliency: &Saliency, look: &Look) -> Vec<Region> {
    let peak = peak(&saliency.all);
    if peak < PEAK_LEAST {
        return Vec::new();
    }
    let levels = Levels { least: PART_LEAST * peak, sure: PART_SURE * peak, reach: 1 };
    strongest(merged(patches(&saliency.all, saliency, look, levels)), look)
}

/// The regions of a frame that live, strongest first: what moves in them, and what stands below it.
pub(super) fn living(saliency: &Saliency, look: &Look) -> Vec<Region> {
    let mut patches = merged(patches(&saliency.life, saliency, look, LIFE));
    while let Some((one, other)) = sides_of_one(&patches, &saliency.walled, look.columns as usize) {
        let other = patches.swap_remove(other);
        patches[one] = patches[one].and(&other);
    }
    patches.retain(|patch| patch.cells >= LIFE_CELLS_LEAST);
    for patch in &mut patches {
        stand(patch, &saliency.walled, look);
        // A tall thing matters more than a long one: it is nearer, and more often somebody.
        patch.weight = patch.weight.sqrt() * (patch.bottom + 1 - patch.top) as f32;
    }
    patches.retain(|patch| patch.weight >= LIFE_WEIGHT_LEAST);
    strongest(patches, look)
}

fn strongest(mut patches: Vec<Patch>, look: &Look) -> Vec<Region> {
    patches.sort_by(|left, right| right.weight.total_cmp(&left.weight).then(left.left.cmp(&right.left)));
    patches.truncate(REGIONS_MAX);
    patches.iter().map(|patch| region(patch, look)).collect()
}

/// Lets a patch reach down as long as what is below it stands out as it does, and more than what is beside that.
fn stand(patch: &mut Patch, walled: &[f32], look: &Look) {
    let (columns, rows) = (look.columns as usize, look.rows as usize);
    let mean = |row: usize, from: usize, to: usize| {
        let cells = &walled[row * columns + from.min(columns)..row * columns + to.min(columns)];
        if cells.is_empty() { 0.0 } else { cells.iter().sum::<f32>() / cells.len() as f32 }
    };
    let (from, to) = (patch.left, patch.right + 1);
    let own = (patch.top..=patch.bottom).map(|row| mean(row, from, to)).sum::<f32>() / (patch.bottom + 1 - patch.top) as f32;
    while patch.bottom + 1 < rows {
        let row = patch.bottom + 1;
        let beside = mean(row, from.saturating_sub(3), from.saturating_sub(1)).max(mean(row, to + 1, to + 3));
        let inside = mean(row, from, to);
        if inside < STANDS_PART * own || inside < STANDS_OUT * beside {
            break;
        }
        patch.bottom = row;
    }
}

fn peak(saliency: &[f32]) -> f32 {
    let mut sorted = saliency.to_vec();
    sorted.sort_by(|left, right| right.total_cmp(left));
    let count = ((sorted.len() as f32 * PEAK_PART).ceil() as usize).clamp(1, sorted.len().max(1));
    sorted.iter().take(count).sum::<f32>() / count as f32
}

/// Connected cells above the lower threshold with one at least above the upper one; corners connect.
fn patches(values: &[f32], saliency: &Saliency, look: &Look, levels: Levels) -> Vec<Patch> {
    let (columns, rows) = (look.columns as usize, look.rows as usize);
    let mut is_taken = values.iter().map(|&value| value < levels.least).collect::<Vec<_>>();
    let mut patches = Vec::new();
    for start in 0..columns * rows {
        if is_taken[start] {
            continue;
        }
        is_taken[start] = true;
        let mut open = vec![start];
        let (column, row) = (start % columns, start / columns);
        let mut patch = Patch { left: column, top: row, right: column, bottom: row, weight: 0.0, moving: 0.0, cells: 0 };
        let mut highest = 0.0_f32;
        while let Some(index) = open.pop() {
            let (column, row) = (index % columns, index / columns);
            patch = Patch {
                left: patch.left.min(column),
                top: patch.top.min(row),
                right: patch.right.max(column),
                bottom: patch.bottom.max(row),
                weight: patch.weight + values[index],
                moving: patch.moving + saliency.moving[index],
                cells: patch.cells + 1,
            };
            highest = highest.max(values[index]);
            let reach = levels.reach;
            for beside in (row.saturating_sub(reach)..(row + reach + 1).min(rows)).flat_map(|row| {
                (column.saturating_sub(reach)..(column + reach + 1).min(columns)).map(move |column| row * columns + column)
            }) {
                if !std::mem::replace(&mut is_taken[beside], true) {
                    open.push(beside);
                }
            }
        }
        if highest >= levels.sure {
            patches.push(patch);
        }
    }
    patches
}

/// Joins what stands above one another: a head and the legs below it.
fn merged(mut patches: Vec<Patch>) -> Vec<Patch> {
    let mut index = 0;
    while index < patches.len() {
        let own = patches[index];
        let part = patches[index + 1..].iter().position(|other| is_one_thing(&own, other));
        match part {
            Some(offset) => {
                let other = patches.swap_remove(index + 1 + offset);
                patches[index] = own.and(&other);
                index = 0;
            }
            None => index += 1,
        }
    }
    patches
}

/// Two patches that are the two sides of one thing: as high as one another, not far apart, and what is between them stands out
/// as they do. Of somebody who sways only the outline moves.
fn sides_of_one(patches: &[Patch], walled: &[f32], columns: usize) -> Option<(usize, usize)> {
    let is_one = |one: &Patch, other: &Patch| {
        let (left, right) = if one.left <= other.left { (one, other) } else { (other, one) };
        let (top, bottom) = (one.top.max(other.top), one.bottom.min(other.bottom));
        let gap = right.left.saturating_sub(left.right + 1);
        if bottom < top || gap > ACROSS_CELLS_MOST {
            return false;
        }
        let height = |patch: &Patch| patch.bottom + 1 - patch.top;
        let (common, taller) = (bottom + 1 - top, height(one).max(height(other)));
        let between = (top..=bottom).flat_map(|row| (left.right..=right.left).map(move |column| walled[row * columns + column]));
        let (sum, count) = between.fold((0.0, 0.0), |(sum, count), walled| (sum + walled, count + 1.0));
        2 * common >= taller && sum / f32::max(count, 1.0) >= ACROSS_WALLED
    };
    let pairs = (0..patches.len()).flat_map(|one| (one + 1..patches.len()).map(move |other| (one, other)));
    pairs.into_iter().find(|&(one, other)| is_one(&patches[one], &patches[other]))
}

fn is_one_thing(one: &Patch, other: &Patch) -> bool {
    let common = (one.right.min(other.right) + 1).saturating_sub(one.left.max(other.left));
    let narrower = (one.right - one.left).min(other.right - other.left) + 1;
    let gap = one.top.max(other.top).saturating_sub(one.bottom.min(other.bottom) + 1);
    // Half of the narrower one below the other, and hardly any picture between them.
    2 * common > narrower && gap <= GAP_CELLS
}

fn region(patch: &Patch, look: &Look) -> Region {
    let first = look.cell_place(patch.left as u32, patch.top as u32);
    let last = look.cell_place(patch.right as u32, patch.bottom as u32);
    let place = first.union(&last);
    let is_wide = place.width > WIDTH_MOST * f64::from(look.source.width);
    let weight = f64::from(patch.weight) * if is_wide { 0.2 } else { 1.0 };
    Region { place, weight, moving: f64::from(patch.moving) / patch.cells.max(1) as f64 }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRate;
    use shotfarm_shared::media::Extent;

    use super::*;

    fn map(of: impl Fn(usize, usize) -> f32) -> (Saliency, Look) {
        let look = Look::of(Extent::new(640, 360), FrameRate::new(24, 1).expect("a rate"), 10);
        let all = (0..look.cells()).map(|index| of(index % 40, index / 40)).collect::<Vec<_>>();
        let none = vec![0.0; all.len()];
        (Saliency { moving: none.clone(), life: none.clone(), walled: none, all }, look)
    }

    #[test]
    fn a_head_and_its_legs_are_one_and_a_neighbour_is_another() {
        let (saliency, look) = map(|column, row| match (column, row) {
            (10..=12, 3..=8) | (9..=13, 11..=19) => 0.8,
            (25..=28, 8..=15) => 0.6,
            _ => 0.05,
        });
        let found = regions(&saliency, &look);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0].place, Window { x: 144.0, y: 48.0, width: 80.0, height: 272.0 });
        assert_eq!(found[1].place, Window { x: 400.0, y: 128.0, width: 64.0, height: 128.0 });
    }

    #[test]
    fn nothing_that_stands_out_is_no_region() {
        assert!(regions(&map(|_, _| 0.05).0, &map(|_, _| 0.0).1).is_empty());
        let (all, look) = map(|_, _| 1.0);
        assert_eq!(regions(&all, &look)[0].place, Window::whole(look.source));
    }
}
