//! `model`: gives the farm networks, lists, inspects and removes them.

use std::fmt::Write as _;
use std::path::Path;

use comfy_table::Cell;
use jiff::Zoned;
use serde_json::{Value, json};
use shotfarm_proto::v1::{AddModelRequest, Model as WireModel, ModelDetail, RemoveModelRequest, ShowModelRequest};
use shotfarm_shared::model::{Catalogue, DIGITS_SHOWN, Model, ModelFacts, ModelFiles, ModelName, ModelRef, ModelVersion};

use crate::args::{Common, ModelAdd, ModelFile};
use crate::connect::{connect, refusal};
use crate::error::CliError;
use crate::exit::Exit;
use crate::handin::{models, upload};
use crate::network::LocalNetwork;
use crate::voice::human::{strong, table};
use crate::voice::{Answer, Voice};
use crate::words;

/// Operators shown; the rest is counted.
const OPERATORS_SHOWN_MAX: usize = 12;

/// `model add`.
pub(crate) async fn add(voice: Voice, common: &Common, args: &ModelAdd) -> Result<Exit, CliError> {
    let local = read(&args.file, args.weights.as_deref()).await?;
    let model = Model {
        name: args.name.clone(),
        files: local.files,
        bytes: local.bytes(),
        licence: args.licence.clone(),
        source: args.source.clone(),
        facts: local.facts.clone(),
    };
    let model = model.check().map_err(|error| CliError::refused(error).hint("give --licence and --source"))?;
    let farm = connect(common).await?;
    upload::upload(voice, &farm, &local.sources).await?;
    let request = AddModelRequest { model: Some(WireModel::from(&model)), replace: args.replace };
    let reply = farm.studio().add_model(request).await.map_err(|status| refusal(&status))?.into_inner();
    let added = Added { version: version(reply.version)?, known: reply.known };
    let differs = added.version.model.licence != model.licence || added.version.model.source != model.source;
    voice.answer(&added)?;
    if differs {
        voice.note("note: its licence and source stay as they were; --replace changes them");
    }
    Ok(Exit::Done)
}

/// `model list`.
pub(crate) async fn list(voice: Voice, common: &Common) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    voice.answer(&List { catalogue: models::catalogue(&farm).await?, now: Zoned::now() })?;
    Ok(Exit::Done)
}

/// `model inspect`.
pub(crate) async fn inspect(voice: Voice, common: &Common, args: &ModelFile) -> Result<Exit, CliError> {
    let file = Path::new(&args.model);
    if is_file(&args.model) || args.weights.is_some() {
        let local = read(file, args.weights.as_deref()).await?;
        let title = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy().into_owned();
        voice.answer(&Inspected { title, files: local.files, bytes: local.bytes(), facts: local.facts, farm: None })?;
        return Ok(Exit::Done);
    }
    let wanted: ModelRef = args.model.parse().map_err(|error| CliError::refused(error).hint("or name a .onnx or .param file"))?;
    let farm = connect(common).await?;
    let request = ShowModelRequest { model: wanted.to_string() };
    let detail = farm.studio().show_model(request).await.map_err(|status| refusal(&status))?.into_inner();
    voice.answer(&Inspected::of_farm(detail, Zoned::now())?)?;
    Ok(Exit::Done)
}

/// `model remove`.
pub(crate) async fn remove(voice: Voice, common: &Common, name: &ModelName) -> Result<Exit, CliError> {
    let farm = connect(common).await?;
    let request = RemoveModelRequest { name: name.to_string() };
    farm.studio().remove_model(request).await.map_err(|status| refusal(&status))?;
    voice.answer(&Removed { name: name.clone() })?;
    Ok(Exit::Done)
}

/// Whether `text` means a file: one that is there, or what only a file can be called.
fn is_file(text: &str) -> bool {
    let ending = Path::new(text).extension().map(|ending| ending.to_string_lossy().to_lowercase());
    Path::new(text).is_file() || text.contains(['/', '\\']) || matches!(ending.as_deref(), Some("onnx" | "param"))
}

