//! `yingda retention`: what is older than it is kept.

use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::{
    context::{Context, LogPurpose},
    exit::{Exit, UsageError},
    output::columns,
};
use crate::{actor::Actor, clock, privacy, storage};

#[derive(Subcommand)]
pub(super) enum RetentionVerb {
    /// Forget now what `serve` forgets once a day
    Run(RunArguments),
}

#[derive(Args)]
pub(super) struct RunArguments {
    /// Only count what would be forgotten
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Overdue {
    class: &'static str,
    days: u32,
    rows: i64,
}

const NOTHING: &str = "everything is kept for ever: set periods in [retention]";
const ONLY_ENDS: &str = "nothing is forgotten by its age: idle conversations are ended, that is all";
const ELSEWHERE: &str = "another process is forgetting right now";

pub(super) fn run(verb: &RetentionVerb, context: &Context) -> anyhow::Result<Exit> {
    let RetentionVerb::Run(RunArguments { dry_run }) = verb;
    let config = context.start(LogPurpose::Command, &[])?;
    if !storage::exists(&config.store) {
        return Err(UsageError(String::from("there is no store")).into());
    }
    Context::runtime()?.block_on(async {
        let store = storage::open(&config.store).await?;
        let now = clock::timestamp();
        if *dry_run {
            let periods = privacy::periods(&config.retention, now);
            let overdue = privacy::overdue(&store, &periods).await?;
            let rows = overdue.into_iter().map(|(period, rows)| Overdue {
                class: period.class.word(),
                days: period.days,
                rows,
            });
            let rows: Vec<Overdue> = rows.collect();
            context.output.result(&rows, || match &rows[..] {
                [] if privacy::keeps_everything(&config.retention, now) => NOTHING.to_owned(),
                [] => ONLY_ENDS.to_owned(),
                rows => table(rows),
            })?;
            return Ok(Exit::Done);
        }
        let retained = privacy::run_retention(&store, &config.retention, Actor::Operator, now).await?;
        let forgotten = retained.map(|retained| retained.forgotten);
        context.output.result(&json!({ "forgotten": forgotten }), || match &forgotten {
            None if privacy::keeps_everything(&config.retention, now) => NOTHING.to_owned(),
            None => ELSEWHERE.to_owned(),
            Some(forgotten) => {
                let rows = forgotten.iter().map(|(class, rows)| vec![class.clone(), rows.to_string()]);
                columns(&rows.collect::<Vec<_>>())
            }
        })?;
        Ok(Exit::Done)
    })
}

fn table(overdue: &[Overdue]) -> String {
    let heading = ["class", "kept for days", "older"].map(str::to_owned).to_vec();
    let rows =
        overdue.iter().map(|row| vec![row.class.to_owned(), row.days.to_string(), row.rows.to_string()]);
    columns(&std::iter::once(heading).chain(rows).collect::<Vec<_>>())
}
