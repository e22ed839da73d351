//! A person is erased: the key is destroyed, the rows go.
//!
//! The first transaction destroys the person's keys and everything by which it is found, and writes the audit entry; from
//! then on nothing of the person can be read, and nothing new can be stored about it. Further transactions remove the
//! rows, some at a time; whoever finds a begun erasure goes on with it. Events stay as numbers without content, because
//! watchers count on their sequence; the audit log stays as it is and names the person by its identifier only; the
//! destroyed keys stay without their secrets, so that the person does not come back with a late message.

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, ContactId, Error, JobId, Result, Store, Timestamp, audit,
    engine::{Transaction, Value, values},
};

/// Rows of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowCount {
    /// The table's name.
    pub table: &'static str,
    /// How many.
    pub rows: i64,
}

/// What is held about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Whose.
    pub contact: ContactId,
    /// Every table that has rows about a person, also those without any.
    pub tables: Vec<RowCount>,
}

/// The kind of the job that stands for an erasure that has begun. Its id is the contact's.
const KIND: &str = "contact.erase";

macro_rules! of_conversations {
    ($table:literal) => {
        concat!(
            "SELECT COUNT(*) FROM ",
            $table,
            " WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1)"
        )
    };
}

const COUNTS: [(&str, &str); 10] = [
    ("contacts", "SELECT COUNT(*) FROM contacts WHERE id = $1"),
    ("keys", "SELECT COUNT(*) FROM keys WHERE contact_id = $1"),
    ("channel_identities", "SELECT COUNT(*) FROM channel_identities WHERE contact_id = $1"),
    ("contact_lookups", "SELECT COUNT(*) FROM contact_lookups WHERE contact_id = $1"),
    ("consents", "SELECT COUNT(*) FROM consents WHERE contact_id = $1"),
    ("conversations", "SELECT COUNT(*) FROM conversations WHERE contact_id = $1"),
    ("messages", of_conversations!("messages")),
    ("outbox", of_conversations!("outbox")),
    (
        "decision_receipts",
        "SELECT COUNT(*) FROM decision_receipts WHERE message_id IN (SELECT id FROM messages \
         WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1))",
    ),
    ("events", of_conversations!("events")),
];

/// Statements that take `$2` rows each; what refers to a row goes before it. Replies go before what they answer.
const REMOVALS: [&str; 4] = [
    "DELETE FROM outbox WHERE message_id IN (SELECT message_id FROM outbox WHERE conversation_id IN \
     (SELECT id FROM conversations WHERE contact_id = $1) LIMIT $2)",
    "DELETE FROM decision_receipts WHERE message_id IN (SELECT decided.message_id FROM decision_receipts decided \
     JOIN messages said ON said.id = decided.message_id JOIN conversations held ON held.id = said.conversation_id \
     WHERE held.contact_id = $1 LIMIT $2)",
    "DELETE FROM messages WHERE id IN (SELECT said.id FROM messages said \
     JOIN conversations held ON held.id = said.conversation_id WHERE held.contact_id = $1 \
     ORDER BY said.conversation_id, said.sequence DESC LIMIT $2)",
    "UPDATE events SET conversation_id = NULL, payload = '{}' WHERE sequence IN (SELECT sequence FROM events \
     WHERE conversation_id IN (SELECT id FROM conversations WHERE contact_id = $1) LIMIT $2)",
];

/// What is left at the end, in an order in which nothing refers to a row that is gone.
const LAST: [&str; 5] = [
    "DELETE FROM consents WHERE contact_id = $1",
    "DELETE FROM contact_lookups WHERE contact_id = $1",
    "DELETE FROM channel_identities WHERE contact_id = $1",
    "DELETE FROM conversations WHERE contact_id = $1",
    "DELETE FROM contacts WHERE id = $1",
];

