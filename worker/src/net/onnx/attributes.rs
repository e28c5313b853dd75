//! Attributes of one node, typed and bounded.

use super::messages::Node;
use super::tensor::tensor;
use crate::net::bounds::ATTRIBUTE_MAX;
use crate::net::graph::Tensor;
use crate::net::op::{Padding, Window};
use crate::net::refusal::Refusal;

/// What is wrong with a node.
pub(super) enum Fault {
    /// The end of a sentence that begins with the node.
    Why(String),
    /// A whole sentence.
    Refusal(Refusal),
}

impl From<String> for Fault {
    fn from(why: String) -> Self {
        Self::Why(why)
    }
}

impl From<&str> for Fault {
    fn from(why: &str) -> Self {
        Self::Why(why.to_owned())
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        Self::Refusal(refusal)
    }
}

/// A node and the operator set that it is of.
pub(super) struct Attributes<'n, 'a> {
    pub(super) node: &'n Node<'a>,
    pub(super) opset: i64,
}

impl Attributes<'_, '_> {
    pub(super) fn has(&self, name: &str) -> bool {
        self.node.attributes.contains_key(name)
    }

    pub(super) fn int(&self, name: &str, default: i64) -> Result<i64, Fault> {
        match self.node.attributes.get(name) {
            None => Ok(default),
            Some(attribute) => attribute.int.ok_or_else(|| format!("its `{name}` is not a whole number").into()),
        }
    }

    pub(super) fn flag(&self, name: &str, default: bool) -> Result<bool, Fault> {
        Ok(self.int(name, i64::from(default))? != 0)
    }

    pub(super) fn float(&self, name: &str, default: f32) -> Result<f32, Fault> {
        match self.node.attributes.get(name) {
            None => Ok(default),
            Some(attribute) => attribute.float.ok_or_else(|| format!("its `{name}` is not a real number").into()),
        }
    }

    pub(super) fn ints(&self, name: &str) -> Option<&[i64]> {
        self.node.attributes.get(name).map(|attribute| attribute.ints.as_slice())
    }

    pub(super) fn floats(&self, name: &str) -> Option<&[f32]> {
        self.node.attributes.get(name).map(|attribute| attribute.floats.as_slice())
    }

    pub(super) fn text(&self, name: &str, default: &'static str) -> Result<String, Fault> {
        match self.node.attributes.get(name) {
            None => Ok(default.to_owned()),
            Some(attribute) => {
                let text = attribute.text.and_then(|text| std::str::from_utf8(text).ok());
                text.map(str::to_owned).ok_or_else(|| format!("its `{name}` is not text").into())
            }
        }
    }

    /// A tensor attribute.
    pub(super) fn tensor(&self, name: &str) -> Result<Option<Tensor>, Fault> {
        match self.node.attributes.get(name).map(|attribute| attribute.tensor) {
            None => Ok(None),
            Some(None) => Err(format!("its `{name}` is not a tensor").into()),
            Some(Some(bytes)) => Ok(Some(tensor(bytes)?.1)),
        }
    }

    /// A whole number from 1 to what any network needs.
    pub(super) fn count(&self, name: &str, default: i64) -> Result<usize, Fault> {
        bounded(name, self.int(name, default)?, 1)
    }

    /// Two whole numbers, for rows and columns, each at least `least`.
    pub(super) fn pair(&self, name: &str, default: usize, least: i64) -> Result<[usize; 2], Fault> {
        match self.ints(name) {
            None => Ok([default; 2]),
            Some([rows, columns]) => Ok([bounded(name, *rows, least)?, bounded(name, *columns, least)?]),
            Some(other) => Err(only_pictures(name, other)),
        }
    }

    /// Stride, dilation and padding of a window.
    pub(super) fn window(&self) -> Result<Window, Fault> {
        let padding = match self.text("auto_pad", "NOTSET")?.as_str() {
            "NOTSET" => match self.ints("pads") {
                None => Padding::Explicit { begin: [0; 2], end: [0; 2] },
                Some([top, left, bottom, right]) => Padding::Explicit {
                    begin: [bounded("pads", *top, 0)?, bounded("pads", *left, 0)?],
                    end: [bounded("pads", *bottom, 0)?, bounded("pads", *right, 0)?],
                },
                Some(other) => return Err(only_pictures("pads", other)),
            },
            "VALID" => Padding::Explicit { begin: [0; 2], end: [0; 2] },
            "SAME_UPPER" => Padding::SameUpper,
            "SAME_LOWER" => Padding::SameLower,
            other => return Err(format!("its `auto_pad` {other} is not known").into()),
        };
        Ok(Window { stride: self.pair("strides", 1, 1)?, dilation: self.pair("dilations", 1, 1)?, padding })
    }

    /// The value of a `Constant`.
    pub(super) fn constant(&self, name: &str) -> Result<Tensor, Refusal> {
        let why = |why: String| Refusal::Node { node: name.to_owned(), operator: "Constant".to_owned(), why };
        match self.tensor("value") {
            Ok(Some(tensor)) => return Ok(tensor),
            Ok(None) => {}
            Err(Fault::Why(text)) => return Err(why(text)),
            Err(Fault::Refusal(refusal)) => return Err(refusal),
        }
        let value = |name: &str| self.node.attributes.get(name);
        if let Some(float) = value("value_float").and_then(|value| value.float) {
            return Ok(Tensor::f32(vec![], vec![float]));
        }
        if let Some(int) = value("value_int").and_then(|value| value.int) {
            return Ok(Tensor::i64(vec![], vec![int]));
        }
        if let Some(floats) = self.floats("value_floats") {
            return Ok(Tensor::f32(vec![floats.len()], floats));
        }
        match self.ints("value_ints") {
            Some(ints) => Ok(Tensor::list(ints)),
            None => Err(why("it holds no tensor and no numbers".to_owned())),
        }
    }
}

fn bounded(name: &str, number: i64, least: i64) -> Result<usize, Fault> {
    match usize::try_from(number) {
        Ok(size) if (least..=ATTRIBUTE_MAX).contains(&number) => Ok(size),
        _ => Err(format!("its `{name}` is {number}, and {least} to {ATTRIBUTE_MAX} are taken").into()),
    }
}

fn only_pictures(name: &str, given: &[i64]) -> Fault {
    format!("its `{name}` is {given:?}: only windows over rows and columns are run").into()
}
