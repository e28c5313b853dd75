//! The file a studio hands in: one shot a row (CSV) or one object a shot (JSON, TOML).
//!
//! All three forms become the same raw rows, and one set of rules reads those. Values are taken as they are written: `007` stays
//! `007`. Every fault is reported, not just the first, each with its place as the studio sees it (row and column, or key path).

mod csv;
mod structured;

use std::collections::BTreeMap;
use std::fmt;

use crate::label::{InvalidLabel, Label};
use crate::limits::BATCH_SHOTS_MAX;
use crate::recipe::{Profile, Recipe, read_steps};
use crate::shot::OutputName;

/// The forms a manifest comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Comma, semicolon or tab separated, first row names the columns.
    Csv,
    /// An object with `shots`.
    Json,
    /// A document with `[[shots]]`.
    Toml,
}

/// What stands in for a value that a shot does not have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Show name.
    pub show: Option<String>,
    /// Episode name.
    pub episode: Option<String>,
    /// Steps, in text form.
    pub steps: Option<String>,
    /// Profile, by name.
    pub profile: Option<String>,
}

/// A manifest that was read without a fault.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// Its shots, in file order.
    pub shots: Vec<ManifestShot>,
    /// What was not used, for the reader to know: columns with other names.
    pub notes: Vec<String>,
}

/// A shot before its source is uploaded.
#[derive(Clone, Debug, PartialEq)]
pub struct ManifestShot {
    /// The studio's name for it.
    pub label: Label,
    /// The path of the source as written, relative to the manifest.
    pub source: String,
    /// What to do with it.
    pub recipe: Recipe,
    /// The name of its output.
    pub output: OutputName,
    /// The file of a track that was set by hand, if one is named.
    pub track: Option<ManifestTrack>,
    /// Where it stands in the manifest, for later errors about its source.
    pub place: String,
}

/// A track's file as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestTrack {
    /// Its path as written, relative to the manifest.
    pub path: String,
    /// Where it is named, for later errors about it.
    pub place: String,
}

/// Something wrong at one place of a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Row and column, or key path; empty for the file as a whole.
    pub place: String,
    /// What is wrong and what to write instead.
    pub message: String,
}

/// Everything wrong with a manifest. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults(pub Vec<Fault>);

/// Faults shown in full; a manifest with more has one mistake in every row.
const FAULTS_SHOWN_MAX: usize = 20;

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.place.is_empty() { f.write_str(&self.message) } else { write!(f, "{}: {}", self.place, self.message) }
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().take(FAULTS_SHOWN_MAX).enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            fault.fmt(f)?;
        }
        match self.0.len().saturating_sub(FAULTS_SHOWN_MAX) {
            0 => Ok(()),
            more => write!(f, "\n... and {more} more"),
        }
    }
}

impl std::error::Error for Faults {}

impl Form {
    /// The form that a file name's ending stands for.
    #[must_use]
    pub fn of_file_name(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
            "csv" | "tsv" => Some(Self::Csv),
            "json" => Some(Self::Json),
            "toml" => Some(Self::Toml),
            _ => None,
        }
    }
}

/// Reads a manifest.
///
/// # Errors
/// All faults, in file order; no shot is taken from a manifest with one.
pub fn read(bytes: &[u8], form: Form, defaults: &Defaults) -> Result<Manifest, Faults> {
    let text = decode(bytes).map_err(|message| Faults(vec![Fault { place: String::new(), message }]))?;
    let Document { rows, defaults: own, notes, mut faults } = document(text, form);
    let defaults = Defaults {
        show: own.show.or_else(|| defaults.show.clone()),
        episode: own.episode.or_else(|| defaults.episode.clone()),
        steps: own.steps.or_else(|| defaults.steps.clone()),
        profile: own.profile.or_else(|| defaults.profile.clone()),
    };
    let mut shots = Vec::with_capacity(rows.len());
    for row in &rows {
        match row.shot(&defaults) {
            Ok(shot) => shots.push((row, shot)),
            Err(found) => faults.extend(found),
        }
    }
    faults.extend(doubles(&shots));
    if rows.len() > BATCH_SHOTS_MAX {
        let message = format!("{} shots are more than one batch takes ({BATCH_SHOTS_MAX}); hand them in as several", rows.len());
        faults.push(Fault { place: String::new(), message });
    }
    if rows.is_empty() && faults.is_empty() {
        faults.push(Fault { place: String::new(), message: "it has no shots".to_owned() });
    }
    if faults.is_empty() {
        Ok(Manifest { shots: shots.into_iter().map(|(_, shot)| shot).collect(), notes })
    } else {
        sort(&mut faults);
        Err(Faults(faults))
    }
}

