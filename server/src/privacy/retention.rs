//! What is older than it is kept is forgotten, kind by kind, by a job that goes on where it was stopped.

use std::{collections::BTreeMap, time::Duration};

use serde::{Deserialize, Serialize};
use store::{ConversationId, DataClass, Job, JobId, NewJob, Progress, Store, Timestamp};
use uuid::Uuid;

use crate::{clock, config::RetentionConfig, operator::act};

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

/// Every class in the order in which it is forgotten: a conversation's data before its events.
const CLASSES: [DataClass; 7] = [
    DataClass::MessageBodies,
    DataClass::Receipts,
    DataClass::Deliveries,
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
            DataClass::Events => config.events_days,
            DataClass::Embeddings => config.embeddings_days,
            DataClass::Jobs => config.jobs_days,
            DataClass::Audit => config.audit_days,
        };
        Period { class, days, before: days_before(now, days) }
    });
    periods.filter(|period| period.days > 0).collect()
}

/// What a run now would forget, by class; ending idle conversations may add to it.
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

/// Finishes what an earlier run left, then forgets what is older than `config` says, seen from `now`. `None` when nothing is to be forgotten, or another
/// process is doing it.
///
/// # Errors
/// When the store fails: the next run goes on with it.
pub(crate) async fn run(
    store: &Store,
    config: &RetentionConfig,
    now: Timestamp,
) -> anyhow::Result<Option<Retained>> {
    while let Some(left) = store.claim_job(KIND, "retention", LEASE, clock::timestamp()).await? {
        work(store, left).await?;
    }
    let periods = periods(config, now);
    if periods.is_empty() && config.end_idle_days == 0 {
        return Ok(None);
    }
    let end_idle = (config.end_idle_days > 0).then(|| days_before(now, config.end_idle_days).0);
    let before = periods.iter().map(|period| (period.class.word().to_owned(), period.before.0)).collect();
    let input = serde_json::to_string(&Asked { end_idle_before: end_idle, before })?;
    let id = JobId::from(Uuid::now_v7());
    store.ask_for_job(NewJob { id, kind: KIND.to_owned(), input, at: clock::timestamp() }).await?;
    match store.claim_job(KIND, "retention", LEASE, clock::timestamp()).await? {
        Some(job) => work(store, job).await.map(Some),
        None => Ok(None),
    }
}

