//! From the evidence for an entry to one score, by which candidates are ranked. Pure.
//!
//! The weights were fitted on eight industries whose phrasings the embedding model used for the fit had not seen,
//! indexed by the standard question and by half of the similar ones (5,753 questions), by a conditional logit (softmax
//! over a question's candidates, the right entry as the class), and then rounded. On those industries: hit@1 0.477 by
//! the closest phrasing alone, 0.587 with these weights (standard question indexed), 0.401 and 0.564 (half indexed). How
//! far a candidate is to be trusted is another question: see [`Calibration`](crate::Calibration).

use crate::evidence::Evidence;

/// How much each kind of evidence counts. All are multiplied with values of about 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FusionWeights {
    /// Cosine to the closest phrasing.
    pub dense: f32,
    /// Cosine to the entry's phrasings, on average.
    pub dense_mean: f32,
    /// BM25 of the best phrasing.
    pub lexical: f32,
    /// Cosine to the answer's text.
    pub dense_answer: f32,
    /// BM25 of the answer's text.
    pub lexical_answer: f32,
    /// Taken off for each unit by which a negative phrasing is closer than the best phrasing.
    pub negative: f32,
}

impl FusionWeights {
    /// Vectors and words together: the default.
    pub const HYBRID: Self = Self {
        dense: 0.5,
        dense_mean: 0.5,
        lexical: 0.25,
        dense_answer: 0.8,
        lexical_answer: 0.5,
        negative: 4.0,
    };
    /// Vectors of the phrasings alone, to measure a model.
    pub const DENSE: Self = Self {
        dense: 1.0,
        dense_mean: 0.0,
        lexical: 0.0,
        dense_answer: 0.0,
        lexical_answer: 0.0,
        negative: 0.0,
    };
    /// Words of the phrasings alone, the baseline.
    pub const LEXICAL: Self = Self { dense: 0.0, lexical: 1.0, ..Self::DENSE };

    /// Greater is better; comparable between questions.
    pub(crate) fn score(&self, evidence: &Evidence) -> f32 {
        let agreement = self.dense * evidence.dense
            + self.dense_mean * evidence.dense_mean
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
