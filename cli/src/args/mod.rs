//! The command line: every verb, its options and their words of help. No decisions here beyond reading values.

mod models;
mod reframe;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use shotfarm_shared::manifest::Form;
use shotfarm_shared::model::ModelRef;
use shotfarm_shared::recipe::{Filter, Profile, Target};

use crate::exit;
use crate::settings::{FARM_DEFAULT, LISTEN_DEFAULT, parse_size};

pub(crate) use models::{ModelAdd, ModelBench, ModelFile, ModelVerb};
pub(crate) use reframe::{KeyText, LayoutText, Reframe, Zones, ZonesFile};

/// A render farm for the shots of micro-dramas: coordinator, worker and client in one.
#[derive(Debug, Parser)]
#[command(name = "shotfarm", version, about, after_help = exit::HELP, propagate_version = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Address of the farm
    #[arg(long, global = true, value_name = "URL", env = "SHOTFARM_URL", default_value = FARM_DEFAULT, help_heading = "The farm")]
    pub(crate) farm: String,
    /// File with the farm's secret [default: ~/.shotfarm/farm/secret]
    #[arg(long, global = true, value_name = "FILE", env = "SHOTFARM_SECRET_FILE", help_heading = "The farm")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Print one JSON object instead of tables
    #[arg(long, global = true, conflicts_with = "quiet", help_heading = "Voice")]
    pub(crate) json: bool,
    /// Print only ids or paths, or nothing
    #[arg(long, short, global = true, help_heading = "Voice")]
    pub(crate) quiet: bool,
    /// What is logged on standard error, such as `info` or `shotfarm_worker=debug`
    #[arg(long, global = true, value_name = "FILTER", env = "SHOTFARM_LOG", help_heading = "Voice")]
    pub(crate) log: Option<String>,
    /// Form of the log
    #[arg(long, global = true, value_enum, default_value_t = LogFormat::Text, help_heading = "Voice")]
    pub(crate) log_format: LogFormat,
}

/// The forms of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Lines for people.
    Text,
    /// One JSON object a line.
    Json,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Run everything on this machine: a coordinator, and a worker for each GPU
    Up(Up),
    /// Run the coordinator
    Coordinator(Coordinator),
    /// Run a worker, or look after those that run
    Worker(Worker),
    /// Read a manifest and its sources without a farm: what would be made, and what is wrong
    Plan(Plan),
    /// Hand in a manifest (.csv, .tsv, .json, .toml) or a single clip
    Submit(Submit),
    /// Show how far the farm is
    Status(Status),
    /// Look at jobs, wait for them, cancel or retry them
    Job {
        #[command(subcommand)]
        verb: JobVerb,
    },
    /// Show how a shot is framed, save the pictures of it, or move its window by hand
    Reframe(Reframe),
    /// List the zones that platforms cover with their own buttons, for `reframe ... zones=NAME`
    Zones(Zones),
    /// Bring finished outputs here
    Fetch(Fetch),
    /// Look after the farm's neural networks, which `upscale` runs with model=NAME
    Model {
        #[command(subcommand)]
        verb: ModelVerb,
    },
    /// Check this machine and the way to the farm
    Doctor(Doctor),
    /// List this machine's GPUs, check what they compute, measure them
    Gpu {
        #[command(subcommand)]
        verb: GpuVerb,
    },
    /// Write completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Everything on one machine.
#[derive(Debug, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) coordinator: Coordinator,
    /// Number of workers [default: one for each GPU, or one on the CPU where there is none]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) workers: Option<u32>,
}

/// The coordinator.
#[derive(Debug, Args)]
pub(crate) struct Coordinator {
    /// Folder of the farm [default: ~/.shotfarm/farm]
    #[arg(long)]
    pub(crate) dir: Option<PathBuf>,
    /// Address to listen at
    #[arg(long, value_name = "ADDR", default_value = LISTEN_DEFAULT)]
    pub(crate) listen: SocketAddr,
    /// Serve other machines without TLS; the secret then crosses the network in clear
    #[arg(long)]
    pub(crate) insecure: bool,
}

