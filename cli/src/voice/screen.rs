//! A picture on the terminal that is drawn again in place, without flicker and without filling the scroll-back.

use std::io::{self, Write};

/// Begin and end of a synchronised update; terminals that do not know it ignore it.
const HOLD: &str = "\u{1b}[?2026h";
const SHOW: &str = "\u{1b}[?2026l";
/// Long lines are cut at the edge rather than wrapped, so that the number of lines is the number of rows.
const WRAP_OFF: &str = "\u{1b}[?7l";
const WRAP_ON: &str = "\u{1b}[?7h";
/// Erase to the end of the line, and of the screen.
const CLEAR_LINE: &str = "\u{1b}[K";
const CLEAR_BELOW: &str = "\u{1b}[J";
/// Rows assumed where the terminal does not say.
const ROWS_DEFAULT: usize = 24;

/// What is on the terminal now.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    rows_drawn: usize,
}

impl Screen {
    /// Draws `text` over what was drawn before.
    pub(crate) fn draw(&mut self, text: &str) -> io::Result<()> {
        let rows = terminal_size::terminal_size().map_or(ROWS_DEFAULT, |(_, height)| usize::from(height.0));
        let frame = self.frame(text, rows);
        // Written through anstream, so that NO_COLOR also holds here; it keeps cursor movements on a terminal.
        let mut out = anstream::stdout().lock();
        out.write_all(frame.as_bytes())?;
        out.flush()
    }

    /// The bytes that turn what is on the terminal into `text`, cut to one row less than the terminal has.
    fn frame(&mut self, text: &str, rows: usize) -> String {
        let rows_max = rows.saturating_sub(1).max(1);
        let lines: Vec<&str> = text.trim_end().lines().collect();
        let mut frame = format!("{HOLD}{WRAP_OFF}\r");
        if self.rows_drawn > 0 {
            frame.push_str(&format!("\u{1b}[{}A", self.rows_drawn));
        }
        let cut = lines.len() > rows_max;
        let shown = if cut { rows_max - 1 } else { lines.len() };
        for line in &lines[..shown] {
            frame.push_str(&format!("{line}{CLEAR_LINE}\n"));
        }
        if cut {
            frame.push_str(&format!("... and {} more lines{CLEAR_LINE}\n", lines.len() - shown));
        }
        self.rows_drawn = shown + usize::from(cut);
        frame.push_str(&format!("{CLEAR_BELOW}{WRAP_ON}{SHOW}"));
        frame
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_picture_starts_where_the_first_did() {
        let mut screen = Screen::default();
        assert!(!screen.frame("a\nb", 10).contains("\u{1b}[2A"));
        let second = screen.frame("c", 10);
        assert!(second.contains("\u{1b}[2A") && second.contains("c\u{1b}[K\n"), "{second:?}");
        assert!(screen.frame("d", 10).contains("\u{1b}[1A"));
    }

    #[test]
    fn a_tall_picture_is_cut_to_the_terminal() {
        let mut screen = Screen::default();
        let text: String = (0..50).map(|line| format!("line {line}\n")).collect();
        let frame = screen.frame(&text, 10);
        assert_eq!(frame.matches('\n').count(), 9);
        assert!(frame.contains("line 7") && !frame.contains("line 8") && frame.contains("... and 42 more lines"));
        assert_eq!(screen.rows_drawn, 9);
    }
}
