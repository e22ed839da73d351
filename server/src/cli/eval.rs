//! `yingda eval run`: how well a labelled set is answered.

use std::path::PathBuf;

use ::eval::{Indexed, LabelledSet, Report, Retrieval, RunOptions, table};
use answer::BuildOptions;
use clap::{Args, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};

use super::{
    context::{Context, LogPurpose, option},
    exit::Exit,
};
use crate::{clock, config::Config, models};

#[derive(Subcommand)]
pub(super) enum EvalVerb {
    /// Ask every question of labelled sets; print a table, write report.json and errors.jsonl
    #[command(after_help = "\
Examples:
  yingda eval run datasets/shop-zh
  yingda eval run sets/*.jsonl --index standard --retrieval lexical --out reports/lexical")]
    Run(RunArguments),
}

#[derive(Args)]
pub(super) struct RunArguments {
    /// Folders with knowledge.jsonl and questions.jsonl, or authored .jsonl files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Phrasings indexed per entry: the standard question, that and the first half of the similar ones, or all.
    /// Without it all of a folder, and the standard question of an authored file, whose other phrasings are asked
    #[arg(long, value_name = "PHRASINGS", value_enum)]
    index: Option<IndexArgument>,
    /// Folder for report.json and errors.jsonl; made if it is missing
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Model name or path; without it the configured one
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,
    /// What is compared: words and vectors as served, or one of them
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    retrieval: RetrievalArgument,
}

#[derive(Clone, Copy, ValueEnum)]
enum IndexArgument {
    Standard,
    Half,
    All,
}

#[derive(Clone, Copy, Default, ValueEnum)]
enum RetrievalArgument {
    #[default]
    Hybrid,
    Dense,
    Lexical,
}

/// In JSON form stdout carries what `report.json` holds.
pub(super) fn run(arguments: &RunArguments, context: &Context) -> anyhow::Result<Exit> {
    let model = option("--model", "model.name", arguments.model.as_ref());
    let config = context.start(LogPurpose::Command, model.as_slice())?;
    let indexed = arguments.index.map(Indexed::from);
    // All sets before the model: a broken line is known at once.
    let sets: Vec<LabelledSet> =
        arguments.paths.iter().map(|path| LabelledSet::load(path, indexed)).collect::<Result<_, _>>()?;
    let report =
        Context::runtime()?.block_on(measure(&sets, arguments.retrieval.into(), &config, context))?;
    report.write(&arguments.out)?;
    context.output.result(&report, || table(&report))?;
    context.output.note(format!("report.json and errors.jsonl are in {}", arguments.out.display()));
    Ok(Exit::Done)
}

async fn measure(
    sets: &[LabelledSet],
    retrieval: Retrieval,
    config: &Config,
    context: &Context,
) -> anyhow::Result<Report> {
    let embedder = models::start(config)?;
    let options = RunOptions {
        retrieval,
        risk_target: config.risk_target()?,
        build: BuildOptions::default(),
        now: clock::now(),
    };
    let bar = context.output.progress("asking");
    Ok(::eval::run(sets, &embedder, &options, &bar).await?)
}

impl From<IndexArgument> for Indexed {
    fn from(argument: IndexArgument) -> Self {
        match argument {
            IndexArgument::Standard => Self::Standard,
            IndexArgument::Half => Self::Half,
            IndexArgument::All => Self::All,
        }
    }
}

impl From<RetrievalArgument> for Retrieval {
    fn from(argument: RetrievalArgument) -> Self {
        match argument {
            RetrievalArgument::Hybrid => Self::Hybrid,
            RetrievalArgument::Dense => Self::Dense,
            RetrievalArgument::Lexical => Self::Lexical,
        }
    }
}