/// A worker, or the workers.
#[derive(Debug, Args)]
pub(crate) struct Worker {
    #[command(subcommand)]
    pub(crate) verb: Option<WorkerVerb>,
    #[command(flatten)]
    pub(crate) run: WorkerRun,
}

/// What a running worker takes.
#[derive(Debug, Args)]
pub(crate) struct WorkerRun {
    /// Which GPU: a number as `gpu list` shows them, `software`, or `best`
    #[arg(long, default_value = "best", value_name = "GPU")]
    pub(crate) gpu: Gpu,
    /// Most MiB of the GPU's memory that a task takes; larger frames are rendered in bands [default: as much as there is]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(16..=1 << 24))]
    pub(crate) gpu_memory: Option<u64>,
    /// Folder for sources, segments and results under way [default: ~/.shotfarm/scratch/GPU]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
    /// Name it goes by [default: host name and GPU]
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Seconds to wait for the farm to answer for the first time
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub(crate) patience: u64,
    /// Most bytes kept in the scratch folder
    #[arg(long, value_name = "SIZE", default_value = "20GiB", value_parser = parse_size)]
    pub(crate) scratch_limit: u64,
    /// End when standard input is closed: set by `up`, so that its workers never outlive it
    #[arg(long, hide = true)]
    pub(crate) tied: bool,
}

/// Looking after workers.
#[derive(Debug, Subcommand)]
pub(crate) enum WorkerVerb {
    /// List the workers
    List,
    /// Let a worker finish what it has and give it nothing more
    Drain {
        /// Its name, id or short id
        name: String,
    },
}

/// A dry run.
#[derive(Debug, Args)]
pub(crate) struct Plan {
    /// The manifest, or a clip
    #[arg(value_name = "MANIFEST|CLIP")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
}

/// What is done to shots: to a clip, or to the rows of a manifest that say nothing themselves.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct WorkArgs {
    /// Upscale by a factor or to a size, such as 2x or 1080x1920
    #[arg(long, value_name = "TARGET")]
    pub(crate) upscale: Option<TargetText>,
    /// The farm's network that enlarges, such as compact-2x; see `shotfarm model list`
    #[arg(long, requires = "upscale", value_name = "NAME")]
    pub(crate) model: Option<ModelRef>,
    /// How the upscale makes its samples, or with --model the rest of the way [default: ewa-lanczos]
    #[arg(long, requires = "upscale", value_parser = Filter::names())]
    pub(crate) filter: Option<String>,
    /// Sharpness of fsr, in stops from 0 (sharpest) to 2
    #[arg(long, requires = "filter", value_name = "STOPS")]
    pub(crate) sharpness: Option<String>,
    /// Fail a shot whose result, made small again, has a lower PSNR against its source than this, in dB
    #[arg(long, requires = "upscale", value_name = "DB")]
    pub(crate) check: Option<String>,
    /// Steps as text, such as "upscale 2x filter=fsr" or "reframe 9:16 | upscale 1080x1920"
    #[arg(long, conflicts_with = "upscale", value_name = "TEXT")]
    pub(crate) steps: Option<String>,
    /// A track set by hand, whole or a few of its keys, that the clip's `reframe` follows
    #[arg(long, value_name = "FILE")]
    pub(crate) track: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) zones: ZonesFile,
    /// How outputs are encoded [default: phone-h264]
    #[arg(long, value_parser = Profile::ALL.map(Profile::name))]
    pub(crate) profile: Option<String>,
    /// Show name, where the manifest has none [of a clip: quick]
    #[arg(long)]
    pub(crate) show: Option<String>,
    /// Episode name, where the manifest has none [of a clip: today's date]
    #[arg(long)]
    pub(crate) episode: Option<String>,
}

/// A target as it was written: checked when the command line is read, handed on as text.
#[derive(Clone, Debug)]
pub(crate) struct TargetText(pub(crate) String);

