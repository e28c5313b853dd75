//! To scripts: objects that are not the plain serialisation of an answer.

use serde_json::{Value, json};

use crate::error::CliError;

/// The object that stands for an error.
pub(crate) fn error(error: &CliError) -> Value {
    let faults: Vec<Value> = error.faults.iter().map(|fault| json!({"place": fault.place, "message": fault.message})).collect();
    json!({"error": {"message": error.message, "hint": error.hint, "faults": faults}})
}