/// Reads a network away from the threads that talk.
async fn read(file: &Path, weights: Option<&Path>) -> Result<LocalNetwork, CliError> {
    let (file, weights) = (file.to_owned(), weights.map(Path::to_owned));
    let reading = tokio::task::spawn_blocking(move || LocalNetwork::read(&file, weights.as_deref()));
    reading.await.map_err(|_| CliError::not_now("reading the network broke off"))?
}

fn version(message: Option<shotfarm_proto::v1::ModelVersion>) -> Result<ModelVersion, CliError> {
    let message = message.ok_or_else(|| models::of_another_version(&"no version"))?;
    ModelVersion::try_from(message).map_err(|error| models::of_another_version(&error))
}

fn digits(files: &ModelFiles) -> String {
    files.digest().to_string()[..DIGITS_SHOWN].to_owned()
}

/// A network that was handed to the farm.
struct Added {
    version: ModelVersion,
    known: bool,
}

impl Answer for Added {
    fn human(&self) -> String {
        let ModelVersion { number, model, .. } = &self.version;
        let digits = digits(&model.files);
        let what = format!("{}, {} parameters, {}", model.facts.purpose(), words::large(model.facts.parameters), model.licence);
        match (self.known, number) {
            (true, _) => format!("{} is there already as {digits}; nothing changed", model.name),
            (false, 1) => format!("{} added as {digits}: {what}", model.name),
            (false, number) => format!("{} is now {digits}, version {number}: {what}", model.name),
        }
    }

    fn json(&self) -> Value {
        let mut value = version_json(&self.version);
        value["known"] = json!(self.known);
        value
    }

    fn quiet(&self) -> String {
        format!("{}@{}", self.version.model.name, self.version.model.files.digest())
    }
}

/// A version as scripts see it.
fn version_json(version: &ModelVersion) -> Value {
    let ModelVersion { number, added, model } = version;
    json!({"name": model.name, "version": number, "digest": model.files.digest(), "format": model.files.format(),
        "bytes": model.bytes, "licence": model.licence, "source": model.source, "added_millis": added.0,
        "purpose": model.facts.purpose(), "factor": model.facts.upscaling.map(|upscaling| upscaling.factor),
        "parameters": model.facts.parameters})
}

/// The networks of the farm.
struct List {
    catalogue: Catalogue,
    now: Zoned,
}

impl Answer for List {
    fn human(&self) -> String {
        let row = |version: &ModelVersion| {
            let model = &version.model;
            vec![
                Cell::new(&model.name),
                Cell::new(model.facts.purpose()),
                Cell::new(words::large(model.facts.parameters)),
                Cell::new(model.files.format()),
                Cell::new(words::bytes(model.bytes)),
                Cell::new(digits(&model.files)),
                Cell::new(version.number),
                Cell::new(words::moment(&self.now, version.added.0)),
                Cell::new(&model.licence),
            ]
        };
        let rows: Vec<_> = self.catalogue.iter().map(row).collect();
        if rows.is_empty() {
            return "no models; add one with `shotfarm model add FILE --name NAME --licence TERMS --source ADDRESS`".to_owned();
        }
        let header = ["name", "what it does", "parameters", "format", "size", "digest", "version", "added", "licence"];
        table(&header, &[2, 4, 6], rows)
    }

    fn json(&self) -> Value {
        json!({"models": self.catalogue.iter().map(version_json).collect::<Vec<_>>()})
    }

    fn quiet(&self) -> String {
        self.catalogue.iter().map(|version| version.model.name.as_str()).collect::<Vec<_>>().join("\n")
    }
}

/// All about one network.
struct Inspected {
    title: String,
    files: ModelFiles,
    bytes: u64,
    facts: ModelFacts,
    farm: Option<OnFarm>,
}

