//! Labelled questions: what a person said is the right entry, or that none is.

use futures::FutureExt;

use crate::{
    Act, KnowledgeBaseId, LabelId, Result, Store, Timestamp, Version, audit,
    engine::{Row, Transaction, values},
    knowledge_bases::{self, advance},
    versions,
};

/// A question with its right entry. The text holds nothing personal: whoever labels what a customer wrote masks it first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Its identifier.
    pub id: LabelId,
    /// For which knowledge base.
    pub knowledge_base: KnowledgeBaseId,
    /// The question.
    pub text: String,
    /// The right entry; `None` means that a person must take it.
    pub entry_id: Option<String>,
    /// On what grounds, as a word.
    pub source: String,
    /// For people.
    pub note: Option<String>,
    /// Who said so.
    pub labelled_by: String,
    /// When.
    pub at: Timestamp,
}

impl Store {
    /// Stores labels. A question has one label: a later one replaces it.
    ///
    /// # Errors
    /// [`Error::Invalid`](crate::Error::Invalid) when there is no such knowledge base; when the engine fails.
    pub async fn store_labels(&self, labels: Vec<Label>) -> Result<()> {
        self.write(move |transaction| async move { insert(transaction, labels).await }.boxed()).await
    }

    /// Replaces all labels of a draft; its new revision.
    ///
    /// # Errors
    /// [`Error::Conflict`](crate::Error::Conflict) when the draft has changed since `revision`;
    /// [`Error::NotFound`](crate::Error::NotFound); when the engine fails.
    pub async fn replace_labels(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        labels: Vec<Label>,
        act: Act,
    ) -> Result<i64> {
        self.write(move |transaction| {
            async move { replace(transaction, knowledge_base, revision, labels, &act).await }.boxed()
        })
        .await
    }

    /// [`replace_labels`](Self::replace_labels) and [`publish`](Self::publish) at once: both happen, or neither.
    ///
    /// # Errors
    /// As those.
    pub async fn publish_labels(
        &self,
        knowledge_base: KnowledgeBaseId,
        revision: i64,
        labels: Vec<Label>,
        act: Act,
    ) -> Result<Version> {
        self.write(move |transaction| {
            async move {
                let revision = replace(transaction, knowledge_base, revision, labels, &act).await?;
                versions::publish(transaction, knowledge_base, revision, act).await
            }
            .boxed()
        })
        .await
    }

    /// The labels of a knowledge base, sorted by text.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn labels_of(&self, knowledge_base: KnowledgeBaseId) -> Result<Vec<Label>> {
        let sql = "SELECT id, knowledge_base_id, text, entry_id, source, note, labelled_by, created_at FROM labels \
                   WHERE knowledge_base_id = $1 ORDER BY text";
        self.read(move |transaction| {
            async move { transaction.rows(sql, values![knowledge_base]).await?.into_iter().map(label).collect() }
                .boxed()
        })
        .await
    }

    /// Removes a label; `false` when there is none.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn remove_label(&self, id: LabelId) -> Result<bool> {
        let sql = "DELETE FROM labels WHERE id = $1";
        self.write(move |transaction| {
            async move { Ok(transaction.execute(sql, values![id]).await? == 1) }.boxed()
        })
        .await
    }
}

async fn replace(
    transaction: &mut Transaction<'_>,
    knowledge_base: KnowledgeBaseId,
    revision: i64,
    labels: Vec<Label>,
    act: &Act,
) -> Result<i64> {
    let name = knowledge_bases::read(transaction, knowledge_base).await?.name;
    let revision = advance(transaction, knowledge_base, revision, act.at).await?;
    let sql = "DELETE FROM labels WHERE knowledge_base_id = $1";
    transaction.execute(sql, values![knowledge_base]).await?;
    let detail = serde_json::json!({ "labels": labels.len() }).to_string();
    insert(transaction, labels).await?;
    audit::append(transaction, act, "labels.replace", &name, Some(detail)).await?;
    Ok(revision)
}

/// Of two labels with the same text the later one stays.
async fn insert(transaction: &mut Transaction<'_>, labels: Vec<Label>) -> Result<()> {
    let sql = "INSERT INTO labels (id, knowledge_base_id, text, entry_id, source, note, labelled_by, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (knowledge_base_id, text) DO UPDATE SET \
               entry_id = excluded.entry_id, source = excluded.source, note = excluded.note, \
               labelled_by = excluded.labelled_by, created_at = excluded.created_at";
    let rows = labels.into_iter().map(|label| {
        vec![
            label.id.into(),
            label.knowledge_base.into(),
            label.text.into(),
            label.entry_id.into(),
            label.source.into(),
            label.note.into(),
            label.labelled_by.into(),
            label.at.into(),
        ]
    });
    transaction.execute_each(sql, &rows.collect::<Vec<_>>()).await
}

fn label(row: Row) -> Result<Label> {
    let mut fields = row.fields("labels");
    Ok(Label {
        id: fields.next()?,
        knowledge_base: fields.next()?,
        text: fields.next()?,
        entry_id: fields.next()?,
        source: fields.next()?,
        note: fields.next()?,
        labelled_by: fields.next()?,
        at: fields.next()?,
    })
}
