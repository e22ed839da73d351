//! What is older than it is kept is forgotten, kind by kind, by a job that goes on where it was stopped.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use store::{ConversationId, DataClass, Job, JobId, NewJob, Progress, Store, Timestamp};
use uuid::Uuid;

use super::finish_erasures;
use crate::{actor::Actor, clock, config::RetentionConfig};

const KIND: &str = "retention";

/// How long nobody else takes over a job of which nothing is heard.
const LEASE: Duration = Duration::from_secs(60);

/// Rows, or conversations, of one transaction.
const STEP: u32 = 200;

/// The name under which ended conversations are counted.
const ENDED: &str = "ended_conversations";

/// How long a class of data is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Period {
    pub(crate) class: DataClass,
    pub(crate) days: u32,
    /// What is older than this is forgotten.
    pub(crate) before: Timestamp,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Retained {
    /// Rows that were forgotten, by class; and conversations that were ended.
    pub(crate) forgotten: BTreeMap<String, u64>,
}

/// What a job was asked to do: moments, so that whoever goes on with it does the same.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    end_idle_before: Option<i64>,
    before: Vec<(String, i64)>,
}

/// Where a job is: the classes that are done, and how far the next one is.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Reached {
    done: usize,
    after: Option<Uuid>,
    retained: Retained,
}

/// Every class in the order in which it is forgotten: a conversation's data before its events, conversations before the
/// people of whom none is left.
const CLASSES: [DataClass; 10] = [
    DataClass::MessageBodies,
    DataClass::Receipts,
    DataClass::Deliveries,
    DataClass::Conversations,
    DataClass::Consents,
    DataClass::Contacts,
    DataClass::Events,
    DataClass::Embeddings,
    DataClass::Jobs,
    DataClass::Audit,
];

/// The classes that are not kept for ever.
pub(crate) fn periods(config: &RetentionConfig, now: Timestamp) -> Vec<Period> {
    let periods = CLASSES.into_iter().map(|class| {
        let days = match class {
            DataClass::MessageBodies => config.message_bodies_days,
            DataClass::Receipts => config.receipts_days,
            DataClass::Deliveries => config.deliveries_days,
            DataClass::Conversations => config.conversations_days,
            DataClass::Consents => config.consents_days,
            DataClass::Contacts => config.contacts_days,
            DataClass::Events => config.events_days,
            DataClass::Embeddings => config.embeddings_days,
            DataClass::Jobs => config.jobs_days,
            DataClass::Audit => config.audit_days,
        };
        Period { class, days, before: days_before(now, days) }
    });
    periods.filter(|period| period.days > 0).collect()
}

/// What a run now would forget, by class. Ending idle conversations may add to it, and so may forgetting the last
/// conversation of a person.
///
/// # Errors
/// When the store fails.
pub(crate) async fn overdue(store: &Store, periods: &[Period]) -> store::Result<Vec<(Period, i64)>> {
    let mut overdue = Vec::with_capacity(periods.len());
    for period in periods {
        overdue.push((*period, store.overdue(period.class, period.before).await?));
    }
    Ok(overdue)
}

/// Whether nothing is ever forgotten.
pub(crate) fn keeps_everything(config: &RetentionConfig, now: Timestamp) -> bool {
    config.end_idle_days == 0 && periods(config, now).is_empty()
}

/// Finishes what an earlier run left, then forgets what is older than `config` says, seen from `now`; the audit log names
/// `actor`. `None` when nothing is to be forgotten, or another process is doing it.
///
/// # Errors
/// When the store fails: the next run goes on with it.
pub(crate) async fn run(
    store: &Store,
    config: &RetentionConfig,
    actor: Actor,
    now: Timestamp,
) -> anyhow::Result<Option<Retained>> {
    while let Some(left) = store.claim_job(KIND, "retention", LEASE, clock::timestamp()).await? {
        work(store, left, actor).await?;
    }
    if keeps_everything(config, now) {
        return Ok(None);
    }
    let periods = periods(config, now);
    let end_idle = (config.end_idle_days > 0).then(|| days_before(now, config.end_idle_days).0);
    let before = periods.iter().map(|period| (period.class.word().to_owned(), period.before.0)).collect();
    let input = serde_json::to_string(&Asked { end_idle_before: end_idle, before })?;
    let id = JobId::from(Uuid::now_v7());
    store.ask_for_job(NewJob { id, kind: KIND.to_owned(), input, at: clock::timestamp() }).await?;
    match store.claim_job(KIND, "retention", LEASE, clock::timestamp()).await? {
        Some(job) => work(store, job, actor).await.map(Some),
        None => Ok(None),
    }
}

