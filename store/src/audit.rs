//! Who did what: entries in a chain, each written in the transaction of the act itself.
//!
//! An entry's hash covers the entry and the hash before it, so an edited, removed, inserted or moved entry shows. Entries
//! cut off at the end, or a chain that was written anew from some point on, show only against a head that was kept
//! elsewhere.

use std::collections::HashSet;

use futures::FutureExt;
use sha2::{Digest, Sha256};

use crate::{
    Error, Result, Store, Timestamp, counters,
    engine::{Row, Transaction, values},
    retention::SHORTENED,
};

/// An administrative act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Who, by a pseudonymous identifier.
    pub actor: String,
    /// Why, if the person has to say.
    pub reason: Option<String>,
    /// Now.
    pub at: Timestamp,
}

/// What was recorded of an act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub sequence: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub object: String,
    /// Why.
    pub reason: Option<String>,
    /// More of it, a JSON object; never personal data.
    pub detail: Option<String>,
    /// The hash of the entry before; zeros for the first.
    pub previous_hash: [u8; 32],
    /// The hash of this entry.
    pub hash: [u8; 32],
}

/// The end of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// The last entry's sequence; 0 without entries.
    pub sequence: i64,
    /// Its hash; zeros without entries.
    pub hash: [u8; 32],
}

/// What a verification found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditState {
    /// Every entry is as it was written.
    Whole(AuditHead),
    /// From this sequence on the chain is not what was written.
    Broken {
        /// The first entry that is changed, missing or out of place.
        first_bad: i64,
    },
}

const COUNTER: &str = "audit_entries";

/// Entries that a verification reads at once.
const PAGE: u32 = 1000;

/// What precedes the fields, so that a hash of something else never fits.
const PURPOSE: &[u8] = b"yingda audit entry 1";

impl AuditEntry {
    /// SHA-256 over all fields but the hash itself, each text preceded by its length as eight bytes, big end first; an
    /// absent text is all ones instead of a length.
    #[must_use]
    pub fn computed_hash(&self) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(PURPOSE);
        hash.update(self.previous_hash);
        hash.update(self.sequence.to_be_bytes());
        hash.update(self.at.0.to_be_bytes());
        for text in [
            Some(&self.actor),
            Some(&self.action),
            Some(&self.object),
            self.reason.as_ref(),
            self.detail.as_ref(),
        ] {
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            hash.update(length.to_be_bytes());
            hash.update(text.map_or("", String::as_str));
        }
        hash.finalize().into()
    }
}

impl Store {
    /// Records an act that changes nothing in the store: that somebody looked at something. What is looked at is shown
    /// only after this has returned. A repeat after an error is one more entry: whoever tries twice has acted twice.
    ///
    /// # Errors
    /// When the engine fails; then the act must not take place.
    pub async fn record_act(
        &self,
        act: Act,
        action: &str,
        object: &str,
        detail: Option<String>,
    ) -> Result<()> {
        let (action, object) = (action.to_owned(), object.to_owned());
        self.write_urgently(move |transaction| {
            async move { append(transaction, &act, &action, &object, detail).await }.boxed()
        })
        .await
    }

    /// Up to `limit` entries after the one with sequence `after`.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn audit_entries_after(&self, after: i64, limit: u32) -> Result<Vec<AuditEntry>> {
        self.read(move |transaction| page(transaction, after, limit).boxed()).await
    }

    /// Follows the chain from its beginning, or from where it begins since its oldest entries were given up: then a later
    /// entry must say so. `kept` is a head that was kept elsewhere: the chain must still run through it, unless it was
    /// given up since. Others may write and shorten the log meanwhile: one committed state is looked at.
    ///
    /// # Errors
    /// When the engine fails. A row that cannot be read is a broken chain, not an error.
    pub async fn verify_audit(&self, kept: Option<AuditHead>) -> Result<AuditState> {
        self.read(move |transaction| verify(transaction, kept).boxed()).await
    }
}

async fn verify(transaction: &mut Transaction<'_>, kept: Option<AuditHead>) -> Result<AuditState> {
    let anchor = anchor(transaction).await?;
    let mut head = anchor.unwrap_or(AuditHead { sequence: 0, hash: [0; 32] });
    let mut said = anchor.is_none();
    loop {
        let entries = readable_after(transaction, head.sequence).await?;
        if entries.is_empty() {
            break;
        }
        for entry in entries {
            let Some(next) = follow(head, &entry, kept) else {
                return Ok(AuditState::Broken { first_bad: head.sequence + 1 });
            };
            head = next;
            said |= entry.action == SHORTENED && anchor.map(anchor_name).as_ref() == Some(&entry.object);
        }
    }
    if !said {
        return Ok(AuditState::Broken { first_bad: 1 });
    }
    let last = counters::last(transaction, COUNTER).await?;
    let expected = kept.map_or(last, |kept| kept.sequence.max(last));
    let whole = head.sequence >= expected;
    Ok(if whole { AuditState::Whole(head) } else { AuditState::Broken { first_bad: head.sequence + 1 } })
}

