//! A person is erased: the key is destroyed, the rows go.
//!
//! The first transaction destroys the person's keys and everything by which it is found, and writes the audit entry; from
//! then on nothing of the person can be read, and nothing new can be stored about it. Further transactions remove the
//! rows, some at a time; whoever finds a begun erasure goes on with it. Events stay as numbers without content, because
//! watchers count on their sequence; the audit log stays as it is and names the person by its identifier only; the
//! destroyed keys stay without their secrets, so that the person does not come back with a late message.
//!
//! A person goes because somebody asked for it, or because nothing has kept it for longer than people are kept.

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, ContactId, Error, JobId, Result, Store, Timestamp, audit, contacts,
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

/// What the audit log says: somebody asked for it.
const ASKED_FOR: &str = "contact.erase";

/// What the audit log says: the person was kept for long enough.
const EXPIRED: &str = "contact.expire";

/// Whom nothing has kept since `$1`: no conversation is left, and the person, by what channels know it and what it agreed
/// to have not changed since.
macro_rules! expired {
    ($columns:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM contacts held WHERE held.updated_at < $1 \
             AND NOT EXISTS (SELECT 1 FROM conversations WHERE contact_id = held.id) \
             AND NOT EXISTS (SELECT 1 FROM channel_identities WHERE contact_id = held.id AND created_at >= $1) \
             AND NOT EXISTS (SELECT 1 FROM consents WHERE contact_id = held.id AND created_at >= $1) \
             AND NOT EXISTS (SELECT 1 FROM jobs WHERE jobs.id = held.id)"
        )
    };
}

/// Counts whom [`Store::expire_contacts`] would erase.
pub(crate) const COUNT_EXPIRED: &str = expired!("COUNT(*)");

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

