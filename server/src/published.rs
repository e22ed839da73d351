//! The knowledge base that is kept in the store: what was imported, and which version is served.

mod follow;
mod labels;

use std::{collections::HashSet, sync::Arc};

use answer::{FaqEntry, Label, read_knowledge};
use anyhow::Context as _;
use store::{KnowledgeBase, NewEntry, Store, Version, VersionContent};
use uuid::Uuid;

pub(crate) use self::{
    follow::{Publication, follow},
    labels::{check as check_labels, import_labels, labels_of},
};
use crate::{Knowledge, actor::Actor};

/// The name of the one knowledge base.
const NAME: &str = "default";

/// The knowledge base; `None` before the first import.
///
/// # Errors
/// When the store fails.
pub(crate) async fn find(store: &Store) -> store::Result<Option<KnowledgeBase>> {
    Ok(store.knowledge_bases().await?.into_iter().find(|base| base.name == NAME))
}

/// Replaces the draft's entries and publishes it, with the labels that it has, or does neither; also how many of these are of no use, since
/// their entry is gone or disabled.
///
/// # Errors
/// [`store::Error::Conflict`] when somebody else edits at the same moment; when the store fails.
pub(crate) async fn import(store: &Store, entries: &[FaqEntry]) -> anyhow::Result<(Version, usize)> {
    let rows = entries.iter().map(|entry| Ok(NewEntry::from_json(serde_json::to_string(entry)?)?));
    let rows: Vec<NewEntry> = rows.collect::<anyhow::Result<_>>()?;
    let base = store.knowledge_base_named(NAME, Uuid::now_v7().into(), Actor::Operator.act(None)).await?;
    let enabled = enabled(entries);
    let labels = store.labels_of(base.id).await?;
    let is_unused = |label: &&store::Label| !is_of_use(label.entry_id.as_deref(), &enabled);
    let unused = labels.iter().filter(is_unused).count();
    let version = store.publish_entries(base.id, base.revision, rows, Actor::Operator.act(None)).await?;
    Ok((version, unused))
}

fn enabled(entries: &[FaqEntry]) -> HashSet<&str> {
    entries.iter().filter(|entry| entry.enabled).map(|entry| entry.id.as_str()).collect()
}

/// Whether the calibration can learn from a label that expects this entry.
fn is_of_use(expected: Option<&str>, enabled: &HashSet<&str>) -> bool {
    expected.is_none_or(|id| enabled.contains(id))
}

/// Drops labels whose entry is not among the enabled of `entries`.
pub(crate) fn retain_useful(labels: &mut Vec<Label>, entries: &[FaqEntry]) {
    let enabled = enabled(entries);
    labels.retain(|label| is_of_use(label.expected.as_deref(), &enabled));
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
        Some(base) => store.publish_again(base.id, version, Actor::Operator.act(None)).await,
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

impl Knowledge {
    /// What the store has published, as knowledge; `None` when nothing was. Labels whose entry is not served are left out: it
    /// was removed or disabled since.
    ///
    /// # Errors
    /// When the store fails, or an entry or a label is none.
    pub async fn published(store: &Arc<Store>) -> anyhow::Result<Option<Self>> {
        let Some((version, content)) = content(store, None).await? else { return Ok(None) };
        let read = move || {
            let name = format!("version {version} in the store");
            let entries = read_knowledge(content.entries.join("\n").as_bytes(), &name)
                .with_context(|| format!("{name} cannot be read"))?;
            let mut labels = labels_of(content.labels)?;
            retain_useful(&mut labels, &entries);
            Ok::<_, anyhow::Error>((entries, labels))
        };
        let (entries, labels) = tokio::task::spawn_blocking(read).await??;
        let store = Some(Arc::clone(store));
        Ok(Some(Self { entries, labels, demo: None, store, version: Some(version) }))
    }
}
