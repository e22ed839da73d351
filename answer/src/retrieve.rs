//! From a question to the entries that may answer it, with the evidence for each.

use std::collections::BTreeSet;

use inference::Embedding;
use ndarray::{ArrayView1, Axis, Slice};

use crate::{
    Question, Result,
    lexical::{LexicalHit, LexicalIndex},
    snapshot::{KnowledgeSnapshot, Negative, SnapshotEntry},
    terms::terms,
};

/// What speaks for and against one entry.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evidence {
    /// Position in the snapshot.
    pub(crate) entry: usize,
    /// Position of the phrasing closest to the question.
    pub(crate) phrasing: usize,
    /// Cosine to the closest phrasing, 0 without a vector.
    pub(crate) dense: f32,
    /// BM25 of the best phrasing as a share of the attainable, 0 when none shares a word.
    pub(crate) lexical: f32,
    /// Cosine to its phrasings, on average: high when the question fits the whole entry, not one phrasing by chance.
    pub(crate) dense_mean: f32,
    /// Cosine to the answer's text. An entry without one is judged by its phrasings: [`dense`](Self::dense) again.
    pub(crate) dense_answer: f32,
    /// BM25 of the answer's text as a share of the attainable; without one, [`lexical`](Self::lexical) again.
    pub(crate) lexical_answer: f32,
    /// Cosine to the closest negative phrasing; 1 for an equal spelling; `None` without one.
    pub(crate) negative: Option<f32>,
}

/// Phrasings looked at by either way. An entry has about ten phrasings, so this reaches some ten entries.
const PHRASINGS: usize = 128;
/// Answers looked at by either way.
const ANSWERS: usize = 16;

/// Evidence for every entry that may answer and that one of the four searches found, in order of position.
///
/// `vector` is `None` when the model knows no token of the question; then only words are compared.
///
/// # Errors
/// From the indexes.
pub(crate) fn retrieve(
    snapshot: &KnowledgeSnapshot,
    question: &Question,
    vector: Option<&Embedding>,
) -> Result<Vec<Evidence>> {
    let may_answer: Vec<bool> = snapshot
        .entries
        .iter()
        .map(|entry| entry.faq.may_answer(question.now(), question.channel()))
        .collect();
    let words = terms(question.normalized());
    let by_words = lexical_phrasings(snapshot, &words, &may_answer)?;
    let answers_by_words = lexical_answers(snapshot, &words, &may_answer)?;
    let mut entries: BTreeSet<usize> =
        by_words.iter().map(|hit| snapshot.phrasings[hit.text].entry).collect();
    entries.extend(answers_by_words.iter().map(|hit| hit.text));
    if let Some(vector) = vector {
        entries.extend(dense_entries(snapshot, vector, &may_answer)?);
    }
    let gather = |entry| evidence(snapshot, question, vector, entry, &by_words, &answers_by_words);
    Ok(entries.into_iter().map(gather).collect())
}

fn lexical_phrasings(
    snapshot: &KnowledgeSnapshot,
    words: &[String],
    may_answer: &[bool],
) -> Result<Vec<LexicalHit>> {
    let is_accepted = |text: usize| may_answer[snapshot.phrasings[text].entry];
    let silent = snapshot
        .entries
        .iter()
        .zip(may_answer)
        .filter(|(_, may)| !**may)
        .map(|(entry, _)| entry.phrasings.len());
    accepted(&snapshot.lexical, words, PHRASINGS + silent.sum::<usize>(), is_accepted)
}

fn lexical_answers(
    snapshot: &KnowledgeSnapshot,
    words: &[String],
    may_answer: &[bool],
) -> Result<Vec<LexicalHit>> {
    let silent = may_answer.iter().filter(|may| !**may).count();
    accepted(&snapshot.lexical_answers, words, ANSWERS + silent, |text| may_answer[text])
}

