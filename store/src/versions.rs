//! Published versions: what was served, entry by entry and label by label, and can be served again.

use futures::FutureExt;
use serde_json::json;

use crate::{
    Act, Error, EventKind, KnowledgeBaseId, LabelId, Result, Store, Timestamp, audit,
    engine::{Row, Transaction, values},
    events,
    knowledge_bases::advance,
};

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// From 1, within the knowledge base.
    pub version: i64,
    /// How many entries it has.
    pub entries: i64,
    /// How many labels it has.
    pub labels: i64,
    /// Who published it first.
    pub published_by: String,
    /// When.
    pub at: Timestamp,
}

/// A label as it was published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionLabel {
    /// Its identifier.
    pub id: LabelId,
    /// The question.
    pub text: String,
    /// The right entry; `None` means that a person must take it.
    pub entry_id: Option<String>,
    /// On what grounds, as a word.
    pub source: String,
    /// For people.
    pub note: Option<String>,
}

/// All of a version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VersionContent {
    /// The entries in their order, each a JSON object.
    pub entries: Vec<String>,
    /// The labels, sorted by text.
    pub labels: Vec<VersionLabel>,
}

impl Store {
    /// Makes a version of the draft and serves it. The draft has another revision afterwards, so that a repeat does not
    /// make a second version.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the draft has changed or was published since `revision`: what was checked is not what would
    /// be published, or it is published already;
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn publish(&self, knowledge_base: KnowledgeBaseId, revision: i64, act: Act) -> Result<Version> {
        self.write(move |transaction| publish(transaction, knowledge_base, revision, act).boxed()).await
    }

    /// Serves an earlier version again. The draft stays as it is.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such version; when the engine fails.
    pub async fn publish_again(
        &self,
        knowledge_base: KnowledgeBaseId,
        version: i64,
        act: Act,
    ) -> Result<Version> {
        self.write(move |transaction| {
            async move {
                let found = read(transaction, knowledge_base, version).await?;
                serve(transaction, knowledge_base, version, &act, "knowledge_base.publish_again").await?;
                Ok(found)
            }
            .boxed()
        })
        .await
    }

    /// All versions, newest first.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn versions_of(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Version>> {
        let sql = "SELECT version, entries, labels, published_by, created_at FROM versions \
                   WHERE knowledge_base_id = $1 ORDER BY version DESC";
        self.read(move |transaction| {
            async move {
                transaction.rows(sql, values![knowledge_base]).await?.into_iter().map(row_version).collect()
            }
            .boxed()
        })
        .await
    }

    /// All that a version holds.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such version; [`Error::Corrupt`] when entries or labels are missing; when
    /// the engine fails.
    pub async fn version_content(
        &self,
        knowledge_base: KnowledgeBaseId,
        version: i64,
    ) -> Result<VersionContent> {
        self.read(move |transaction| content(transaction, knowledge_base, version).boxed()).await
    }
}

pub(crate) async fn publish(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    revision: i64,
    act: Act,
) -> Result<Version> {
    advance(transaction, knowledge_base, revision, act.at).await?;
    let sql =
        "UPDATE knowledge_bases SET last_version = last_version + 1 WHERE id = $1 RETURNING last_version";
    let version: i64 = transaction.scalar("knowledge_bases", sql, values![knowledge_base]).await?;
    let sql = "INSERT INTO versions (knowledge_base_id, version, entries, labels, published_by, created_at) \
               VALUES ($1, $2, (SELECT COUNT(*) FROM entries WHERE knowledge_base_id = $1), \
               (SELECT COUNT(*) FROM labels WHERE knowledge_base_id = $1), $3, $4)";
    transaction.execute(sql, values![knowledge_base, version, act.actor.as_str(), act.at]).await?;
    copy_draft(transaction, knowledge_base, version).await?;
    serve(transaction, knowledge_base, version, &act, "knowledge_base.publish").await?;
    read(transaction, knowledge_base, version).await
}

async fn copy_draft(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    version: i64,
) -> Result<()> {
    let contents = "INSERT INTO entry_contents (hash, content) SELECT content_hash, content FROM entries \
                    WHERE knowledge_base_id = $1 ON CONFLICT (hash) DO NOTHING";
    transaction.execute(contents, values![knowledge_base]).await?;
    let copies = [
        "INSERT INTO version_entries (knowledge_base_id, version, position, entry_id, content_hash) \
         SELECT knowledge_base_id, CAST($2 AS BIGINT), position, id, content_hash FROM entries \
         WHERE knowledge_base_id = $1",
        "INSERT INTO version_labels (knowledge_base_id, version, label_id, text, entry_id, source, note) \
         SELECT knowledge_base_id, CAST($2 AS BIGINT), id, text, entry_id, source, note FROM labels \
         WHERE knowledge_base_id = $1",
    ];
    for sql in copies {
        transaction.execute(sql, values![knowledge_base, version]).await?;
    }
    Ok(())
}

async fn serve(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    version: i64,
    act: &Act,
    action: &str,
) -> Result<()> {
    let sql = "UPDATE knowledge_bases SET published_version = $2, updated_at = $3 WHERE id = $1";
    transaction.execute(sql, values![knowledge_base, version, act.at]).await?;
    let payload = json!({ "knowledge_base": knowledge_base.to_string(), "version": version });
    events::append(transaction, EventKind::KnowledgePublished, None, &payload, act.at).await?;
    audit::append(transaction, act, action, &knowledge_base.to_string(), Some(payload.to_string())).await
}

async fn read(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    version: i64,
) -> Result<Version> {
    let sql = "SELECT version, entries, labels, published_by, created_at FROM versions \
               WHERE knowledge_base_id = $1 AND version = $2";
    let row = transaction.row(sql, values![knowledge_base, version]).await?;
    row_version(row.ok_or_else(|| Error::not_found("versions", version))?)
}

async fn content(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    version: i64,
) -> Result<VersionContent> {
    let expected = read(transaction, knowledge_base, version).await?;
    let sql = "SELECT content FROM version_entries JOIN entry_contents ON hash = content_hash \
               WHERE knowledge_base_id = $1 AND version = $2 ORDER BY position, entry_id";
    let rows = transaction.rows(sql, values![knowledge_base, version]).await?;
    let entries: Vec<String> =
        rows.into_iter().map(|row| row.only("entry_contents")).collect::<Result<_>>()?;
    let sql = "SELECT label_id, text, entry_id, source, note FROM version_labels \
               WHERE knowledge_base_id = $1 AND version = $2 ORDER BY text";
    let rows = transaction.rows(sql, values![knowledge_base, version]).await?;
    let labels: Vec<VersionLabel> = rows.into_iter().map(version_label).collect::<Result<_>>()?;
    if (entries.len() as i64, labels.len() as i64) != (expected.entries, expected.labels) {
        let reason = format!("{} entries and {} labels are left", entries.len(), labels.len());
        return Err(Error::Corrupt {
            table: "versions",
            id: format!("{version} of {knowledge_base}"),
            reason,
        });
    }
    Ok(VersionContent { entries, labels })
}

fn row_version(row: Row) -> Result<Version> {
    let mut fields = row.fields("versions");
    Ok(Version {
        version: fields.next()?,
        entries: fields.next()?,
        labels: fields.next()?,
        published_by: fields.next()?,
        at: fields.next()?,
    })
}

fn version_label(row: Row) -> Result<VersionLabel> {
    let mut fields = row.fields("version_labels");
    Ok(VersionLabel {
        id: fields.next()?,
        text: fields.next()?,
        entry_id: fields.next()?,
        source: fields.next()?,
        note: fields.next()?,
    })
}
