//! The window's path along one axis as a convex program.
//!
//! The path is a uniform cubic B-spline over time. Its control points are what is solved for: a curve of that kind lies within
//! the range of its control points and its acceleration within the range of their second differences, so that bounds on the
//! control points hold at every frame and between. The cost is that of Grundmann, Kwatra and Essa, "Auto-directed video
//! stabilization with robust L1 optimal camera paths", CVPR 2011: the sums of the absolute velocity, acceleration and jerk, so
//! that a path is made of pieces that stand, go evenly and turn evenly; besides, the square of its distance from where it aims.
//! What must stay is held by exact penalties: they hold where they can, and give way to the heavier where they cannot.
//!
//! Long paths are solved in pieces that look ahead beyond their end and begin with what the piece before has fixed.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettingsBuilder, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

/// Seconds from one control point to the next: an eighth is finer than any camera's hand.
const KNOT_SECONDS: f64 = 0.125;
/// Control points of a piece: what one program holds.
const PIECE_KNOTS: usize = 360;
/// Control points of a piece that only look ahead: six seconds.
const AHEAD_KNOTS: usize = 48;
/// What a window's side of way costs.
const VELOCITY_COST: f64 = 0.05;
/// What a side per second of change of speed costs.
const ACCELERATION_COST: f64 = 0.05;
/// What a side per second squared of change of acceleration costs.
const JERK_COST: f64 = 0.01;
/// What a side's distance from where it aims costs, squared, for a second.
const AIM_COST: f64 = 12.0;
/// What a side of what must stay outside of the window costs, for a second and a weight of 1. Far above all other costs
/// together, so that it is held wherever it can be.
const HOLD_COST: f64 = 200.0;
/// Rounds of the solver; it needs 10 to 30.
const ROUNDS_MAX: u32 = 100;
/// What the solver may be off, in sides of the window: a thousandth of a pixel.
const TOLERANCE: f64 = 1e-6;
/// What is left to the acceleration's bound, so that the solver's tolerance stays below it.
const BOUND_PART: f64 = 0.98;

/// What must stay: at a frame the window should begin within a range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Hold {
    /// The frame of the stretch.
    pub(super) at: usize,
    /// Least place of the window's edge.
    pub(super) from: f64,
    /// Greatest place.
    pub(super) to: f64,
    /// How heavily it counts; 1 for what must stay.
    pub(super) weight: f64,
}

/// Where the window would best begin at a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aim {
    /// The frame of the stretch.
    pub(super) at: usize,
    /// The place of the window's edge.
    pub(super) to: f64,
    /// How much that matters; 1 for what is sure.
    pub(super) weight: f64,
}

/// A path that is sought. Places in pixels of the source.
#[derive(Clone, Debug)]
pub(super) struct Problem {
    /// Frames of the stretch.
    pub(super) frames: usize,
    /// Frames in a second.
    pub(super) per_second: f64,
    /// The window's side: the unit in which costs are counted.
    pub(super) side: f64,
    /// The least and the greatest place.
    pub(super) reach: (f64, f64),
    /// Greatest acceleration, in sides a second squared.
    pub(super) acceleration_max: f64,
    /// What must stay.
    pub(super) holds: Vec<Hold>,
    /// Where it aims.
    pub(super) aims: Vec<Aim>,
}

/// A program that the solver gave up on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the path's program was not solved")]
pub(super) struct NotSolved;

/// Control points and how they make frames.
struct Spline {
    /// Frames from one to the next.
    every: f64,
    /// How many.
    count: usize,
}

impl Problem {
    /// The place of the window's edge in every frame.
    ///
    /// # Errors
    /// When the solver gives up: the caller then lets the window stand.
    pub(super) fn solve(&self) -> Result<Vec<f64>, NotSolved> {
        let spline = Spline::over(self.frames, self.per_second);
        let mut points: Vec<f64> = Vec::new();
        while points.len() < spline.count {
            let fixed = points.len().min(3);
            let first = points.len() - fixed;
            let end = (first + PIECE_KNOTS + AHEAD_KNOTS).min(spline.count);
            let piece = Piece { problem: self, spline: &spline, first, count: end - first, fixed: &points[first..] };
            let solved = piece.solve()?;
            let kept = if end == spline.count { solved.len() } else { PIECE_KNOTS };
            points.extend(&solved[fixed..kept]);
        }
        let (low, high) = self.reach;
        Ok((0..self.frames).map(|frame| (spline.place(frame, &points) * self.side).clamp(low, high)).collect())
    }
}

