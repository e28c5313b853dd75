//! The manifest that hands the episode in: a CSV with one row a shot.

use std::fmt::Write as _;

/// One row: which shot, from which clip, which steps, to which file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestRow {
    /// The show's name.
    pub show: String,
    /// The episode's name.
    pub episode: String,
    /// The shot's name.
    pub shot: String,
    /// The clip, relative to the manifest.
    pub source: String,
    /// The steps, such as `upscale 2x filter=lanczos`.
    pub steps: String,
    /// The output, relative to the folder that outputs are fetched into.
    pub output: String,
}

/// The rows as CSV (RFC 4180) with a heading, in the manifest's column names.
#[must_use]
pub fn manifest_csv(rows: &[ManifestRow]) -> String {
    let mut csv = String::from("show,episode,shot,source,steps,output\n");
    for row in rows {
        let fields = [&row.show, &row.episode, &row.shot, &row.source, &row.steps, &row.output].map(|field| quoted(field));
        // Writing into a String cannot fail.
        let _ = writeln!(csv, "{}", fields.join(","));
    }
    csv
}

fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_with_a_comma_or_a_quote_is_quoted() {
        let row = ManifestRow {
            show: "九五".into(),
            episode: "ep01".into(),
            shot: "she said \"no\"".into(),
            source: "a,b.mp4".into(),
            steps: "upscale 2x".into(),
            output: "out/a.mp4".into(),
        };
        let csv = manifest_csv(&[row]);
        assert_eq!(
            csv,
            "show,episode,shot,source,steps,output\n九五,ep01,\"she said \"\"no\"\"\",\"a,b.mp4\",upscale 2x,out/a.mp4\n"
        );
    }
}
