//! Burned-in letters and corner marks: rich in strokes, standing exactly still, for half a second and longer.
//!
//! They never attract a window. A line that fits into the window beside the subject is kept whole where that costs nothing;
//! one that is cut is told.

use shotfarm_shared::track::Window;

use super::camera_motion::CameraMotion;
use super::scene::Scene;
use crate::reframe::findings::Cell;

/// Strokes of a cell with letters, at least.
const STROKES_LEAST: u8 = 20;
/// Edges that stand still in a cell with letters, at least.
const STILL_EDGES_LEAST: u8 = 16;
/// Seconds that letters stay at least.
const SECONDS_LEAST: f64 = 0.5;
/// Part of the time that a cell is seen with letters in which it must look like letters: compression smears some frames.
const STEADY_PART: f64 = 0.8;
/// Cells in a line of letters at least.
const WORDS_CELLS_LEAST: usize = 4;
/// Cells in a corner mark at least, and their mean of edges that stand still: a mark is small, and made to be seen.
const MARK_CELLS_LEAST: usize = 2;
const MARK_STILL_EDGES_LEAST: usize = 50;
/// A line of letters is no higher than this part of the picture.
const HEIGHT_MOST: f64 = 0.22;
/// A corner mark lies within this part of the picture's sides from a corner.
const CORNER_PART: f64 = 0.3;
/// Confidence that letters need to be treated as such.
const CONFIDENCE_LEAST: f64 = 0.5;
/// Speed of the camera, in pixels of the look a frame, at which all that stands still is laid over the picture.
const CAMERA_MOVES: f64 = 0.3;
/// Cells between two words of a line.
const WORD_GAP_CELLS: usize = 2;

/// What a block of letters is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// A channel's mark in a corner.
    Mark,
    /// Words: a subtitle, a name.
    Words,
}

/// One block of letters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Block {
    /// Where, in pixels of the source.
    pub(super) place: Window,
    /// The first frame of the stretch in which it stands, and one past the last.
    pub(super) frames: (u64, u64),
    /// What it is.
    pub(super) sort: Sort,
    /// How sure that is, 0..1.
    pub(super) confidence: f64,
    /// Its cells: columns and rows, the ends included.
    cells: [usize; 4],
}

/// The letters of a stretch.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lettering {
    /// Its blocks, from the top.
    pub(super) blocks: Vec<Block>,
}

impl Lettering {
    /// What was found in a stretch whose camera moves so.
    pub(super) fn find(scene: &Scene<'_>, camera: &[CameraMotion]) -> Self {
        let runs = runs(scene);
        let moving = camera.iter().filter(|motion| motion.speed() > CAMERA_MOVES).count();
        let camera_moves = 2 * moving > camera.len();
        let blocks = groups(&runs, scene.grid()).into_iter().filter_map(|group| block(scene, &runs, &group, camera_moves));
        let mut blocks = blocks.filter(|block| block.confidence >= CONFIDENCE_LEAST).collect::<Vec<_>>();
        blocks.sort_by(|left, right| left.place.y.total_cmp(&right.place.y).then(left.place.x.total_cmp(&right.place.x)));
        Self { blocks }
    }

    /// Which cells of a view are letters, with one more on each side, where their edges are.
    pub(super) fn cells(&self, scene: &Scene<'_>, view: usize) -> Vec<bool> {
        let (columns, rows) = scene.grid();
        let at = scene.views[view].at;
        let mut cells = vec![false; columns * rows];
        for block in self.blocks.iter().filter(|block| (block.frames.0..block.frames.1).contains(&at)) {
            let [left, top, right, bottom] = block.cells;
            for row in top.saturating_sub(1)..(bottom + 2).min(rows) {
                for column in left.saturating_sub(1)..(right + 2).min(columns) {
                    cells[row * columns + column] = true;
                }
            }
        }
        cells
    }
}

fn is_lettered(cell: &Cell) -> bool {
    cell.strokes >= STROKES_LEAST && cell.still_edges >= STILL_EDGES_LEAST
}

/// For every cell: the longest run of views in which it looks like letters.
fn runs(scene: &Scene<'_>) -> Vec<Option<(usize, usize)>> {
    let (columns, rows) = scene.grid();
    let least = scene.views_in(SECONDS_LEAST);
    // The first view of a stretch has no frame before it to stand still beside.
    let views = scene.views.iter().enumerate().filter(|(_, view)| view.moves).collect::<Vec<_>>();
    let of = |index: usize| {
        let lettered = views.iter().filter(|(_, view)| is_lettered(&view.cells[index])).map(|(at, _)| *at);
        let lettered = lettered.collect::<Vec<_>>();
        let (first, last) = (*lettered.first()?, *lettered.last()?);
        let is_steady = lettered.len() as f64 >= STEADY_PART * (last - first + 1) as f64;
        (last - first + 1 >= least && is_steady).then_some((first, last))
    };
    (0..columns * rows).map(of).collect()
}

/// Cells with letters that belong together: beside one another, or a word apart in a row.
fn groups(runs: &[Option<(usize, usize)>], (columns, rows): (usize, usize)) -> Vec<Vec<usize>> {
    let mut is_taken = runs.iter().map(Option::is_none).collect::<Vec<_>>();
    let mut groups = Vec::new();
    for start in 0..runs.len() {
        if std::mem::replace(&mut is_taken[start], true) {
            continue;
        }
        let (mut group, mut open) = (Vec::new(), vec![start]);
        while let Some(index) = open.pop() {
            group.push(index);
            let (column, row) = (index % columns, index / columns);
            let near_rows = row.saturating_sub(1)..(row + 2).min(rows);
            for other in near_rows.flat_map(|row| {
                let near = column.saturating_sub(WORD_GAP_CELLS)..(column + WORD_GAP_CELLS + 1).min(columns);
                near.map(move |column| row * columns + column)
            }) {
                if !is_taken[other] && are_together(runs[index], runs[other]) {
                    is_taken[other] = true;
                    open.push(other);
                }
            }
        }
        groups.push(group);
    }
    groups
}

