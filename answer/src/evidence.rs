//! What speaks for and against one entry.

use inference::Embedding;
use ndarray::ArrayView1;

use crate::{
    centroid::Centroid,
    lexical::LexicalHit,
    retrieve::{Except, Query},
    snapshot::{KnowledgeSnapshot, Negative, SnapshotEntry},
    vocabulary::TermSet,
};

/// Nearness of a question to an entry, by meaning and by words. Cosines are -1 to 1, greater is closer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Evidence {
    /// Position in the snapshot.
    pub(crate) entry: usize,
    /// Position of the phrasing closest to the question: one that is spelled as the question is, else the closest by meaning.
    pub(crate) phrasing: usize,
    /// Cosine to the closest phrasing, 0 without a vector.
    pub(crate) dense: f32,
    /// BM25 of the best phrasing as a share of the attainable, 0 when none shares a word.
    pub(crate) lexical: f32,
    /// Cosine to the centroid of its phrasings, their mean direction: high when the question fits the whole entry, not one
    /// phrasing by chance. The mean of the cosines would be lower for an entry whose phrasings differ more.
    pub(crate) dense_centroid: f32,
    /// What the nearest phrasings together say for it, see [`neighborhood`](crate::neighborhood); 0 when none is its own.
    pub(crate) neighborhood: f32,
    /// Cosine to the answer's text. An entry without one is judged by its phrasings: [`dense`](Self::dense) again.
    pub(crate) dense_answer: f32,
    /// BM25 of the answer's text as a share of the attainable; without one, [`lexical`](Self::lexical) again.
    pub(crate) lexical_answer: f32,
    /// Cosine to the closest negative phrasing; 1 for an equal spelling; `None` without one.
    pub(crate) negative: Option<f32>,
    /// A phrasing is spelled as the question is.
    pub(crate) same_spelling: bool,
}

/// The words that a question shares with phrasings and with answers, best first.
pub(crate) struct WordHits {
    pub(crate) phrasings: Vec<LexicalHit>,
    pub(crate) answers: Vec<LexicalHit>,
}

impl Evidence {
    /// All but what only the neighbors together can say.
    pub(crate) fn gather(snapshot: &KnowledgeSnapshot, query: &Query, entry: usize, hits: &WordHits) -> Self {
        let owner = &snapshot.entries[entry];
        // Hits come best first, so the first of an entry is its best.
        let word_hit = hits.phrasings.iter().find(|hit| owner.phrasings.contains(&hit.text));
        let lexical = word_hit.map_or(0.0, |hit| hit.score);
        let best_by_words = word_hit.map_or(owner.phrasings.start, |hit| hit.text);
        let nearness =
            query.vector.as_ref().map(|vector| Nearness::of(snapshot, entry, vector, &query.except));
        let nearness = nearness.unwrap_or_default();
        let dense = nearness.closest.map_or(0.0, |(_, similarity)| similarity);
        let same_spelling = owner.phrasings.clone().find(|phrasing| {
            !query.except.phrasing(*phrasing) && snapshot.phrasings[*phrasing].spelling == query.spelling
        });
        let closest = nearness.closest.map_or(best_by_words, |(phrasing, _)| phrasing);
        let answer_hit = hits.answers.iter().find(|hit| hit.text == entry).map_or(0.0, |hit| hit.score);
        let has_answer = !owner.faq.answer().is_empty();
        let without_answer_vector = if has_answer { 0.0 } else { dense };
        let negatives = owner.negatives.iter().filter_map(|negative| nearness_to_negative(query, negative));
        Self {
            entry,
            phrasing: same_spelling.unwrap_or(closest),
            dense,
            lexical,
            dense_centroid: nearness.centroid,
            neighborhood: 0.0,
            dense_answer: similarity(query.vector.as_ref(), owner.answer.as_ref())
                .unwrap_or(without_answer_vector),
            lexical_answer: if has_answer { answer_hit } else { lexical },
            negative: negatives.reduce(f32::max),
            same_spelling: same_spelling.is_some(),
        }
    }
}

impl Evidence {
    /// By how much the closest negative phrasing is closer than the closest phrasing, 0 for none. It counts a little before
    /// it is closer: what it was written against is by nature close to both.
    pub(crate) fn negative_push(&self) -> f32 {
        self.negative.map_or(0.0, |negative| (negative - self.dense + NEGATIVE_REACH).max(0.0))
    }
}

const NEGATIVE_REACH: f32 = 0.05;

/// Cosines of a question to the phrasings of one entry. The index has refused a vector of another dimension before.
#[derive(Default)]
struct Nearness {
    /// Position of the closest phrasing, and its cosine.
    closest: Option<(usize, f32)>,
    /// 0 without a phrasing that has a vector.
    centroid: f32,
}

impl Nearness {
    fn of(snapshot: &KnowledgeSnapshot, entry: usize, vector: &Embedding, except: &Except) -> Self {
        let owner = &snapshot.entries[entry];
        let question = ArrayView1::from(vector.as_slice());
        let rows = snapshot.vectors_of(owner);
        let numbered = owner.phrasings.clone().zip(rows.outer_iter());
        let there = numbered.filter(|(phrasing, _)| !except.phrasing(*phrasing));
        let mut closest = None::<(usize, f32)>;
        for (phrasing, row) in there.clone() {
            let similarity = row.dot(&question);
            if closest.is_none_or(|(_, best)| similarity > best) {
                closest = Some((phrasing, similarity));
            }
        }
        let centroid = if owner.phrasings.clone().any(|phrasing| except.phrasing(phrasing)) {
            Centroid::of(there.map(|(_, row)| row)).similarity(&question)
        } else {
            snapshot.centroids[entry].similarity(&question)
        };
        Self { closest, centroid }
    }
}

fn nearness_to_negative(query: &Query, negative: &Negative) -> Option<f32> {
    if negative.normalized == query.question.normalized() {
        return Some(1.0);
    }
    similarity(query.vector.as_ref(), negative.vector.as_ref())
}

fn similarity(left: Option<&Embedding>, right: Option<&Embedding>) -> Option<f32> {
    Some(left?.similarity(right?))
}

/// Whether a phrasing of `owner`, or its answer, holds the term of this number.
pub(crate) fn holds(
    snapshot: &KnowledgeSnapshot,
    owner: &SnapshotEntry,
    number: u32,
    except: &Except,
) -> bool {
    let has = |terms: &TermSet| terms.binary_search(&number).is_ok();
    let mut phrasings = owner.phrasings.clone().filter(|phrasing| !except.phrasing(*phrasing));
    has(&owner.answer_terms) || phrasings.any(|phrasing| has(&snapshot.phrasings[phrasing].terms))
}
