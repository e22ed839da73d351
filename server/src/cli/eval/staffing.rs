//! `yingda eval staffing`: what several risk targets cost in people.

use ::eval::{RunOptions, Staffing, Traffic, staffing, staffing_grid};
use clap::Args;
use serde::Serialize;

use super::measuring::{KnowledgeArguments, ModelArguments, TargetArguments, start};
use crate::{
    cli::{context::Context, exit::Exit},
    models,
};

#[derive(Args)]
pub(in crate::cli) struct StaffingArguments {
    #[command(flatten)]
    knowledge: KnowledgeArguments,
    /// Questions that arrive in an hour
    #[arg(long, value_name = "NUMBER", value_parser = amount)]
    questions_per_hour: f64,
    /// Minutes that an agent needs for one question
    #[arg(long, value_name = "MINUTES", value_parser = amount, default_value_t = 5.0)]
    agent_minutes: f64,
    #[command(flatten)]
    targets: TargetArguments,
    #[command(flatten)]
    model: ModelArguments,
}

#[derive(Serialize)]
struct Staffed {
    knowledge: String,
    #[serde(flatten)]
    traffic: Traffic,
    targets: Vec<Staffing>,
}

pub(super) fn run(arguments: &StaffingArguments, context: &Context) -> anyhow::Result<Exit> {
    let config = start(context, [arguments.knowledge.as_override(), arguments.model.as_override()])?;
    let (set, options) = arguments.knowledge.load(&config, context)?;
    let options = RunOptions { sweep: arguments.targets.targets(), ..options };
    let traffic =
        Traffic { questions_per_hour: arguments.questions_per_hour, agent_minutes: arguments.agent_minutes };
    let targets = Context::runtime()?.block_on(async {
        let embedder = models::start(&config)?;
        anyhow::Ok(staffing(&set, &embedder, &options, traffic).await?)
    })?;
    let staffed = Staffed { knowledge: set.name, traffic, targets };
    context.output.result(&staffed, || text(&staffed))?;
    Ok(Exit::Done)
}

fn text(staffed: &Staffed) -> String {
    let Traffic { questions_per_hour, agent_minutes } = staffed.traffic;
    format!(
        "{}: {questions_per_hour} questions an hour, {agent_minutes} minutes of an agent for each that is handed over\n\n{}",
        staffed.knowledge,
        staffing_grid(&staffed.targets).text()
    )
}

fn amount(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(value) if value > 0.0 && value.is_finite() => Ok(value),
        _ => Err("must be a number greater than 0".to_owned()),
    }
}
