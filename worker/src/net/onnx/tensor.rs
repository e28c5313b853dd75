//! `TensorProto`: constants, widened to f32 or i64. Its size is checked against its bytes before anything is allocated.

use super::wire::{damaged, fields};
use crate::net::bounds::{CONSTANT_ELEMENTS_MAX, NAME_BYTES_MAX, RANK_MAX};
use crate::net::graph::{Tensor, TensorData};
use crate::net::half::{from_bf16, from_f16};
use crate::net::refusal::Refusal;

/// `TensorProto.DataType`, as far as it is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    F32,
    F64,
    F16,
    Bf16,
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    Bool,
}

impl Kind {
    /// The element type that a number of the file stands for.
    pub(super) fn from_number(number: i64) -> Option<Self> {
        Some(match number {
            1 => Self::F32,
            2 => Self::U8,
            3 => Self::I8,
            4 => Self::U16,
            5 => Self::I16,
            6 => Self::I32,
            7 => Self::I64,
            9 => Self::Bool,
            10 => Self::F16,
            11 => Self::F64,
            12 => Self::U32,
            13 => Self::U64,
            16 => Self::Bf16,
            _ => return None,
        })
    }

    /// Whether its elements are real numbers.
    pub(super) fn is_real(self) -> bool {
        matches!(self, Self::F32 | Self::F64 | Self::F16 | Self::Bf16)
    }
}

/// What a `TensorProto` says of itself.
#[derive(Default)]
struct Parts<'a> {
    name: &'a str,
    kind: i64,
    dims: Vec<i64>,
    raw: Option<&'a [u8]>,
    floats: Vec<f32>,
    ints: Vec<i64>,
    external: bool,
}

fn parts(bytes: &[u8]) -> Result<Parts<'_>, Refusal> {
    let mut parts = Parts::default();
    for field in fields(bytes) {
        match field? {
            (1, field) => field.ints(&mut parts.dims)?,
            (2, field) => parts.kind = field.int()?,
            (3 | 6, _) => return Err(damaged("a constant is of text or in segments")),
            (4, field) => field.floats(&mut parts.floats)?,
            (5 | 7 | 11, field) => field.ints(&mut parts.ints)?,
            (8, field) => parts.name = field.text()?,
            (9, field) => parts.raw = Some(field.bytes()?),
            (10, field) => field.doubles(&mut parts.floats)?,
            (13, _) => parts.external = true,
            (14, field) => parts.external |= field.int()? != 0,
            _ => {}
        }
        if parts.dims.len() > RANK_MAX {
            let count = parts.dims.len() as u64;
            return Err(Refusal::TooMuch { what: "dimensions of one constant", count, limit: RANK_MAX as u64 });
        }
    }
    Ok(parts)
}

/// Reads a constant and its name.
pub(super) fn tensor(bytes: &[u8]) -> Result<(&str, Tensor), Refusal> {
    let parts = parts(bytes)?;
    let name: String = parts.name.chars().take(NAME_BYTES_MAX).collect();
    if parts.external {
        return Err(Refusal::Unsupported(format!(
            "the weights of `{name}` lie in another file; save the network as one file (onnx.save_model with \
             save_as_external_data=False)"
        )));
    }
    let damaged = |what: &str| damaged(&format!("the constant `{name}` {what}"));
    let kind = Kind::from_number(parts.kind).ok_or_else(|| {
        Refusal::Unsupported(format!(
            "the constant `{name}` has elements of kind {}, which are not read; use f32 or f16",
            parts.kind
        ))
    })?;
    let shape = parts.dims.iter().map(|size| usize::try_from(*size)).collect::<Result<Vec<_>, _>>();
    let shape = shape.map_err(|_| damaged("has a negative size"))?;
    let count = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
    let count = count.filter(|count| *count <= CONSTANT_ELEMENTS_MAX).ok_or(Refusal::TooMuch {
        what: "elements in one constant (or more)",
        count: CONSTANT_ELEMENTS_MAX as u64 + 1,
        limit: CONSTANT_ELEMENTS_MAX as u64,
    })?;
    let data = match parts.raw {
        Some(raw) => from_raw(kind, raw),
        None => Some(from_fields(kind, parts.floats, parts.ints)),
    };
    let data = data.filter(|data| elements(data) == count);
    let data = data.ok_or_else(|| damaged(&format!("of shape {shape:?} does not have {count} elements")))?;
    Ok((parts.name, Tensor { shape, data }))
}

fn elements(data: &TensorData) -> usize {
    match data {
        TensorData::F32(data) => data.len(),
        TensorData::I64(data) => data.len(),
    }
}

/// Elements from little-endian bytes; none when they are not whole.
fn from_raw(kind: Kind, raw: &[u8]) -> Option<TensorData> {
    fn of<const N: usize, T>(raw: &[u8], element: impl Fn([u8; N]) -> T) -> Option<Vec<T>> {
        let (chunks, rest) = raw.as_chunks::<N>();
        rest.is_empty().then(|| chunks.iter().map(|bytes| element(*bytes)).collect())
    }
    Some(match kind {
        Kind::F32 => TensorData::F32(of(raw, f32::from_le_bytes)?.into()),
        Kind::F64 => TensorData::F32(of(raw, |bytes| f64::from_le_bytes(bytes) as f32)?.into()),
        Kind::F16 => TensorData::F32(of(raw, |bytes| from_f16(u16::from_le_bytes(bytes)))?.into()),
        Kind::Bf16 => TensorData::F32(of(raw, |bytes| from_bf16(u16::from_le_bytes(bytes)))?.into()),
        Kind::I8 => TensorData::I64(of(raw, |bytes| i64::from(i8::from_le_bytes(bytes)))?.into()),
        Kind::U8 | Kind::Bool => TensorData::I64(of(raw, |[byte]| i64::from(byte))?.into()),
        Kind::I16 => TensorData::I64(of(raw, |bytes| i64::from(i16::from_le_bytes(bytes)))?.into()),
        Kind::U16 => TensorData::I64(of(raw, |bytes| i64::from(u16::from_le_bytes(bytes)))?.into()),
        Kind::I32 => TensorData::I64(of(raw, |bytes| i64::from(i32::from_le_bytes(bytes)))?.into()),
        Kind::U32 => TensorData::I64(of(raw, |bytes| i64::from(u32::from_le_bytes(bytes)))?.into()),
        // Beyond i64 they would be no sizes of anything.
        Kind::I64 | Kind::U64 => TensorData::I64(of(raw, i64::from_le_bytes)?.into()),
    })
}

/// Elements from typed fields. Half precision stands there as bits in whole numbers.
fn from_fields(kind: Kind, floats: Vec<f32>, ints: Vec<i64>) -> TensorData {
    match kind {
        Kind::F32 | Kind::F64 => TensorData::F32(floats.into()),
        Kind::F16 => TensorData::F32(ints.iter().map(|bits| from_f16(*bits as u16)).collect()),
        Kind::Bf16 => TensorData::F32(ints.iter().map(|bits| from_bf16(*bits as u16)).collect()),
        _ => TensorData::I64(ints.into()),
    }
}
