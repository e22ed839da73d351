//! The command line: what a person or a script types becomes one verb, and its outcome an exit code.
//!
//! One file a verb. A verb receives its own arguments and the `Context`, prints through `output`, and returns an
//! `Exit` or an error, which `exit` turns into a message and a code.

mod ask;
mod backup;
mod config;
mod contacts;
mod context;
mod demo;
mod doctor;
mod eval;
mod exit;
mod kb;
mod kb_labels;
mod kb_versions;
mod keys;
mod knowledge;
mod model;
mod output;
mod restore;
mod retention;
mod serve;
mod serving;

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, builder::NonEmptyStringValueParser};
use serde_json::json;

use self::{
    context::Context,
    exit::Exit,
    output::{Form, Output},
};

/// Runs the verb that `arguments` (the program's name first) ask for.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let Arguments { verb, global } = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => return refuse(&error, &arguments).into(),
    };
    let output = Output { form: global.output, quiet: global.quiet };
    let context = Context { config_file: global.config_file(), log_level: global.log_level, output };
    run_verb(verb, &context).unwrap_or_else(|error| exit::report(&error, output)).into()
}

/// Yingda answers customers' questions from your own knowledge base and hands over to a person when it is not sure.
#[derive(Parser)]
#[command(name = "yingda", version, after_help = exit::HELP, disable_help_subcommand = true)]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
    #[command(flatten)]
    global: GlobalOptions,
}

#[derive(clap::Args)]
#[command(next_help_heading = "Global options")]
struct GlobalOptions {
    /// Configuration file; without it yingda.toml in the working directory, if there is one
    #[arg(long, global = true, value_name = "FILE", env = "YINGDA_CONFIG")]
    config: Option<OsString>,
    /// Form of the results on stdout
    #[arg(short, long, global = true, value_name = "FORM", value_enum, default_value_t)]
    output: Form,
    /// Neither notes nor progress, only results and errors
    #[arg(short, long, global = true)]
    quiet: bool,
    /// What is logged to stderr: error, warn, info, debug, trace, or levels by module
    #[arg(long, global = true, value_name = "LEVEL", value_parser = NonEmptyStringValueParser::new())]
    log_level: Option<String>,
}

impl GlobalOptions {
    /// An empty variable is how many service managers write "not set".
    fn config_file(&self) -> Option<PathBuf> {
        self.config.clone().filter(|path| !path.is_empty()).map(PathBuf::from)
    }
}

#[derive(Subcommand)]
enum Verb {
    /// Serve a built-in demo shop
    Demo(demo::DemoArguments),
    /// Serve a knowledge base over HTTP
    Serve(serve::ServeArguments),
    /// Decide on a question
    Ask(ask::AskArguments),
    /// Measure on labelled questions
    #[command(subcommand)]
    Eval(eval::EvalVerb),
    /// List and verify models
    #[command(subcommand)]
    Model(model::ModelVerb),
    /// Check knowledge files; import, export and publish knowledge
    #[command(subcommand)]
    Kb(kb::KbVerb),
    /// Make, look at and replace the keys that seal what is kept
    #[command(subcommand)]
    Keys(keys::KeysVerb),
    /// Export and erase what is held about a person; record consents
    #[command(subcommand)]
    Contacts(contacts::ContactsVerb),
    /// Forget what is older than it is kept
    #[command(subcommand)]
    Retention(retention::RetentionVerb),
    /// Write everything in the store into an encrypted file, while the service runs
    Backup(backup::BackupArguments),
    /// Make a store from a backup
    Restore(restore::RestoreArguments),
    /// Show the configuration in force
    #[command(subcommand)]
    Config(config::ConfigVerb),
    /// Check configuration, model, knowledge, store, keys, address and machine
    Doctor,
}

fn run_verb(verb: Verb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        Verb::Demo(arguments) => demo::run(&arguments, context),
        Verb::Serve(arguments) => serve::run(&arguments, context),
        Verb::Ask(arguments) => ask::run(&arguments, context),
        Verb::Eval(verb) => eval::run(&verb, context),
        Verb::Model(verb) => model::run(&verb, context),
        Verb::Kb(verb) => kb::run(&verb, context),
        Verb::Keys(verb) => keys::run(&verb, context),
        Verb::Contacts(verb) => contacts::run(&verb, context),
        Verb::Retention(verb) => retention::run(&verb, context),
        Verb::Backup(arguments) => backup::run(&arguments, context),
        Verb::Restore(arguments) => restore::run(&arguments, context),
        Verb::Config(config::ConfigVerb::Print) => config::print(context),
        Verb::Doctor => doctor::run(context),
    }
}

/// clap's answer to wrong usage, or to a request for help or the version.
fn refuse(error: &clap::Error, arguments: &[OsString]) -> Exit {
    if error.use_stderr() && wants_json(arguments) {
        let message = error.to_string();
        let message = message.trim_start_matches("error: ").trim_end();
        let details = json!({ "exit_code": Exit::Usage as u8 });
        Output { form: Form::Json, quiet: false }
            .complain(json!({ "code": "usage", "message": message, "details": details }));
    } else {
        // The reader may have gone; there is nobody else to tell.
        let _ = error.print();
    }
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}

/// Whether `-o json` was asked for, judged without a successful parse.
fn wants_json(arguments: &[OsString]) -> bool {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let joined = ["-ojson", "-o=json", "--output=json"];
    words.iter().any(|word| joined.contains(word))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definitions_are_consistent() {
        Arguments::command().debug_assert();
    }
}