/// Handing in.
#[derive(Debug, Args)]
pub(crate) struct Submit {
    /// The manifest, or a clip
    #[arg(value_name = "MANIFEST|CLIP")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) work: WorkArgs,
    /// Wait for the clip and put its output here
    #[arg(short, long, value_name = "OUT")]
    pub(crate) output: Option<PathBuf>,
    /// Wait until every shot is done
    #[arg(long)]
    pub(crate) wait: bool,
    /// With -o: replace a file that is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
    /// Name of this hand-in: the same token is the same batch [default: made from the shots]
    #[arg(long)]
    pub(crate) token: Option<String>,
    /// Make a new batch, even if the same one was handed in before
    #[arg(long, conflicts_with = "token")]
    pub(crate) new: bool,
}

/// The state of the farm.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    pub(crate) selection: Selected,
    /// Go on showing it as it changes
    #[arg(long, short)]
    pub(crate) watch: bool,
}

/// An optional selection.
#[derive(Debug, Args)]
pub(crate) struct Selected {
    /// Batch id, job id, their short form, or a label or its front part such as `nine5/ep01` [default: everything]
    #[arg(value_name = "SELECTION", default_value = "", hide_default_value = true)]
    pub(crate) text: String,
}

/// Looking after jobs.
#[derive(Debug, Subcommand)]
pub(crate) enum JobVerb {
    /// List jobs
    List(Selected),
    /// Show all about one job
    Show {
        /// Its id, short id or label
        job: String,
    },
    /// Wait until jobs have ended; the exit code says how
    Wait {
        /// Batch, job or label
        selection: String,
        /// Give up after this many seconds
        #[arg(long, value_name = "SECONDS")]
        timeout: Option<u64>,
    },
    /// Cancel jobs that have not ended
    Cancel {
        /// Batch, job or label
        selection: String,
    },
    /// Try failed and cancelled jobs again
    Retry {
        /// Batch, job or label
        selection: String,
    },
    /// Show what happened to a job
    Logs {
        /// Its id, short id or label
        job: String,
    },
}

/// Bringing outputs here.
#[derive(Debug, Args)]
pub(crate) struct Fetch {
    #[command(flatten)]
    pub(crate) selection: Selected,
    /// Folder to put them in
    #[arg(long, default_value = ".")]
    pub(crate) dir: PathBuf,
    /// Replace files that are there and differ
    #[arg(long)]
    pub(crate) force: bool,
    /// Leave the tracks and pictures of reframed shots where they are
    #[arg(long)]
    pub(crate) only_video: bool,
}

/// Checking.
#[derive(Debug, Args)]
pub(crate) struct Doctor {
    /// Folder of a worker whose disk is looked at [default: ~/.shotfarm]
    #[arg(long, value_name = "DIR")]
    pub(crate) scratch: Option<PathBuf>,
}

/// Looking at GPUs.
#[derive(Debug, Subcommand)]
pub(crate) enum GpuVerb {
    /// List the GPUs of this machine and what they can do
    List,
    /// Run every pass and compare it with the CPU; ends with 1 when one is off
    Test {
        /// Which GPU: a number as `gpu list` shows them, `software`, or `best`
        #[arg(long, default_value = "best", value_name = "GPU")]
        gpu: Gpu,
    },
    /// Measure memory, arithmetic and every filter, pass by pass
    Bench {
        /// Which GPU: a number as `gpu list` shows them, `software`, or `best`
        #[arg(long, default_value = "best", value_name = "GPU")]
        gpu: Gpu,
        /// Runs of each pass, whose median counts
        #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u32).range(1..=1_000))]
        runs: u32,
    },
}

/// Which GPU a worker takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gpu {
    /// The fastest.
    Best,
    /// The software Vulkan device.
    Software,
    /// The one of this number.
    Index(u32),
}

