//! `plan`: a dry run. Reads the request, probes every source here, and says what would be made. Only networks need a farm
//! to be looked at; without one they are said to be unchecked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use comfy_table::Cell;
use jiff::Zoned;
use serde_json::{Value, json};
use shotfarm_shared::manifest::Fault;
use shotfarm_shared::media::MediaFacts;
use shotfarm_shared::model::ModelVersion;
use shotfarm_shared::recipe::{Recipe, Reframe, short_steps, write_steps};

use crate::args::{Common, Plan as Args};
use crate::assess::{Assessment, assess};
use crate::connect::connect;
use crate::error::CliError;
use crate::exit::Exit;
use crate::handin::request::{self, Request, RequestedShot, TrackFile};
use crate::handin::{models, sources, tracks, zones};
use crate::local;
use crate::voice::human::table;
use crate::voice::progress::{Progress, Unit};
use crate::voice::{Answer, Voice};
use crate::words;

/// The verb.
pub(crate) async fn run(voice: Voice, common: &Common, args: &Args) -> Result<Exit, CliError> {
    let mut request = match request::read(&args.file, &args.work, Zoned::now().date()) {
        Ok(request) => request,
        // Faults of rows and of sources have one shape.
        Err(error) if !error.faults.is_empty() => return Plan::of_faults(error.faults).say(voice),
        Err(error) => return Err(error),
    };
    let mut faults = sources::faults(&request);
    faults.extend(zones::apply(&mut request, zones::own(&args.work.zones)?.as_ref()));
    faults.extend(tracks::take(&mut request).1);
    let missing: Vec<&str> = faults.iter().map(|fault| fault.place.as_str()).collect();
    let readable = |shot: &&RequestedShot| !missing.contains(&shot.shot.place.as_str());
    let paths = request.shots.iter().filter(readable).map(|shot| shot.path.clone()).collect();
    let networks = if models::any(&request) { Networks::ask(common, &mut request).await } else { Networks::default() };
    faults.extend(networks.faults.iter().cloned());
    let probing = tokio::task::spawn_blocking(move || probe_all(voice, paths));
    let probed = probing.await.map_err(|_| CliError::not_now("looking at the sources broke off"))??;
    Plan::new(&request, &faults, &probed, networks).say(voice)
}

type Probed = BTreeMap<PathBuf, Result<MediaFacts, String>>;

/// Looks at every distinct source once. A source that cannot be used is a fault of its shot; a missing tool ends the plan.
fn probe_all(voice: Voice, paths: Vec<PathBuf>) -> Result<Probed, CliError> {
    let prober = local::Prober::new()?;
    let distinct: std::collections::BTreeSet<PathBuf> = paths.into_iter().collect();
    let total = distinct.len() as u64;
    let mut progress = Progress::start(voice, "looking at", Unit::Shots, total);
    let mut probed = Probed::new();
    for (index, path) in distinct.into_iter().enumerate() {
        progress.set(index as u64, total);
        let facts = prober.probe(&path);
        probed.insert(path, facts);
    }
    Ok(probed)
}

/// The networks that the shots name, as far as a farm was there to be asked.
#[derive(Debug, Default)]
struct Networks {
    /// Those that are used, each with the number of its shots.
    used: Vec<(ModelVersion, u64)>,
    /// Shots whose network the farm does not have.
    faults: Vec<Fault>,
    /// Why they were not looked at.
    unchecked: Option<String>,
}

impl Networks {
    /// Asks the farm, and pins the shots to what it has.
    async fn ask(common: &Common, request: &mut Request) -> Self {
        let asked = async { models::catalogue(&connect(common).await?).await };
        match asked.await {
            Ok(catalogue) => {
                let faults = models::pin(request, &catalogue);
                let used = models::used(request, &catalogue).into_iter().map(|(version, shots)| (version.clone(), shots));
                Self { used: used.collect(), faults, unchecked: None }
            }
            Err(error) => Self { unchecked: Some(error.message), ..Self::default() },
        }
    }

