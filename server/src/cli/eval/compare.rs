//! `yingda eval compare`: a new report against an accepted one.

use std::path::PathBuf;

use ::eval::{Recorded, compare};
use clap::Args;

use crate::cli::{context::Context, exit::Exit};

#[derive(Args)]
pub(in crate::cli) struct CompareArguments {
    /// The new report: report.json, or the folder that `eval run` wrote
    #[arg(value_name = "NEW")]
    new: PathBuf,
    /// The report that it must not fall behind; a report.json alone is compared without intervals and tests
    #[arg(value_name = "OLD")]
    old: PathBuf,
    /// How much worse a figure may be
    #[arg(long, value_name = "DIFFERENCE", default_value_t = 0.005, value_parser = tolerance)]
    tolerance: f64,
}

pub(super) fn run(arguments: &CompareArguments, context: &Context) -> anyhow::Result<Exit> {
    let (new, old) = (Recorded::read(&arguments.new)?, Recorded::read(&arguments.old)?);
    let comparison = compare(&new, &old, arguments.tolerance)?;
    context.output.result(&comparison, || comparison.text())?;
    Ok(if comparison.is_worse() { Exit::ProblemsFound } else { Exit::Done })
}

fn tolerance(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value >= 0.0 && value.is_finite() => Ok(value),
        _ => Err("must be a number of at least 0, for example 0.005".to_owned()),
    }
}
