//! Rows of a raw frame as a raw frame of their own, and back: copies where the bytes lie on whole words, and a pass that moves them
//! by bytes where they do not.

use shotfarm_shared::media::FrameLayout;

use super::planes::line_grid;
use super::rows::Rows;
use crate::gpu::recording::{Proxy, Recorder};
use crate::gpu::shaders::{Shader, move_bytes};

const WORD: u64 = 4;

/// Some bytes of one frame and the same bytes of another.
struct Span {
    from: u64,
    to: u64,
    bytes: u64,
}

/// The layout of `rows` of a frame.
pub(super) fn layout_of(frame: &FrameLayout, rows: Rows) -> FrameLayout {
    FrameLayout { extent: rows.extent(frame.extent.width), ..frame.clone() }
}

/// Where each plane's part of `rows` begins in a frame that holds the rows from `held` on, and its length.
fn spans(layout: &FrameLayout, held: u32, rows: Rows) -> Vec<(u64, u64)> {
    let sample_bytes = layout.format.sample_bytes() as u64;
    let mut plane_begin = 0;
    let mut spans = Vec::new();
    for (index, plane) in layout.format.planes(layout.extent).iter().enumerate() {
        let log2 = if index == 0 { 0 } else { layout.format.subsampling().log2_y };
        let (own, row_bytes) = (rows.of_plane(log2), u64::from(plane.width) * sample_bytes);
        let begin = plane_begin + u64::from(own.first - (held >> log2)) * row_bytes;
        spans.push((begin, u64::from(own.len()) * row_bytes));
        plane_begin += plane.pixels() * sample_bytes;
    }
    spans
}

/// Records the way of `rows` of the whole frame into a frame of their own.
pub(super) fn load(recorder: &mut Recorder, whole: Proxy, layout: &FrameLayout, rows: Rows) -> Proxy {
    let own = layout_of(layout, rows);
    let band = recorder.scratch("rows of the input", own.frame_bytes() as u64);
    for ((from, bytes), (to, _)) in spans(layout, 0, rows).into_iter().zip(spans(&own, rows.first, rows)) {
        let span = Span { from, to, bytes };
        if span.is_whole_words(own.frame_bytes() as u64) {
            recorder.copy((whole, from), (band, to), bytes.next_multiple_of(WORD));
        } else {
            let begin = from / WORD * WORD;
            let words = (from + bytes).next_multiple_of(WORD) - begin;
            let staged = recorder.scratch("words of the input", words);
            recorder.copy((whole, begin), (staged, 0), words);
            move_span(recorder, staged, band, &Span { from: from - begin, ..span });
        }
    }
    band
}

/// Records the way of the rows `kept` of a frame that holds the rows `made` into the whole frame.
pub(super) fn store(recorder: &mut Recorder, band: Proxy, whole: Proxy, layout: &FrameLayout, (made, kept): (Rows, Rows)) {
    let own = layout_of(layout, made);
    for ((from, bytes), (to, _)) in spans(&own, made.first, kept).into_iter().zip(spans(layout, 0, kept)) {
        let span = Span { from, to, bytes };
        if span.is_whole_words(layout.frame_bytes() as u64) {
            recorder.copy((band, from), (whole, to), bytes.next_multiple_of(WORD));
            continue;
        }
        let (begin, end) = (to / WORD * WORD, (to + bytes).next_multiple_of(WORD));
        let staged = recorder.scratch("words of the output", end - begin);
        // The words at either end are shared with other rows and planes. What these wrote is kept; what they have yet to write
        // they write over.
        if recorder.is_written(whole) {
            recorder.copy((whole, begin), (staged, 0), WORD);
            recorder.copy((whole, end - WORD), (staged, end - WORD - begin), WORD);
        }
        move_span(recorder, band, staged, &Span { to: to - begin, ..span });
        recorder.copy((staged, 0), (whole, begin), end - begin);
    }
}

impl Span {
    /// Whether it can be copied; its last word may reach into the padding at the end of the frame that it goes to.
    fn is_whole_words(&self, frame_bytes: u64) -> bool {
        let ends = self.bytes.is_multiple_of(WORD) || self.to + self.bytes == frame_bytes;
        self.from.is_multiple_of(WORD) && self.to.is_multiple_of(WORD) && ends
    }
}

fn move_span(recorder: &mut Recorder, from: Proxy, to: Proxy, span: &Span) {
    let (first, last) = (span.to / WORD, (span.to + span.bytes).div_ceil(WORD));
    let (stride, size) = line_grid(Shader::MoveBytes, last - first);
    let params = move_bytes::Params {
        first_from: span.from as u32,
        first_to: span.to as u32,
        bytes: span.bytes as u32,
        first_word: first as u32,
        words: (last - first) as u32,
        stride,
    };
    recorder.grid(Shader::MoveBytes, &params, &[from], &[to], size);
}