    /// A line for each network, or why there is none.
    fn lines(&self) -> Vec<String> {
        let line = |(version, shots): &(ModelVersion, u64)| {
            let model = &version.model;
            let shots = words::count(*shots, "shot");
            format!("model {}: {}, {}, for {shots}", model.name, model.facts.purpose(), model.licence)
        };
        self.used.iter().map(line).collect()
    }
}

/// What would be made.
#[derive(Debug)]
struct Plan {
    rows: Vec<Row>,
    faults: Vec<Fault>,
    notes: Vec<String>,
    networks: Networks,
}

/// One shot that could be rendered.
#[derive(Debug)]
struct Row {
    label: String,
    facts: MediaFacts,
    /// For people.
    steps: String,
    /// With whole digests.
    steps_exact: String,
    output_name: String,
    assessment: Assessment,
    /// How it is framed anew, if it is.
    reframe: Option<Reframe>,
}

impl Plan {
    fn new(request: &Request, missing: &[Fault], probed: &Probed, networks: Networks) -> Self {
        let (mut rows, mut faults) = (Vec::new(), Vec::new());
        for RequestedShot { shot, path, track } in &request.shots {
            let before = faults.len();
            faults.extend(missing.iter().filter(|fault| fault.place == shot.place).cloned());
            let Some(facts) = probed.get(path) else { continue };
            let assessed = facts.as_ref().map_err(Clone::clone).and_then(|facts| Ok((facts, assess(&shot.recipe, facts)?)));
            if let (Ok((facts, _)), Some(file)) = (&assessed, track) {
                faults.extend(unfit(file, &shot.recipe, facts));
            }
            match assessed {
                Ok(_) if faults.len() > before => {}
                Ok((facts, assessment)) => rows.push(Row {
                    label: shot.label.to_string(),
                    facts: facts.clone(),
                    steps: short_steps(&shot.recipe.steps),
                    steps_exact: write_steps(&shot.recipe.steps),
                    output_name: shot.output.to_string(),
                    assessment,
                    reframe: shot.recipe.reframe().cloned(),
                }),
                Err(message) => faults.push(Fault { place: shot.place.clone(), message }),
            }
        }
        Self { rows, faults, notes: request.notes.clone(), networks }
    }

    /// The plan of a manifest of which no shot could be taken.
    fn of_faults(faults: Vec<Fault>) -> Self {
        Self { rows: Vec::new(), faults, notes: Vec::new(), networks: Networks::default() }
    }

    /// Says it: what would be made on standard output, what is wrong on standard error, which a script finds in the object.
    fn say(&self, voice: Voice) -> Result<Exit, CliError> {
        if voice != Voice::Json {
            self.notes.iter().for_each(|note| voice.note(&format!("note: {note}")));
            if let Some(reason) = &self.networks.unchecked {
                voice.warn(&format!("warning: models are not checked: {reason}"));
            }
            self.warnings().iter().for_each(|warning| voice.warn(warning));
            self.faults.iter().for_each(|fault| voice.warn(&format!("fault: {fault}")));
        }
        voice.answer(self)?;
        Ok(if self.faults.is_empty() { Exit::Done } else { Exit::Failed })
    }

    /// Seconds of picture; an empty sum of floats would be -0.
    fn seconds(&self) -> f64 {
        self.rows.iter().fold(0.0, |seconds, row| seconds + row.facts.seconds())
    }

    /// The warnings, each once with the shots it is about, in the order of the first.
    fn warnings(&self) -> Vec<String> {
        let mut about: Vec<(&str, Vec<&str>)> = Vec::new();
        for row in &self.rows {
            for warning in &row.assessment.warnings {
                match about.iter_mut().find(|(text, _)| text == warning) {
                    Some((_, labels)) => labels.push(&row.label),
                    None => about.push((warning, vec![&row.label])),
                }
            }
        }
        let line = |(text, labels): (&str, Vec<&str>)| match labels[..] {
            [label] => format!("warning: {label}: {text}"),
            _ => format!("warning: {}: {text}", words::count(labels.len() as u64, "shot")),
        };
        about.into_iter().map(line).collect()
    }

