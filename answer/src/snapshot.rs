//! Everything needed to decide, built once and never changed.

use std::ops::Range;

use index::{IndexParameters, IndexWriter, Searcher};
use inference::{Embedder, Embedding, Role};
use ndarray::{Array2, ArrayView1};
use sha2::{Digest, Sha256};

use crate::{Error, FaqEntry, Result, lexical::LexicalIndex, normalize, terms::terms};

/// Entries, phrasings, their vectors and the indexes over them, under one version.
///
/// Holds enabled entries only. Whether an entry is valid at a time and on a channel is asked per question.
pub struct KnowledgeSnapshot {
    pub(crate) entries: Vec<SnapshotEntry>,
    pub(crate) phrasings: Vec<Phrasing>,
    /// `[phrasings, dimension]`, rows of unit length, one after the other so that an entry's rows are read at once. The
    /// row of a phrasing of which the model knows no token is zero.
    pub(crate) vectors: Array2<f32>,
    pub(crate) dense: Searcher,
    pub(crate) lexical: LexicalIndex,
    pub(crate) dense_answers: Searcher,
    pub(crate) lexical_answers: LexicalIndex,
    version: String,
}

/// An entry with what belongs to it.
pub(crate) struct SnapshotEntry {
    pub(crate) faq: FaqEntry,
    /// Its part of [`KnowledgeSnapshot::phrasings`]; the standard phrasing comes first.
    pub(crate) phrasings: Range<usize>,
    pub(crate) negatives: Vec<Negative>,
    pub(crate) answer: Option<Embedding>,
}

/// A way to ask for an entry.
pub(crate) struct Phrasing {
    /// Position of the entry it belongs to.
    pub(crate) entry: usize,
    pub(crate) text: String,
}

/// A question that an entry does not answer.
pub(crate) struct Negative {
    pub(crate) normalized: String,
    /// `None` when the model knows no token of it.
    pub(crate) vector: Option<Embedding>,
}

/// How a snapshot is built.
#[derive(Clone, Debug, Default)]
pub struct BuildOptions {
    /// For both vector indexes.
    pub index: IndexParameters,
}

impl KnowledgeSnapshot {
    /// Embeds every phrasing and answer of the enabled `entries` and builds the indexes. `on_progress` receives the
    /// number of texts embedded so far and the total. Without an enabled entry the snapshot is empty and every
    /// question is handed over.
    ///
    /// # Errors
    /// [`Error::Knowledge`] for an id used twice, [`Error::Inference`] when the embedder fails, [`Error::Index`] and
    /// [`Error::Lexical`] from the indexes.
    pub async fn build(
        entries: Vec<FaqEntry>,
        embedder: &Embedder,
        options: &BuildOptions,
        on_progress: impl FnMut(usize, usize),
    ) -> Result<Self> {
        let version = version(&entries, &embedder.info().fingerprint);
        let entries: Vec<FaqEntry> = entries.into_iter().filter(|entry| entry.enabled).collect();
        refuse_double_ids(&entries)?;
        let texts = embed(entry_texts(&entries), embedder, on_progress).await?;
        let (dimension, parameters) = (embedder.info().dimension, options.index.clone());
        let build = move || assemble(entries, texts, version, dimension, &parameters);
        // Building indexes takes seconds for large sets: not on a thread that serves requests.
        tokio::task::spawn_blocking(build).await.map_err(|_| Error::Stopped)?
    }

    /// Identifies entries and model: the same content under the same model has the same version. 16 hex digits.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The number of enabled entries.
    #[must_use]
    pub fn entry_count(&self) -> usize {
        self.entries.len()
    }

    /// The number of phrasings that questions are compared with.
    #[must_use]
    pub fn phrasing_count(&self) -> usize {
        self.phrasings.len()
    }

    /// The enabled entry of this id.
    #[must_use]
    pub fn entry(&self, id: &str) -> Option<&FaqEntry> {
        self.entries.iter().map(|entry| &entry.faq).find(|faq| faq.id == id)
    }

    /// The enabled entries, in the order given to [`build`](Self::build).
    pub fn entries(&self) -> impl Iterator<Item = &FaqEntry> {
        self.entries.iter().map(|entry| &entry.faq)
    }
}

