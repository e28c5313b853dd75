//! The protobuf wire format, as far as ONNX uses it, read in place: nothing is copied, and a file costs no memory beyond its own
//! bytes until something is made of a field. (Generated messages would take up to a hundred times the size of a hostile file.)
//!
//! Format: protobuf.dev/programming-guides/encoding.

use crate::net::bounds::LIST_MAX;
use crate::net::refusal::Refusal;

/// One field's value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Field<'a> {
    /// A whole number.
    Varint(u64),
    /// Eight bytes.
    Fixed64(u64),
    /// Four bytes.
    Fixed32(u32),
    /// Text, bytes, a message or packed numbers.
    Bytes(&'a [u8]),
}

impl<'a> Field<'a> {
    /// A message, or bytes.
    pub(super) fn bytes(self) -> Result<&'a [u8], Refusal> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            _ => Err(damaged("a number stands where a message should be")),
        }
    }

    /// Text.
    pub(super) fn text(self) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.bytes()?).map_err(|_| damaged("a name is not text"))
    }

    /// A signed whole number.
    pub(super) fn int(self) -> Result<i64, Refusal> {
        match self {
            Self::Varint(number) => Ok(number.cast_signed()),
            _ => Err(damaged("something else stands where a whole number should be")),
        }
    }

    /// A real number.
    pub(super) fn float(self) -> Result<f32, Refusal> {
        match self {
            Self::Fixed32(bits) => Ok(f32::from_bits(bits)),
            _ => Err(damaged("something else stands where a real number should be")),
        }
    }

    /// Adds signed whole numbers, packed or single.
    pub(super) fn ints(self, to: &mut Vec<i64>) -> Result<(), Refusal> {
        match self {
            Self::Bytes(mut packed) => {
                while !packed.is_empty() {
                    if to.len() == LIST_MAX {
                        let (count, limit) = (LIST_MAX as u64 + 1, LIST_MAX as u64);
                        return Err(Refusal::TooMuch { what: "numbers in one list", count, limit });
                    }
                    to.push(varint(&mut packed)?.cast_signed());
                }
                Ok(())
            }
            single => single.int().map(|number| to.push(number)),
        }
    }

    /// Adds real numbers, packed or single.
    pub(super) fn floats(self, to: &mut Vec<f32>) -> Result<(), Refusal> {
        match self {
            Self::Bytes(packed) => {
                let (numbers, rest) = packed.as_chunks::<4>();
                to.extend(numbers.iter().map(|bytes| f32::from_le_bytes(*bytes)));
                if rest.is_empty() { Ok(()) } else { Err(cut_off()) }
            }
            single => single.float().map(|number| to.push(number)),
        }
    }

    /// Adds double-precision numbers, packed or single, as f32.
    pub(super) fn doubles(self, to: &mut Vec<f32>) -> Result<(), Refusal> {
        match self {
            Self::Bytes(packed) => {
                let (numbers, rest) = packed.as_chunks::<8>();
                to.extend(numbers.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32));
                if rest.is_empty() { Ok(()) } else { Err(cut_off()) }
            }
            Self::Fixed64(bits) => {
                to.push(f64::from_bits(bits) as f32);
                Ok(())
            }
            _ => Err(damaged("something else stands where a real number should be")),
        }
    }
}

/// The fields of a message: number and value, as they come.
pub(super) struct Fields<'a>(&'a [u8]);

/// The fields of a message.
pub(super) fn fields(message: &[u8]) -> Fields<'_> {
    Fields(message)
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Field<'a>), Refusal>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = field(&mut self.0);
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

fn field<'a>(rest: &mut &'a [u8]) -> Result<(u64, Field<'a>), Refusal> {
    let key = varint(rest)?;
    let value = match key & 7 {
        0 => Field::Varint(varint(rest)?),
        1 => Field::Fixed64(u64::from_le_bytes(array(rest)?)),
        2 => {
            let size = usize::try_from(varint(rest)?).map_err(|_| cut_off())?;
            let (bytes, after) = rest.split_at_checked(size).ok_or_else(cut_off)?;
            *rest = after;
            Field::Bytes(bytes)
        }
        5 => Field::Fixed32(u32::from_le_bytes(array(rest)?)),
        other => return Err(damaged(&format!("a field has the unknown kind {other}"))),
    };
    Ok((key >> 3, value))
}

fn array<const N: usize>(rest: &mut &[u8]) -> Result<[u8; N], Refusal> {
    let (bytes, after) = rest.split_first_chunk::<N>().ok_or_else(cut_off)?;
    *rest = after;
    Ok(*bytes)
}

fn varint(rest: &mut &[u8]) -> Result<u64, Refusal> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let [byte] = array(rest)?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(number);
        }
    }
    Err(damaged("a number has too many bytes"))
}

/// The bytes do not hold together.
pub(super) fn damaged(what: &str) -> Refusal {
    Refusal::Damaged(what.to_owned())
}

fn cut_off() -> Refusal {
    damaged("it ends too early")
}