    /// What happens to the shots that are framed anew, each way once with the number of its shots.
    fn framing_lines(&self) -> Vec<String> {
        let mut ways: BTreeMap<String, u64> = BTreeMap::new();
        for reframe in self.rows.iter().filter_map(|row| row.reframe.as_ref()) {
            *ways.entry(describe(reframe)).or_default() += 1;
        }
        ways.into_iter().map(|(way, shots)| format!("{way}, for {}", words::count(shots, "shot"))).collect()
    }

    fn total<T: std::iter::Sum>(&self, of: impl Fn(&Row) -> T) -> T {
        self.rows.iter().map(of).sum()
    }
}

/// What a reframe does first and aims at, in a line.
fn describe(reframe: &Reframe) -> String {
    let by = match &reframe.model {
        Some(model) => format!("with the detector {}", model.name),
        None => "without a detector, after what stands out and moves".to_owned(),
    };
    let overflow: Vec<String> = reframe.overflow.iter().map(ToString::to_string).collect();
    let overflow = match overflow.is_empty() {
        true => "the window stays with what matters most".to_owned(),
        false => overflow.join(", then "),
    };
    let zones =
        reframe.zones.as_ref().map_or_else(|| "no zones".to_owned(), |zones| format!("clear of the zones {}", zones.name));
    let hand = if reframe.track.is_some() { "; a track set by hand wins" } else { "" };
    format!(
        "reframe {}: every frame is looked at first, {by}; camera {}; what does not fit: {overflow}; {zones}{hand}",
        reframe.target, reframe.camera
    )
}

/// The same for scripts.
fn reframe_json(reframe: &Reframe) -> Value {
    let overflow: Vec<String> = reframe.overflow.iter().map(ToString::to_string).collect();
    json!({"target": reframe.target.to_string(), "camera": reframe.camera.to_string(), "overflow": overflow,
        "model": reframe.model.as_ref().map(|model| &model.name), "zones": reframe.zones.as_ref().map(ToString::to_string),
        "track": reframe.track})
}

/// Why the shot cannot follow its track. A file that could not be read was a fault before.
fn unfit(file: &TrackFile, recipe: &Recipe, facts: &MediaFacts) -> Option<Fault> {
    let (track, _) = tracks::read(&file.path).ok()?;
    let error = tracks::check(&track, recipe, facts).err()?;
    Some(Fault { place: file.place.clone(), message: format!("{}: {error}", file.path.display()) })
}

impl Row {
    fn cells(&self) -> Vec<Cell> {
        let facts = &self.facts;
        let audio: Vec<&str> = facts.audio.iter().map(|audio| audio.codec.as_str()).collect();
        vec![
            Cell::new(&self.label),
            Cell::new(facts.layout.extent),
            Cell::new(facts.rate),
            Cell::new(facts.frames),
            Cell::new(format!("{:.2}", facts.seconds())),
            Cell::new(if audio.is_empty() { "none".to_owned() } else { audio.join(" ") }),
            Cell::new(&self.steps),
            Cell::new(self.assessment.output.extent),
        ]
    }
}

impl Answer for Plan {
    fn human(&self) -> String {
        let mut parts = Vec::new();
        if !self.rows.is_empty() {
            let header = ["shot", "source", "fps", "frames", "seconds", "audio", "steps", "output"];
            parts.push(table(&header, &[1, 2, 3, 4, 7], self.rows.iter().map(Row::cells).collect()));
        }
        let framing = self.framing_lines();
        if !framing.is_empty() {
            parts.push(framing.join("\n"));
        }
        if !self.networks.used.is_empty() {
            parts.push(self.networks.lines().join("\n"));
        }
        let shots = words::count(self.rows.len() as u64, "shot");
        let frames = words::count(self.total(|row| row.facts.frames), "frame");
        let seconds = words::picture(self.seconds());
        let bytes = words::bytes(self.total(|row| row.assessment.bytes));
        let faults = match self.faults.len() as u64 {
            0 => String::new(),
            faults => format!("; {} to mend first", words::count(faults, "fault")),
        };
        parts.push(format!("{shots}, {frames}, {seconds} of picture, about {bytes} of output{faults}"));
        parts.join("\n\n")
    }

