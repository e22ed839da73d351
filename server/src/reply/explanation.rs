//! Why a decision is what it is, as it is sent.

use answer::{Decided, Stages};
use eval::Considered;
use inference::ModelInfo;
use serde::Serialize;
use utoipa::ToSchema;

use super::to_microseconds;
use crate::serving::Serving;

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
    pub candidates: Vec<Considered>,
    /// Where the time went.
    pub stages_ms: StageTimes,
    /// The model's name.
    pub model: String,
    /// The version of the knowledge snapshot, 16 hexadecimal digits.
    pub snapshot: String,
    /// The published version of the knowledge; null for a file.
    pub knowledge_version: Option<i64>,
}

/// Where the bands lie; they follow from the risk target.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Thresholds {
    /// Where both `confidence` and `scope` reach it, the best candidate answers.
    pub answer: f32,
    /// Where nothing answers: from this `scope` on the customer is asked back.
    pub clarify: f32,
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
    pub(crate) fn new(decided: &Decided, model: &ModelInfo, serving: &Serving) -> Self {
        let Serving { snapshot, policy, version } = serving;
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
                .map(|candidate| Considered::new(candidate, &snapshot.calibration().belief().right))
                .collect(),
            stages_ms: StageTimes {
                embed: to_microseconds(embed),
                retrieve: to_microseconds(retrieve),
                rerank: to_microseconds(rerank),
            },
            model: model.name.clone(),
            snapshot: snapshot.version().to_owned(),
            knowledge_version: *version,
        }
    }
}