async fn work(store: &Store, job: Job) -> anyhow::Result<Retained> {
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
            Some(class) => forget(store, class, Timestamp(*before), &mut reached).await?,
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
        store.record_act(act(None), "retention.run", "store", Some(detail)).await?;
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
    reached: &mut Reached,
) -> anyhow::Result<bool> {
    let (rows, finished) = match class {
        DataClass::Audit => match store.shorten_audit(before, act(None)).await {
            Ok(rows) => (rows, true),
            // It is left as it is, for whoever finds out why.
            Err(store::Error::Schema { reason }) => {
                tracing::error!(%reason, "the audit log is not shortened");
                (0, true)
            }
            Err(error) => return Err(error.into()),
        },
        DataClass::MessageBodies
        | DataClass::Receipts
        | DataClass::Deliveries
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
mod tests {
    use store::{
        BlindIndex, DedupeKey, Key, KeyId, KeyPurpose, KeyState, Location, NewConversation, NewIdentity,
        NewMessage, Sealed, Wrapped,
    };
    use tempfile::TempDir;

    use super::*;

    const DAYS_100: i64 = 100 * 24 * 60 * 60 * 1000;

    /// A store with one message in a conversation that the bot answers.
    async fn store() -> (Store, ConversationId, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&Location::File(folder.path().join("store.db"))).await.unwrap();
        let at = clock::timestamp();
        let wrapped = Wrapped(vec![1; 9]);
        let key = Key {
            id: KeyId(7),
            purpose: KeyPurpose::System,
            state: KeyState::Current,
            canary: wrapped.clone(),
            wrapped,
        };
        assert!(store.add_key(key, None).await.unwrap());
        let sealed = Sealed([&[0], &7_i64.to_be_bytes()[..], b"sealed"].concat());
        let identity = BlindIndex([&7_i64.to_be_bytes()[..], b"visitor"].concat());
        let new = NewIdentity {
            channel: String::from("web"),
            identity,
            earlier_identities: Vec::new(),
            external_id: sealed.clone(),
            contact: Uuid::now_v7().into(),
            at,
        };
        let contact = store.contact_of_identity(new).await.unwrap().id;
        let id = Uuid::now_v7().into();
        let new = NewConversation { id, contact, channel: String::from("web"), priority: 0, at };
        store.open_conversation(new).await.unwrap();
        let (dedupe_key, kind) = (DedupeKey(vec![1]), String::from("text"));
        let message = Uuid::now_v7().into();
        let said =
            NewMessage { id: message, conversation: id, dedupe_key, reply_to: None, kind, body: sealed, at };
        store.ingest(said).await.unwrap();
        (store, id, folder)
    }

    fn config(end_idle_days: u32, message_bodies_days: u32) -> RetentionConfig {
        RetentionConfig {
            end_idle_days,
            message_bodies_days,
            receipts_days: 0,
            deliveries_days: 0,
            events_days: 0,
            embeddings_days: 0,
            jobs_days: 0,
            audit_days: 0,
        }
    }

    async fn is_kept(store: &Store, id: ConversationId) -> bool {
        let said = store.messages_of(id, 0, 9).await.unwrap();
        assert_eq!(said.len(), 1, "its place stays");
        !said[0].body.0.is_empty()
    }

    #[tokio::test]
    async fn what_was_said_is_forgotten_when_its_time_has_come_and_its_conversation_is_over() {
        let (store, id, _folder) = store().await;
        let later = Timestamp(clock::timestamp().0 + DAYS_100);
        assert_eq!(run(&store, &config(0, 0), later).await.unwrap(), None);
        let nothing = run(&store, &config(0, 30), later).await.unwrap().unwrap();
        assert_eq!(nothing.forgotten["message_bodies"], 0, "it is not over");
        assert!(is_kept(&store, id).await);
        let young = run(&store, &config(101, 99), later).await.unwrap().unwrap();
        assert_eq!(young.forgotten.values().sum::<u64>(), 0);
        let run_now = run(&store, &config(99, 30), later).await.unwrap().unwrap();
        assert_eq!((run_now.forgotten[ENDED], run_now.forgotten["message_bodies"]), (1, 1));
        assert!(!is_kept(&store, id).await);
        let entries = store.audit_entries_after(0, 9).await.unwrap();
        let acts: Vec<&str> = entries.iter().map(|entry| entry.action.as_str()).collect();
        assert_eq!(acts, ["retention.run"], "runs that change nothing say nothing");
        assert!(entries[0].detail.as_deref().unwrap().contains("\"message_bodies\":1"));
    }

    #[tokio::test]
    async fn a_run_that_was_stopped_is_finished_by_the_next() {
        let (store, id, _folder) = store().await;
        let (at, later) = (clock::timestamp(), clock::timestamp().0 + DAYS_100);
        store.end_idle_conversations(Timestamp(later), 9, at).await.unwrap();
        let before = ["message_bodies", "embeddings"].map(|class| (class.to_owned(), later)).to_vec();
        let input = serde_json::to_string(&Asked { end_idle_before: None, before }).unwrap();
        let job = JobId::from(Uuid::now_v7());
        store.ask_for_job(NewJob { id: job, kind: KIND.to_owned(), input, at }).await.unwrap();
        // Somebody claims it and disappears.
        store.claim_job(KIND, "gone", Duration::ZERO, at).await.unwrap().unwrap();
        assert_eq!(run(&store, &config(0, 0), at).await.unwrap(), None);
        assert_eq!(store.job(job).await.unwrap().state, store::JobState::Done);
        assert!(!is_kept(&store, id).await);
    }
}