/// What only the farm knows of it.
struct OnFarm {
    version: ModelVersion,
    versions: u32,
    jobs: Vec<String>,
    now: Zoned,
}

impl Inspected {
    fn of_farm(detail: ModelDetail, now: Zoned) -> Result<Self, CliError> {
        let version = version(detail.version)?;
        let Model { name, files, bytes, facts, .. } = version.model.clone();
        let farm = OnFarm { version, versions: detail.versions, jobs: detail.jobs, now };
        Ok(Self { title: name.to_string(), files, bytes, facts, farm: Some(farm) })
    }

    fn lines(&self) -> Vec<(&'static str, String)> {
        let facts = &self.facts;
        let mut lines = vec![("does", facts.purpose())];
        lines.push(("input", facts.inputs.join(", ")));
        lines.push(("output", facts.outputs.join(", ")));
        lines.push(("parameters", words::large(facts.parameters)));
        if let Some(work) = facts.multiply_adds_per_pixel {
            lines.push(("work", format!("{} multiply-adds for each pixel that goes in", words::large(work))));
        }
        if let Some(radius_pixels) = facts.upscaling.and_then(|upscaling| upscaling.radius_pixels) {
            lines.push(("looks at", words::count(radius_pixels.into(), "pixel") + " around each"));
        }
        lines.push(("operators", self.operators()));
        lines.push(("files", format!("{}, {}", self.files.format(), words::bytes(self.bytes))));
        lines.push(("digest", self.files.digest().to_string()));
        if let Some(farm) = &self.farm {
            lines.extend(farm.lines());
        }
        lines
    }

    /// The operators, the most frequent first: `Conv 18, PRelu 17`.
    fn operators(&self) -> String {
        let counted = &self.facts.operators;
        let shown = counted.iter().take(OPERATORS_SHOWN_MAX).map(|counted| format!("{} {}", counted.operator, counted.count));
        let mut text = shown.collect::<Vec<_>>().join(", ");
        if let Some(more @ 1..) = counted.len().checked_sub(OPERATORS_SHOWN_MAX) {
            text.push_str(&format!(" and {more} more kinds"));
        }
        text
    }
}

impl OnFarm {
    fn lines(&self) -> Vec<(&'static str, String)> {
        let ModelVersion { number, added, model } = &self.version;
        let mut version = format!("{number}, added {}", words::moment(&self.now, added.0));
        if self.versions > 1 {
            version.push_str(&format!("; {} are kept under this name", self.versions));
        }
        let mut lines = vec![("licence", model.licence.clone()), ("source", model.source.clone()), ("version", version)];
        if !self.jobs.is_empty() {
            lines.push(("needed by", words::count(self.jobs.len() as u64, "unfinished job")));
        }
        lines
    }
}

impl Answer for Inspected {
    fn human(&self) -> String {
        let mut text = strong(&self.title);
        for (name, value) in self.lines() {
            let _ = write!(text, "\n{name:<12}{value}");
        }
        text
    }

    fn json(&self) -> Value {
        let facts = &self.facts;
        let operators = facts.operators.iter().map(|counted| (counted.operator.clone(), json!(counted.count)));
        let upscaling = facts.upscaling;
        let mut value = json!({"name": self.title, "format": self.files.format(), "digest": self.files.digest(),
            "bytes": self.bytes, "purpose": facts.purpose(), "factor": upscaling.map(|upscaling| upscaling.factor),
            "channels": upscaling.map(|upscaling| upscaling.channels),
            "radius_pixels": upscaling.map(|upscaling| upscaling.radius_pixels), "inputs": facts.inputs,
            "outputs": facts.outputs, "parameters": facts.parameters,
            "multiply_adds_per_pixel": facts.multiply_adds_per_pixel,
            "operators": operators.collect::<serde_json::Map<_, _>>()});
        if let Some(farm) = &self.farm {
            let ModelVersion { number, added, model } = &farm.version;
            let more = json!({"version": number, "added_millis": added.0, "licence": model.licence, "source": model.source,
                "versions": farm.versions, "jobs": farm.jobs});
            if let (Some(all), Value::Object(more)) = (value.as_object_mut(), more) {
                all.extend(more);
            }
        }
        value
    }

