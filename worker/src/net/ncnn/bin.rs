//! The weights of a bin file, one after the other in the order of the layers (Tencent/ncnn: src/modelbin.cpp).

use super::damaged;
use crate::net::half::from_f16;
use crate::net::refusal::Refusal;

/// Half precision follows.
const TAG_F16: u32 = 0x0130_6B47;
/// Eight-bit whole numbers follow, which need scales from a calibration.
const TAG_I8: u32 = 0x000D_4B38;
/// Single precision follows, as it does without a tag.
const TAG_F32: u32 = 0x0002_C056;
/// Entries of the table that other tags announce: one byte an element names its value.
const TABLE_ENTRIES: usize = 256;

/// What is left of a bin file.
pub(super) struct Bin<'a>(&'a [u8]);

impl<'a> Bin<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes that nothing has asked for yet.
    pub(super) fn left(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, bytes: Option<usize>) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = bytes
            .and_then(|bytes| self.0.split_at_checked(bytes))
            .ok_or_else(|| damaged("its bin ends before all weights are read; does it belong to this param?"))?;
        self.0 = rest;
        Ok(taken)
    }

    /// Single-precision numbers without a tag.
    pub(super) fn raw(&mut self, count: usize) -> Result<Vec<f32>, Refusal> {
        let bytes = self.take(count.checked_mul(4))?;
        Ok(bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect())
    }

    /// Numbers behind a tag that says how they are kept. Each kind ends on a multiple of 4 bytes.
    pub(super) fn tagged(&mut self, count: usize) -> Result<Vec<f32>, Refusal> {
        let tag = u32::from_le_bytes(self.take(Some(4))?.try_into().expect("four were taken"));
        match tag {
            0 | TAG_F32 => self.raw(count),
            TAG_F16 => {
                let bytes = self.take(count.checked_mul(2).and_then(|bytes| bytes.checked_next_multiple_of(4)))?;
                Ok(bytes.as_chunks().0.iter().take(count).map(|bytes| from_f16(u16::from_le_bytes(*bytes))).collect())
            }
            TAG_I8 => Err(Refusal::Unsupported(
                "its weights are 8-bit whole numbers; use the f16 or f32 variant of the network".to_owned(),
            )),
            _ => {
                let table = self.raw(TABLE_ENTRIES)?;
                let places = self.take(count.checked_next_multiple_of(4))?;
                Ok(places.iter().take(count).map(|place| table[usize::from(*place)]).collect())
            }
        }
    }
}
