//! `yingda eval …`: how well labelled questions are answered, and what follows from that. One file a verb.

mod compare;
mod run;
mod sets;

use clap::Subcommand;

use self::{compare::CompareArguments, run::RunArguments};
use super::{context::Context, exit::Exit};

#[derive(Subcommand)]
pub(super) enum EvalVerb {
    /// Ask every question of labelled sets; print tables, write a report for people and for programs
    #[command(after_help = "\
Examples:
  yingda eval run datasets/shop-zh
  yingda eval run sets/*.jsonl --index standard --retrieval lexical --out reports/lexical
  yingda eval run datasets/shop-zh --model yingda-static --model bge-small-zh --out reports/models")]
    Run(RunArguments),
    /// Compare two reports; exit code 1 when a figure became worse than the tolerance allows
    #[command(after_help = "\
Examples:
  yingda eval compare reports/new reports/old
  yingda eval compare reports accepted.json --tolerance 0.01")]
    Compare(CompareArguments),
}

pub(super) fn run(verb: &EvalVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        EvalVerb::Run(arguments) => run::run(arguments, context),
        EvalVerb::Compare(arguments) => compare::run(arguments, context),
    }
}