/// Whether two runs share most of their time.
fn are_together(one: Option<(usize, usize)>, other: Option<(usize, usize)>) -> bool {
    let (Some(one), Some(other)) = (one, other) else { return false };
    let common = (one.1.min(other.1) + 1).saturating_sub(one.0.max(other.0));
    2 * common > (one.1 - one.0).min(other.1 - other.0)
}

fn block(scene: &Scene<'_>, runs: &[Option<(usize, usize)>], group: &[usize], camera_moves: bool) -> Option<Block> {
    let (columns, _) = scene.grid();
    let (across, down) = (|index: &usize| index % columns, |index: &usize| index / columns);
    let (left, right) = (group.iter().map(across).min()?, group.iter().map(across).max()?);
    let (top, bottom) = (group.iter().map(down).min()?, group.iter().map(down).max()?);
    let first = group.iter().filter_map(|&index| runs[index]).map(|run| run.0).min()?;
    let last = group.iter().filter_map(|&index| runs[index]).map(|run| run.1).max()?;
    let look = scene.look;
    let place = look.cell_place(left as u32, top as u32).union(&look.cell_place(right as u32, bottom as u32));
    let sort = if is_in_corner(&place, &scene.content) { Sort::Mark } else { Sort::Words };
    let still = |index: &usize| usize::from(scene.views[(first + last) / 2].cells[*index].still_edges);
    let is_enough = match sort {
        Sort::Words => group.len() >= WORDS_CELLS_LEAST,
        Sort::Mark => {
            let sum = group.iter().map(still).sum::<usize>();
            group.len() >= MARK_CELLS_LEAST && sum >= MARK_STILL_EDGES_LEAST * group.len()
        }
    };
    if !is_enough || place.height > HEIGHT_MOST * f64::from(look.source.height) {
        return None;
    }
    let filled = group.len() as f64 / ((right - left + 1) * (bottom - top + 1)) as f64;
    let confidence = confidence(&place, &scene.content, sort, filled, camera_moves);
    // From the frame after the last view without it, at the latest, to the one before the next view.
    let begin = if first <= 1 { 0 } else { scene.views[first - 1].at };
    let end = scene.views.get(last + 1).map_or(scene.range.len(), |view| view.at);
    Some(Block { place, frames: (begin, end), sort, confidence, cells: [left, top, right, bottom] })
}

fn is_in_corner(place: &Window, content: &Window) -> bool {
    let (width, height) = (content.width * CORNER_PART, content.height * CORNER_PART);
    let beside = place.right() <= content.x + width || place.x >= content.right() - width;
    let at_end = place.bottom() <= content.y + height || place.y >= content.bottom() - height;
    beside && at_end
}

/// Over a picture that moves, what stands still was laid on it. Over one that stands still, a fence does so as well: there only
/// lines near the upper or lower edge are believed, and marks in corners.
fn confidence(place: &Window, content: &Window, sort: Sort, filled: f64, camera_moves: bool) -> f64 {
    let line = place.width / place.height.max(1.0);
    let middle = (place.centre().1 - content.y) / content.height;
    let is_usual_place = sort == Sort::Mark || !(0.2..=0.66).contains(&middle);
    let form = 0.25 * (line / 3.0).min(1.0) + 0.15 * filled;
    (form + if camera_moves { 0.6 } else { 0.0 } + if is_usual_place { 0.25 } else { 0.0 }).min(1.0)
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRange;

    use super::super::testing::{Painter, rate};
    use super::*;

    fn found(letters: impl Fn(u64, u32, u32) -> bool) -> Vec<Block> {
        let mut painter = Painter::new(640, 360, 72);
        painter.background(1);
        painter.paint(|frame, column, row, cell| {
            if letters(frame, column, row) {
                (cell.strokes, cell.still_edges, cell.edges) = (90, 80, 100);
            }
        });
        painter.keep_seen();
        let scene = Scene::of(&painter.findings, FrameRange::new(0, 72), rate());
        let camera = vec![CameraMotion::none(scene.grid()); scene.views.len()];
        Lettering::find(&scene, &camera).blocks
    }

    #[test]
    fn a_subtitle_and_a_mark_are_found_where_and_when_they_stand() {
        let blocks = found(|frame, column, row| {
            let subtitle = row == 19 && (10..30).contains(&column) && column % 5 != 0 && (24..60).contains(&frame);
            subtitle || ((1..=2).contains(&row) && (35..38).contains(&column))
        });
        assert_eq!(blocks.len(), 2, "{blocks:?}");
        assert_eq!((blocks[0].sort, blocks[0].frames), (Sort::Mark, (0, 72)));
        assert_eq!(blocks[0].place, Window { x: 560.0, y: 16.0, width: 48.0, height: 32.0 });
        assert_eq!((blocks[1].sort, blocks[1].frames), (Sort::Words, (22, 60)));
        assert_eq!(blocks[1].place, Window { x: 176.0, y: 304.0, width: 304.0, height: 16.0 });
    }

    #[test]
    fn what_flickers_is_brief_or_fills_the_picture_is_no_lettering() {
        assert!(found(|frame, _, row| row == 19 && frame % 4 == 0).is_empty());
        assert!(found(|frame, _, row| row == 19 && frame < 9).is_empty());
        assert!(found(|_, _, _| true).is_empty());
    }
}
