//! The draft of a knowledge base: entries as JSON, with the columns by which they are found.

use std::collections::HashSet;

use futures::FutureExt;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{
    Act, ContentHash, Error, KnowledgeBaseId, Result, Store, Timestamp, Version, audit,
    engine::{Row, Transaction, Value, values},
    knowledge_bases::{self, advance},
    versions,
    words::words,
};

words! {
    /// What a phrasing is for.
    PhrasingKind {
        /// The question that customers and editors see.
        Standard = "standard",
        /// Another way to ask the same.
        Similar = "similar",
        /// What looks alike but is not meant.
        Negative = "negative",
    }
}

/// An entry: the JSON object of one line of `knowledge.jsonl`, which is kept as it is, and what it is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEntry {
    id: String,
    category: Option<String>,
    enabled: bool,
    phrasings: Vec<(PhrasingKind, String)>,
    content: String,
}

/// The fields of an entry that are columns; the others are kept but not looked at.
#[derive(Deserialize)]
struct Indexed {
    id: String,
    question: String,
    #[serde(default)]
    similar: Vec<String>,
    #[serde(default)]
    negative: Vec<String>,
    #[serde(default)]
    category: Option<String>,
    #[serde(default = "enabled_by_default")]
    enabled: bool,
}

fn enabled_by_default() -> bool {
    true
}

impl NewEntry {
    /// Reads what an entry is found by.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is no JSON object with an `id` and a `question`.
    pub fn from_json(content: impl Into<String>) -> Result<Self> {
        let content = content.into();
        let indexed: Indexed =
            serde_json::from_str(&content).map_err(|error| Error::invalid(format!("an entry: {error}")))?;
        let phrasings = std::iter::once((PhrasingKind::Standard, indexed.question))
            .chain(indexed.similar.into_iter().map(|text| (PhrasingKind::Similar, text)))
            .chain(indexed.negative.into_iter().map(|text| (PhrasingKind::Negative, text)));
        let phrasings = phrasings.collect();
        Ok(Self { id: indexed.id, category: indexed.category, enabled: indexed.enabled, phrasings, content })
    }

    /// Its id within the knowledge base.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

/// An entry of the draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Unique within the knowledge base.
    pub id: String,
    /// The standard phrasing.
    pub question: String,
    /// For editors and reports.
    pub category: Option<String>,
    /// A disabled entry never answers.
    pub enabled: bool,
    /// The whole entry, a JSON object.
    pub content: String,
    /// SHA-256 of the content.
    pub content_hash: ContentHash,
    /// The knowledge base's revision in which it was last changed.
    pub revision: i64,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, question, category, enabled, content, content_hash, revision, updated_at FROM entries ",
            $rest
        )
    };
}

impl Store {
    /// The draft's entries, in their order.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn entries_of(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Entry>> {
        let sql = select!("WHERE knowledge_base_id = $1 ORDER BY position, id");
        self.read(move |transaction| {
            async move { transaction.rows(sql, values![knowledge_base]).await?.into_iter().map(entry).collect() }
                .boxed()
        })
        .await
    }

    /// The ids of the draft's entries that have exactly this phrasing of this kind, sorted.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn entries_phrased(
        &self,
        knowledge_base: KnowledgeBaseId,
        kind: PhrasingKind,
        text: &str,
    ) -> Result<Vec<String>> {
        let text = text.to_owned();
        let sql = "SELECT DISTINCT entry_id FROM phrasings WHERE knowledge_base_id = $1 AND kind = $2 AND text = $3 \
                   ORDER BY entry_id";
        self.read(move |transaction| {
            async move {
                let rows = transaction.rows(sql, values![knowledge_base, kind, text]).await?;
                rows.into_iter().map(|row| row.only("phrasings")).collect()
            }
            .boxed()
        })
        .await
    }

    /// Adds an entry or replaces the one with its id; the draft's new revision.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the draft has changed since `revision`; [`Error::NotFound`]; when the engine fails.
    pub async fn put_entry(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        new: NewEntry,
        act: Act,
    ) -> Result<i64> {
        self.write(move |transaction| {
            async move {
                let revision = advance(transaction, knowledge_base, revision, act.at).await?;
                let sql = "SELECT COALESCE((SELECT position FROM entries WHERE knowledge_base_id = $1 AND id = $2), \
                           (SELECT COALESCE(MAX(position), 0) + 1 FROM entries WHERE knowledge_base_id = $1))";
                let position: i64 =
                    transaction.scalar("entries", sql, values![knowledge_base, new.id.as_str()]).await?;
                remove(transaction, knowledge_base, &new.id).await?;
                insert(transaction, knowledge_base, revision, act.at, &[(position, &new)]).await?;
                audit::append(transaction, &act, "entry.put", &new.id, None).await?;
                Ok(revision)
            }
            .boxed()
        })
        .await
    }

    /// Removes an entry; the draft's new revision.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the draft has changed since `revision`; [`Error::NotFound`]; when the engine fails.
    pub async fn remove_entry(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        id: &str,
        act: Act,
    ) -> Result<i64> {
        let id = id.to_owned();
        self.write(move |transaction| {
            async move {
                let revision = advance(transaction, knowledge_base, revision, act.at).await?;
                if remove(transaction, knowledge_base, &id).await? == 0 {
                    return Err(Error::not_found("entries", id));
                }
                audit::append(transaction, &act, "entry.remove", &id, None).await?;
                Ok(revision)
            }
            .boxed()
        })
        .await
    }

    /// Replaces the whole draft, in this order; its new revision.
    ///
    /// # Errors
    /// [`Error::Invalid`] when two entries share an id; [`Error::Conflict`] when the draft has changed since `revision`;
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn replace_entries(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        entries: Vec<NewEntry>,
        act: Act,
    ) -> Result<i64> {
        refuse_double_ids(&entries)?;
        self.write(move |transaction| {
            async move { replace(transaction, knowledge_base, revision, &entries, &act).await }.boxed()
        })
        .await
    }

    /// [`replace_entries`](Self::replace_entries) and [`publish`](Self::publish) at once: both happen, or neither.
    ///
    /// # Errors
    /// As those.
    pub async fn publish_entries(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        entries: Vec<NewEntry>,
        act: Act,
    ) -> Result<Version> {
        refuse_double_ids(&entries)?;
        self.write(move |transaction| {
            async move {
                let revision = replace(transaction, knowledge_base, revision, &entries, &act).await?;
                versions::publish(transaction, knowledge_base, revision, act).await
            }
            .boxed()
        })
        .await
    }
}