    fn json(&self) -> Value {
        let row = |row: &Row| {
            let (facts, output) = (&row.facts, &row.assessment.output);
            let audio: Vec<&str> = facts.audio.iter().map(|audio| audio.codec.as_str()).collect();
            json!({
                "label": row.label,
                "source": {"width": facts.layout.extent.width, "height": facts.layout.extent.height, "rate": facts.rate,
                    "frames": facts.frames, "seconds": facts.seconds(), "codec": facts.codec, "audio": audio},
                "steps": row.steps_exact,
                "output_name": row.output_name,
                "output": {"width": output.extent.width, "height": output.extent.height, "bytes_estimate": row.assessment.bytes},
                "warnings": row.assessment.warnings,
                "reframe": row.reframe.as_ref().map(reframe_json),
            })
        };
        let model = |(version, shots): &(ModelVersion, u64)| {
            let model = &version.model;
            json!({"name": model.name, "digest": model.files.digest(), "licence": model.licence, "shots": shots,
                "purpose": model.facts.purpose(), "factor": model.facts.upscaling.map(|upscaling| upscaling.factor)})
        };
        let fault = |fault: &Fault| json!({"place": fault.place, "message": fault.message});
        json!({
            "shots": self.rows.iter().map(row).collect::<Vec<_>>(),
            "totals": {"shots": self.rows.len(), "frames": self.total(|row| row.facts.frames),
                "seconds": self.seconds(), "bytes_estimate": self.total(|row| row.assessment.bytes)},
            "faults": self.faults.iter().map(fault).collect::<Vec<_>>(),
            "notes": self.notes,
            "models": self.networks.used.iter().map(model).collect::<Vec<_>>(),
            "models_unchecked": self.networks.unchecked,
        })
    }

    fn quiet(&self) -> String {
        self.rows.iter().map(|row| row.output_name.as_str()).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::WorkArgs;
    use crate::assess::tests::facts;

    fn plan() -> Plan {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("ep01.csv");
        let rows = "show,episode,shot,source,steps\n九五,01,1,a.mp4,upscale 2x\n九五,01,2,b.mp4,upscale 2x\n九五,01,3,c.mp4,upscale 2x\n";
        std::fs::write(&file, rows).expect("written");
        let request = request::read(&file, &WorkArgs::default(), jiff::civil::Date::constant(2026, 1, 1)).expect("a manifest");
        let probed = [
            ("a.mp4", Ok(facts(720, 1280, "aac"))),
            ("b.mp4", Ok(facts(720, 1280, "pcm_s16le"))),
            ("c.mp4", Err("it has no video stream".to_owned())),
        ];
        let probed = probed.map(|(name, facts)| (dir.path().join(name), facts));
        Plan::new(&request, &[], &Probed::from(probed), Networks::default())
    }

    #[test]
    fn a_person_sees_shots_faults_and_totals() {
        let text = anstream::adapter::strip_str(&plan().human()).to_string();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "九五/01/1  720x1280   24      96     4.00  aac    upscale 2x filter=ewa-lanczos  1440x2560");
        assert_eq!(lines[3], "1 shot, 96 frames, 4.0 s of picture, about 8.8 MB of output; 2 faults to mend first");
    }

    #[test]
    fn no_good_shot_is_no_negative_time() {
        let plan = Plan::of_faults(vec![Fault { place: "row 2".into(), message: "no".into() }]);
        assert_eq!(plan.human(), "0 shots, 0 frames, 0.0 s of picture, about 0 B of output; 1 fault to mend first");
        assert_eq!(plan.json()["totals"]["seconds"].to_string(), "0.0");
    }

