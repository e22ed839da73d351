//! `yingda serve`: a knowledge base over HTTP.

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::json;

use super::{
    context::{Context, LogPurpose, option},
    exit::{Exit, UsageError},
    serving,
};
use crate::config::Override;

#[derive(Args)]
#[command(after_help = "\
Example: yingda serve --knowledge knowledge.jsonl --address 0.0.0.0:8080

SIGINT and SIGTERM stop it: requests under way are finished first.")]
pub(super) struct ServeArguments {
    /// Knowledge file; without it the configured one
    #[arg(long, value_name = "FILE", value_parser = NonEmptyStringValueParser::new())]
    knowledge: Option<String>,
    /// Address and port; without it the configured one
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    address: Option<String>,
}

const NO_KNOWLEDGE: &str = "there is no knowledge to serve: give --knowledge FILE, set knowledge.path in the \
                            configuration, or look at the demo shop with `yingda demo`";

pub(super) fn run(arguments: &ServeArguments, context: &Context) -> anyhow::Result<Exit> {
    let overrides: Vec<Override> = [
        option("--knowledge", "knowledge.path", arguments.knowledge.as_ref()),
        option("--address", "server.address", arguments.address.as_ref()),
    ]
    .into_iter()
    .flatten()
    .collect();
    let config = context.start(LogPurpose::Service, &overrides)?;
    let knowledge = serving::configured(&config)?.ok_or_else(|| UsageError(NO_KNOWLEDGE.to_owned()))?;
    let output = context.output;
    let name = config.knowledge.path.as_ref().map_or_else(String::new, |path| path.display().to_string());
    let announce = |url: &str| output.result(&json!({ "url": url }), || format!("serving {name} on {url}"));
    Context::runtime()?.block_on(serving::serve(&config, knowledge, output, announce))
}
