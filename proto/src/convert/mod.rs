//! Between messages and domain types. To the wire nothing can fail; from the wire every failure names the field.

mod facts;
mod farm;
mod model;
mod plan;
mod shot;

use std::fmt::Display;
use std::str::FromStr;

pub use farm::{FromWorker, ToWorker};
pub use farm::{Hello, LeaseProgress};

/// A message that does not mean what its type should mean.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("field `{field}`: {reason}")]
pub struct InvalidMessage {
    /// The path of the field.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}

impl InvalidMessage {
    /// `reason` against `field`.
    pub fn new(field: impl Into<String>, reason: impl Display) -> Self {
        Self { field: field.into(), reason: reason.to_string() }
    }

    /// The same fault seen from the message around it.
    #[must_use]
    pub fn within(self, outer: impl Display) -> Self {
        Self { field: format!("{outer}.{}", self.field), reason: self.reason }
    }
}

impl From<InvalidMessage> for tonic::Status {
    fn from(error: InvalidMessage) -> Self {
        Self::invalid_argument(error.to_string())
    }
}

/// Reads a text field into a domain type.
///
/// # Errors
/// Names the field and repeats the type's own words.
pub fn parse<T: FromStr<Err: Display>>(field: &str, text: &str) -> Result<T, InvalidMessage> {
    text.parse().map_err(|error| InvalidMessage::new(field, error))
}

/// Takes a field that must be there.
pub(crate) fn required<T>(field: &str, value: Option<T>) -> Result<T, InvalidMessage> {
    value.ok_or_else(|| InvalidMessage::new(field, "missing"))
}
