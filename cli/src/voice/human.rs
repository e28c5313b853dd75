//! To people: colours with a meaning, plain tables, and errors with what to do about them.

use anstyle::{AnsiColor, Style};
use comfy_table::{Cell, CellAlignment, Color, Table, presets};

use crate::error::CliError;

/// Faults of a manifest shown in full; one with more has the same mistake in every row.
const FAULTS_SHOWN_MAX: usize = 20;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const HINT: Style = AnsiColor::Cyan.on_default();
const STRONG: Style = Style::new().bold();

/// An error, its faults and its hint, each on its line.
pub(crate) fn error(error: &CliError) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}\n", error.message);
    for fault in error.faults.iter().take(FAULTS_SHOWN_MAX) {
        text.push_str(&format!("  {fault}\n"));
    }
    if let Some(more @ 1..) = error.faults.len().checked_sub(FAULTS_SHOWN_MAX) {
        text.push_str(&format!("  ... and {more} more\n"));
    }
    if let Some(hint) = &error.hint {
        text.push_str(&format!("  {HINT}hint:{HINT:#} {hint}\n"));
    }
    text
}

/// `text` in bold.
pub(crate) fn strong(text: &str) -> String {
    format!("{STRONG}{text}{STRONG:#}")
}

/// A table without lines: its columns named, those in `right` aligned to the right.
pub(crate) fn table(header: &[&str], right: &[usize], rows: Vec<Vec<Cell>>) -> String {
    let mut table = Table::new();
    // Styling is always written; anstream strips it where it does not belong.
    table.load_style(presets::NOTHING).enforce_styling();
    table.set_header(header.iter().map(|name| Cell::new(name).fg(Color::DarkGrey)));
    table.add_rows(rows);
    for (index, column) in table.column_iter_mut().enumerate() {
        column.set_padding((0, 2));
        if right.contains(&index) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.lines().map(|line| trim_end(&line)).collect::<Vec<_>>().join("\n")
}

/// `line` without the white space at its end, also where that stands before the codes that end a colour.
fn trim_end(line: &str) -> String {
    let mut text = line;
    let mut codes: Vec<&str> = Vec::new();
    loop {
        text = text.trim_end();
        let code = text.rfind('\u{1b}').filter(|&start| text[start..].find('m') == Some(text.len() - start - 1));
        let Some(start) = code else { break };
        codes.push(&text[start..]);
        text = &text[..start];
    }
    codes.iter().rev().fold(text.to_owned(), |trimmed, code| trimmed + code)
}

/// A state, coloured by what it means.
pub(crate) fn state(state: &str) -> Cell {
    let cell = Cell::new(state);
    match state {
        "succeeded" | "done" | "ok" => cell.fg(Color::Green),
        "failed" | "fail" | "lost" => cell.fg(Color::Red),
        "running" | "busy" | "active" => cell.fg(Color::Cyan),
        "cancelled" | "draining" | "resting" | "warn" => cell.fg(Color::Yellow),
        _ => cell,
    }
}

/// A bar of `width` characters that is filled as far as `done` of `total`; not full before it is.
pub(crate) fn bar(done: u64, total: u64, width: usize) -> String {
    let filled = if total == 0 { 0 } else { (done.min(total) as u128 * width as u128 / u128::from(total)) as usize };
    format!("{}{}", "█".repeat(filled), "░".repeat(width - filled))
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::manifest::Fault;

    use super::*;

    #[test]
    fn an_error_says_what_and_what_to_do() {
        let fault = |row: usize| Fault { place: format!("row {row}"), message: "no".into() };
        let error = CliError::refused("the manifest has faults").hint("mend them").faults((2..25).map(fault).collect());
        let text = anstream::adapter::strip_str(&self::error(&error)).to_string();
        assert!(text.starts_with("error: the manifest has faults\n  row 2: no\n"), "{text}");
        assert!(text.ends_with("  row 21: no\n  ... and 3 more\n  hint: mend them\n"), "{text}");
    }

    #[test]
    fn columns_line_up_under_wide_letters() {
        let rows = vec![vec![Cell::new("九五"), Cell::new(7), state("failed")], vec![Cell::new("a"), Cell::new(12), state("x")]];
        let text = table(&["show", "shots", "state"], &[1], rows);
        let plain = anstream::adapter::strip_str(&text).to_string();
        assert_eq!(plain, "show  shots  state\n九五      7  failed\na        12  x");
        assert!(text.contains('\u{1b}'), "colours are there to be stripped");
    }

    #[test]
    fn a_bar_is_full_only_at_the_end() {
        assert_eq!(bar(0, 0, 4), "░░░░");
        assert_eq!(bar(99, 100, 4), "███░");
        assert_eq!(bar(100, 100, 4), "████");
        assert_eq!(bar(u64::MAX, 3, 2), "██");
    }
}
