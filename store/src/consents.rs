//! What a person agreed to and withdrew: rows are added and never changed. What somebody said last about a purpose is kept
//! for as long as the person is known; what was said before may go some time after it ended.

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, ConsentId, ContactId, Error, Result, Store, Timestamp, audit,
    engine::{Row, Transaction, values},
};

/// What a person said about one purpose: a consent, or that it is withdrawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConsentStatement {
    /// Its identifier.
    pub id: ConsentId,
    /// Whose.
    pub contact: ContactId,
    /// What the data may be used for, as a word of the business: `service`, `marketing`, `profiling`, …
    pub purpose: String,
    /// Which text the person was shown.
    pub text_version: String,
    /// Given or withdrawn.
    pub granted: bool,
    /// Through which channel.
    pub channel: String,
}

/// A statement that was recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consent {
    /// What the person said.
    pub statement: ConsentStatement,
    /// Who wrote it down, by a pseudonymous identifier.
    pub recorded_by: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Records what a person said; who records it and when are those of the act. The audit log keeps the same without the person's data, also after an erasure.
    /// Repeating it with the same identifier changes nothing.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such contact; when the engine fails.
    pub async fn record_consent(&self, statement: ConsentStatement, act: Act) -> Result<()> {
        self.write(move |transaction| async move { record(transaction, statement, &act).await }.boxed()).await
    }

    /// What a person said, oldest first. The last one of a purpose holds.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn consents_of(&self, contact: ContactId) -> Result<Vec<Consent>> {
        self.read(move |transaction| of(transaction, contact).boxed()).await
    }
}

async fn record(transaction: &mut Transaction<'_>, statement: ConsentStatement, act: &Act) -> Result<()> {
    let ConsentStatement { id, contact, purpose, text_version, granted, channel } = statement;
    let found = transaction.row("SELECT 1 FROM contacts WHERE id = $1", values![contact]).await?;
    if found.is_none() {
        return Err(Error::not_found("contacts", contact));
    }
    let sql = "INSERT INTO consents (id, contact_id, purpose, text_version, granted, channel, recorded_by, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING";
    let values = values![
        id,
        contact,
        purpose.as_str(),
        text_version.as_str(),
        granted,
        channel.as_str(),
        act.actor.as_str(),
        act.at
    ];
    if transaction.execute(sql, values).await? == 0 {
        return Ok(());
    }
    let action = if granted { "consent.grant" } else { "consent.withdraw" };
    let detail = json!({ "purpose": purpose, "text_version": text_version, "channel": channel });
    audit::append(transaction, act, action, &contact.to_string(), Some(detail.to_string())).await
}

/// What a person said, as this transaction sees it.
pub(crate) async fn of(transaction: &mut Transaction<'_>, contact: ContactId) -> Result<Vec<Consent>> {
    let sql = "SELECT id, contact_id, purpose, text_version, granted, channel, recorded_by, created_at FROM consents \
               WHERE contact_id = $1 ORDER BY created_at, id";
    transaction.rows(sql, values![contact]).await?.into_iter().map(consent).collect()
}

fn consent(row: Row) -> Result<Consent> {
    let mut fields = row.fields("consents");
    let statement = ConsentStatement {
        id: fields.next()?,
        contact: fields.next()?,
        purpose: fields.next()?,
        text_version: fields.next()?,
        granted: fields.next()?,
        channel: fields.next()?,
    };
    Ok(Consent { statement, recorded_by: fields.next()?, at: fields.next()? })
}
