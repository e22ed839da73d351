//! Labelled questions: what a person said is the right entry, or that none is.

use futures::FutureExt;

use crate::{
    KnowledgeBaseId, LabelId, Result, Store, Timestamp,
    engine::{Row, values},
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
        let sql = "INSERT INTO labels (id, knowledge_base_id, text, entry_id, labelled_by, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (knowledge_base_id, text) DO UPDATE SET \
                   entry_id = excluded.entry_id, labelled_by = excluded.labelled_by, \
                   created_at = excluded.created_at";
        self.write(move |transaction| {
            async move {
                let sets = labels.into_iter().map(|label| {
                    vec![
                        label.id.into(),
                        label.knowledge_base.into(),
                        label.text.into(),
                        label.entry_id.into(),
                        label.labelled_by.into(),
                        label.at.into(),
                    ]
                });
                transaction.execute_each(sql, &sets.collect::<Vec<_>>()).await
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
        let sql = "SELECT id, knowledge_base_id, text, entry_id, labelled_by, created_at FROM labels \
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

fn label(row: Row) -> Result<Label> {
    let mut fields = row.fields("labels");
    Ok(Label {
        id: fields.next()?,
        knowledge_base: fields.next()?,
        text: fields.next()?,
        entry_id: fields.next()?,
        labelled_by: fields.next()?,
        at: fields.next()?,
    })
}