impl Spline {
    fn over(frames: usize, per_second: f64) -> Self {
        let every = (per_second * KNOT_SECONDS).round().max(1.0);
        let spans = (frames.saturating_sub(1) as f64 / every).ceil().max(1.0) as usize;
        Self { every, count: spans + 3 }
    }

    /// The first of the four control points of a frame, and their parts.
    fn parts(&self, frame: usize) -> (usize, [f64; 4]) {
        let at = frame as f64 / self.every;
        let span = (at.floor() as usize).min(self.count - 4);
        let t = at - span as f64;
        let (u, t2, t3) = (1.0 - t, t * t, t * t * t);
        let parts = [u * u * u, 3.0 * t3 - 6.0 * t2 + 4.0, -3.0 * t3 + 3.0 * t2 + 3.0 * t + 1.0, t3];
        (span, parts.map(|part| part / 6.0))
    }

    fn place(&self, frame: usize, points: &[f64]) -> f64 {
        let (first, parts) = self.parts(frame);
        parts.iter().zip(&points[first..]).map(|(part, point)| part * point).sum()
    }
}

/// Control points that are solved for together.
struct Piece<'p> {
    problem: &'p Problem,
    spline: &'p Spline,
    /// Which is the first.
    first: usize,
    /// How many.
    count: usize,
    /// The first ones, which the piece before has fixed.
    fixed: &'p [f64],
}

/// A convex program: `minimise x'Px/2 + q'x` where `Ax <= b`, the first rows with `=`.
#[derive(Default)]
struct Program {
    quadratic: Triplets,
    linear: Vec<f64>,
    rows: Triplets,
    bounds: Vec<f64>,
    equalities: usize,
}

#[derive(Default)]
struct Triplets {
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
}

impl Triplets {
    fn push(&mut self, row: usize, column: usize, value: f64) {
        self.rows.push(row);
        self.columns.push(column);
        self.values.push(value);
    }

    fn matrix(self, rows: usize, columns: usize) -> CscMatrix<f64> {
        CscMatrix::new_from_triplets(rows, columns, self.rows, self.columns, self.values)
    }
}

impl Program {
    fn variable(&mut self, cost: f64) -> usize {
        self.linear.push(cost);
        self.linear.len() - 1
    }

    /// Adds `parts . x <= bound`.
    fn at_most(&mut self, parts: &[(usize, f64)], bound: f64) {
        let row = self.bounds.len();
        for &(column, value) in parts {
            self.rows.push(row, column, value);
        }
        self.bounds.push(bound);
    }

    /// Adds a variable of that cost that is at least `|parts . x|`.
    fn absolute(&mut self, parts: &[(usize, f64)], cost: f64) {
        let bound = self.variable(cost);
        for sign in [1.0, -1.0] {
            let signed = parts.iter().map(|&(column, value)| (column, sign * value)).chain([(bound, -1.0)]);
            self.at_most(&signed.collect::<Vec<_>>(), 0.0);
        }
    }

    fn solve(self) -> Result<Vec<f64>, NotSolved> {
        let (columns, rows) = (self.linear.len(), self.bounds.len());
        let cones =
            [SupportedConeT::ZeroConeT(self.equalities), SupportedConeT::NonnegativeConeT(rows - self.equalities)];
        let settings = DefaultSettingsBuilder::default()
            .verbose(false)
            .max_iter(ROUNDS_MAX)
            .max_threads(1)
            .direct_solve_method("qdldl".to_owned())
            .tol_feas(TOLERANCE)
            .tol_gap_abs(TOLERANCE)
            .tol_gap_rel(TOLERANCE)
            .build()
            .map_err(|_| NotSolved)?;
        let quadratic = self.quadratic.matrix(columns, columns);
        let rows = self.rows.matrix(rows, columns);
        let solver = DefaultSolver::new(&quadratic, &self.linear, &rows, &self.bounds, &cones, settings);
        let mut solver = solver.map_err(|_| NotSolved)?;
        solver.solve();
        let is_solved = matches!(solver.solution.status, SolverStatus::Solved | SolverStatus::AlmostSolved);
        if is_solved && solver.solution.x.iter().all(|value| value.is_finite()) { Ok(solver.solution.x) } else { Err(NotSolved) }
    }
}

