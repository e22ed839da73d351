//! Labels of the knowledge base in the store: replaced as a whole, and published with the entries.

use std::collections::HashSet;

use answer::{Label, LabelSource};
use store::{KnowledgeBase, Store, Version, VersionLabel};
use uuid::Uuid;

use crate::actor::Actor;

/// Replaces the labels of the draft of `base` by `labels` and publishes it, or does neither.
///
/// # Errors
/// [`answer::Error::Knowledge`] for a question that is there twice or an entry that is not there; [`store::Error::Conflict`]
/// when somebody else edits at the same moment; when the store fails.
pub(crate) async fn import_labels(
    store: &Store,
    base: &KnowledgeBase,
    labels: Vec<Label>,
) -> anyhow::Result<Version> {
    let entries = store.entries_of(base.id).await?;
    check(&labels, &entries.iter().map(|entry| entry.id.as_str()).collect())?;
    let act = Actor::Operator.act(None);
    let row = |label: Label| {
        Ok(store::Label {
            id: Uuid::now_v7().into(),
            knowledge_base: base.id,
            text: label.text,
            entry_id: label.expected,
            source: word(label.source)?,
            note: label.note,
            labelled_by: act.actor.clone(),
            at: act.at,
        })
    };
    let rows = labels.into_iter().map(row).collect::<anyhow::Result<_>>()?;
    Ok(store.publish_labels(base.id, base.revision, rows, act).await?)
}

/// Whether `labels` can be those of `entries`, told by their identifiers.
///
/// # Errors
/// [`answer::Error::Knowledge`] for a question that is there twice or an entry that is not there.
pub(crate) fn check(labels: &[Label], entries: &HashSet<&str>) -> answer::Result<()> {
    let mut seen = HashSet::new();
    for Label { text, expected, .. } in labels {
        if !seen.insert(text) {
            return Err(answer::Error::Knowledge(format!("the question \"{text}\" has two labels")));
        }
        if let Some(id) = expected.as_ref().filter(|id| !entries.contains(id.as_str())) {
            let message = format!("the label of \"{text}\" expects the entry {id}, which is not there");
            return Err(answer::Error::Knowledge(message));
        }
    }
    Ok(())
}

/// Published labels in the form of `questions.jsonl`.
///
/// # Errors
/// For a source that this program does not know.
pub(crate) fn labels_of(labels: Vec<VersionLabel>) -> anyhow::Result<Vec<Label>> {
    let label = |VersionLabel { text, entry_id, source, note, .. }: VersionLabel| {
        let source: LabelSource = serde_json::from_value(source.into())?;
        Ok(Label { text, expected: entry_id, source, note })
    };
    labels.into_iter().map(label).collect()
}

/// As files write it.
fn word(source: LabelSource) -> anyhow::Result<String> {
    Ok(serde_json::from_value(serde_json::to_value(source)?)?)
}