    fn quiet(&self) -> String {
        self.files.digest().to_string()
    }
}

/// A name that means nothing any more.
struct Removed {
    name: ModelName,
}

impl Answer for Removed {
    fn human(&self) -> String {
        format!("{} removed", self.name)
    }

    fn json(&self) -> Value {
        json!({"name": self.name, "removed": true})
    }

    fn quiet(&self) -> String {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use shotfarm_shared::model::OperatorCount;

    use super::*;
    use crate::handin::models::tests::compact;

    fn now() -> Zoned {
        "2026-11-22T12:00:00+00:00[UTC]".parse().expect("a time")
    }

    fn plain(answer: &dyn Answer) -> String {
        anstream::adapter::strip_str(&answer.human()).to_string()
    }

    #[test]
    fn an_addition_says_what_changed() {
        let mut added = Added { version: compact(), known: false };
        let digits = digits(&added.version.model.files);
        assert_eq!(plain(&added), format!("compact added as {digits}: upscales RGB 2x, 621 k parameters, BSD-3-Clause"));
        added.version.number = 3;
        assert!(plain(&added).starts_with(&format!("compact is now {digits}, version 3: ")));
        added.known = true;
        assert_eq!(plain(&added), format!("compact is there already as {digits}; nothing changed"));
        assert_eq!(added.json()["factor"], 2);
    }

    #[test]
    fn a_list_has_a_row_for_each_name() {
        let mut newer = compact();
        newer.number = 2;
        newer.model.files = ModelFiles::Onnx { file: shotfarm_shared::digest::Digest::of(b"newer") };
        let list = List { catalogue: [compact(), newer].into_iter().collect(), now: now() };
        let text = plain(&list);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 2, "{text}");
        assert!(lines[1].starts_with("compact  upscales RGB 2x       621 k  onnx    2.4 MB  "), "{text}");
        assert!(lines[1].ends_with("2  1970-01-01 00:00:00  BSD-3-Clause"), "{text}");
        assert_eq!(list.quiet(), "compact");
        assert!(plain(&List { catalogue: Catalogue::default(), now: now() }).starts_with("no models; add one with"));
    }

    #[test]
    fn an_inspection_tells_the_farms_part_too() {
        let mut version = compact();
        version.model.facts.operators = vec![OperatorCount { operator: "Conv".into(), count: 18 }];
        let (digest, jobs) = (version.model.files.digest(), vec!["s/e/1".to_owned()]);
        let detail = ModelDetail { version: Some((&version).into()), versions: 2, jobs };
        let inspected = Inspected::of_farm(detail, now()).expect("a version");
        let expected = format!(
            "compact\ndoes        upscales RGB 2x\ninput       input: 1 x 3 x H x W\noutput      output\nparameters  621 k\n\
             looks at    18 pixels around each\noperators   Conv 18\nfiles       onnx, 2.4 MB\ndigest      {digest}\n\
             licence     BSD-3-Clause\nsource      https://example.org/compact\n\
             version     1, added 1970-01-01 00:00:00; 2 are kept under this name\nneeded by   1 unfinished job"
        );
        assert_eq!(plain(&inspected), expected);
        assert_eq!(inspected.json()["jobs"], json!(["s/e/1"]));
        assert_eq!(inspected.json()["operators"], json!({"Conv": 18}));
    }

    #[test]
    fn what_only_a_file_can_be_called_is_one() {
        for text in ["net.onnx", "a/b", "NET.PARAM", "./x"] {
            assert!(is_file(text), "{text}");
        }
        for text in ["compact-2x", "realesr.v3", "compact@abc"] {
            assert!(!is_file(text), "{text}");
        }
    }
}
