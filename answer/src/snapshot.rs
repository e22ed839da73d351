//! Everything needed to decide, built once and never changed.

mod texts;

use std::ops::Range;

use index::{IndexParameters, IndexWriter, Searcher};
use inference::{Embedder, Embedding};
use ndarray::{Array2, ArrayView1, ArrayView2, Axis, Slice};

use self::texts::{EntryText, TextKind, embed, entry_texts};
use crate::{
    Calibration, Error, FaqEntry, FusionWeights, Label, Probability, Reranking, Result, calibrate,
    centroid::Centroid,
    lexical::LexicalIndex,
    normalize::{normalize, spelling},
    terms::terms,
    topic_index::TopicIndex,
    version::version,
    vocabulary::{TermSet, Vocabulary},
};

/// Entries, phrasings, their vectors and the indexes over them, under one version.
///
/// Holds enabled entries only. Whether an entry is valid at a time and on a channel is asked per question.
pub struct KnowledgeSnapshot {
    pub(crate) entries: Vec<SnapshotEntry>,
    pub(crate) phrasings: Vec<Phrasing>,
    /// `[phrasings, dimension]`, rows of unit length, one after the other so that an entry's rows are read at once. The
    /// row of a phrasing of which the model knows no token is zero.
    pub(crate) vectors: Array2<f32>,
    pub(crate) centroids: Vec<Centroid>,
    pub(crate) dense: Searcher,
    pub(crate) lexical: LexicalIndex,
    pub(crate) dense_answers: Searcher,
    pub(crate) lexical_answers: LexicalIndex,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) other_topics: TopicIndex,
    pub(crate) weights: FusionWeights,
    pub(crate) reranking: Option<Reranking>,
    calibration: Calibration,
    version: String,
}

/// An entry with what belongs to it.
pub(crate) struct SnapshotEntry {
    pub(crate) faq: FaqEntry,
    /// Its part of [`KnowledgeSnapshot::phrasings`]; the standard phrasing comes first.
    pub(crate) phrasings: Range<usize>,
    pub(crate) negatives: Vec<Negative>,
    pub(crate) answer: Option<Embedding>,
    pub(crate) answer_terms: TermSet,
}

/// A way to ask for an entry.
pub(crate) struct Phrasing {
    /// Position of the entry it belongs to.
    pub(crate) entry: usize,
    pub(crate) text: String,
    pub(crate) normalized: String,
    pub(crate) spelling: String,
    pub(crate) terms: TermSet,
}

/// A question that an entry does not answer.
pub(crate) struct Negative {
    pub(crate) normalized: String,
    /// `None` when the model knows no token of it.
    pub(crate) vector: Option<Embedding>,
}

/// How a snapshot is built.
#[derive(Clone, Debug)]
pub struct BuildOptions {
    /// For the vector indexes.
    pub index: IndexParameters,
    /// How evidence is weighed.
    pub weights: FusionWeights,
    /// Questions whose right entry is known, besides the phrasings themselves; the calibration learns from them.
    pub labels: Vec<Label>,
    /// Share of the traffic to expect that no entry is for.
    pub out_of_scope: Probability,
    /// Who looks at the best candidates once more.
    pub reranking: Option<Reranking>,
}

impl Default for BuildOptions {
    /// No labels, a tenth of the traffic out of scope, and no reranker.
    fn default() -> Self {
        Self {
            index: IndexParameters::default(),
            weights: FusionWeights::default(),
            labels: Vec::new(),
            out_of_scope: Probability::ONE_IN_TEN,
            reranking: None,
        }
    }
}

impl KnowledgeSnapshot {
    /// Embeds every phrasing and answer of the enabled `entries`, builds the indexes and calibrates. `on_progress` receives
    /// the number of texts embedded so far and the total; the calibration's own questions are not counted. Without an
    /// enabled entry the snapshot is empty and every question is handed over.
    ///
    /// # Errors
    /// [`Error::Knowledge`] for an id used twice or a label that expects an unknown entry, [`Error::InvalidOption`] for a
    /// reranker's number of candidates, [`Error::Inference`] when the embedder or the reranker fails, [`Error::Index`] and
    /// [`Error::Lexical`] from the indexes.
    pub async fn build(
        entries: Vec<FaqEntry>,
        embedder: &Embedder,
        options: &BuildOptions,
        on_progress: impl FnMut(usize, usize),
    ) -> Result<Self> {
        options.reranking.as_ref().map_or(Ok(()), Reranking::check)?;
        let (dimension, out_of_scope) = (embedder.info().dimension, options.out_of_scope);
        let (options, fingerprint) = (options.clone(), embedder.info().fingerprint.clone());
        let read = move || {
            let version = version(&entries, &options, &fingerprint);
            let entries: Vec<FaqEntry> = entries.into_iter().filter(|entry| entry.enabled).collect();
            refuse_double_ids(&entries)?;
            let texts = entry_texts(&entries);
            Ok((version, entries, texts, options))
        };
        let (version, entries, texts, options) = blocking(read).await?;
        let texts = embed(texts, embedder, on_progress).await?;
        // Building indexes takes seconds for large sets, and so does calibrating: not on a thread that serves requests.
        let build = move || {
            let snapshot = assemble(entries, texts, version, dimension, &options)?;
            let probes = calibrate::probes(&snapshot, &options.labels)?;
            Ok::<_, Error>((snapshot, probes))
        };
        let (snapshot, probes) = blocking(build).await?;
        let vectors = calibrate::embed(&probes, embedder).await;
        let vectors: Vec<Option<Embedding>> = vectors.into_iter().map(direction).collect::<Result<_>>()?;
        let ask = move || {
            let asked = calibrate::ask(&snapshot, &probes, &vectors)?;
            Ok::<_, Error>((snapshot, asked))
        };
        let (snapshot, asked) = blocking(ask).await?;
        let logits = calibrate::logits(&asked, snapshot.reranking.as_ref()).await?;
        blocking(move || {
            let calibration = Calibration::fit(&snapshot, asked, &logits, out_of_scope);
            Ok(Self { calibration, ..snapshot })
        })
        .await
    }

