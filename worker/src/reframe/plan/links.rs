//! From regions of single frames to things over time: dynamic programming over all frames at once, so that no single frame
//! decides and nothing flickers between two regions.
//!
//! A path takes one region a frame or passes over a few frames (something stood before it). It gains what its regions weigh and
//! pays for jumps, changes of size and gaps; the best path is taken out and the next one sought in what is left.

use shotfarm_shared::track::Window;

use super::regions::Region;

/// Things that are followed at most: two fill a split, a third shows that there are more.
const PATHS_MAX: usize = 3;
/// Seconds that a thing may be hidden.
const HIDDEN_SECONDS_MAX: f64 = 2.0;
/// Part of the picture's width that things cross in a second at no cost.
const FREE_SPEED: f64 = 0.6;
/// What a jump across the whole picture costs, in frames of a region of usual weight.
const JUMP_COST: f64 = 9.0;
/// A jump costs no more than this: a thing that is lost is lost.
const JUMP_COST_MAX: f64 = 4.0;
/// What doubling or halving its width costs.
const SIZE_COST: f64 = 0.4;
/// What each frame without a region costs.
const GAP_COST: f64 = 0.1;
/// What a region gains at most: large ones are not more and more important.
const GAIN_MAX: f64 = 1.6;
/// Part of a region that must lie on a path for the region to be spent with it.
const SPENT_PART: f64 = 0.5;

/// A region of a path.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Step {
    /// Which view.
    pub(super) view: usize,
    /// Its region.
    pub(super) region: Region,
}

/// One thing over time.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Path {
    /// Its regions, in order.
    pub(super) steps: Vec<Step>,
    /// Mean gain over all views of the stretch, 0 to 1.6.
    pub(super) strength: f64,
}

impl Path {
    /// How much of the smaller of two regions that follow one another lies in the other, in the mean.
    pub(super) fn holds_together(&self) -> f64 {
        let area = |place: &Window| place.width * place.height;
        let pairs = self.steps.windows(2).map(|pair| {
            let (one, other) = (&pair[0].region.place, &pair[1].region.place);
            one.overlap(other) / area(one).min(area(other)).max(f64::MIN_POSITIVE)
        });
        let (sum, count) = pairs.fold((0.0, 0.0), |(sum, count), part| (sum + part, count + 1.0));
        if count > 0.0 { sum / count } else { 1.0 }
    }
}

/// Where a path came from.
#[derive(Clone, Copy)]
struct Best {
    gain: f64,
    from: Option<(usize, usize)>,
}

/// The strongest paths through the regions of every view, strongest first. `view_seconds` lie between two views, and the picture
/// is `width` wide.
pub(super) fn paths(mut regions: Vec<Vec<Region>>, view_seconds: f64, width: f64) -> Vec<Path> {
    let usual = usual_weight(&regions);
    let costs = Costs { view_seconds, width, gap_max: (HIDDEN_SECONDS_MAX / view_seconds).ceil().max(1.0) as usize };
    let mut found: Vec<Path> = Vec::new();
    while found.len() < PATHS_MAX {
        let Some(path) = best_path(&regions, usual, &costs) else { break };
        spend(&mut regions, &path);
        found.push(path);
    }
    found.sort_by(|left, right| right.strength.total_cmp(&left.strength));
    found
}

/// The median, over the views that have any, of the strongest region's weight.
fn usual_weight(regions: &[Vec<Region>]) -> f64 {
    let mut weights = regions.iter().filter_map(|regions| regions.first().map(|region| region.weight)).collect::<Vec<_>>();
    weights.sort_by(f64::total_cmp);
    weights.get(weights.len() / 2).copied().unwrap_or(1.0).max(f64::MIN_POSITIVE)
}

fn gain(region: &Region, usual: f64) -> f64 {
    (region.weight / usual).sqrt().min(GAIN_MAX)
}

struct Costs {
    view_seconds: f64,
    width: f64,
    gap_max: usize,
}

impl Costs {
    fn between(&self, from: &Region, to: &Region, gap: usize) -> f64 {
        let distance = (from.place.centre().0 - to.place.centre().0).hypot(from.place.centre().1 - to.place.centre().1);
        let free = FREE_SPEED * self.width * self.view_seconds * gap as f64;
        let jump = (JUMP_COST * (distance - free).max(0.0) / self.width).min(JUMP_COST_MAX);
        let size = SIZE_COST * (from.place.width / to.place.width).log2().abs();
        jump + size + GAP_COST * (gap - 1) as f64
    }
}

