//! The last look at a frame before it is encoded: a wholly black picture out of one that is not black is a fault, as when a
//! driver gives back a buffer that nothing was written to. Where the picture is framed anew, what counts of the source is the part
//! that the frame's windows show: a window may well lie on the dark side of a light picture.

use std::collections::VecDeque;

use shotfarm_shared::media::{Extent, FrameLayout, Range};
use shotfarm_shared::track::{Track, Window};

use super::error::TaskError;
use super::pipeline::Engine;

/// Steps of the 8-bit scale above black up to which a sample still counts as black: dither, and what filters leave at edges.
const BLACK_STEPS: u16 = 2;
/// Steps above black from which on a sample is certainly light.
const LIGHT_STEPS: u16 = 16;
/// One light sample in so many makes a picture that no filter may turn black; fewer could be noise that a step takes out.
const LIGHT_ONE_IN: usize = 64;

/// What the luma of one layout means.
#[derive(Clone, Copy, Debug)]
struct Luma {
    samples: usize,
    width: usize,
    sample_bytes: usize,
    /// The code of black, and codes to one step of the 8-bit scale.
    black: u16,
    step: u16,
}

impl Luma {
    fn of(layout: &FrameLayout) -> Self {
        let step = 1 << (layout.format.bits() - 8);
        let black = match layout.colour.range {
            Range::Limited => 16 * step,
            Range::Full => 0,
        };
        let (sample_bytes, width) = (layout.format.sample_bytes(), layout.extent.width as usize);
        Self { samples: layout.extent.pixels() as usize, width, sample_bytes, black, step }
    }

    fn codes(self, frame: &[u8]) -> impl Iterator<Item = u16> {
        let bytes = self.samples * self.sample_bytes;
        let samples = frame[..bytes.min(frame.len())].chunks_exact(self.sample_bytes);
        samples.map(|bytes| match *bytes {
            [low, high] => u16::from_le_bytes([low, high]),
            [code] => u16::from(code),
            _ => unreachable!("samples are of one or two bytes"),
        })
    }

    /// Whether every luma sample is black. A picture that is not is known after few samples.
    fn is_black(self, frame: &[u8]) -> bool {
        self.codes(frame).all(|code| code <= self.black + BLACK_STEPS * self.step)
    }

    /// Whether enough of it is certainly light.
    fn is_light(self, frame: &[u8]) -> bool {
        self.enough(self.codes(frame), self.samples)
    }

    /// Whether enough of what the windows show is certainly light: of the pixels that lie in them as a whole.
    fn is_light_within(self, frame: &[u8], windows: &[Window]) -> bool {
        let height = self.samples / self.width;
        let inside = |from: f64, to: f64, length: usize| {
            let begin = (from.ceil().max(0.0) as usize).min(length);
            begin..(to.floor().max(0.0) as usize).clamp(begin, length)
        };
        let parts = windows
            .iter()
            .map(|window| (inside(window.x, window.right(), self.width), inside(window.y, window.bottom(), height)));
        let samples = parts.clone().map(|(columns, rows)| columns.len() * rows.len()).sum();
        let row = |columns: &std::ops::Range<usize>, row: usize| {
            let begin = row * self.width;
            self.codes(&frame[(begin + columns.start) * self.sample_bytes..(begin + columns.end) * self.sample_bytes])
        };
        let codes = parts.flat_map(|(columns, rows)| rows.flat_map(move |index| row(&columns, index)));
        samples > 0 && self.enough(codes, samples)
    }

    fn enough(self, codes: impl Iterator<Item = u16>, samples: usize) -> bool {
        let asked = samples.div_ceil(LIGHT_ONE_IN);
        codes.filter(|&code| code >= self.black + LIGHT_STEPS * self.step).take(asked).count() == asked
    }
}

/// The windows that frames show instead of the whole picture.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown<'a> {
    pub(super) track: &'a Track,
    /// The size of the picture that the windows fill.
    pub(super) target: Extent,
}

