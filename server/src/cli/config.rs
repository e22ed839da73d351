//! `yingda config print`: the values in force and where they come from.

use std::collections::BTreeMap;

use clap::Subcommand;
use serde::Serialize;
use toml::Table;

use super::{context::Context, exit::Exit, output::Style};
use crate::config::{Config, Layers, Origin};

#[derive(Subcommand)]
pub(super) enum ConfigVerb {
    /// Print every value in force; those that differ from the defaults say where they were written
    #[command(after_help = "Example: YINGDA_SERVER__ADDRESS=0.0.0.0:80 yingda config print")]
    Print,
}

#[derive(Serialize)]
struct Printed {
    values: Table,
    /// `section.key` to the place it was written, for every value that is not a default.
    origins: BTreeMap<&'static str, String>,
}

pub(super) fn print(context: &Context) -> anyhow::Result<Exit> {
    let layers = context.layers(&[])?;
    // Also refuses values that are sound one by one and wrong together.
    Config::from_layers(&layers)?;
    let origins = written(&layers).map(|(key, origin)| (key, origin.to_string())).collect();
    context.output.result(&Printed { values: layers.nested(), origins }, || text(&layers, context))?;
    Ok(Exit::Done)
}

fn written(layers: &Layers) -> impl Iterator<Item = (&'static str, &Origin)> {
    layers
        .settings()
        .filter(|(_, setting)| setting.origin != Origin::Default)
        .map(|(key, setting)| (key, &setting.origin))
}

/// TOML again, so that it can be kept as a file.
fn text(layers: &Layers, context: &Context) -> String {
    let mut text = String::new();
    let mut section = "";
    for (key, setting) in layers.settings() {
        let Some((own_section, name)) = key.split_once('.') else { continue };
        if own_section != section {
            section = own_section;
            let heading = context.output.paint(Style::Strong, &format!("[{section}]"));
            text.push_str(&format!("{}{heading}\n", if text.is_empty() { "" } else { "\n" }));
        }
        text.push_str(&format!("{name} = {}", setting.value));
        if setting.origin != Origin::Default {
            text.push_str(&context.output.paint(Style::Faint, &format!("  # {}", setting.origin)));
        }
        text.push('\n');
    }
    text
}