async fn work(store: &Store, job: Job, actor: Actor) -> anyhow::Result<Retained> {
    let asked: Asked = serde_json::from_str(&job.input)?;
    let mut reached: Reached = match &job.progress.cursor {
        Some(cursor) => serde_json::from_str(cursor)?,
        None => Reached::default(),
    };
    if let Some(before) = asked.end_idle_before.filter(|_| reached.done == 0 && reached.after.is_none()) {
        end_idle(store, Timestamp(before), &mut reached.retained).await?;
    }
    while let Some((word, before)) = asked.before.get(reached.done) {
        let class = CLASSES.into_iter().find(|class| class.word() == word);
        let finished = match class {
            Some(class) => forget(store, class, Timestamp(*before), actor, &mut reached).await?,
            None => true,
        };
        if finished {
            reached.done += 1;
            reached.after = None;
        }
        let progress = Progress {
            done: i64::try_from(reached.done).unwrap_or(i64::MAX),
            total: i64::try_from(asked.before.len()).ok(),
            cursor: Some(serde_json::to_string(&reached)?),
        };
        store.report_progress(&job, progress, LEASE, clock::timestamp()).await?;
    }
    let retained = reached.retained;
    if retained.forgotten.values().any(|rows| *rows > 0) {
        let detail = serde_json::to_string(&retained.forgotten)?;
        store.record_act(actor.act(None), "retention.run", "store", Some(detail)).await?;
        // Where others are reading, whoever writes next overwrites the log.
        store.empty_log().await?;
    }
    store.finish_job(&job, clock::timestamp()).await?;
    Ok(retained)
}

/// One step of a class; whether it was the last.
async fn forget(
    store: &Store,
    class: DataClass,
    before: Timestamp,
    actor: Actor,
    reached: &mut Reached,
) -> anyhow::Result<bool> {
    let (rows, finished) = match class {
        DataClass::Audit => match store.shorten_audit(before, actor.act(None)).await {
            Ok(rows) => (rows, true),
            // It is left as it is, for whoever finds out why.
            Err(store::Error::Schema { reason }) => {
                tracing::error!(%reason, "the audit log is not shortened");
                (0, true)
            }
            Err(error) => return Err(error.into()),
        },
        DataClass::Contacts => {
            let expired = store.expire_contacts(before, STEP, actor.act(None)).await?.len() as u64;
            // It is in force all the same, and whoever comes next goes on with it.
            if let Err(error) = finish_erasures(store).await {
                tracing::error!(%error, "an erasure is not finished");
            }
            (expired, expired < u64::from(STEP))
        }
        DataClass::MessageBodies
        | DataClass::Receipts
        | DataClass::Deliveries
        | DataClass::Conversations
        | DataClass::Consents
        | DataClass::Events
        | DataClass::Embeddings
        | DataClass::Jobs => {
            let after = reached.after.map(ConversationId::from);
            let forgotten = store.forget(class, before, after, STEP).await?;
            reached.after = forgotten.after.map(ConversationId::uuid);
            (forgotten.rows, forgotten.finished)
        }
    };
    *reached.retained.forgotten.entry(class.word().to_owned()).or_default() += rows;
    Ok(finished)
}

async fn end_idle(store: &Store, before: Timestamp, retained: &mut Retained) -> store::Result<()> {
    loop {
        let ended = store.end_idle_conversations(before, STEP, clock::timestamp()).await?;
        *retained.forgotten.entry(ENDED.to_owned()).or_default() += ended;
        if ended < u64::from(STEP) {
            return Ok(());
        }
    }
}

fn days_before(now: Timestamp, days: u32) -> Timestamp {
    const DAY_MS: i64 = 24 * 60 * 60 * 1000;
    Timestamp(now.0.saturating_sub(i64::from(days) * DAY_MS))
}

#[cfg(test)]
mod tests;