impl Piece<'_> {
    /// Its control points, in sides of the window.
    fn solve(&self) -> Result<Vec<f64>, NotSolved> {
        let mut program = Program::default();
        for _ in 0..self.count {
            program.variable(0.0);
        }
        for (index, &point) in self.fixed.iter().enumerate() {
            program.at_most(&[(index, 1.0)], point);
        }
        program.equalities = self.fixed.len();
        self.bound(&mut program);
        self.smooth(&mut program);
        self.hold(&mut program);
        self.aim(&mut program);
        let mut solved = program.solve()?;
        solved.truncate(self.count);
        Ok(solved)
    }

    fn seconds(&self) -> f64 {
        self.spline.every / self.problem.per_second
    }

    fn bound(&self, program: &mut Program) {
        let (low, high) = self.problem.reach;
        let bend = self.problem.acceleration_max * BOUND_PART * self.seconds().powi(2);
        for index in self.fixed.len()..self.count {
            program.at_most(&[(index, 1.0)], high / self.problem.side);
            program.at_most(&[(index, -1.0)], -low / self.problem.side);
            if let Some(before) = index.checked_sub(2) {
                for sign in [1.0, -1.0] {
                    program.at_most(&[(before, sign), (before + 1, -2.0 * sign), (index, sign)], bend);
                }
            }
        }
    }

    fn smooth(&self, program: &mut Program) {
        let seconds = self.seconds();
        for (parts, cost) in [
            (&[-1.0, 1.0][..], VELOCITY_COST),
            (&[1.0, -2.0, 1.0], ACCELERATION_COST / seconds),
            (&[-1.0, 3.0, -3.0, 1.0], JERK_COST / seconds.powi(2)),
        ] {
            for first in 0..(self.count + 1).saturating_sub(parts.len()) {
                let parts = parts.iter().enumerate().map(|(offset, part)| (first + offset, *part)).collect::<Vec<_>>();
                program.absolute(&parts, cost);
            }
        }
    }

    /// The parts of a frame among this piece's control points; `None` when it is another piece's.
    fn parts(&self, frame: usize) -> Option<[(usize, f64); 4]> {
        let (first, parts) = self.spline.parts(frame);
        let first = first.checked_sub(self.first).filter(|first| first + 4 <= self.count)?;
        Some([0, 1, 2, 3].map(|offset| (first + offset, parts[offset])))
    }

    fn hold(&self, program: &mut Program) {
        let seconds = 1.0 / self.problem.per_second;
        for hold in &self.problem.holds {
            let Some(parts) = self.parts(hold.at) else { continue };
            let slack = program.variable(HOLD_COST * hold.weight * seconds);
            for (sign, bound) in [(1.0, hold.to), (-1.0, -hold.from)] {
                let row = parts.iter().map(|&(column, part)| (column, sign * part)).chain([(slack, -1.0)]);
                program.at_most(&row.collect::<Vec<_>>(), bound / self.problem.side);
            }
            program.at_most(&[(slack, -1.0)], 0.0);
        }
    }

    fn aim(&self, program: &mut Program) {
        let seconds = 1.0 / self.problem.per_second;
        for aim in &self.problem.aims {
            let Some(parts) = self.parts(aim.at) else { continue };
            let (cost, to) = (2.0 * AIM_COST * aim.weight * seconds, aim.to / self.problem.side);
            for (index, &(column, part)) in parts.iter().enumerate() {
                program.linear[column] -= cost * part * to;
                // The solver reads the upper triangle.
                for &(other, other_part) in &parts[index..] {
                    program.quadratic.push(column, other, cost * part * other_part);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn problem(frames: usize, subject: impl Fn(usize) -> f64) -> Problem {
        // A window 200 wide, a subject 80 wide, a picture 640 wide.
        let holds = (0..frames).map(|at| {
            let x = subject(at);
            Hold { at, from: (x - 120.0).clamp(0.0, 440.0), to: x.clamp(0.0, 440.0), weight: 1.0 }
        });
        let aims = (0..frames).map(|at| Aim { at, to: (subject(at) - 60.0).clamp(0.0, 440.0), weight: 1.0 });
        Problem {
            frames,
            per_second: 24.0,
            side: 200.0,
            reach: (0.0, 440.0),
            acceleration_max: 3.0,
            holds: holds.collect(),
            aims: aims.collect(),
        }
    }

    fn greatest_acceleration(path: &[f64]) -> f64 {
        path.windows(3).map(|x| (x[2] - 2.0 * x[1] + x[0]).abs() * 24.0 * 24.0 / 200.0).fold(0.0, f64::max)
    }

    #[test]
    fn what_trembles_is_not_followed() {
        let path = problem(96, |at| 300.0 + if at % 2 == 0 { 6.0 } else { -6.0 }).solve().expect("solved");
        let (low, high) = path.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
        assert!(high - low < 0.5 && (low - 240.0).abs() < 7.0, "{low}..{high}");
    }

    #[test]
    fn what_walks_is_held() {
        let walk = |at: usize| 20.0 + 5.0 * at as f64;
        let path = problem(100, walk).solve().expect("solved");
        for (at, x) in path.iter().enumerate() {
            assert!(*x <= walk(at) + 1e-2 && x + 200.0 >= walk(at) + 80.0 - 1e-2, "frame {at}: {x}");
        }
        assert!(greatest_acceleration(&path) < 3.0);
    }

    #[test]
    fn a_long_path_is_solved_in_pieces_without_a_seam() {
        let walk = |at: usize| 280.0 + 180.0 * (at as f64 / 60.0).sin();
        let path = problem(3_000, walk).solve().expect("solved");
        assert_eq!(path.len(), 3_000);
        assert!(greatest_acceleration(&path) < 3.0);
        let off = path.iter().enumerate().map(|(at, x)| (x - (walk(at) - 60.0)).abs()).fold(0.0, f64::max);
        assert!(off < 60.0, "{off}");
    }

    #[test]
    fn one_frame_is_a_path() {
        assert!((problem(1, |_| 300.0).solve().expect("solved")[0] - 240.0).abs() < 0.1);
        let path = problem(2, |at| if at == 0 { 0.0 } else { 560.0 }).solve().expect("solved");
        assert_eq!(path.len(), 2);
    }

    /// The cost of control points, as it is stated above.
    fn cost(problem: &Problem, points: &[f64]) -> f64 {
        let spline = Spline::over(problem.frames, problem.per_second);
        let seconds = spline.every / problem.per_second;
        let bends = |order: usize| {
            let mut values = points.to_vec();
            for _ in 0..order {
                values = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
            }
            values.iter().map(|value| value.abs()).sum::<f64>()
        };
        let place = |at: usize| spline.place(at, points);
        let holds = problem.holds.iter().map(|hold| {
            let (from, to) = (hold.from / problem.side, hold.to / problem.side);
            (from - place(hold.at)).max(place(hold.at) - to).max(0.0) * hold.weight * HOLD_COST / problem.per_second
        });
        let aims = problem.aims.iter().map(|aim| {
            (place(aim.at) - aim.to / problem.side).powi(2) * aim.weight * AIM_COST / problem.per_second
        });
        VELOCITY_COST * bends(1)
            + ACCELERATION_COST / seconds * bends(2)
            + JERK_COST / seconds.powi(2) * bends(3)
            + holds.sum::<f64>()
            + aims.sum::<f64>()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        /// Four control points on a grid: nothing that keeps the bounds is cheaper.
        #[test]
        fn no_other_path_is_cheaper(places in proptest::collection::vec(0.0_f64..560.0, 4)) {
            let problem = problem(4, |at| places[at]);
            let spline = Spline::over(problem.frames, problem.per_second);
            prop_assert_eq!(spline.count, 4);
            let piece = Piece { problem: &problem, spline: &spline, first: 0, count: 4, fixed: &[] };
            let solved = piece.solve().expect("solved");
            let least = cost(&problem, &solved);
            let bend = problem.acceleration_max * BOUND_PART * (3.0_f64 / 24.0).powi(2);
            let grid = (0..=12).map(|step| f64::from(step) * 2.2 / 12.0).collect::<Vec<_>>();
            for &a in &grid {
                for &b in &grid {
                    for &c in &grid {
                        for &d in &grid {
                            if (a - 2.0 * b + c).abs() <= bend && (b - 2.0 * c + d).abs() <= bend {
                                prop_assert!(least <= cost(&problem, &[a, b, c, d]) + 1e-4);
                            }
                        }
                    }
                }
            }
        }

        #[test]
        fn every_path_stays_inside_and_below_the_bound(
            knots in proptest::collection::vec(0.0_f64..560.0, 2..9), frames in 3_usize..160,
        ) {
            let subject = |at: usize| {
                let place = at as f64 / frames as f64 * (knots.len() - 1) as f64;
                let index = place as usize;
                knots[index] + (knots[index + 1] - knots[index]) * place.fract()
            };
            let path = problem(frames, subject).solve().expect("solved");
            prop_assert_eq!(path.len(), frames);
            prop_assert!(path.iter().all(|x| (0.0..=440.0).contains(x)));
            prop_assert!(greatest_acceleration(&path) <= 3.0, "{}", greatest_acceleration(&path));
            prop_assert_eq!(problem(frames, subject).solve(), Ok(path));
        }
    }
}
