//! What the verbs that measure share: the model, the risk target, and the knowledge of one that asks no set.

use ::eval::{Indexed, LabelledSet, RISK_TARGETS, Retrieval, RunOptions};
use answer::{BuildOptions, RiskTarget};
use clap::{Args, builder::NonEmptyStringValueParser};

use crate::{
    cli::{
        context::{Context, LogPurpose, option},
        serving,
    },
    clock,
    config::{Config, Override},
    demo::DemoShop,
    models,
};

/// Which model computes vectors.
#[derive(Args)]
pub(super) struct ModelArguments {
    /// Model name or path; without it the configured one
    #[arg(long, value_name = "NAME", value_parser = NonEmptyStringValueParser::new())]
    model: Option<String>,
}

/// At which risk decisions are made.
#[derive(Args)]
pub(super) struct RiskArguments {
    /// The accepted share of wrong automatic answers, 0 to 1; without it the configured one
    #[arg(long, value_name = "SHARE", value_parser = share)]
    risk_target: Option<f32>,
}

/// Risk targets to look at side by side.
#[derive(Args)]
pub(super) struct TargetArguments {
    /// Accepted shares of wrong automatic answers, separated by commas
    #[arg(long, value_name = "SHARES", value_delimiter = ',', value_parser = share, default_values_t = RISK_TARGETS)]
    risk_targets: Vec<f32>,
}

/// Entries of one knowledge base.
#[derive(Args)]
pub(super) struct KnowledgeArguments {
    /// Knowledge file; without it the configured one, else the demo shop
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    knowledge: Option<String>,
}

impl ModelArguments {
    /// For [`start`].
    pub(super) fn as_override(&self) -> Option<Override> {
        option("--model", "model.name", self.model.as_ref())
    }
}

impl RiskArguments {
    /// For [`start`].
    pub(super) fn as_override(&self) -> Option<Override> {
        option("--risk-target", "answer.risk_target", self.risk_target.as_ref())
    }
}

impl KnowledgeArguments {
    /// For [`start`].
    pub(super) fn as_override(&self) -> Option<Override> {
        option("--knowledge", "knowledge.path", self.knowledge.as_ref())
    }

    /// The entries as a set with nothing to ask, and how it is served: with its labels.
    ///
    /// # Errors
    /// As in [`serving::configured`] and [`options`].
    pub(super) fn load(
        &self,
        config: &Config,
        context: &Context,
    ) -> anyhow::Result<(LabelledSet, RunOptions)> {
        let (name, knowledge) = match (&config.knowledge.path, serving::configured(config)?) {
            (Some(path), Some(knowledge)) => (path.display().to_string(), knowledge),
            _ => {
                context.output.note("no knowledge is configured: looking at the demo shop (see --knowledge)");
                ("the demo shop".to_owned(), serving::of_shop(DemoShop::default())?)
            }
        };
        let set =
            LabelledSet { name, indexed: Indexed::All, entries: knowledge.entries, questions: Vec::new() };
        let mut options = options(config, Retrieval::Hybrid)?;
        options.build.labels = knowledge.labels;
        Ok((set, options))
    }
}

impl TargetArguments {
    /// In the order given.
    pub(super) fn targets(&self) -> Vec<RiskTarget> {
        targets(&self.risk_targets)
    }
}

/// The configuration with these overrides; starts the log.
///
/// # Errors
/// As in [`Context::start`].
pub(super) fn start<const COUNT: usize>(
    context: &Context,
    overrides: [Option<Override>; COUNT],
) -> anyhow::Result<Config> {
    let overrides: Vec<Override> = overrides.into_iter().flatten().collect();
    context.start(LogPurpose::Command, &overrides)
}

/// As served under `config`, with its reranker loaded, and the targets that are looked at when none are named.
///
/// # Errors
/// When the reranker's folder is not sound.
pub(super) fn options(config: &Config, retrieval: Retrieval) -> anyhow::Result<RunOptions> {
    Ok(RunOptions {
        retrieval,
        risk_target: config.risk_target()?,
        sweep: targets(&RISK_TARGETS),
        build: BuildOptions { reranking: models::start_reranker(config)?, ..config.build_options()? },
        now: clock::now(),
    })
}

/// For clap.
fn share(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|share| RiskTarget::new(*share).is_some())
        .ok_or_else(|| "must be a share from 0 to 1, for example 0.05".to_owned())
}

fn targets(shares: &[f32]) -> Vec<RiskTarget> {
    shares.iter().filter_map(|share| RiskTarget::new(*share)).collect()
}
