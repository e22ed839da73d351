//! The texts that a snapshot is made of, before and after embedding.

use inference::{Embedder, Embedding, Role};

use super::direction;
use crate::{FaqEntry, Result, normalize::normalize, other_topics::other_topics};

/// A text, before (`Vector` is `()`) and after embedding.
pub(super) struct EntryText<Vector> {
    /// Position of its entry; of no meaning for another topic.
    pub(super) entry: usize,
    pub(super) kind: TextKind,
    pub(super) text: String,
    pub(super) normalized: String,
    pub(super) vector: Vector,
}

impl EntryText<()> {
    fn new(entry: usize, kind: TextKind, text: &str) -> Self {
        Self { entry, kind, text: text.to_owned(), normalized: normalize(text), vector: () }
    }

    fn with<Vector>(self, vector: Vector) -> EntryText<Vector> {
        let Self { entry, kind, text, normalized, vector: () } = self;
        EntryText { entry, kind, text, normalized, vector }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TextKind {
    Phrasing,
    Negative,
    Answer,
    Topic,
}

/// Phrasings, negative phrasings and answers, entry by entry, then the shipped questions about other topics.
pub(super) fn entry_texts(entries: &[FaqEntry]) -> Vec<EntryText<()>> {
    let mut texts = Vec::new();
    for (entry, faq) in entries.iter().enumerate() {
        let mut add = |kind, text: &str| texts.push(EntryText::new(entry, kind, text));
        faq.phrasings().for_each(|text| add(TextKind::Phrasing, text));
        faq.negative.iter().for_each(|text| add(TextKind::Negative, text));
        if !faq.answer().is_empty() {
            add(TextKind::Answer, faq.answer());
        }
    }
    if !entries.is_empty() {
        texts.extend(other_topics().map(|text| EntryText::new(0, TextKind::Topic, text)));
    }
    texts
}

/// Texts embedded between two calls of `on_progress`.
const PROGRESS_STEP: usize = 512;

/// Embeds step by step; `on_progress` receives how many are done, and the total.
///
/// # Errors
/// From the embedder.
pub(super) async fn embed(
    texts: Vec<EntryText<()>>,
    embedder: &Embedder,
    mut on_progress: impl FnMut(usize, usize),
) -> Result<Vec<EntryText<Option<Embedding>>>> {
    let total = texts.len();
    let mut embedded = Vec::with_capacity(total);
    on_progress(0, total);
    let mut texts = texts.into_iter().peekable();
    while texts.peek().is_some() {
        let step: Vec<EntryText<()>> = texts.by_ref().take(PROGRESS_STEP).collect();
        let spellings: Vec<String> = step.iter().map(|text| text.normalized.clone()).collect();
        let vectors = embedder.embed_many(&spellings, Role::Passage).await;
        for (text, vector) in step.into_iter().zip(vectors) {
            embedded.push(text.with(direction(vector)?));
        }
        on_progress(embedded.len(), total);
    }
    Ok(embedded)
}