    /// How far candidates are to be trusted.
    #[must_use]
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// How many of the best candidates the reranker reads: 0 without one.
    pub(crate) fn reranked(&self) -> usize {
        self.reranking.as_ref().map_or(0, |reranking| reranking.candidates)
    }

    /// Identifies entries, labels, model and reranker: the same content under the same models has the same version. 16 hex
    /// digits.
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

    /// The vectors of the phrasings of `entry`, in their order.
    pub(crate) fn vectors_of(&self, entry: &SnapshotEntry) -> ArrayView2<'_, f32> {
        rows(&self.vectors, &entry.phrasings)
    }

    /// The enabled entries, in the order given to [`build`](Self::build).
    pub fn entries(&self) -> impl Iterator<Item = &FaqEntry> {
        self.entries.iter().map(|entry| &entry.faq)
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Stopped)?
}

fn refuse_double_ids(entries: &[FaqEntry]) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    match entries.iter().find(|entry| !seen.insert(&entry.id)) {
        Some(entry) => Err(Error::Knowledge(format!("the id {} is used by two entries", entry.id))),
        None => Ok(()),
    }
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
    options: &BuildOptions,
) -> Result<KnowledgeSnapshot> {
    let mut parts = Parts::of(entries);
    texts.into_iter().for_each(|text| parts.add(text));
    let Parts { mut entries, mut phrasings, phrasing_vectors, topics, topic_vectors } = parts;
    let mut vocabulary = Vocabulary::default();
    let phrasing_terms: Vec<Vec<String>> =
        phrasings.iter().map(|phrasing| terms(&phrasing.normalized)).collect();
    let answer_terms: Vec<Vec<String>> =
        entries.iter().map(|entry| terms(&normalize(entry.faq.answer()))).collect();
    for (entry, answer) in entries.iter_mut().zip(&answer_terms) {
        for position in entry.phrasings.clone() {
            phrasings[position].terms = vocabulary.number(&phrasing_terms[position]);
        }
        entry.answer_terms = vocabulary.number(answer);
        let own = phrasings[entry.phrasings.clone()].iter().map(|phrasing| &phrasing.terms);
        vocabulary.add_entry(own.chain([&entry.answer_terms]));
    }
    let vectors = |vectors: &[Option<Embedding>]| {
        searcher(vectors.iter().map(Option::as_ref), dimension, &options.index)
    };
    let matrix = matrix(&phrasing_vectors, dimension);
    let centroid = |entry: &SnapshotEntry| Centroid::of(rows(&matrix, &entry.phrasings).outer_iter());
    Ok(KnowledgeSnapshot {
        dense: vectors(&phrasing_vectors)?,
        centroids: entries.iter().map(centroid).collect(),
        vectors: matrix,
        lexical: LexicalIndex::build(phrasing_terms)?,
        dense_answers: searcher(
            entries.iter().map(|entry| entry.answer.as_ref()),
            dimension,
            &options.index,
        )?,
        lexical_answers: LexicalIndex::build(answer_terms)?,
        vocabulary,
        other_topics: TopicIndex::new(topics, vectors(&topic_vectors)?),
        weights: options.weights,
        reranking: options.reranking.clone(),
        calibration: Calibration::shipped(),
        entries,
        phrasings,
        version,
    })
}

/// Texts sorted by what they are.
struct Parts {
    entries: Vec<SnapshotEntry>,
    phrasings: Vec<Phrasing>,
    phrasing_vectors: Vec<Option<Embedding>>,
    topics: Vec<String>,
    topic_vectors: Vec<Option<Embedding>>,
}

impl Parts {
    fn of(entries: Vec<FaqEntry>) -> Self {
        let empty = |faq| SnapshotEntry {
            faq,
            phrasings: 0..0,
            negatives: Vec::new(),
            answer: None,
            answer_terms: TermSet::new(),
        };
        Self {
            entries: entries.into_iter().map(empty).collect(),
            phrasings: Vec::new(),
            phrasing_vectors: Vec::new(),
            topics: Vec::new(),
            topic_vectors: Vec::new(),
        }
    }

    fn add(&mut self, EntryText { entry, kind, text, normalized, vector }: EntryText<Option<Embedding>>) {
        match kind {
            TextKind::Phrasing => {
                let owner = &mut self.entries[entry].phrasings;
                let start = if owner.start == owner.end { self.phrasings.len() } else { owner.start };
                let spelling = spelling(&normalized);
                let terms = TermSet::new();
                self.phrasings.push(Phrasing { entry, text, normalized, spelling, terms });
                self.phrasing_vectors.push(vector);
                *owner = start..self.phrasings.len();
            }
            TextKind::Negative => self.entries[entry].negatives.push(Negative { normalized, vector }),
            TextKind::Answer => self.entries[entry].answer = vector,
            TextKind::Topic => {
                self.topics.push(normalized);
                self.topic_vectors.push(vector);
            }
        }
    }
}

/// The vectors of some phrasings.
fn rows<'a>(vectors: &'a Array2<f32>, phrasings: &Range<usize>) -> ArrayView2<'a, f32> {
    vectors.slice_axis(Axis(0), Slice::from(phrasings.clone()))
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
