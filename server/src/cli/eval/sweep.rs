//! `yingda eval sweep`: what each of several risk targets would have decided.

use ::eval::{ModelReport, RunOptions, SweepPoint, mean_sweep, sweep_grid};
use clap::Args;
use serde::Serialize;

use super::{
    measuring::{ModelArguments, TargetArguments, options, start},
    sets::{RetrievalArgument, SetArguments},
};
use crate::{
    cli::{context::Context, exit::Exit},
    models,
};

#[derive(Args)]
pub(in crate::cli) struct SweepArguments {
    #[command(flatten)]
    sets: SetArguments,
    #[command(flatten)]
    targets: TargetArguments,
    #[command(flatten)]
    model: ModelArguments,
    /// What is compared: words and vectors as served, or one of them
    #[arg(long, value_name = "KIND", value_enum, default_value_t)]
    retrieval: RetrievalArgument,
}

#[derive(Serialize)]
struct Swept<'a> {
    model: &'a str,
    sets: Vec<SweptSet<'a>>,
    mean: Vec<SweepPoint>,
}

#[derive(Serialize)]
struct SweptSet<'a> {
    name: &'a str,
    points: &'a [SweepPoint],
}

pub(super) fn run(arguments: &SweepArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = start(context, [arguments.model.as_override()])?;
    let sets = arguments.sets.load()?;
    let options =
        RunOptions { sweep: arguments.targets.targets(), ..options(&config, arguments.retrieval.into())? };
    let run = Context::runtime()?.block_on(async {
        let embedder = models::start(&config)?;
        let bar = context.output.progress("asking");
        anyhow::Ok(::eval::run(&sets, &embedder, &options, &bar).await?)
    })?;
    let swept = Swept {
        model: &run.model,
        sets: run.sets.iter().map(|set| SweptSet { name: &set.name, points: &set.sweep }).collect(),
        mean: mean_sweep(&run),
    };
    context.output.result(&swept, || text(&run))?;
    Ok(Exit::Done)
}

fn text(run: &ModelReport) -> String {
    let mut tables: Vec<String> =
        run.sets.iter().map(|set| format!("{}\n{}", set.name, sweep_grid(&set.sweep).text())).collect();
    if run.sets.len() > 1 {
        tables.push(format!("mean\n{}", sweep_grid(&mean_sweep(run)).text()));
    }
    tables.join("\n")
}
