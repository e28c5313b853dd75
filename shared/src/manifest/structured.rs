//! Manifests as JSON or TOML: `shots`, a list of objects, with defaults for all of them beside it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use super::{Defaults, Document, FIELDS, Fault, Row, TRACK, Value, field_named};

pub(super) fn json(text: &str) -> Document {
    match serde_json::from_str(text) {
        Ok(value) => document(value),
        Err(error) => unreadable(format!("it is no JSON: {error}")),
    }
}

pub(super) fn toml(text: &str) -> Document {
    match ::toml::from_str(text) {
        Ok(value) => document(value),
        Err(error) => unreadable(format!("it is no TOML: {}", error.to_string().trim_end())),
    }
}

fn unreadable(message: String) -> Document {
    Document { faults: vec![Fault { place: String::new(), message }], ..Document::default() }
}

fn document(value: Json) -> Document {
    let Json::Object(mut top) = value else {
        return unreadable("it is no object with `shots`".to_owned());
    };
    let Some(shots) = top.remove("shots") else {
        return unreadable("it has no `shots`".to_owned());
    };
    let Json::Array(shots) = shots else {
        return unreadable("`shots` is no list".to_owned());
    };
    let mut document = Document::default();
    document.defaults = defaults(top, &mut document.faults);
    for (index, shot) in shots.into_iter().enumerate() {
        let place = format!("shots[{index}]");
        match shot {
            Json::Object(fields) => {
                let values = values(fields, &place, &mut document.faults);
                document.rows.push(Row { place, joint: ".", values });
            }
            _ => document.faults.push(Fault { place, message: "it is no object".to_owned() }),
        }
    }
    document
}

fn defaults(top: Map<String, Json>, faults: &mut Vec<Fault>) -> Defaults {
    let mut values = values(top, "", faults);
    for field in ["shot", "source", "output", TRACK] {
        if let Some(value) = values.remove(field) {
            faults.push(Fault { place: value.place, message: "it belongs to one shot, not to all of them".to_owned() });
        }
    }
    let mut take = |field| values.remove(field).map(|value| value.text);
    Defaults { show: take("show"), episode: take("episode"), steps: take("steps"), profile: take("profile") }
}

fn values(fields: Map<String, Json>, place: &str, faults: &mut Vec<Fault>) -> BTreeMap<&'static str, Value> {
    let mut values = BTreeMap::new();
    for (key, value) in fields {
        let within = place;
        let place = if within.is_empty() { key.clone() } else { format!("{within}.{key}") };
        let message = match (field_named(&key), value) {
            (Some(field), Json::String(text)) => {
                values.insert(field, Value { place, text });
                continue;
            }
            (Some("steps"), Json::Array(steps)) if steps.iter().all(Json::is_string) => {
                let steps: Vec<&str> = steps.iter().filter_map(Json::as_str).collect();
                values.insert("steps", Value { place, text: steps.join(" | ") });
                continue;
            }
            // `reframe.track` may be written as an object in an object, which is what TOML makes of it.
            (None, Json::Object(inner)) if is_family(&key) => {
                let inner = inner.into_iter().map(|(name, value)| (format!("{key}.{name}"), value)).collect();
                values.extend(self::values(inner, within, faults));
                continue;
            }
            (Some(_), Json::Number(number)) => format!("write it as text, \"{number}\", so that it is kept as it is"),
            (Some(_), _) => "it is no text".to_owned(),
            (None, _) => format!("it is no known key; known are {}", FIELDS.join(", ")),
        };
        faults.push(Fault { place, message });
    }
    values
}

/// Whether fields are named behind `key` and a dot.
fn is_family(key: &str) -> bool {
    let key = key.trim().to_ascii_lowercase();
    FIELDS.iter().any(|field| field.split_once('.').is_some_and(|(family, _)| family == key))
}