    #[test]
    fn a_warning_about_many_shots_is_one_line() {
        let mut plan = plan();
        let first = plan.rows.remove(0);
        let row = |label: &str, warnings: &[&str]| Row {
            label: label.into(),
            facts: first.facts.clone(),
            steps: String::new(),
            steps_exact: String::new(),
            output_name: String::new(),
            reframe: None,
            assessment: Assessment { warnings: warnings.iter().map(ToString::to_string).collect(), ..first.assessment.clone() },
        };
        plan.rows = vec![row("s/e/1", &["no tags"]), row("s/e/2", &["odd shape", "no tags"])];
        assert_eq!(plan.warnings(), ["warning: 2 shots: no tags", "warning: s/e/2: odd shape"]);
    }

    #[test]
    fn networks_are_named_or_said_to_be_unchecked() {
        let mut plan = plan();
        plan.networks.used = vec![(models::tests::compact(), 3)];
        let text = anstream::adapter::strip_str(&plan.human()).to_string();
        assert!(text.contains("\n\nmodel compact: upscales RGB 2x, BSD-3-Clause, for 3 shots\n\n1 shot, "), "{text}");
        assert_eq!(plan.json()["models"][0]["factor"], 2);
        assert_eq!(plan.json()["models_unchecked"], Value::Null);
    }

    #[test]
    fn what_is_framed_anew_is_looked_at_first() {
        let dir = tempfile::tempdir().expect("a folder");
        let late = r#"{"track":1,"keys":[{"frame":500,"x":20}]}"#;
        std::fs::write(dir.path().join("late.json"), late).expect("written");
        let rows = "show,episode,shot,source,steps,reframe.track\ns,e,1,a.mp4,reframe 9:16 zones=shorts overflow=fit,\n\
                    s,e,2,a.mp4,reframe 9:16 zones=shorts overflow=fit,\ns,e,3,a.mp4,reframe 1:1 model=yunet overflow=none,\n\
                    s,e,4,a.mp4,reframe 9:16,late.json\n";
        let file = dir.path().join("ep.csv");
        std::fs::write(&file, rows).expect("written");
        let mut request =
            request::read(&file, &WorkArgs::default(), jiff::civil::Date::constant(2026, 1, 1)).expect("a manifest");
        assert_eq!(tracks::take(&mut request).1, []);
        let probed = Probed::from([(dir.path().join("a.mp4"), Ok(facts(1920, 1080, "aac")))]);
        let plan = Plan::new(&request, &[], &probed, Networks::default());
        assert_eq!(
            plan.framing_lines(),
            [
                "reframe 1:1: every frame is looked at first, with the detector yunet; camera auto; what does not fit: the \
                 window stays with what matters most; no zones, for 1 shot",
                "reframe 9:16: every frame is looked at first, without a detector, after what stands out and moves; camera \
                 auto; what does not fit: fit; clear of the zones shorts, for 2 shots",
            ]
        );
        assert_eq!(plan.faults.len(), 1, "{:?}", plan.faults);
        let fault = plan.faults[0].to_string();
        assert!(
            fault.starts_with("row 5, column reframe.track: ") && fault.contains("late.json: the track's `keys[0].frame`"),
            "{fault}"
        );
        let json = plan.json();
        assert_eq!(json["shots"][0]["reframe"]["zones"], "shorts:0/0/250/0");
        assert_eq!(json["shots"][2]["reframe"]["model"], "yunet");
    }

    #[test]
    fn a_script_sees_the_same() {
        let json = plan().json();
        assert_eq!(json["totals"]["frames"], 96);
        assert_eq!(json["shots"][0]["output"]["width"], 1440);
        assert_eq!(json["faults"][1], json!({"place": "row 4", "message": "it has no video stream"}));
    }
}