/// A text of an entry, before and after embedding.
struct EntryText<Vector> {
    entry: usize,
    kind: TextKind,
    text: String,
    vector: Vector,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum TextKind {
    Phrasing,
    Negative,
    Answer,
}

fn refuse_double_ids(entries: &[FaqEntry]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match entries.iter().find(|entry| !seen.insert(&entry.id)) {
        Some(entry) => Err(Error::Knowledge(format!("the id {} is used by two entries", entry.id))),
        None => Ok(()),
    }
}

fn entry_texts(entries: &[FaqEntry]) -> Vec<EntryText<()>> {
    let mut texts = Vec::new();
    for (entry, faq) in entries.iter().enumerate() {
        let mut add =
            |kind, text: &str| texts.push(EntryText { entry, kind, text: text.to_owned(), vector: () });
        faq.phrasings().for_each(|text| add(TextKind::Phrasing, text));
        faq.negative.iter().for_each(|text| add(TextKind::Negative, text));
        if !faq.answer().is_empty() {
            add(TextKind::Answer, faq.answer());
        }
    }
    texts
}

/// Texts embedded between two calls of `on_progress`.
const PROGRESS_STEP: usize = 512;

async fn embed(
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
        let spellings: Vec<String> = step.iter().map(|text| normalize(&text.text)).collect();
        let vectors = embedder.embed_many(&spellings, Role::Passage).await;
        for (text, vector) in step.into_iter().zip(vectors) {
            let vector = direction(vector)?;
            embedded.push(EntryText { entry: text.entry, kind: text.kind, text: text.text, vector });
        }
        on_progress(embedded.len(), total);
    }
    Ok(embedded)
}

/// A text without a known token has no vector, which is no error: it is still found by its words.
pub(crate) fn direction(vector: inference::Result<Embedding>) -> Result<Option<Embedding>> {
    match vector {
        Ok(vector) => Ok(Some(vector)),
        Err(inference::Error::Unencodable) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

fn assemble(
    entries: Vec<FaqEntry>,
    texts: Vec<EntryText<Option<Embedding>>>,
    version: String,
    dimension: usize,
    parameters: &IndexParameters,
) -> Result<KnowledgeSnapshot> {
    let mut phrasings = Vec::new();
    let mut phrasing_vectors = Vec::new();
    let mut entries: Vec<SnapshotEntry> = entries
        .into_iter()
        .map(|faq| SnapshotEntry { faq, phrasings: 0..0, negatives: Vec::new(), answer: None })
        .collect();
    for EntryText { entry, kind, text, vector } in texts {
        let owner = &mut entries[entry];
        match kind {
            TextKind::Phrasing => {
                let start = if owner.phrasings.is_empty() { phrasings.len() } else { owner.phrasings.start };
                phrasings.push(Phrasing { entry, text });
                phrasing_vectors.push(vector);
                owner.phrasings = start..phrasings.len();
            }
            TextKind::Negative => owner.negatives.push(Negative { normalized: normalize(&text), vector }),
            TextKind::Answer => owner.answer = vector,
        }
    }
    let answer_vectors = entries.iter().map(|entry| entry.answer.as_ref());
    Ok(KnowledgeSnapshot {
        dense: searcher(phrasing_vectors.iter().map(Option::as_ref), dimension, parameters)?,
        vectors: matrix(&phrasing_vectors, dimension),
        lexical: LexicalIndex::build(phrasings.iter().map(|phrasing| terms(&normalize(&phrasing.text))))?,
        dense_answers: searcher(answer_vectors, dimension, parameters)?,
        lexical_answers: LexicalIndex::build(
            entries.iter().map(|entry| terms(&normalize(entry.faq.answer()))),
        )?,
        entries,
        phrasings,
        version,
    })
}

fn matrix(vectors: &[Option<Embedding>], dimension: usize) -> Array2<f32> {
    let mut matrix = Array2::zeros((vectors.len(), dimension));
    for (mut row, vector) in matrix.outer_iter_mut().zip(vectors) {
        if let Some(vector) = vector {
            row.assign(&ArrayView1::from(vector.as_slice()));
        }
    }
    matrix
}

fn searcher<'a>(
    vectors: impl Iterator<Item = Option<&'a Embedding>>,
    dimension: usize,
    parameters: &IndexParameters,
) -> Result<Searcher> {
    let mut writer = IndexWriter::new(dimension, parameters.clone())?;
    for (id, vector) in (0u64..).zip(vectors) {
        if let Some(vector) = vector {
            writer.upsert(id, vector.as_slice())?;
        }
    }
    Ok(writer.commit()?)
}

fn version(entries: &[FaqEntry], model_fingerprint: &str) -> String {
    let mut hasher = Sha256::new();
    hasher.update(model_fingerprint);
    for entry in entries {
        // An entry always serialises: it holds strings, flags and times only.
        hasher.update(serde_json::to_vec(entry).unwrap_or_default());
        hasher.update(b"\n");
    }
    hasher.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
