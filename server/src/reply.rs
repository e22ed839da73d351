//! What `POST /v1/ask` and the `ask` verb take and give.

use answer::{
    AnswerPolicy, Candidate, Decided, Decision, Guard, HandOffReason, KnowledgeSnapshot, Stages, Weights,
};
use inference::ModelInfo;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::trace_id::TraceId;

/// A question. Unknown fields are refused.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AskRequest {
    /// The customer's words, 1 to 2,000 characters with at least one letter or digit.
    #[schema(min_length = 1, max_length = 2000, examples("怎么退款"))]
    pub text: String,
    /// Where it was asked: entries bound to other channels do not answer. Left out: entries of every channel do.
    #[serde(default)]
    pub channel: Option<String>,
    /// Whether the reply explains itself; the same as `?explain=true`.
    #[serde(default)]
    pub explain: bool,
}

/// What to do with the question.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AskResponse {
    /// Send `answer`, ask back with `options`, or call a human for `reason`.
    pub decision: DecisionKind,
    /// The chance that the best candidate is the right one, 0 to 1.
    pub confidence: f32,
    /// The text to send; null unless the decision is `answer`.
    pub answer: Option<String>,
    /// The entry that answers; null unless the decision is `answer`.
    pub entry_id: Option<String>,
    /// The phrasing of that entry closest to the question; null unless the decision is `answer`.
    pub matched_question: Option<String>,
    /// What to ask back, best first; empty unless the decision is `clarify`.
    pub options: Vec<ClarifyOption>,
    /// Why a human takes over; null unless the decision is `handoff`.
    #[schema(value_type = Option<String>, examples("low_confidence", "unavailable"))]
    pub reason: Option<HandOffReason>,
    /// The id of this request, also in the `x-request-id` header and the log.
    #[schema(value_type = String, format = "uuid")]
    pub trace_id: TraceId,
    /// Time from the question to this reply, in milliseconds.
    pub took_ms: f64,
    /// Only when asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explain: Option<Explanation>,
}

/// The three decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum DecisionKind {
    /// An entry answers.
    Answer,
    /// The customer is asked which entry is meant.
    Clarify,
    /// A human takes over.
    HandOff,
}

impl DecisionKind {
    /// As sent: `answer`, `clarify` or `handoff`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Answer => "answer",
            Self::Clarify => "clarify",
            Self::HandOff => "handoff",
        }
    }
}

/// One thing the customer may have meant.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct ClarifyOption {
    /// The entry.
    pub entry_id: String,
    /// Its standard question, to be shown.
    pub question: String,
    /// The chance that it is the right one, 0 to 1.
    pub confidence: f32,
}

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

impl AskResponse {
    /// What is sent for `decided`, without an explanation.
    pub(crate) fn new(decided: &Decided, trace_id: TraceId, took_ms: f64) -> Self {
        let mut response = Self {
            decision: DecisionKind::HandOff,
            confidence: decided.confidence.value(),
            answer: None,
            entry_id: None,
            matched_question: None,
            options: Vec::new(),
            reason: None,
            trace_id,
            took_ms: to_microseconds(took_ms),
            explain: None,
        };
        match &decided.decision {
            Decision::Answer { entry_id, answer } => {
                response.decision = DecisionKind::Answer;
                response.answer = Some(answer.clone());
                response.matched_question =
                    candidate(decided, entry_id).map(|candidate| candidate.matched_question.clone());
                response.entry_id = Some(entry_id.clone());
            }
            Decision::Clarify { entry_ids } => {
                response.decision = DecisionKind::Clarify;
                let offered = entry_ids.iter().filter_map(|entry_id| candidate(decided, entry_id));
                response.options = offered.map(ClarifyOption::from).collect();
            }
            Decision::HandOff(reason) => response.reason = Some(*reason),
        }
        response
    }
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

impl From<&Candidate> for ClarifyOption {
    fn from(candidate: &Candidate) -> Self {
        Self {
            entry_id: candidate.entry_id.clone(),
            question: candidate.question.clone(),
            confidence: candidate.confidence.value(),
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

fn candidate<'a>(decided: &'a Decided, entry_id: &str) -> Option<&'a Candidate> {
    decided.candidates.iter().find(|candidate| candidate.entry_id == entry_id)
}

/// Milliseconds without the digits below a microsecond, which measure nothing.
pub(crate) fn to_microseconds(milliseconds: f64) -> f64 {
    (milliseconds * 1e3).round() / 1e3
}