impl Store {
    /// What would be erased: nothing is changed.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn held_about(&self, contact: ContactId) -> Result<Held> {
        self.read(move |transaction| held(transaction, contact).boxed()).await
    }

    /// Destroys the person's keys, forgets by what it is found, and records the act. From now on nothing of the person can
    /// be opened, in no row of this database and of no copy made from now on. [`continue_erasure`](Self::continue_erasure)
    /// removes the rows. An erasure that has begun is left as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails: repeat it.
    pub async fn begin_erasure(&self, contact: ContactId, act: Act) -> Result<()> {
        self.write_urgently(move |transaction| async move { begin(transaction, contact, &act).await }.boxed())
            .await
    }

    /// Removes some more rows of a person whose erasure has begun, `limit` of a table at most; `true` once there are none.
    ///
    /// # Errors
    /// When the engine fails: repeat it.
    pub async fn continue_erasure(&self, contact: ContactId, limit: u32, at: Timestamp) -> Result<bool> {
        let removed =
            self.write_urgently(move |transaction| remove(transaction, contact, limit, at).boxed()).await?;
        if removed {
            // The job ends after this, so that whoever is stopped in between is followed by one that does it.
            self.overwrite_removed("keys").await?;
            self.write_urgently(move |transaction| end(transaction, contact, at).boxed()).await?;
        }
        Ok(removed)
    }

    /// People whose erasure has begun and is not finished.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn unfinished_erasures(&self) -> Result<Vec<ContactId>> {
        let sql =
            "SELECT id FROM jobs WHERE kind = $1 AND state IN ('waiting', 'running') ORDER BY created_at, id";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, values![KIND]).await?;
                rows.into_iter().map(|row| row.only("jobs")).collect()
            }
            .boxed()
        })
        .await
    }

    /// Everybody who was ever erased, by identifier.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn erased_contacts(&self) -> Result<Vec<ContactId>> {
        let sql = "SELECT DISTINCT contact_id FROM keys gone WHERE contact_id IS NOT NULL AND NOT EXISTS \
                   (SELECT 1 FROM keys live WHERE live.contact_id = gone.contact_id AND live.state <> 'destroyed') \
                   ORDER BY contact_id";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, &[]).await?;
                rows.into_iter().map(|row| row.only("keys")).collect()
            }
            .boxed()
        })
        .await
    }
}

async fn held(transaction: &mut Transaction<'_>, contact: ContactId) -> Result<Held> {
    let mut tables = Vec::with_capacity(COUNTS.len());
    for (table, sql) in COUNTS {
        tables.push(RowCount { table, rows: transaction.scalar(table, sql, values![contact]).await? });
    }
    if tables.iter().any(|count| count.table == "contacts" && count.rows == 0) {
        return Err(Error::not_found("contacts", contact));
    }
    Ok(Held { contact, tables })
}

async fn begin(transaction: &mut Transaction<'_>, contact: ContactId, act: &Act) -> Result<()> {
    let Held { tables, .. } = held(transaction, contact).await?;
    let job = JobId::from(contact.uuid());
    let sql = "INSERT INTO jobs (id, kind, state, input, done, attempt, not_before, created_at, updated_at) \
               VALUES ($1, $2, 'waiting', $3, 0, 0, $4, $4, $4) ON CONFLICT (id) DO NOTHING";
    let input = json!({ "contact": contact.to_string() }).to_string();
    if transaction.execute(sql, values![job, KIND, input, act.at]).await? == 0 {
        return Ok(());
    }
    let nothing = || Value::Bytes(Vec::new());
    let sql = "UPDATE keys SET state = 'destroyed', wrapped = $2, canary = $3 WHERE contact_id = $1";
    transaction.execute(sql, &[contact.into(), nothing(), nothing()]).await?;
    transaction.execute("UPDATE contacts SET profile = NULL WHERE id = $1", values![contact]).await?;
    for sql in [
        "DELETE FROM contact_lookups WHERE contact_id = $1",
        "DELETE FROM channel_identities WHERE contact_id = $1",
    ] {
        transaction.execute(sql, values![contact]).await?;
    }
    let counts = tables.iter().map(|count| (count.table.to_owned(), count.rows.into()));
    let detail = serde_json::Value::Object(counts.collect()).to_string();
    audit::append(transaction, act, "contact.erase", &contact.to_string(), Some(detail)).await
}

async fn remove(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
    limit: u32,
    at: Timestamp,
) -> Result<bool> {
    let job = JobId::from(contact.uuid());
    let sql = "SELECT 1 FROM jobs WHERE id = $1 AND kind = $2 AND state IN ('waiting', 'running')";
    if transaction.row(sql, values![job, KIND]).await?.is_none() {
        return Ok(true);
    }
    for sql in REMOVALS {
        let removed = transaction.execute(sql, values![contact, limit]).await?;
        let sql = "UPDATE jobs SET done = done + $2, updated_at = $3 WHERE id = $1";
        let removed_now = i64::try_from(removed).unwrap_or(i64::MAX);
        transaction.execute(sql, values![job, removed_now, at]).await?;
        if removed >= u64::from(limit) {
            return Ok(false);
        }
    }
    for sql in LAST {
        transaction.execute(sql, values![contact]).await?;
    }
    Ok(true)
}

async fn end(transaction: &mut Transaction<'_>, contact: ContactId, at: Timestamp) -> Result<()> {
    let sql = "UPDATE jobs SET state = 'done', updated_at = $3 WHERE id = $1 AND kind = $2";
    transaction.execute(sql, values![JobId::from(contact.uuid()), KIND, at]).await.map(drop)
}
