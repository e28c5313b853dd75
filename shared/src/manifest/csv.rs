//! Manifests as a table: the first row names the columns, in any order; a row's number is the one a spreadsheet shows.

use super::{Document, FIELDS, Fault, Row, Value, field_named};

pub(super) fn rows(text: &str) -> Document {
    let mut document = Document::default();
    let mut reader =
        ::csv::ReaderBuilder::new().has_headers(false).flexible(true).delimiter(delimiter(text)).from_reader(text.as_bytes());
    let mut records = reader.records().enumerate();
    let Some((_, Ok(header))) = records.next() else {
        return document;
    };
    let columns = columns(&header, &mut document);
    if !document.faults.is_empty() {
        return document;
    }
    for (index, record) in records {
        let place = format!("row {}", index + 1);
        let Ok(record) = record else { continue }; // only I/O and UTF-8 can fail, and the text is in memory and UTF-8
        if record.iter().all(|text| text.trim().is_empty()) {
            continue;
        }
        if record.len() > header.len() {
            let message = format!("it has {} values and the first row names {} columns", record.len(), header.len());
            document.faults.push(Fault { place, message });
            continue;
        }
        let value = |(column, text): (&Option<&'static str>, &str)| {
            column.map(|name| (name, Value { place: format!("{place}, column {name}"), text: text.to_owned() }))
        };
        let values = columns.iter().zip(record.iter()).filter_map(value).collect();
        document.rows.push(Row { place, joint: ", column ", values });
    }
    document
}

/// Which known name each column has; notes the unknown, faults the double and the missing.
fn columns(header: &::csv::StringRecord, document: &mut Document) -> Vec<Option<&'static str>> {
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    let mut fault = |message| document.faults.push(Fault { place: "row 1".to_owned(), message });
    for name in header {
        let field = field_named(name);
        if field.is_some() && columns.contains(&field) {
            fault(format!("column `{}` stands there twice", name.trim()));
        }
        if field.is_none() && !name.trim().is_empty() {
            document.notes.push(format!("column `{}` is not used", name.trim()));
        }
        columns.push(field);
    }
    if header.iter().any(|name| name.contains('，')) {
        fault("its names are separated by full-width commas `，`; write `,`".to_owned());
        return columns;
    }
    for needed in ["shot", "source"] {
        if !columns.contains(&Some(needed)) {
            fault(format!("there is no column `{needed}`; known columns are {}", FIELDS.join(", ")));
        }
    }
    columns
}

/// What separates the columns: the one of comma, semicolon and tab that the first line has most of.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().next().unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|&byte| byte == delimiter).count();
    [b',', b';', b'\t'].into_iter().rev().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}