impl std::str::FromStr for Gpu {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "best" => Ok(Self::Best),
            "software" => Ok(Self::Software),
            _ => text.parse().map(Self::Index).map_err(|_| format!("`{text}` is no GPU; write its number, `software` or `best`")),
        }
    }
}

impl std::fmt::Display for Gpu {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Best => f.write_str("best"),
            Self::Software => f.write_str("software"),
            Self::Index(index) => write!(f, "gpu{index}"),
        }
    }
}

impl std::str::FromStr for TargetText {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.parse::<Target>().map(|_| Self(text.to_owned())).map_err(|error| error.to_string())
    }
}

impl WorkArgs {
    /// The steps as text, if any were given.
    pub(crate) fn steps_text(&self) -> Option<String> {
        let Some(TargetText(target)) = &self.upscale else { return self.steps.clone() };
        let mut text = format!("upscale {target}");
        if let Some(model) = &self.model {
            text.push_str(&format!(" model={model}"));
        }
        if let Some(filter) = &self.filter {
            text.push_str(&format!(" filter={filter}"));
        }
        if let Some(sharpness) = &self.sharpness {
            text.push_str(&format!(" sharpness={sharpness}"));
        }
        if let Some(check) = &self.check {
            text.push_str(&format!(" check={check}"));
        }
        Some(text)
    }
}

/// The form of `file` if its ending is that of a manifest; anything else is a clip.
pub(crate) fn manifest_form(file: &std::path::Path) -> Option<Form> {
    Form::of_file_name(&file.file_name()?.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Verb, String> {
        Cli::try_parse_from(line.split(' ')).map(|cli| cli.verb).map_err(|error| error.to_string())
    }

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn worker_is_a_verb_and_a_family() {
        let Ok(Verb::Worker(worker)) = parse("shotfarm worker --farm http://h:1 --gpu 1") else { panic!("a running worker") };
        assert!(worker.verb.is_none() && worker.run.gpu == Gpu::Index(1));
        let Ok(Verb::Worker(worker)) = parse("shotfarm worker drain demo-1") else { panic!("a drain") };
        assert!(matches!(worker.verb, Some(WorkerVerb::Drain { name }) if name == "demo-1"));
        assert!(parse("shotfarm worker --gpu big").expect_err("no GPU").contains("`big` is no GPU"));
    }

    #[test]
    fn options_make_steps_and_wrong_ones_are_refused() {
        let Ok(Verb::Submit(submit)) = parse("shotfarm submit a.mp4 --upscale 2x --filter fsr --sharpness 0.5") else { panic!() };
        assert_eq!(submit.work.steps_text().as_deref(), Some("upscale 2x filter=fsr sharpness=0.5"));
        let Ok(Verb::Submit(submit)) = parse("shotfarm submit a.mp4 --upscale 2x --model compact --check 25") else { panic!() };
        assert_eq!(submit.work.steps_text().as_deref(), Some("upscale 2x model=compact check=25"));
        assert!(parse("shotfarm submit a.mp4 --upscale 2x --model a/b").expect_err("no name").contains("cannot name a model"));
        assert!(parse("shotfarm submit a.mp4 --model compact").is_err(), "a network enlarges to something");
        assert!(parse("shotfarm submit a.mp4 --upscale big").expect_err("no size").contains("`big` is no size"));
        assert!(parse("shotfarm submit a.mp4 --upscale 2x --steps x").is_err());
        assert!(parse("shotfarm submit a.mp4 --filter fsr").is_err());
        assert!(parse("shotfarm submit a.mp4 --new --token x").is_err());
        assert!(parse("shotfarm status --json --quiet").is_err());
    }

    #[test]
    fn endings_tell_manifests_from_clips() {
        assert_eq!(manifest_form("第一集.CSV".as_ref()), Some(Form::Csv));
        assert_eq!(manifest_form("a.tsv".as_ref()), Some(Form::Csv));
        assert_eq!(manifest_form("clip.mp4".as_ref()), None);
        assert_eq!(manifest_form("csv".as_ref()), None);
    }
}
