//! What comes with every frame, behind its bytes: tables that another frame has others of.

use super::WORD_BYTES;
use crate::gpu::passes::FrameTable;

/// The tables behind every frame that is submitted. Without any, frames are submitted as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tail {
    parts: Vec<Part>,
}

/// One table.
#[derive(Clone, Debug, PartialEq)]
struct Part {
    table: FrameTable,
    /// How many submissions the picture lags behind where the table is read: so many frames before the submitted one is the frame
    /// that the table has to be of.
    delay_frames: u32,
}

impl Tail {
    /// Puts behind a raw frame what comes with it: padding to a whole word, and the tables. `number` is what the frame is
    /// submitted with; beyond the ends of the shot its first and last windows go on.
    pub fn append(&self, frame: &mut Vec<u8>, number: i64) {
        if self.parts.is_empty() {
            return;
        }
        frame.resize(frame.len().next_multiple_of(WORD_BYTES as usize), 0);
        for part in &self.parts {
            let shown = number.saturating_sub(i64::from(part.delay_frames));
            part.table.append(frame, u64::try_from(shown).unwrap_or(0));
        }
    }

    /// Bytes that [`Self::append`] puts behind a frame of `frame_bytes`.
    #[must_use]
    pub fn bytes(&self, frame_bytes: usize) -> usize {
        if self.parts.is_empty() {
            return 0;
        }
        let padding = frame_bytes.next_multiple_of(WORD_BYTES as usize) - frame_bytes;
        padding + self.parts.iter().map(|part| table_bytes(&part.table) as usize).sum::<usize>()
    }

    /// The place of a table that is there already.
    pub(super) fn find(&self, table: &FrameTable, delay_frames: u32) -> Option<usize> {
        self.parts.iter().position(|part| part.delay_frames == delay_frames && part.table == *table)
    }

    /// One more table.
    pub(super) fn push(&mut self, table: FrameTable, delay_frames: u32) {
        self.parts.push(Part { table, delay_frames });
    }
}

fn table_bytes(table: &FrameTable) -> u64 {
    table.part_words().iter().sum::<u64>() * WORD_BYTES
}