/// What is left at the end, in an order in which nothing refers to a row that is gone. By what the person was found went
/// first, and what is sealed or indexed for it is not stored after that.
const LAST: [&str; 3] = [
    "DELETE FROM consents WHERE contact_id = $1",
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
    /// be opened, in no row of this database and of no copy made from now on. [`continue_erasures`](Self::continue_erasures)
    /// removes the rows. An erasure that has begun is left as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails: repeat it.
    pub async fn begin_erasure(&self, contact: ContactId, act: Act) -> Result<()> {
        self.write_urgently(move |transaction| {
            async move { begin(transaction, contact, ASKED_FOR, &act).await.map(drop) }.boxed()
        })
        .await
    }

    /// Begins the erasure of people of whom no conversation is left and nothing has changed since `before`, at most
    /// `limit`; of whom. Each is an audit entry of its own. [`continue_erasures`](Self::continue_erasures) removes the rows.
    ///
    /// # Errors
    /// [`Error::Conflict`] when one of them writes at this moment; when the engine fails: repeat it.
    pub async fn expire_contacts(&self, before: Timestamp, limit: u32, act: Act) -> Result<Vec<ContactId>> {
        self.write(move |transaction| async move { expire(transaction, before, limit, &act).await }.boxed())
            .await
    }

    /// Removes some more rows of people whose erasure has begun, `limit` at most of what conversations leave; `true` once
    /// there are none of any of them.
    ///
    /// # Errors
    /// When the engine fails, or others read an older state, so that the keys cannot be overwritten: repeat it.
    pub async fn continue_erasures(&self, contacts: &[ContactId], limit: u32, at: Timestamp) -> Result<bool> {
        let (to_remove, to_end) = (contacts.to_vec(), contacts.to_vec());
        let removed = self
            .write_urgently(move |transaction| {
                async move { remove(transaction, &to_remove, limit, at).await }.boxed()
            })
            .await?;
        if removed {
            // The jobs end after this, so that whoever is stopped in between is followed by one that does it.
            self.overwrite_removed("keys").await?;
            self.write_urgently(move |transaction| {
                async move { end(transaction, &to_end, at).await }.boxed()
            })
            .await?;
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

/// What there was of the person. Its keys are destroyed before that is counted, so that nobody stores more meanwhile.
async fn begin(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
    action: &str,
    act: &Act,
) -> Result<Vec<RowCount>> {
    contacts::read(transaction, contact).await?;
    let job = JobId::from(contact.uuid());
    let sql = "INSERT INTO jobs (id, kind, state, input, done, attempt, not_before, created_at, updated_at) \
               VALUES ($1, $2, 'waiting', $3, 0, 0, $4, $4, $4) ON CONFLICT (id) DO NOTHING";
    let input = json!({ "contact": contact.to_string() }).to_string();
    if transaction.execute(sql, values![job, KIND, input, act.at]).await? == 0 {
        return Ok(Vec::new());
    }
    let nothing = || Value::Bytes(Vec::new());
    let sql = "UPDATE keys SET state = 'destroyed', wrapped = $2, canary = $3 WHERE contact_id = $1";
    transaction.execute(sql, &[contact.into(), nothing(), nothing()]).await?;
    let Held { tables, .. } = held(transaction, contact).await?;
    for sql in [
        // With another revision, so that a change that is under way does not make the person found again.
        "UPDATE contacts SET profile = NULL, revision = revision + 1 WHERE id = $1",
        "DELETE FROM contact_lookups WHERE contact_id = $1",
        "DELETE FROM channel_identities WHERE contact_id = $1",
    ] {
        transaction.execute(sql, values![contact]).await?;
    }
    let counts = tables.iter().map(|count| (count.table.to_owned(), count.rows.into()));
    let detail = serde_json::Value::Object(counts.collect()).to_string();
    audit::append(transaction, act, action, &contact.to_string(), Some(detail)).await?;
    Ok(tables)
}

async fn expire(
    transaction: &mut Transaction<'_>,
    before: Timestamp,
    limit: u32,
    act: &Act,
) -> Result<Vec<ContactId>> {
    let sql = concat!(expired!("held.id"), " ORDER BY held.id LIMIT $2");
    let found = transaction.rows(sql, values![before, limit]).await?;
    let found: Vec<ContactId> = found.into_iter().map(|row| row.only("contacts")).collect::<Result<_>>()?;
    for contact in &found {
        let held = begin(transaction, *contact, EXPIRED, act).await?;
        if held.iter().any(|count| count.table == "conversations" && count.rows > 0) {
            return Err(Error::conflict(format!("{contact} is writing")));
        }
    }
    Ok(found)
}

async fn remove(
    transaction: &mut Transaction<'_>,
    contacts: &[ContactId],
    limit: u32,
    at: Timestamp,
) -> Result<bool> {
    let mut left = limit;
    for contact in contacts {
        left = left.saturating_sub(remove_of(transaction, *contact, left, at).await?);
        if left == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Removes at most `limit` of what a person's conversations leave, and the rest once that is less; how many of the former.
async fn remove_of(
    transaction: &mut Transaction<'_>,
    contact: ContactId,
    limit: u32,
    at: Timestamp,
) -> Result<u32> {
    let job = JobId::from(contact.uuid());
    let sql = "SELECT 1 FROM jobs WHERE id = $1 AND kind = $2 AND state IN ('waiting', 'running')";
    if transaction.row(sql, values![job, KIND]).await?.is_none() {
        return Ok(0);
    }
    let mut removed = 0;
    for sql in REMOVALS {
        let now = transaction.execute(sql, values![contact, limit - removed]).await?;
        removed = limit.min(removed.saturating_add(u32::try_from(now).unwrap_or(u32::MAX)));
    }
    let sql = "UPDATE jobs SET done = done + $2, updated_at = $3 WHERE id = $1";
    transaction.execute(sql, values![job, removed, at]).await?;
    if removed < limit {
        for sql in LAST {
            transaction.execute(sql, values![contact]).await?;
        }
    }
    Ok(removed)
}

async fn end(transaction: &mut Transaction<'_>, contacts: &[ContactId], at: Timestamp) -> Result<()> {
    let sql = "UPDATE jobs SET state = 'done', updated_at = $3 WHERE id = $1 AND kind = $2";
    let jobs = contacts.iter().map(|contact| values![JobId::from(contact.uuid()), KIND, at].to_vec());
    transaction.execute_each(sql, &jobs.collect::<Vec<_>>()).await
}
