//! `yingda demo`: a built-in shop, served, with questions to try.

use clap::{Args, builder::NonEmptyStringValueParser};
use serde_json::json;

use super::{
    context::{Context, LogPurpose, option},
    exit::Exit,
    serving,
};
use crate::{DemoInfo, demo::DemoShop, storage::Storage};

#[derive(Args)]
#[command(after_help = "Example: yingda demo --language en")]
pub(super) struct DemoArguments {
    /// The shop: Chinese or English
    #[arg(long, value_name = "LANGUAGE", value_enum, default_value_t)]
    language: DemoShop,
    /// Address and port; without it the configured one
    #[arg(long, value_name = "ADDRESS", value_parser = NonEmptyStringValueParser::new())]
    address: Option<String>,
}

pub(super) fn run(arguments: &DemoArguments, context: &Context) -> anyhow::Result<Exit> {
    let address = option("--address", "server.address", arguments.address.as_ref());
    // The page is what a person looks at, so the log keeps to what went wrong.
    let config = context.start(LogPurpose::Command, address.as_slice())?;
    let knowledge = serving::of_shop(arguments.language)?;
    let (info, output) = (arguments.language.info(), context.output);
    let announce =
        |url: &str| output.result(&json!({ "url": url, "examples": info.examples }), || text(url, &info));
    Context::runtime()?.block_on(async {
        // Conversations can be tried too. The key is nowhere but in this process, and the folder ends with it.
        let (storage, _folder) = Storage::temporary().await?;
        serving::serve(&config, knowledge, Some(storage), output, announce).await
    })
}

fn text(url: &str, info: &DemoInfo) -> String {
    let examples: String = info.examples.iter().map(|example| format!("  {example}\n")).collect();
    format!(
        "{} is open at {url}\n\nQuestions to try there, or with `yingda ask`:\n{examples}\nConversations are kept in a temporary file until then, sealed with a key that is written nowhere. Ctrl-C stops it.",
        info.title
    )
}
