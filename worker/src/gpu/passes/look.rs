//! How a frame is looked at for a plan: a small copy, its cells, how they moved since the frame before, profiles, a histogram.
//!
//! What comes out of the recording is no frame but [`Features`], the bytes of what was found. Invariants: everything is whole
//! numbers, so every device and the twins find the same bytes; what is found in a frame depends on it and on the frame before it
//! alone ([`Recording::context_frames`] is 1), wherever the shot was split. Before a shot's first frame stands that frame itself.

use shotfarm_shared::media::{Extent, FrameLayout};

use super::planes::{FramePlane, line_grid};
use crate::gpu::recording::{Proxy, Recorder, Recording};
use crate::gpu::shaders::look::{LOOK_BLOCK, LOOK_QUARTER};
use crate::gpu::shaders::{
    Shader, look_brightest, look_cells, look_features, look_histogram, look_marks, look_motion, look_quarter, look_search,
    look_shrink,
};
use crate::reframe::Look;

const WORD: u64 = 4;
/// Words of a cell in the features.
const CELL_WORDS: u32 = 4;
/// What the shrinking counts codes in: see `look_shrink`.
const CODE_PARTS: f64 = 64.0;
/// Above this, planes are copied out of the frame so that each can be bound by itself: half of what every device binds at once.
const FRAME_BOUND_BYTES_MAX: usize = 64 << 20;

/// Where what was found lies in the bytes that come out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Features {
    cells: u32,
    picture: Extent,
}

impl Features {
    /// Of a look.
    #[must_use]
    pub fn of(look: &Look) -> Self {
        Self { cells: look.columns * look.rows, picture: look.picture }
    }

    /// Cells: twelve bytes of [`crate::reframe::Cell`] each, then the sums over its pixels of what is left of the change after
    /// its motion and of the change, two bytes each.
    #[must_use]
    pub fn cells(self) -> std::ops::Range<usize> {
        0..self.first_profile() as usize * 4
    }

    /// The brightest luma of every row.
    #[must_use]
    pub fn rows(self) -> std::ops::Range<usize> {
        let begin = self.first_profile() as usize * 4;
        begin..begin + self.picture.height as usize
    }

    /// The brightest luma of every column.
    #[must_use]
    pub fn columns(self) -> std::ops::Range<usize> {
        let begin = (self.first_profile() + self.picture.height.div_ceil(4)) as usize * 4;
        begin..begin + self.picture.width as usize
    }

    /// How many pixels have a colour that the frame before had not: a word.
    #[must_use]
    pub fn others(self) -> std::ops::Range<usize> {
        let begin = self.others_word() as usize * 4;
        begin..begin + 4
    }

    /// All of them.
    #[must_use]
    pub fn bytes(self) -> usize {
        self.others().end
    }

    fn first_profile(self) -> u32 {
        self.cells * CELL_WORDS
    }

    fn others_word(self) -> u32 {
        self.first_profile() + self.picture.height.div_ceil(4) + self.picture.width.div_ceil(4)
    }
}

/// Records how raw frames of `input` are looked at. What comes out is [`Features`].
#[must_use]
pub fn record_look(look: &Look, input: &FrameLayout) -> Recording {
    let mut recorder = Recorder::new(input.frame_bytes());
    recorder.look_back(1);
    let features = Features::of(look);
    recorder.finish(features.bytes(), |recorder, output| {
        let eyes = Eyes { look, picture: look.picture, features };
        let now = shrink(recorder, input, look.picture);
        let before = recorder.history("look before", look.picture.pixels() * WORD);
        let moved = eyes.motion(recorder, now, before);
        let cells = eyes.cells(recorder, now, before);
        let size = (look.columns * look.rows, 1);
        let params = look_features::Params { columns: look.columns, rows: look.rows };
        recorder.grid(Shader::LookFeatures, &params, &[cells, moved], &[output], size);
        eyes.profiles(recorder, now, output);
        recorder.copy((now, 0), (before, 0), look.picture.pixels() * WORD);
    })
}

/// Records the way of a raw frame into a small copy of the size `picture`: see `look_shrink`.
pub(super) fn shrink(recorder: &mut Recorder, input: &FrameLayout, picture: Extent) -> Proxy {
    shrink_bound(recorder, input, picture, input.frame_bytes() <= FRAME_BOUND_BYTES_MAX)
}

/// The same with the frame bound `whole`, or plane by plane.
fn shrink_bound(recorder: &mut Recorder, input: &FrameLayout, picture: Extent, whole: bool) -> Proxy {
    let look = recorder.scratch("look", picture.pixels() * WORD);
    for (plane, byte) in FramePlane::of(input).into_iter().zip(0_u32..) {
        let (source, first_sample) = if whole { (recorder.input(), plane.first_sample) } else { copied_plane(recorder, &plane) };
        let params = look_shrink::Params {
            first_sample,
            source_width: plane.extent.width,
            source_height: plane.extent.height,
            word_log2: plane.samples_per_word.ilog2(),
            code_mask: plane.code_mask,
            width: picture.width,
            height: picture.height,
            code_zero: (CODE_PARTS * plane.code_zero) as i32,
            code_span: (CODE_PARTS * plane.code_span) as i32,
            byte_zero: if byte == 0 { 0 } else { 128 },
            byte_bit: 8 * byte,
        };
        recorder.grid(Shader::LookShrink, &params, &[source], &[look], (picture.width, picture.height));
    }
    look
}

