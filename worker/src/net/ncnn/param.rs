//! The text of a param file: one layer a line.

use std::collections::BTreeMap;

use super::damaged;
use crate::net::bounds::{NAME_BYTES_MAX, NODES_MAX, OPERANDS_MAX};
use crate::net::refusal::Refusal;

/// Keys of arrays are this less the parameter's number.
const ARRAY_KEY: i64 = -23_300;

/// One layer.
pub(super) struct Layer<'a> {
    pub(super) kind: &'a str,
    pub(super) name: &'a str,
    pub(super) bottoms: Vec<&'a str>,
    pub(super) tops: Vec<&'a str>,
    /// By number; a single value is an array of one.
    params: BTreeMap<i64, Vec<f64>>,
}

impl Layer<'_> {
    /// Whether a parameter is given.
    pub(super) fn has(&self, number: i64) -> bool {
        self.params.contains_key(&number)
    }

    /// A whole number.
    pub(super) fn int(&self, number: i64, default: i64) -> i64 {
        self.params.get(&number).and_then(|values| values.first()).map_or(default, |value| *value as i64)
    }

    /// A real number.
    pub(super) fn float(&self, number: i64, default: f32) -> f32 {
        self.params.get(&number).and_then(|values| values.first()).map_or(default, |value| *value as f32)
    }

    /// An array; empty when it is not given.
    pub(super) fn list(&self, number: i64) -> &[f64] {
        self.params.get(&number).map_or(&[], Vec::as_slice)
    }
}

/// The layers of a param file, in order.
pub(super) fn read(text: &str) -> Result<Vec<Layer<'_>>, Refusal> {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    // The first line is the magic number, by which the format was told.
    let counts = lines.nth(1).ok_or_else(|| damaged("the param file has no layers"))?;
    let count = counts.split_whitespace().next().and_then(|count| count.parse::<usize>().ok());
    let count = count.ok_or_else(|| damaged("the param file does not say how many layers it has"))?;
    if count > NODES_MAX {
        return Err(Refusal::TooMuch { what: "layers", count: count as u64, limit: NODES_MAX as u64 });
    }
    let layers = lines.take(NODES_MAX + 1).map(layer).collect::<Result<Vec<_>, _>>()?;
    if layers.len() != count {
        return Err(damaged(&format!("the param file says that it has {count} layers and has {}", layers.len())));
    }
    Ok(layers)
}

fn layer(line: &str) -> Result<Layer<'_>, Refusal> {
    let wrong = || damaged(&format!("the line `{}` is no layer", line.chars().take(80).collect::<String>()));
    let mut words = line.split_whitespace();
    let (kind, name) = words.next().zip(words.next()).ok_or_else(wrong)?;
    let mut count =
        || words.next().and_then(|word| word.parse::<usize>().ok()).filter(|count| *count <= OPERANDS_MAX).ok_or_else(wrong);
    let (bottoms, tops) = (count()?, count()?);
    let mut blobs = |count: usize| {
        let blobs = words.by_ref().take(count).filter(|blob| blob.len() <= NAME_BYTES_MAX).collect::<Vec<_>>();
        if blobs.len() == count { Ok(blobs) } else { Err(wrong()) }
    };
    let (bottoms, tops) = (blobs(bottoms)?, blobs(tops)?);
    let mut params = BTreeMap::new();
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(wrong)?;
        let key = key.parse::<i64>().map_err(|_| wrong())?;
        let (key, values) = if key <= ARRAY_KEY {
            // The first number says how many follow.
            (ARRAY_KEY - key, value.split_once(',').map_or("", |(_, values)| values))
        } else {
            (key, value)
        };
        let values = values.split(',').filter(|value| !value.is_empty()).take(OPERANDS_MAX);
        let values = values.map(|value| value.trim_matches('"').parse::<f64>().unwrap_or(f64::NAN)).collect();
        params.insert(key, values);
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(wrong());
    }
    Ok(Layer { kind, name, bottoms, tops, params })
}
