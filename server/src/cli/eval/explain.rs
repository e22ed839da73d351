//! `yingda eval explain`: one decision, taken apart.

use ::eval::explain;
use clap::Args;

use super::measuring::{KnowledgeArguments, ModelArguments, RiskArguments, start};
use crate::{
    cli::{context::Context, exit::Exit},
    models,
};

#[derive(Args)]
pub(in crate::cli) struct ExplainArguments {
    /// The customer's words
    question: String,
    #[command(flatten)]
    knowledge: KnowledgeArguments,
    #[command(flatten)]
    model: ModelArguments,
    #[command(flatten)]
    risk: RiskArguments,
}

pub(super) fn run(arguments: &ExplainArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = start(
        context,
        [arguments.knowledge.as_override(), arguments.model.as_override(), arguments.risk.as_override()],
    )?;
    let (set, options) = arguments.knowledge.load(&config, context)?;
    let explained = Context::runtime()?.block_on(async {
        let embedder = models::start(&config)?;
        anyhow::Ok(explain(&arguments.question, &set, &embedder, &options).await?)
    })?;
    context.output.result(&explained, || explained.text())?;
    Ok(Exit::Done)
}