fn refuse_double_ids(entries: &[NewEntry]) -> Result<()> {
    let mut seen = HashSet::new();
    match entries.iter().find(|entry| !seen.insert(entry.id.as_str())) {
        Some(twice) => Err(Error::invalid(format!("two entries have the id {}", twice.id))),
        None => Ok(()),
    }
}

async fn replace(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    revision: i64,
    entries: &[NewEntry],
    act: &Act,
) -> Result<i64> {
    let name = knowledge_bases::read(transaction, knowledge_base).await?.name;
    let revision = advance(transaction, knowledge_base, revision, act.at).await?;
    let sql = "DELETE FROM entries WHERE knowledge_base_id = $1";
    transaction.execute(sql, values![knowledge_base]).await?;
    let placed: Vec<(i64, &NewEntry)> = (1..).zip(entries).collect();
    insert(transaction, knowledge_base, revision, act.at, &placed).await?;
    let detail = serde_json::json!({ "entries": entries.len() }).to_string();
    audit::append(transaction, act, "entries.replace", &name, Some(detail)).await?;
    Ok(revision)
}

async fn remove(transaction: &mut Transaction<'_>, knowledge_base: KnowledgeBaseId, id: &str) -> Result<u64> {
    let sql = "DELETE FROM entries WHERE knowledge_base_id = $1 AND id = $2";
    transaction.execute(sql, values![knowledge_base, id]).await
}

async fn insert(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    revision: i64,
    at: Timestamp,
    placed: &[(i64, &NewEntry)],
) -> Result<()> {
    let entries = placed.iter().map(|(position, new)| {
        let question = new.phrasings.first().map_or("", |(_, text)| text.as_str());
        let hash = Sha256::digest(&new.content).to_vec();
        values![
            knowledge_base,
            new.id.as_str(),
            *position,
            question,
            new.category.clone(),
            new.enabled,
            new.content.as_str(),
            hash,
            revision,
            at
        ]
        .to_vec()
    });
    let sql = "INSERT INTO entries (knowledge_base_id, id, position, question, category, enabled, content, \
               content_hash, revision, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    transaction.execute_each(sql, &entries.collect::<Vec<_>>()).await?;
    let phrasings: Vec<Vec<Value>> =
        placed.iter().flat_map(|(_, new)| phrasing_rows(knowledge_base, new)).collect();
    let sql = "INSERT INTO phrasings (knowledge_base_id, entry_id, kind, position, text) VALUES ($1, $2, $3, $4, $5)";
    transaction.execute_each(sql, &phrasings).await
}

fn phrasing_rows(knowledge_base: KnowledgeBaseId, new: &NewEntry) -> impl Iterator<Item = Vec<Value>> {
    (1_i64..).zip(&new.phrasings).map(move |(position, (kind, text))| {
        values![knowledge_base, new.id.as_str(), *kind, position, text.as_str()].to_vec()
    })
}

fn entry(row: Row) -> Result<Entry> {
    let mut fields = row.fields("entries");
    Ok(Entry {
        id: fields.next()?,
        question: fields.next()?,
        category: fields.next()?,
        enabled: fields.next()?,
        content: fields.next()?,
        content_hash: fields.next()?,
        revision: fields.next()?,
        updated_at: fields.next()?,
    })
}