/// The place and the source of every row that names one, so that a missing file can be told along with a manifest's faults.
#[must_use]
pub fn sources(bytes: &[u8], form: Form) -> Vec<(String, String)> {
    let Ok(text) = decode(bytes) else { return Vec::new() };
    let rows = document(text, form).rows;
    rows.iter().filter_map(|row| Some((row.place.clone(), row.text("source", None)?.to_owned()))).collect()
}

/// Puts faults in the order of the file: those of the file as a whole first, then by row, as numbers.
pub fn sort(faults: &mut [Fault]) {
    faults.sort_by_key(|fault| {
        let after = fault.place.strip_prefix("row ").or_else(|| fault.place.strip_prefix("shots["));
        // Rows count from 1 and list places from 0; the file as a whole comes before either.
        after.and_then(|text| text.split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()).map_or(0, |row| row + 1)
    });
}

fn document(text: &str, form: Form) -> Document {
    match form {
        Form::Csv => csv::rows(text),
        Form::Json => structured::json(text),
        Form::Toml => structured::toml(text),
    }
}

/// UTF-8 with or without a byte order mark; spreadsheets write other encodings, which are named.
fn decode(bytes: &[u8]) -> Result<&str, String> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err("it is UTF-16; save it as \"CSV UTF-8\"".to_owned());
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let line = bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count() + 1;
        format!("line {line} is not UTF-8 (perhaps GBK); save it as \"CSV UTF-8\"")
    })
}

/// A manifest before its values are read.
#[derive(Debug, Default)]
struct Document {
    rows: Vec<Row>,
    defaults: Defaults,
    notes: Vec<String>,
    faults: Vec<Fault>,
}

/// One shot's values as written, each with its place.
#[derive(Debug)]
struct Row {
    place: String,
    /// What stands between the row's place and a field's name.
    joint: &'static str,
    values: BTreeMap<&'static str, Value>,
}

#[derive(Debug)]
struct Value {
    place: String,
    text: String,
}

/// The names a shot's values go by, in the order they are documented.
const FIELDS: [&str; 8] = ["show", "episode", "shot", "source", "steps", "output", "profile", TRACK];
/// The field that names the file of a track: the one parameter of a step that is a file of the studio.
const TRACK: &str = "reframe.track";

/// The known name that `name` is, whatever its case and the white space around it.
fn field_named(name: &str) -> Option<&'static str> {
    let name = name.trim().to_ascii_lowercase();
    FIELDS.into_iter().find(|field| *field == name)
}

impl Row {
    fn place_of(&self, field: &str) -> String {
        self.values.get(field).map_or_else(|| self.place.clone(), |value| value.place.clone())
    }

    /// Where `field` would have to be written.
    fn place_to_write(&self, field: &str) -> String {
        self.values.get(field).map_or_else(|| format!("{}{}{field}", self.place, self.joint), |value| value.place.clone())
    }

    /// The value of `field`, or the default where the row has none or only white space.
    fn text<'a>(&'a self, field: &str, default: Option<&'a String>) -> Option<&'a str> {
        let own = self.values.get(field).map(|value| value.text.trim()).filter(|text| !text.is_empty());
        own.or(default.map(String::as_str))
    }

    fn shot(&self, defaults: &Defaults) -> Result<ManifestShot, Vec<Fault>> {
        let mut faults = Vec::new();
        let label = self.label(defaults).map_err(|fault| faults.push(fault)).ok();
        let source = self.text("source", None);
        if source.is_none() {
            let message = "no source is given; write the path of the shot's clip".to_owned();
            faults.push(Fault { place: self.place_to_write("source"), message });
        }
        let profile = self.profile(defaults).map_err(|fault| faults.push(fault)).ok();
        let steps = self.text("steps", defaults.steps.as_ref());
        let place = if steps.is_none() { self.place_to_write("steps") } else { self.place_of("steps") };
        let steps = read_steps(steps.unwrap_or_default());
        let steps = steps.map_err(|error| faults.push(Fault { place, message: error.to_string() })).ok();
        let (Some(label), Some(source), Some(profile), Some(steps)) = (label, source, profile, steps) else {
            return Err(faults);
        };
        let output = self.output(&label, profile).map_err(|fault| vec![fault])?;
        let recipe = Recipe { steps, profile };
        let track = self.track(&recipe).map_err(|fault| vec![fault])?;
        Ok(ManifestShot { label, source: source.to_owned(), recipe, output, track, place: self.place.clone() })
    }