impl Shown<'_> {
    /// The windows of a frame, in pixels of the source. None for what is submitted beyond the ends of the shot.
    fn windows(&self, number: i64) -> Vec<Window> {
        let placement = u64::try_from(number).ok().and_then(|frame| self.track.placement(frame, self.target));
        placement.into_iter().flat_map(|shown| std::iter::once(shown.first).chain(shown.second)).map(|pane| pane.window).collect()
    }
}

/// An engine whose frames are looked at as they come out.
pub(super) struct Guarded<'a> {
    engine: &'a mut dyn Engine,
    input: Luma,
    shown: Option<Shown<'a>>,
    output: Luma,
    /// Frames that come out before the first one's picture.
    delay_frames: usize,
    /// For each frame whose picture has not come out: its number, and whether it is light.
    waiting: VecDeque<(i64, bool)>,
    came_out: usize,
}

impl<'a> Guarded<'a> {
    /// `engine` takes frames of `input`, of which it may show windows, and gives frames of `output`, so many submissions late.
    pub(super) fn new(
        engine: &'a mut dyn Engine,
        (input, shown): (&FrameLayout, Option<Shown<'a>>),
        output: &FrameLayout,
        delay_frames: u32,
    ) -> Self {
        let (input, output, delay_frames) = (Luma::of(input), Luma::of(output), delay_frames as usize);
        Self { engine, input, shown, output, delay_frames, waiting: VecDeque::new(), came_out: 0 }
    }
}

impl Engine for Guarded<'_> {
    fn submit(&mut self, frame: &[u8], number: i64) -> Result<(), TaskError> {
        let light = match &self.shown {
            Some(shown) => self.input.is_light_within(frame, &shown.windows(number)),
            None => self.input.is_light(frame),
        };
        self.waiting.push_back((number, light));
        self.engine.submit(frame, number)
    }

    fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
        self.engine.next(out)?;
        self.came_out += 1;
        if self.came_out <= self.delay_frames {
            return Ok(());
        }
        match self.waiting.pop_front() {
            Some((frame, true)) if frame >= 0 && self.output.is_black(out) => Err(TaskError::Black { frame }),
            Some(_) | None => Ok(()),
        }
    }

    fn in_flight(&self) -> usize {
        self.engine.in_flight()
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::failure::FailureClass;
    use shotfarm_shared::media::PixelFormat;

    use super::*;
    use crate::gpu::testing::layout;

    fn luma(format: PixelFormat, range: Range) -> Luma {
        let mut layout = layout(16, 8, format);
        layout.colour.range = range;
        Luma::of(&layout)
    }

    #[test]
    fn black_and_light_go_by_range_and_depth() {
        let limited = luma(PixelFormat::Yuv420p, Range::Limited);
        let frame = |code: u8| [vec![code; 128], vec![128; 64]].concat();
        assert!(limited.is_black(&frame(0)) && limited.is_black(&frame(16)) && limited.is_black(&frame(18)));
        assert!(!limited.is_black(&frame(19)) && !limited.is_light(&frame(31)) && limited.is_light(&frame(32)));
        let full = luma(PixelFormat::Yuv420p, Range::Full);
        assert!(full.is_black(&frame(2)) && !full.is_black(&frame(3)) && full.is_light(&frame(16)));
        let ten = luma(PixelFormat::Yuv420p10le, Range::Limited);
        let frame = |code: u16| [vec![code.to_le_bytes(); 128], vec![512_u16.to_le_bytes(); 64]].concat().concat();
        assert!(ten.is_black(&frame(72)) && !ten.is_black(&frame(73)) && ten.is_light(&frame(128)));
    }

    #[test]
    fn a_few_light_samples_are_no_light_picture() {
        let luma = luma(PixelFormat::Yuv420p, Range::Limited);
        let mut frame = [vec![16_u8; 128], vec![128; 64]].concat();
        frame[5] = 235;
        assert!(!luma.is_light(&frame) && !luma.is_black(&frame));
        frame[77] = 235;
        assert!(luma.is_light(&frame), "two of 128");
    }

    /// Gives black for every frame, one submission late.
    struct Dead(usize);

    impl Engine for Dead {
        fn submit(&mut self, _frame: &[u8], _number: i64) -> Result<(), TaskError> {
            self.0 += 1;
            Ok(())
        }

        fn next(&mut self, out: &mut Vec<u8>) -> Result<(), TaskError> {
            self.0 -= 1;
            *out = [vec![16_u8; 128], vec![128; 64]].concat();
            Ok(())
        }

        fn in_flight(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn black_out_of_a_light_frame_is_the_workers_fault_and_names_the_frame() {
        let layout = layout(16, 8, PixelFormat::Yuv420p);
        let (dark, light) = ([vec![16_u8; 128], vec![128; 64]].concat(), vec![128_u8; 192]);
        let (mut dead, mut out) = (Dead(0), Vec::new());
        let mut guarded = Guarded::new(&mut dead, (&layout, None), &layout, 1);
        for (number, frame) in [(-1, &light), (0, &dark), (1, &light), (2, &dark)] {
            guarded.submit(frame, number).unwrap();
        }
        guarded.next(&mut out).expect("nothing's picture");
        guarded.next(&mut out).expect("what stands before the shot is thrown away");
        guarded.next(&mut out).expect("black out of black");
        let error = guarded.next(&mut out).expect_err("black out of light");
        let failure = error.failure(std::path::Path::new("/scratch/work"));
        assert_eq!(failure.class, FailureClass::Worker);
        assert!(failure.message.starts_with("frame 1 came out black"), "{failure}");
    }

    /// A light half and a dark one, and a track whose window goes from the one to the other.
    #[test]
    fn a_window_on_the_dark_side_may_come_out_black() {
        use shotfarm_shared::track::{Camera, Layout, Stretch};
        let layout = layout(16, 8, PixelFormat::Yuv420p);
        let half = (0..128).map(|at| if at % 16 < 8 { 16_u8 } else { 200 }).chain([128; 64]).collect::<Vec<_>>();
        // With what comes behind a frame.
        let half = [half, vec![255; 40]].concat();
        let window = |x| Window { x, y: 0.0, width: 4.5, height: 8.0 };
        let windows = [0.0, 3.2, 8.75, 11.0].map(window).to_vec();
        let (first, end, camera) = (0, 4, Camera::Follow);
        let stretch = Stretch { first, end, camera, layout: Layout::Crop, why: String::new(), windows, second: Vec::new() };
        let track = Track { stretches: vec![stretch], ..Track::empty() };
        let shown = Shown { track: &track, target: Extent::new(16, 8) };
        let found = (-1..5).map(|frame| Luma::of(&layout).is_light_within(&half, &shown.windows(frame))).collect::<Vec<_>>();
        assert_eq!(found, [false, false, false, true, true, false]);
        let (mut dead, mut out) = (Dead(0), Vec::new());
        let mut guarded = Guarded::new(&mut dead, (&layout, Some(shown)), &layout, 0);
        for frame in 0..3 {
            guarded.submit(&half, frame).unwrap();
        }
        guarded.next(&mut out).expect("the window is on the dark side");
        guarded.next(&mut out).expect("it still is");
        let error = guarded.next(&mut out).expect_err("it has come to the light");
        assert!(matches!(error, TaskError::Black { frame: 2 }), "{error}");
    }

    #[test]
    fn either_window_of_a_split_may_be_the_light_one() {
        let layout = layout(16, 8, PixelFormat::Yuv420p10le);
        let frame = [vec![64_u16; 64], vec![800; 64], vec![512; 64]].concat();
        let frame = frame.iter().flat_map(|code| code.to_le_bytes()).collect::<Vec<_>>();
        let rows = |y, height| Window { x: 0.0, y, width: 16.0, height };
        let luma = Luma::of(&layout);
        assert!(
            !luma.is_light_within(&frame, &[rows(0.0, 4.0)]) && luma.is_light_within(&frame, &[rows(0.0, 4.0), rows(4.5, 3.0)])
        );
        assert!(!luma.is_light_within(&frame, &[rows(7.2, 0.5)]), "no pixel lies in it as a whole");
        assert!(luma.is_light_within(&frame, &[rows(-0.005, 8.01)]), "a window may end a hair outside");
    }
}