/// A buffer of its own for a plane, and which of its samples is the plane's first.
fn copied_plane(recorder: &mut Recorder, plane: &FramePlane) -> (Proxy, u32) {
    let first_word = plane.first_sample / plane.samples_per_word;
    let samples = plane.extent.pixels() as u32;
    let words = (plane.first_sample + samples).div_ceil(plane.samples_per_word) - first_word;
    let bytes = u64::from(words) * WORD;
    let own = recorder.scratch("plane of the frame", bytes);
    recorder.copy((recorder.input(), u64::from(first_word) * WORD), (own, 0), bytes);
    (own, plane.first_sample - first_word * plane.samples_per_word)
}

/// What every part of the recording needs to know.
struct Eyes<'a> {
    look: &'a Look,
    picture: Extent,
    features: Features,
}

impl Eyes<'_> {
    /// How each cell moved since the frame before.
    fn motion(&self, recorder: &mut Recorder, now: Proxy, before: Proxy) -> Proxy {
        let Extent { width, height } = self.picture;
        let (quarter_width, quarter_height) = (width.div_ceil(LOOK_QUARTER), height.div_ceil(LOOK_QUARTER));
        let bytes = u64::from(quarter_width) * u64::from(quarter_height) * WORD;
        let (quarter, quarter_before) = (recorder.scratch("quarter", bytes), recorder.history("quarter before", bytes));
        let params = look_quarter::Params { width, height, quarter_width, quarter_height };
        recorder.grid(Shader::LookQuarter, &params, &[now], &[quarter], (quarter_width, quarter_height));

        let (block_columns, block_rows) = (quarter_width.div_ceil(LOOK_BLOCK), quarter_height.div_ceil(LOOK_BLOCK));
        let blocks = block_columns * block_rows;
        let ways = recorder.scratch("ways of blocks", u64::from(blocks) * 2 * WORD);
        let params =
            look_search::Params { width: quarter_width, height: quarter_height, columns: block_columns, rows: block_rows };
        recorder.grid(Shader::LookSearch, &params, &[quarter, quarter_before], &[ways], (blocks, 1));
        recorder.copy((quarter, 0), (quarter_before, 0), bytes);

        let Look { columns, rows, .. } = *self.look;
        let moved = recorder.scratch("ways of cells", u64::from(columns * rows) * 2 * WORD);
        let params = look_motion::Params { width, height, columns, rows, block_columns, block_rows };
        recorder.grid(Shader::LookMotion, &params, &[now, before, ways], &[moved], (columns * rows, 1));
        moved
    }

    /// The means over each cell's pixels.
    fn cells(&self, recorder: &mut Recorder, now: Proxy, before: Proxy) -> Proxy {
        let Extent { width, height } = self.picture;
        let marks = recorder.scratch("marks", self.picture.pixels() * WORD);
        recorder.grid(Shader::LookMarks, &look_marks::Params { width, height }, &[now, before], &[marks], (width, height));
        let Look { columns, rows, .. } = *self.look;
        let cells = recorder.scratch("cells", u64::from(columns * rows) * 2 * WORD);
        let params = look_cells::Params { width, height, columns, rows };
        recorder.grid(Shader::LookCells, &params, &[now, marks], &[cells], (columns * rows, 1));
        cells
    }

    /// What is found in the frame as a whole.
    fn profiles(&self, recorder: &mut Recorder, now: Proxy, output: Proxy) {
        let Extent { width, height } = self.picture;
        let params = look_brightest::Params { width, height, first_word: self.features.first_profile() };
        let words = height.div_ceil(4) + width.div_ceil(4);
        let (_, size) = line_grid(Shader::LookBrightest, u64::from(words));
        recorder.grid(Shader::LookBrightest, &params, &[now], &[output], size);

        let bytes = u64::from(look_histogram::BINS) * WORD;
        let (counts, before) = (recorder.scratch("histogram", bytes), recorder.history("histogram before", bytes));
        let params = look_histogram::Params { width, height, word: self.features.others_word() };
        recorder.dispatch(Shader::LookHistogram, &[], &params, &[now, before], &[output, counts], [1, 1, 1]);
        recorder.copy((counts, 0), (before, 0), bytes);
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::frames::FrameRate;
    use shotfarm_shared::media::PixelFormat;

    use super::*;
    use crate::gpu::recording::{DeviceFeatures, DeviceLimits};
    use crate::gpu::testing::layout;
    use crate::gpu::twins;

    #[test]
    fn planes_by_themselves_give_what_the_whole_frame_gives() {
        for format in [PixelFormat::Yuv420p, PixelFormat::Yuv422p10le] {
            // Planes begin within words.
            let input = layout(35, 61, format);
            let picture = Extent::new(9, 20);
            let frame = (0..input.frame_bytes()).map(|at| (at * 37 % 251) as u8).collect::<Vec<_>>();
            let shrunk = |whole: bool| {
                let mut recorder = Recorder::new(input.frame_bytes());
                let look = shrink_bound(&mut recorder, &input, picture, whole);
                let bytes = picture.pixels() * WORD;
                let recording = recorder.finish(bytes as usize, |recorder, output| recorder.copy((look, 0), (output, 0), bytes));
                twins::run(&recording, &frame)
            };
            assert_eq!(shrunk(true), shrunk(false));
        }
    }

    #[test]
    fn the_largest_frames_fit_into_what_every_device_binds() {
        let input = layout(7_680, 8_640, PixelFormat::Yuv444p10le);
        let look = Look::of(input.extent, FrameRate::new(24, 1).expect("a rate"), 10);
        let limits = DeviceLimits {
            binding_bytes_max: 128 << 20,
            buffer_bytes_max: (2 << 30) - 1,
            bindings_max: 8,
            groups_max: 65_535,
            group_invocations_max: 256,
            group_sides_max: [256, 256, 64],
        };
        assert_eq!(record_look(&look, &input).check(&limits, &DeviceFeatures::default()), Ok(()));
    }
}