/// `limit` must leave room for the texts that `is_accepted` drops.
fn accepted(
    index: &LexicalIndex,
    words: &[String],
    limit: usize,
    is_accepted: impl Fn(usize) -> bool,
) -> Result<Vec<LexicalHit>> {
    let mut hits = index.search(words, limit)?;
    hits.retain(|hit| is_accepted(hit.text));
    Ok(hits)
}

fn dense_entries(
    snapshot: &KnowledgeSnapshot,
    vector: &Embedding,
    may_answer: &[bool],
) -> Result<Vec<usize>> {
    let owner = |id: u64| snapshot.phrasings[id as usize].entry;
    let phrasings =
        snapshot.dense.search_filtered(vector.as_slice(), PHRASINGS, &|id| may_answer[owner(id)])?;
    let answers =
        snapshot.dense_answers.search_filtered(vector.as_slice(), ANSWERS, &|id| may_answer[id as usize])?;
    let by_phrasing = phrasings.into_iter().map(|neighbor| owner(neighbor.id));
    Ok(by_phrasing.chain(answers.into_iter().map(|neighbor| neighbor.id as usize)).collect())
}

fn evidence(
    snapshot: &KnowledgeSnapshot,
    question: &Question,
    vector: Option<&Embedding>,
    entry: usize,
    by_words: &[LexicalHit],
    answers_by_words: &[LexicalHit],
) -> Evidence {
    let owner = &snapshot.entries[entry];
    // Hits come best first, so the first of an entry is its best.
    let word_hit = by_words.iter().find(|hit| owner.phrasings.contains(&hit.text));
    let lexical = word_hit.map_or(0.0, |hit| hit.score);
    let best_by_words = word_hit.map_or(owner.phrasings.start, |hit| hit.text);
    let nearness = vector.map(|vector| Nearness::of(snapshot, owner, vector)).unwrap_or_default();
    let dense = nearness.closest.map_or(0.0, |(_, similarity)| similarity);
    let answer_hit = answers_by_words.iter().find(|hit| hit.text == entry).map_or(0.0, |hit| hit.score);
    let has_answer = !owner.faq.answer().is_empty();
    Evidence {
        entry,
        phrasing: nearness.closest.map_or(best_by_words, |(phrasing, _)| phrasing),
        dense,
        lexical,
        dense_mean: nearness.mean,
        dense_answer: similarity(vector, owner.answer.as_ref()).unwrap_or(if has_answer {
            0.0
        } else {
            dense
        }),
        lexical_answer: if has_answer { answer_hit } else { lexical },
        negative: owner
            .negatives
            .iter()
            .filter_map(|text| nearness_to_negative(question, vector, text))
            .reduce(f32::max),
    }
}

/// Cosines of a question to the phrasings of one entry. The index has refused a vector of another dimension before.
#[derive(Default)]
struct Nearness {
    /// Position of the closest phrasing, and its cosine.
    closest: Option<(usize, f32)>,
    mean: f32,
}

impl Nearness {
    fn of(snapshot: &KnowledgeSnapshot, owner: &SnapshotEntry, vector: &Embedding) -> Self {
        let rows = snapshot.vectors.slice_axis(Axis(0), Slice::from(owner.phrasings.clone()));
        let similarities = rows.dot(&ArrayView1::from(vector.as_slice()));
        let numbered = owner.phrasings.clone().zip(similarities.iter().copied());
        Self {
            mean: similarities.mean().unwrap_or(0.0),
            closest: numbered.max_by(|left, right| left.1.total_cmp(&right.1)),
        }
    }
}

fn nearness_to_negative(question: &Question, vector: Option<&Embedding>, negative: &Negative) -> Option<f32> {
    if negative.normalized == question.normalized() {
        return Some(1.0);
    }
    similarity(vector, negative.vector.as_ref())
}

fn similarity(left: Option<&Embedding>, right: Option<&Embedding>) -> Option<f32> {
    Some(left?.similarity(right?))
}