/// A page of entries, or what can be read of it before the first row that cannot.
async fn readable_after(transaction: &mut Transaction<'_>, after: i64) -> Result<Vec<AuditEntry>> {
    match page(transaction, after, PAGE).await {
        Err(Error::Corrupt { .. }) => {}
        entries => return entries,
    }
    let mut readable = Vec::new();
    for sequence in after.. {
        match page(transaction, sequence, 1).await {
            Ok(next) if next.is_empty() => break,
            Ok(next) => readable.extend(next),
            Err(Error::Corrupt { .. }) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(readable)
}

/// The last entry that was given up, if any were.
async fn anchor(transaction: &mut Transaction<'_>) -> Result<Option<AuditHead>> {
    let sql = "SELECT sequence, hash FROM audit_anchors ORDER BY sequence DESC LIMIT 1";
    let Some(row) = transaction.row(sql, &[]).await? else { return Ok(None) };
    let mut fields = row.fields("audit_anchors");
    Ok(Some(AuditHead { sequence: fields.next()?, hash: fields.next()? }))
}

/// How the log names the last entry that was given up: sequence and hash.
pub(crate) fn anchor_name(anchor: AuditHead) -> String {
    let hash: String = anchor.hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}:{hash}", anchor.sequence)
}

/// The head after `entry`, if it follows `head` and is what was written.
fn follow(head: AuditHead, entry: &AuditEntry, kept: Option<AuditHead>) -> Option<AuditHead> {
    let follows = entry.sequence == head.sequence + 1 && entry.previous_hash == head.hash;
    let genuine = entry.hash == entry.computed_hash();
    let known = kept.is_none_or(|kept| kept.sequence != entry.sequence || kept.hash == entry.hash);
    (follows && genuine && known).then_some(AuditHead { sequence: entry.sequence, hash: entry.hash })
}

/// Writes an entry within the transaction of the act.
pub(crate) async fn append(
    transaction: &mut Transaction<'_>,
    act: &Act,
    action: &str,
    object: &str,
    detail: Option<String>,
) -> Result<()> {
    let sequence = counters::next(transaction, COUNTER).await?;
    let sql = "SELECT hash FROM audit_entries ORDER BY sequence DESC LIMIT 1";
    let previous = transaction.row(sql, &[]).await?.map(|row| row.only("audit_entries")).transpose()?;
    let mut entry = AuditEntry {
        sequence,
        at: act.at,
        actor: act.actor.clone(),
        action: action.to_owned(),
        object: object.to_owned(),
        reason: act.reason.clone(),
        detail,
        previous_hash: previous.unwrap_or([0; 32]),
        hash: [0; 32],
    };
    entry.hash = entry.computed_hash();
    let sql = "INSERT INTO audit_entries (sequence, created_at, actor, action, object, reason, detail, previous_hash, \
               hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = values![
        sequence,
        entry.at,
        entry.actor,
        entry.action,
        entry.object,
        entry.reason,
        entry.detail,
        &entry.previous_hash[..],
        &entry.hash[..]
    ];
    transaction.execute(sql, values).await?;
    Ok(())
}

/// Every entry whose object is one of `objects`, oldest first. Reads the whole log.
pub(crate) async fn about(
    transaction: &mut Transaction<'_>,
    objects: &HashSet<String>,
) -> Result<Vec<AuditEntry>> {
    let (mut found, mut after) = (Vec::new(), 0);
    loop {
        let entries = page(transaction, after, PAGE).await?;
        let Some(last) = entries.last() else { return Ok(found) };
        after = last.sequence;
        found.extend(entries.into_iter().filter(|entry| objects.contains(&entry.object)));
    }
}

async fn page(transaction: &mut Transaction<'_>, after: i64, limit: u32) -> Result<Vec<AuditEntry>> {
    let sql = "SELECT sequence, created_at, actor, action, object, reason, detail, previous_hash, hash \
               FROM audit_entries WHERE sequence > $1 ORDER BY sequence LIMIT $2";
    transaction.rows(sql, values![after, limit]).await?.into_iter().map(entry).collect()
}

fn entry(row: Row) -> Result<AuditEntry> {
    let mut fields = row.fields("audit_entries");
    Ok(AuditEntry {
        sequence: fields.next()?,
        at: fields.next()?,
        actor: fields.next()?,
        action: fields.next()?,
        object: fields.next()?,
        reason: fields.next()?,
        detail: fields.next()?,
        previous_hash: fields.next()?,
        hash: fields.next()?,
    })
}