    /// The file of a track, which only a recipe that frames anew can follow.
    fn track(&self, recipe: &Recipe) -> Result<Option<ManifestTrack>, Fault> {
        let Some(path) = self.text(TRACK, None) else { return Ok(None) };
        match recipe.reframe() {
            None => Err(self.fault(TRACK, "the shot's steps have no `reframe` that could follow a track")),
            Some(reframe) if reframe.track.is_some() => {
                Err(self.fault(TRACK, "its steps name another track with `track=`; leave one of the two out"))
            }
            Some(_) => Ok(Some(ManifestTrack { path: path.to_owned(), place: self.place_of(TRACK) })),
        }
    }

    fn label(&self, defaults: &Defaults) -> Result<Label, Fault> {
        let show = self.text("show", defaults.show.as_ref()).unwrap_or_default();
        let episode = self.text("episode", defaults.episode.as_ref()).unwrap_or_default();
        let shot = self.text("shot", None).unwrap_or_default();
        Label::new(show, episode, shot).map_err(|error| {
            let text = error.to_string();
            let field = FIELDS.into_iter().find(|field| text.split(' ').next() == Some(field)).unwrap_or("shot");
            let place = if matches!(error, InvalidLabel::Empty(_)) { self.place_to_write(field) } else { self.place_of(field) };
            Fault { place, message: text }
        })
    }

    fn profile(&self, defaults: &Defaults) -> Result<Profile, Fault> {
        let name = self.text("profile", defaults.profile.as_ref());
        name.map_or(Ok(Profile::default()), str::parse).map_err(|error| self.fault("profile", error))
    }

    fn output(&self, label: &Label, profile: Profile) -> Result<OutputName, Fault> {
        let standard = || format!("{}_{}_{}.{}", label.show(), label.episode(), label.shot(), profile.extension());
        let path = self.text("output", None).map_or_else(standard, str::to_owned);
        let name = OutputName::new(&path).map_err(|error| self.fault("output", error))?;
        let ending = format!(".{}", profile.extension());
        if !name.as_str().to_ascii_lowercase().ends_with(&ending) {
            let message = format!("`{name}` does not end in `{ending}`, which is what profile {profile} makes");
            return Err(self.fault("output", message));
        }
        Ok(name)
    }

    fn fault(&self, field: &str, message: impl fmt::Display) -> Fault {
        Fault { place: self.place_of(field), message: message.to_string() }
    }
}

/// Two shots of one label or one output would overwrite each other, and a file cannot stand where a folder must.
fn doubles(shots: &[(&Row, ManifestShot)]) -> Vec<Fault> {
    let mut labels = BTreeMap::new();
    let mut outputs = BTreeMap::new();
    let mut faults = Vec::new();
    for (row, shot) in shots {
        let label_first = labels.insert(&shot.label, &shot.place);
        if let Some(first) = label_first {
            faults.push(row.fault("shot", format!("{} stands already in {first}", shot.label)));
        }
        let output_first = outputs.insert(folded(&shot.output), &shot.place);
        // An output that is named after its label is double because that is, which was said.
        let is_said = label_first.is_some() && row.text("output", None).is_none();
        if let Some(first) = output_first.filter(|_| !is_said) {
            faults.push(row.fault("output", format!("output `{}` is already that of {first}", shot.output)));
        }
    }
    for (row, shot) in shots {
        let output = folded(&shot.output);
        let folders = output.match_indices('/').map(|(end, _)| &output[..end]);
        for (folder, first) in folders.filter_map(|folder| outputs.get_key_value(folder)) {
            let message = format!("output `{}` needs a folder where the file `{folder}` of {first} is to be", shot.output);
            faults.push(row.fault("output", message));
        }
    }
    faults
}

/// The output's name with its case folded, because macOS and Windows would write both to one file.
fn folded(output: &OutputName) -> String {
    output.as_str().to_lowercase()
}

#[cfg(test)]
mod tests;