fn best_path(regions: &[Vec<Region>], usual: f64, costs: &Costs) -> Option<Path> {
    let mut best: Vec<Vec<Best>> = Vec::with_capacity(regions.len());
    for (view, here) in regions.iter().enumerate() {
        let of = |region: &Region| {
            let mut found = Best { gain: 0.0, from: None };
            for gap in 1..=costs.gap_max.min(view) {
                for (index, other) in regions[view - gap].iter().enumerate() {
                    let total = best[view - gap][index].gain - costs.between(other, region, gap);
                    if total > found.gain {
                        found = Best { gain: total, from: Some((view - gap, index)) };
                    }
                }
            }
            Best { gain: found.gain + gain(region, usual), ..found }
        };
        let row = here.iter().map(of).collect();
        best.push(row);
    }
    let ends =
        best.iter().enumerate().flat_map(|(view, row)| row.iter().enumerate().map(move |(index, best)| (view, index, best.gain)));
    let (view, index, _) = ends.fold(None, |found: Option<(usize, usize, f64)>, end| match found {
        Some(found) if found.2 >= end.2 => Some(found),
        _ => Some(end),
    })?;
    let (mut steps, mut at) = (Vec::new(), Some((view, index)));
    while let Some((view, index)) = at {
        steps.push(Step { view, region: regions[view][index].clone() });
        at = best[view][index].from;
    }
    steps.reverse();
    let total = steps.iter().map(|step| gain(&step.region, usual)).sum::<f64>();
    Some(Path { steps, strength: total / regions.len() as f64 })
}

/// Takes the regions of a path out, and what lies on them.
fn spend(regions: &mut [Vec<Region>], path: &Path) {
    for step in &path.steps {
        regions[step.view].retain(|region| {
            let place = region.place;
            place != step.region.place && place.overlap(&step.region.place) < SPENT_PART * place.width * place.height
        });
    }
}

/// Edges that are steady over time: the median of five views each, and no narrower than most of the views beside.
pub(super) fn steadied(places: &[Window], reach: usize) -> Vec<Window> {
    let edges = |of: fn(&Window) -> f64| medians(&places.iter().map(of).collect::<Vec<_>>());
    let (left, right) = (edges(|place| place.x), edges(Window::right));
    let (top, bottom) = (edges(|place| place.y), edges(Window::bottom));
    let lengths = |from: &[f64], to: &[f64]| {
        let lengths = from.iter().zip(to).map(|(from, to)| to - from).collect::<Vec<_>>();
        (0..lengths.len())
            .map(|at| {
                let mut near = lengths[at.saturating_sub(reach)..(at + reach + 1).min(lengths.len())].to_vec();
                near.sort_by(f64::total_cmp);
                near[near.len() * 3 / 4].max(lengths[at])
            })
            .collect::<Vec<_>>()
    };
    let (widths, heights) = (lengths(&left, &right), lengths(&top, &bottom));
    (0..places.len())
        .map(|at| Window {
            x: (left[at] + right[at] - widths[at]) / 2.0,
            y: (top[at] + bottom[at] - heights[at]) / 2.0,
            width: widths[at],
            height: heights[at],
        })
        .collect()
}

fn medians(values: &[f64]) -> Vec<f64> {
    (0..values.len())
        .map(|at| {
            // As many on both sides, so that an even movement stays where it is.
            let reach = 2.min(at).min(values.len() - 1 - at);
            let mut near = values[at - reach..=at + reach].to_vec();
            near.sort_by(f64::total_cmp);
            near[near.len() / 2]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(x: f64, weight: f64) -> Region {
        Region { place: Window { x, y: 100.0, width: 60.0, height: 150.0 }, weight, moving: 0.5 }
    }

    #[test]
    fn a_thing_is_followed_through_others_and_behind_them() {
        // It walks right at 8 pixels a view, hidden over views 20..26; another stands still, at times the stronger one.
        let walker = |view: usize| region(40.0 + 8.0 * view as f64, 20.0);
        let views = (0..48).map(|view| {
            let other = region(500.0, if view % 5 == 0 { 26.0 } else { 6.0 });
            if (20..26).contains(&view) { vec![other] } else { vec![walker(view), other] }
        });
        let found = paths(views.collect(), 1.0 / 12.0, 640.0);
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].steps.len(), 42);
        assert!(found[0].steps.iter().all(|step| step.region == walker(step.view)), "{:?}", found[0]);
        assert_eq!(found[1].steps.len(), 48);
    }

    #[test]
    fn edges_are_steadied_without_lag() {
        let walk = (0..30).map(|at| Window { x: 10.0 * f64::from(at), y: 0.0, width: 50.0, height: 90.0 }).collect::<Vec<_>>();
        assert_eq!(steadied(&walk, 4), walk);
        let mut torn = walk.clone();
        torn[12].width = 8.0;
        for (got, wanted) in steadied(&torn, 4).iter().zip(&walk) {
            assert!((got.x - wanted.x).abs() <= 5.0 && got.width >= 50.0, "{got:?}, not {wanted:?}");
        }
    }

    #[test]
    fn nothing_is_no_path() {
        assert_eq!(paths(vec![Vec::new(); 9], 0.1, 640.0), Vec::new());
        assert_eq!(paths(Vec::new(), 0.1, 640.0), Vec::new());
    }
}
