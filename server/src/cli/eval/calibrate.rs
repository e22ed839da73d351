//! `yingda eval calibrate`: what is learned from knowledge bases alone, and what to expect of them.

use std::path::PathBuf;

use ::eval::{Indexed, LabelledSet, Retrieval, calibrate};
use clap::Args;

use super::{
    measuring::{ModelArguments, RiskArguments, options, start},
    sets::IndexArgument,
};
use crate::{
    cli::{context::Context, exit::Exit},
    models,
};

#[derive(Args)]
pub(in crate::cli) struct CalibrateArguments {
    /// Knowledge files, folders with a knowledge.jsonl, or authored .jsonl files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Phrasings indexed per entry; without it all, and of an authored file the standard question
    #[arg(long, value_name = "PHRASINGS", value_enum)]
    index: Option<IndexArgument>,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    risk: RiskArguments,
}

/// In JSON form one object a knowledge base.
pub(super) fn run(arguments: &CalibrateArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = start(context, [arguments.model.as_override(), arguments.risk.as_override()])?;
    let indexed = arguments.index.map(Indexed::from);
    let sets: Vec<LabelledSet> = arguments
        .paths
        .iter()
        .map(|path| LabelledSet::load_knowledge(path, indexed))
        .collect::<Result<_, _>>()?;
    let options = options(&config, Retrieval::Hybrid)?;
    Context::runtime()?.block_on(async {
        let embedder = models::start(&config)?;
        for set in &sets {
            let calibrated = calibrate(set, &embedder, &options).await?;
            context.output.result(&calibrated, || calibrated.text() + "\n")?;
        }
        Ok(Exit::Done)
    })
}
