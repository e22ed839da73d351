//! `yingda eval run`: how well labelled sets are answered.

use std::path::PathBuf;

use ::eval::{LabelledSet, ModelReport, Report, table};
use clap::{Args, builder::NonEmptyStringValueParser};

use super::{
    measuring::{RiskArguments, options, start},
    sets::{RetrievalArgument, SetArguments},
};
use crate::{
    cli::{
        context::{Context, option},
        exit::Exit,
    },
    config::Config,
    models,
};

#[derive(Args)]
pub(in crate::cli) struct RunArguments {
    #[command(flatten)]
    sets: SetArguments,
    /// Folder for the report; made if it is missing
    #[arg(long, value_name = "DIR", default_value = "reports")]
    out: PathBuf,
    /// Model name or path; without it the configured one. Given several times, the models stand side by side
    #[arg(long = "model", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    models: Vec<String>,
    /// Precision of the model; without it the configured one. Given several times, they stand side by side
    #[arg(long = "precision", value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    precisions: Vec<String>,
    #[command(flatten)]
    risk: RiskArguments,
    /// What is compared: words and vectors as served, or one of them
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    retrieval: RetrievalArgument,
}

/// In JSON form stdout carries what `report.json` holds.
pub(super) fn run(arguments: &RunArguments, context: &Context) -> anyhow::Result<Exit> {
    let model = option("--model", "model.name", arguments.models.first());
    let precision = option("--precision", "model.precision", arguments.precisions.first());
    let config = start(context, [model, precision, arguments.risk.as_override()])?;
    // All sets before the model: a broken line is known at once.
    let sets = arguments.sets.load()?;
    let report = Context::runtime()?.block_on(measure(&sets, arguments, config, context))?;
    report.write(&arguments.out)?;
    context.output.result(&report, || table(&report))?;
    let out = arguments.out.display();
    context
        .output
        .note(format!("report.html, report.md, report.json, errors.jsonl and outcomes.jsonl are in {out}"));
    Ok(Exit::Done)
}

/// One model after the other, each in every precision, so that only one is in memory.
async fn measure(
    sets: &[LabelledSet],
    arguments: &RunArguments,
    config: Config,
    context: &Context,
) -> anyhow::Result<Report> {
    let or_configured = |given: &[String], configured: &String| match given {
        [] => vec![configured.clone()],
        given => given.to_vec(),
    };
    let names = or_configured(&arguments.models, &config.model.name);
    let precisions = or_configured(&arguments.precisions, &config.model.precision);
    let mut models = Vec::new();
    for (name, precision) in names.iter().flat_map(|name| precisions.iter().map(move |own| (name, own))) {
        let mut config = config.clone();
        config.model.name.clone_from(name);
        config.model.precision.clone_from(precision);
        models.push(measure_model(sets, arguments, &config, context).await?);
    }
    Ok(Report { risk_target: config.risk_target()?.value(), models })
}

async fn measure_model(
    sets: &[LabelledSet],
    arguments: &RunArguments,
    config: &Config,
    context: &Context,
) -> anyhow::Result<ModelReport> {
    let embedder = models::start(config)?;
    let options = options(config, arguments.retrieval.into())?;
    let bar = context.output.progress("asking");
    Ok(::eval::run(sets, &embedder, &options, &bar).await?)
}
