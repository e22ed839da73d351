//! Knowledge bases: a draft that editors change, and the version that is served.

use futures::FutureExt;

use crate::{
    Act, Error, KnowledgeBaseId, Result, Store, Timestamp, audit,
    engine::{Row, Transaction, values},
};

/// A knowledge base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnowledgeBase {
    /// Its identifier.
    pub id: KnowledgeBaseId,
    /// Unique.
    pub name: String,
    /// Counts changes of the draft and its publications, from 1.
    pub revision: i64,
    /// The version that is served; `None` before the first is published.
    pub published_version: Option<i64>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its draft was last changed or a version published.
    pub updated_at: Timestamp,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, revision, published_version, created_at, updated_at FROM knowledge_bases ",
            $rest
        )
    };
}

impl Store {
    /// The knowledge base with this name; made, with the identifier `id`, if there is none.
    ///
    /// # Errors
    /// When the engine fails.
    pub async fn knowledge_base_named(
        &self,
        name: &str,
        id: KnowledgeBaseId,
        act: Act,
    ) -> Result<KnowledgeBase> {
        let name = name.to_owned();
        self.write(move |transaction| {
            async move {
                if let Some(row) = transaction.row(select!("WHERE name = $1"), values![name.as_str()]).await? {
                    return knowledge_base(row);
                }
                let sql = "INSERT INTO knowledge_bases (id, name, revision, last_version, created_at, updated_at) \
                           VALUES ($1, $2, 1, 0, $3, $3)";
                transaction.execute(sql, values![id, name.as_str(), act.at]).await?;
                audit::append(transaction, &act, "knowledge_base.create", &name, None).await?;
                read(transaction, id).await
            }
            .boxed()
        })
        .await
    }

    /// One knowledge base.
    ///
    /// # Errors
    /// [`Error::NotFound`]; when the engine fails.
    pub async fn knowledge_base(&self, id: KnowledgeBaseId) -> Result<KnowledgeBase> {
        self.read(move |transaction| read(transaction, id).boxed()).await
    }

    /// All of them, sorted by name.
    ///
    /// # Errors
    /// When the engine fails or a row is corrupt.
    pub async fn knowledge_bases(&self) -> Result<Vec<KnowledgeBase>> {
        let sql = select!("ORDER BY name");
        self.read(move |transaction| {
            async move { transaction.rows(sql, &[]).await?.into_iter().map(knowledge_base).collect() }.boxed()
        })
        .await
    }
}

/// A knowledge base as this transaction sees it.
pub(crate) async fn read(transaction: &mut Transaction<'_>, id: KnowledgeBaseId) -> Result<KnowledgeBase> {
    let row = transaction.row(select!("WHERE id = $1"), values![id]).await?;
    knowledge_base(row.ok_or_else(|| Error::not_found("knowledge_bases", id))?)
}

/// Counts a change of the draft that somebody made who saw `revision`; the new revision.
pub(crate) async fn advance(
    transaction: &mut Transaction<'_>,
    id: KnowledgeBaseId,
    revision: i64,
    at: Timestamp,
) -> Result<i64> {
    let found = read(transaction, id).await?;
    if found.revision != revision {
        return Err(Error::conflict(format!("the knowledge base has revision {}", found.revision)));
    }
    let sql = "UPDATE knowledge_bases SET revision = revision + 1, updated_at = $2 WHERE id = $1 RETURNING revision";
    transaction.scalar("knowledge_bases", sql, values![id, at]).await
}

fn knowledge_base(row: Row) -> Result<KnowledgeBase> {
    let mut fields = row.fields("knowledge_bases");
    Ok(KnowledgeBase {
        id: fields.next()?,
        name: fields.next()?,
        revision: fields.next()?,
        published_version: fields.next()?,
        created_at: fields.next()?,
        updated_at: fields.next()?,
    })
}
