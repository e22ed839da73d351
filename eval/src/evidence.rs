//! What was known about each candidate, as reports and explanations show it.

use answer::{Candidate, Guard, Weights};
use serde::Serialize;
use utoipa::ToSchema;

/// An entry that was considered for a question.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Considered {
    /// The entry.
    pub entry_id: String,
    /// Its standard question.
    pub question: String,
    /// The phrasing closest to what was asked.
    pub matched_question: String,
    /// The chance that it is the right one, 0 to 1.
    pub confidence: f32,
    /// Log-odds before the isotonic correction: that some entry is meant, and that it is this one.
    pub score: f32,
    /// What forbids that it answers: `polarity`, `number` or `name` conflicts with the matched phrasing.
    #[schema(value_type = Vec<String>)]
    pub guards: Vec<Guard>,
    /// What the score follows from, in the order of the engine.
    pub features: Vec<WeighedFeature>,
}

/// One number that a score follows from.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, ToSchema)]
pub struct WeighedFeature {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f32,
    /// What it adds to the log-odds that the entry is right, where some entry is meant; null for evidence that enters through
    /// other features.
    pub effect: Option<f32>,
}

impl Considered {
    /// A candidate as the calibration judged it by which it is `right`, where some entry is meant.
    #[must_use]
    pub fn new(candidate: &Candidate, right: &Weights) -> Self {
        let effect = |name: &str, value: f32| right.of(name).map(|weight| weight as f32 * value);
        let features = candidate.features.named();
        Self {
            entry_id: candidate.entry_id.clone(),
            question: candidate.question.clone(),
            matched_question: candidate.matched_question.clone(),
            confidence: candidate.confidence.value(),
            score: candidate.score,
            guards: candidate.guards.clone(),
            features: features
                .map(|(name, value)| WeighedFeature { name, value, effect: effect(name, value) })
                .collect(),
        }
    }

    /// The value of the feature of this name; `None` when the engine has none.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<f32> {
        self.features.iter().find(|feature| feature.name == name).map(|feature| feature.value)
    }
}
