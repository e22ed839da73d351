//! `yingda eval …`: how well labelled questions are answered, and what follows from that. One file a verb.

mod calibrate;
mod compare;
mod explain;
mod measuring;
mod run;
mod sets;
mod staffing;
mod sweep;

use clap::Subcommand;

use self::{
    calibrate::CalibrateArguments, compare::CompareArguments, explain::ExplainArguments, run::RunArguments,
    staffing::StaffingArguments, sweep::SweepArguments,
};
use super::{context::Context, exit::Exit};

#[derive(Subcommand)]
pub(super) enum EvalVerb {
    /// Ask every question of labelled sets; print tables, write a report for people and for programs
    #[command(after_help = "\
Examples:
  yingda eval run datasets/shop-zh
  yingda eval run sets/*.jsonl --index standard --risk-target 0.03 --out reports/strict
  yingda eval run datasets/shop-zh --model yingda-static --model bge-small-zh --out reports/models")]
    Run(RunArguments),
    /// Compare two reports; exit code 1 when a figure became worse than the tolerance allows
    #[command(after_help = "\
Examples:
  yingda eval compare reports/new reports/old
  yingda eval compare reports accepted.json --tolerance 0.01")]
    Compare(CompareArguments),
    /// Ask every question once and show what each of several risk targets would have decided
    #[command(after_help = "Example: yingda eval sweep datasets/shop-zh --risk-targets 0.02,0.05,0.1")]
    Sweep(SweepArguments),
    /// Show what is learned from a knowledge base alone, and what to expect of it
    #[command(after_help = "Example: yingda eval calibrate knowledge.jsonl --risk-target 0.03")]
    Calibrate(CalibrateArguments),
    /// Take one decision apart: every candidate with its features, their weights, and why
    #[command(after_help = "Example: yingda eval explain 买的东西几天能送到 --knowledge knowledge.jsonl")]
    Explain(ExplainArguments),
    /// What several risk targets cost in people, as the knowledge base foretells
    #[command(after_help = "\
Example: yingda eval staffing --knowledge knowledge.jsonl --questions-per-hour 300 --agent-minutes 4")]
    Staffing(StaffingArguments),
}

pub(super) fn run(verb: &EvalVerb, context: &Context) -> anyhow::Result<Exit> {
    match verb {
        EvalVerb::Run(arguments) => run::run(arguments, context),
        EvalVerb::Compare(arguments) => compare::run(arguments, context),
        EvalVerb::Sweep(arguments) => sweep::run(arguments, context),
        EvalVerb::Calibrate(arguments) => calibrate::run(arguments, context),
        EvalVerb::Explain(arguments) => explain::run(arguments, context),
        EvalVerb::Staffing(arguments) => staffing::run(arguments, context),
    }
}
