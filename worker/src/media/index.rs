//! Where the frames of a source lie in time, read from its packets without decoding: what an exact cut needs.

use std::path::Path;

use shotfarm_shared::failure::FailureClass;
use shotfarm_shared::frames::FrameRange;

use super::error::MediaError;
use super::process::{Cancel, Purpose};
use super::timing::TimeBase;
use super::tools::{Tools, container_input, output};

/// The frames of a source's video stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceIndex {
    /// Coded pictures in the file, those that an edit list hides included.
    pub packets: u64,
    base: TimeBase,
    /// Presentation times of the shown frames, ascending, each once; `None` where the container does not tell them all.
    pts: Option<Vec<i64>>,
    /// Numbers of the frames at which decoding can begin, ascending.
    keyframes: Vec<u64>,
}

/// Where to enter the source and what to keep, for a range of frames; times in microseconds on the source's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cut {
    /// Seek to the last keyframe at or before this time.
    pub(crate) seek_micros: i64,
    /// Keep frames from here: half a frame before the first one wanted.
    pub(crate) from_micros: i64,
    /// Keep frames before here: after the last one wanted, before the next.
    pub(crate) to_micros: i64,
}

impl SourceIndex {
    /// Reads the packets of the source at `path`, which `demuxer` opens.
    ///
    /// # Errors
    /// When the file cannot be read, or is damaged.
    pub fn read(tools: &Tools, path: &Path, demuxer: &str, cancel: &Cancel) -> Result<Self, MediaError> {
        let mut command = tools.ffprobe();
        command.args(["-select_streams", "V:0", "-show_entries", "packet=pts,flags:stream=time_base", "-of", "compact=p=1:nk=0"]);
        container_input(&mut command, demuxer, path)?;
        let purpose = Purpose { operation: "indexing", path, fault: FailureClass::Job };
        let text = output(command, purpose, cancel)?;
        Self::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| MediaError::damaged(path, "its video stream has no time base"))
    }

    /// Reads lines such as `packet|pts=1024|flags=K__` and `stream|time_base=1/12288`.
    fn parse(text: &str) -> Option<Self> {
        let (mut base, mut packets, mut shown) = (None, 0, Vec::new());
        for line in text.lines() {
            let field = |name: &str| line.split('|').find_map(|field| field.strip_prefix(name)?.strip_prefix('='));
            if line.starts_with("stream|") {
                base = field("time_base").and_then(TimeBase::read);
            } else if line.starts_with("packet|") {
                packets += 1;
                let flags = field("flags").unwrap_or_default();
                if !flags.contains('D') {
                    shown.push((field("pts").and_then(|pts| pts.parse::<i64>().ok()), flags.starts_with('K')));
                }
            }
        }
        shown.sort_unstable();
        let keyframes = (0..).zip(&shown).filter(|(_, frame)| frame.1).map(|(number, _)| number).collect();
        let pts: Option<Vec<_>> = shown.iter().map(|frame| frame.0).collect();
        let pts = pts.filter(|pts| pts.windows(2).all(|pair| pair[0] < pair[1]));
        Some(Self { packets, base: base?, pts, keyframes })
    }

    /// Frames that are shown; `None` where the container does not tell.
    #[must_use]
    pub fn shown(&self) -> Option<u64> {
        self.pts.as_ref().map(|pts| pts.len() as u64)
    }

    /// Presentation times of the shown frames in ticks, ascending, with the unit of the ticks.
    #[must_use]
    pub fn times(&self) -> Option<(&[i64], TimeBase)> {
        self.pts.as_deref().map(|pts| (pts, self.base))
    }

    /// The cut for `range`, or `None` when decoding from the beginning is the sure way.
    ///
    /// It enters one keyframe earlier than the nearest: pictures after an open group of pictures or during an intra refresh
    /// are only right from the second keyframe on.
    pub(crate) fn cut(&self, range: FrameRange) -> Option<Cut> {
        let pts = self.pts.as_ref()?;
        let before = self.keyframes.partition_point(|&keyframe| keyframe <= range.start);
        let entry = usize::try_from(*self.keyframes.get(before.checked_sub(2)?)?).ok().filter(|&entry| entry > 0)?;
        let (first, end) = (usize::try_from(range.start).ok()?, usize::try_from(range.end).ok()?);
        let at = |frame: usize| pts.get(frame).map(|&ticks| self.base.micros(ticks));
        let between = |left: usize, right: usize| Some(at(left)?.midpoint(at(right)?));
        Some(Cut {
            seek_micros: between(entry, entry + 1)?,
            from_micros: between(first.checked_sub(1)?, first)?,
            to_micros: between(end.checked_sub(1)?, end).or_else(|| at(end - 1).map(|last| last.saturating_add(1_000_000)))?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(lines: &str) -> SourceIndex {
        SourceIndex::parse(&format!("{lines}\nstream|time_base=1/1000\n")).unwrap()
    }

    #[test]
    fn packets_are_put_in_the_order_of_showing_and_edited_ones_left_out() {
        let read = index("packet|pts=-40|flags=KD\npacket|pts=0|flags=K_\npacket|pts=80|flags=__\npacket|pts=40|flags=__");
        assert_eq!(read.packets, 4);
        assert_eq!(read.times(), Some((&[0, 40, 80][..], TimeBase { num: 1, den: 1_000 })));
        assert_eq!(read.keyframes, [0]);
    }

    #[test]
    fn a_container_without_times_is_not_cut() {
        let read = index("packet|pts=N/A|flags=K_\npacket|pts=0|flags=__");
        assert_eq!((read.shown(), read.cut(FrameRange::new(1, 2))), (None, None));
    }

    #[test]
    fn a_cut_enters_one_keyframe_early_and_keeps_whole_frames() {
        let lines: Vec<_> =
            (0..40).map(|k| format!("packet|pts={}|flags={}", k * 40, if k % 10 == 0 { "K_" } else { "__" })).collect();
        let read = index(&lines.join("\n"));
        assert_eq!(read.cut(FrameRange::new(19, 25)), None, "the keyframe before the nearest is the first frame");
        let cut = Cut { seek_micros: 420_000, from_micros: 980_000, to_micros: 1_180_000 };
        assert_eq!(read.cut(FrameRange::new(25, 30)), Some(cut));
        assert_eq!(read.cut(FrameRange::new(30, 40)).map(|cut| (cut.seek_micros, cut.to_micros)), Some((820_000, 2_560_000)));
    }
}
