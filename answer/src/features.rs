//! From what is known about a candidate to the numbers that a calibration weighs. Pure.

use crate::{evidence::Evidence, guard::Conflicts};

/// Names of the weighed features, in the order of [`Features::values`].
pub const FEATURE_NAMES: [&str; FEATURE_COUNT] = [
    "meaning",
    "meaning_margin",
    "centroid",
    "centroid_margin",
    "neighborhood",
    "neighborhood_margin",
    "score",
    "score_margin",
    "words",
    "words_margin",
    "agreeing_phrasings",
    "first_by_meaning",
    "first_by_words",
    "first_by_answer",
    "answer_meaning",
    "length",
    "information",
    "unknown_words",
    "uncovered_words",
    "other_topic",
    "crowd",
    "negative_phrasing",
    "polarity_conflict",
    "number_conflict",
    "name_conflict",
    "same_spelling",
    "reranker",
    "reranker_margin",
];

/// In the same order, what a greater value can only speak for: 1 for the candidate, -1 against it, 0 for either.
pub(crate) const FEATURE_SIGNS: [i8; FEATURE_COUNT] =
    [1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, -1, -1, -1, -1, -1, -1, -1, -1, 1, 1, 1];

/// How many features are weighed.
pub const FEATURE_COUNT: usize = 28;

const OTHER_TOPIC: usize = 19;

const EVIDENCE_NAMES: [&str; EVIDENCE_COUNT] =
    ["cosine", "cosine_centroid", "cosine_answer", "bm25", "bm25_answer"];
const EVIDENCE_COUNT: usize = 5;

/// What is known about one candidate, as numbers. For explanations and for fitting: none of them is a probability.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Features {
    evidence: [f32; EVIDENCE_COUNT],
    values: [f32; FEATURE_COUNT],
}

impl Features {
    /// In the order of [`FEATURE_NAMES`]: mostly between -5 and 5, in standard deviations or shares.
    #[must_use]
    pub fn values(&self) -> &[f32; FEATURE_COUNT] {
        &self.values
    }

    /// The raw evidence, then the weighed features.
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f32)> {
        let evidence = EVIDENCE_NAMES.into_iter().zip(self.evidence);
        evidence.chain(FEATURE_NAMES.into_iter().zip(self.values))
    }

    /// Whether the candidate is nearer than every shipped question about another topic.
    pub(crate) fn is_nearer_than_other_topics(&self) -> bool {
        self.values[OTHER_TOPIC] < 0.0
    }

    /// All 0.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self { evidence: [0.0; EVIDENCE_COUNT], values: [0.0; FEATURE_COUNT] }
    }

    pub(crate) fn of(situation: &Situation<'_>) -> Self {
        let Situation { candidate, others, question, background, .. } = situation;
        let Background { cosine, centroid, score, lexical } = background;
        Self {
            evidence: [
                candidate.dense,
                candidate.dense_centroid,
                candidate.dense_answer,
                candidate.lexical,
                candidate.lexical_answer,
            ],
            values: [
                cosine.standardized(candidate.dense),
                cosine.units(candidate.dense - others.dense),
                centroid.standardized(candidate.dense_centroid),
                centroid.units(candidate.dense_centroid - others.dense_centroid),
                candidate.neighborhood,
                candidate.neighborhood - others.neighborhood,
                score.standardized(situation.score),
                score.units(situation.score - others.score),
                lexical.standardized(candidate.lexical),
                lexical.units(candidate.lexical - others.lexical),
                situation.agreeing,
                flag(candidate.dense >= others.dense),
                flag(candidate.lexical >= others.lexical && candidate.lexical > 0.0),
                flag(candidate.dense_answer >= others.dense_answer),
                cosine.standardized(candidate.dense_answer),
                ((1 + question.characters) as f32).ln(),
                question.information.ln_1p(),
                question.unknown,
                situation.uncovered,
                cosine.units(question.other_topic - candidate.dense),
                (situation.crowd as f32).ln_1p(),
                cosine.units(candidate.negative_push()),
                flag(situation.conflicts.polarity),
                flag(situation.conflicts.number),
                flag(situation.conflicts.name),
                flag(candidate.same_spelling && !others.same_spelling),
                situation.reranked,
                situation.reranked - others.reranked,
            ],
        }
    }
}

