//! The knowledge base that is kept in the store: what was imported, and which version is served.

use answer::{FaqEntry, Label, LabelSource, read_knowledge};
use anyhow::Context as _;
use store::{Act, KnowledgeBase, NewEntry, Store, Version, VersionContent};
use uuid::Uuid;

use crate::{Knowledge, clock};

/// The name of the one knowledge base.
const NAME: &str = "default";

/// Whoever types a command.
fn act() -> Act {
    Act { actor: String::from("command line"), reason: None, at: clock::timestamp() }
}

/// The knowledge base; `None` before the first import.
///
/// # Errors
/// When the store fails.
pub(crate) async fn find(store: &Store) -> store::Result<Option<KnowledgeBase>> {
    Ok(store.knowledge_bases().await?.into_iter().find(|base| base.name == NAME))
}

/// Replaces the draft by `entries` and publishes it.
///
/// # Errors
/// [`store::Error::Conflict`] when somebody else edits at the same moment; when the store fails.
pub(crate) async fn import(store: &Store, entries: &[FaqEntry]) -> anyhow::Result<Version> {
    let rows = entries.iter().map(|entry| Ok(NewEntry::from_json(serde_json::to_string(entry)?)?));
    let rows: Vec<NewEntry> = rows.collect::<anyhow::Result<_>>()?;
    let base = store.knowledge_base_named(NAME, Uuid::now_v7().into(), act()).await?;
    let revision = store.replace_entries(base.id, base.revision, rows, act()).await?;
    Ok(store.publish(base.id, revision, act()).await?)
}

/// Every version, newest first, each with whether it is served. Empty before the first import.
///
/// # Errors
/// When the store fails.
pub(crate) async fn versions(store: &Store) -> store::Result<Vec<(Version, bool)>> {
    let Some(base) = find(store).await? else { return Ok(Vec::new()) };
    let versions = store.versions_of(base.id).await?.into_iter();
    Ok(versions.map(|version| (version.clone(), base.published_version == Some(version.version))).collect())
}

/// Serves an earlier version again.
///
/// # Errors
/// [`store::Error::NotFound`] when there is no such version; when the store fails.
pub(crate) async fn publish_again(store: &Store, version: i64) -> store::Result<Version> {
    match find(store).await? {
        Some(base) => store.publish_again(base.id, version, act()).await,
        None => Err(store::Error::NotFound { table: "versions", id: version.to_string() }),
    }
}

/// The number and the content of `version`, or of the one that is served; `None` when nothing was published.
///
/// # Errors
/// [`store::Error::NotFound`] when there is no such version; when the store fails or the version is corrupt.
pub(crate) async fn content(
    store: &Store,
    version: Option<i64>,
) -> store::Result<Option<(i64, VersionContent)>> {
    let Some(base) = find(store).await? else { return Ok(None) };
    let Some(version) = version.or(base.published_version) else { return Ok(None) };
    Ok(Some((version, store.version_content(base.id, version).await?)))
}

/// What is served, as knowledge, with its version; `None` when nothing was published.
///
/// # Errors
/// When the store fails, or an entry is none.
pub(crate) async fn knowledge(store: &Store) -> anyhow::Result<Option<(i64, Knowledge)>> {
    let Some((version, content)) = content(store, None).await? else { return Ok(None) };
    let name = format!("version {version} in the store");
    let entries = read_knowledge(content.entries.join("\n").as_bytes(), &name)
        .with_context(|| format!("{name} cannot be read"))?;
    let labels = content.labels.into_iter().map(|label| Label {
        text: label.text,
        expected: label.entry_id,
        source: LabelSource::default(),
        note: None,
    });
    Ok(Some((version, Knowledge { labels: labels.collect(), ..entries.into() })))
}
