//! Why a decision is what it is, as it is sent.

use answer::{AnswerPolicy, Candidate, Decided, Guard, KnowledgeSnapshot, Stages, Weights};
use inference::ModelInfo;
use serde::Serialize;
use utoipa::ToSchema;

use super::to_microseconds;

/// Why the decision is what it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// The question as it was compared.
    pub normalized: String,
    /// Why this decision, in a sentence.
    pub why: String,
    /// The chance that some entry is meant, 0 to 1; low for questions out of scope.
    pub scope: f32,
    /// Where the bands lie.
    pub thresholds: Thresholds,
    /// What was considered, best first, at most ten.
    pub candidates: Vec<ExplainedCandidate>,
    /// Where the time went.
    pub stages_ms: StageTimes,
    /// The model's name.
    pub model: String,
    /// The version of the knowledge snapshot, 16 hexadecimal digits.
    pub snapshot: String,
}

/// Where the bands lie; they follow from the risk target.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Thresholds {
    /// From this `confidence` on the best candidate answers.
    pub answer: f32,
    /// Where nothing answers: from this `scope` on the customer is asked back.
    pub clarify: f32,
}

/// An entry that was considered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ExplainedCandidate {
    /// The entry.
    pub entry_id: String,
    /// Its standard question.
    pub question: String,
    /// The phrasing closest to what was asked.
    pub matched_question: String,
    /// The chance that it is the right one, 0 to 1.
    pub confidence: f32,
    /// Log-odds before the isotonic correction.
    pub score: f32,
    /// What forbids that it answers: `polarity`, `number` or `name` conflicts with the matched phrasing.
    #[schema(value_type = Vec<String>)]
    pub guards: Vec<Guard>,
    /// What the score follows from.
    pub features: Vec<ExplainedFeature>,
}

/// One number that a score follows from.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct ExplainedFeature {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: f32,
    /// What it adds to the score; null for evidence that enters through other features.
    pub effect: Option<f32>,
}

/// Milliseconds by stage.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct StageTimes {
    /// Waiting for and computing the question's vector.
    pub embed: f64,
    /// Candidates, features, confidence, policy.
    pub retrieve: f64,
    /// Waiting for and computing the reranker's scores; 0 without a reranker.
    pub rerank: f64,
}

impl Explanation {
    /// What led to `decided`.
    pub(crate) fn new(
        decided: &Decided,
        policy: AnswerPolicy,
        model: &ModelInfo,
        snapshot: &KnowledgeSnapshot,
    ) -> Self {
        let Stages { embed, retrieve, rerank } = decided.stages;
        Self {
            normalized: decided.normalized.clone(),
            why: decided.why.clone(),
            scope: decided.scope.value(),
            thresholds: Thresholds {
                answer: policy.answer_at().value(),
                clarify: policy.clarify_at().value(),
            },
            candidates: decided
                .candidates
                .iter()
                .map(|candidate| ExplainedCandidate::new(candidate, snapshot.calibration().weights()))
                .collect(),
            stages_ms: StageTimes {
                embed: to_microseconds(embed),
                retrieve: to_microseconds(retrieve),
                rerank: to_microseconds(rerank),
            },
            model: model.name.clone(),
            snapshot: snapshot.version().to_owned(),
        }
    }
}

impl ExplainedCandidate {
    fn new(candidate: &Candidate, weights: &Weights) -> Self {
        let effect = |name: &str, value: f32| weights.of(name).map(|weight| weight as f32 * value);
        let features = candidate.features.named();
        Self {
            entry_id: candidate.entry_id.clone(),
            question: candidate.question.clone(),
            matched_question: candidate.matched_question.clone(),
            confidence: candidate.confidence.value(),
            score: candidate.score,
            guards: candidate.guards.clone(),
            features: features
                .map(|(name, value)| ExplainedFeature { name, value, effect: effect(name, value) })
                .collect(),
        }
    }
}