/// Everything the features of one candidate follow from.
pub(crate) struct Situation<'a> {
    pub(crate) candidate: &'a Evidence,
    /// After fusion.
    pub(crate) score: f32,
    /// By the reranker, 0 to 1; 0 where it was not asked.
    pub(crate) reranked: f32,
    pub(crate) others: BestOther,
    /// Share of the nearest phrasings that are the candidate's, of as many as it could have, 0 to 1.
    pub(crate) agreeing: f32,
    /// Share of the question's information that the candidate's texts do not hold, 0 to 1.
    pub(crate) uncovered: f32,
    /// Other entries whose score comes within one deviation of the candidate's.
    pub(crate) crowd: usize,
    pub(crate) conflicts: Conflicts,
    pub(crate) question: &'a QuestionFacts,
    pub(crate) background: &'a Background,
}

/// The greatest values among all other entries; 0 without one.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct BestOther {
    pub(crate) score: f32,
    pub(crate) dense: f32,
    pub(crate) dense_centroid: f32,
    pub(crate) lexical: f32,
    pub(crate) neighborhood: f32,
    pub(crate) dense_answer: f32,
    pub(crate) reranked: f32,
    /// Of any.
    pub(crate) same_spelling: bool,
}

impl BestOther {
    /// Of each value the greater.
    pub(crate) fn greater(self, other: Self) -> Self {
        Self {
            score: self.score.max(other.score),
            dense: self.dense.max(other.dense),
            dense_centroid: self.dense_centroid.max(other.dense_centroid),
            lexical: self.lexical.max(other.lexical),
            neighborhood: self.neighborhood.max(other.neighborhood),
            dense_answer: self.dense_answer.max(other.dense_answer),
            reranked: self.reranked.max(other.reranked),
            same_spelling: self.same_spelling || other.same_spelling,
        }
    }
}

/// What is true of a question whatever the candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct QuestionFacts {
    pub(crate) characters: usize,
    /// Sum of the rarities of its known terms.
    pub(crate) information: f32,
    /// Share of its information in terms that no entry holds, 0 to 1.
    pub(crate) unknown: f32,
    /// Cosine to the nearest shipped question about another topic.
    pub(crate) other_topic: f32,
}

/// How near the best wrong entry usually is, in one knowledge base under one model. Cosines of different models, and
/// scores of different knowledge bases, become comparable when they are told in these units.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Background {
    pub(crate) cosine: Spread,
    pub(crate) centroid: Spread,
    pub(crate) score: Spread,
    pub(crate) lexical: Spread,
}

/// Mean and standard deviation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) mean: f32,
    pub(crate) deviation: f32,
}

impl Spread {
    /// Of `values`. The deviation is at least 0.02, so that equal values do not make every difference infinite. Mean 0
    /// and deviation 1 for none.
    pub(crate) fn of(values: &[f32]) -> Self {
        if values.is_empty() {
            return Self { mean: 0.0, deviation: 1.0 };
        }
        let count = values.len() as f32;
        let mean = values.iter().sum::<f32>() / count;
        let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f32>() / count;
        Self { mean, deviation: variance.sqrt().max(SMALLEST_DEVIATION) }
    }

    fn standardized(self, value: f32) -> f32 {
        self.units(value - self.mean)
    }

    /// A difference in deviations, at most [`FARTHEST`] either way: in a small knowledge base the deviation says little, and
    /// far is far.
    fn units(self, difference: f32) -> f32 {
        (difference / self.deviation).clamp(-FARTHEST, FARTHEST)
    }
}

const SMALLEST_DEVIATION: f32 = 0.02;
const FARTHEST: f32 = 5.0;

fn flag(holds: bool) -> f32 {
    if holds { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_mean_and_standard_deviation() {
        // numpy: mean([1, 2, 4, 5]) = 3, std = 1.5811
        let spread = Spread::of(&[1.0, 2.0, 4.0, 5.0]);
        assert!((spread.mean - 3.0).abs() < 1e-6 && (spread.deviation - 1.581_138_8).abs() < 1e-5);
        assert!((spread.standardized(3.0 + 2.0 * spread.deviation) - 2.0).abs() < 1e-5);
        assert_eq!(Spread::of(&[0.4, 0.4]).deviation, SMALLEST_DEVIATION);
    }

    #[test]
    fn every_feature_has_its_own_name() {
        let names: std::collections::BTreeSet<&str> =
            EVIDENCE_NAMES.into_iter().chain(FEATURE_NAMES).collect();
        assert_eq!(names.len(), EVIDENCE_COUNT + FEATURE_COUNT);
        assert_eq!(FEATURE_NAMES[OTHER_TOPIC], "other_topic");
    }
}
