//! From the evidence for an entry to one score, by which candidates are ranked. Pure.
//!
//! The weights were chosen on eleven industries that the default model has not seen in training, indexed by the standard
//! question and by half of the similar ones (8,244 questions): of a grid around the optimum of a conditional logit (softmax
//! over a question's candidates, the right entry as the class), those with the most right entries first. Hit@1 there: 0.582
//! by the vectors of the phrasings alone ([`FusionWeights::DENSE`]), 0.649 with these weights (standard question indexed),
//! 0.611 and 0.647 (half indexed). How far a candidate is to be trusted is another question: see
//! [`Calibration`](crate::Calibration).

use crate::evidence::Evidence;

/// How much each kind of evidence counts. All are multiplied with values of about 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusionWeights {
    /// Cosine to the closest phrasing.
    pub dense: f32,
    /// Cosine to the centroid of the entry's phrasings.
    pub dense_centroid: f32,
    /// What the nearest phrasings together say.
    pub neighborhood: f32,
    /// BM25 of the best phrasing.
    pub lexical: f32,
    /// Cosine to the answer's text.
    pub dense_answer: f32,
    /// BM25 of the answer's text.
    pub lexical_answer: f32,
    /// Taken off for each unit by which a negative phrasing is closer than the best phrasing. Set so that a negative phrasing wins
    /// against what speaks for its entry; the industries have none to choose it by.
    pub negative: f32,
}

impl FusionWeights {
    /// Vectors and words together: the default.
    pub const HYBRID: Self = Self {
        dense: 0.1,
        dense_centroid: 0.9,
        neighborhood: 0.7,
        lexical: 0.05,
        dense_answer: 0.6,
        lexical_answer: 0.3,
        negative: 6.0,
    };
    /// Vectors of the phrasings alone, to measure a model: mostly the centroid, which long and odd phrasings pull less, and the
    /// nearest phrasings together.
    pub const DENSE: Self = Self {
        dense: 0.3,
        dense_centroid: 0.7,
        neighborhood: 0.3,
        lexical: 0.0,
        dense_answer: 0.0,
        lexical_answer: 0.0,
        negative: 0.0,
    };
    /// Words of the phrasings alone, the baseline.
    pub const LEXICAL: Self =
        Self { dense: 0.0, dense_centroid: 0.0, neighborhood: 0.0, lexical: 1.0, ..Self::DENSE };

    /// Greater is better; comparable between questions.
    pub(crate) fn score(&self, evidence: &Evidence) -> f32 {
        let agreement = self.dense * evidence.dense
            + self.dense_centroid * evidence.dense_centroid
            + self.neighborhood * evidence.neighborhood
            + self.lexical * evidence.lexical
            + self.dense_answer * evidence.dense_answer
            + self.lexical_answer * evidence.lexical_answer;
        agreement - self.negative * evidence.negative_push()
    }
}

impl Default for FusionWeights {
    fn default() -> Self {
        Self::HYBRID
    }
}
