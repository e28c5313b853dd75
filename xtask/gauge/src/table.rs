//! Tables as text that reads well in a terminal and is Markdown at the same time.

/// A table; the first column is text, all others are right-aligned where `numbers` says so.
pub(crate) fn markdown(header: &[&str], rows: &[Vec<String>]) -> String {
    let columns = header.len();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count(), 3]).max().unwrap_or(3)
    };
    let widths = (0..columns).map(width).collect::<Vec<_>>();
    let numeric = |column: usize| column > 0 && rows.iter().all(|row| row.get(column).is_none_or(|cell| is_number(cell)));
    let aligned = (0..columns).map(numeric).collect::<Vec<_>>();
    let line = |cells: &[String]| {
        let cell = |column: usize| {
            let text = cells.get(column).map(String::as_str).unwrap_or_default();
            let pad = " ".repeat(widths[column].saturating_sub(text.chars().count()));
            if aligned[column] { format!(" {pad}{text} ") } else { format!(" {text}{pad} ") }
        };
        format!("|{}|\n", (0..columns).map(cell).collect::<Vec<_>>().join("|"))
    };
    let rule = (0..columns).map(|column| {
        let dashes = "-".repeat(widths[column] + 1);
        if aligned[column] { format!("{dashes}:") } else { format!("{dashes}-") }
    });
    let rule = format!("|{}|\n", rule.collect::<Vec<_>>().join("|"));
    let header = header.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>();
    let rows = rows.iter().map(|row| line(row)).collect::<String>();
    format!("{}{rule}{rows}", line(&header))
}

fn is_number(cell: &str) -> bool {
    cell.is_empty() || cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit() || "+-".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up_and_numbers_stand_right() {
        let rows = [vec!["lanczos".to_owned(), "31.25".to_owned()], vec!["影".to_owned(), "-".to_owned()]];
        let text = markdown(&["scaler", "dB"], &rows);
        assert_eq!(text, "| scaler  |    dB |\n|---------|------:|\n| lanczos | 31.25 |\n| 影       |     - |\n");
    }
}
