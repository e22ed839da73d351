//! The bot's reply as it is stored: what was sent, so that a repeated message gets the same.

use answer::Decided;
use inference::ModelInfo;
use sealing::Plain;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use store::{DecisionReceipt, MessageId};

use super::RecordError;
use crate::{
    ApiError, AskResponse, ClarifyOption, DecisionKind, clock,
    reply::{Reason, band},
    serving::Serving,
};

/// The fields of a reply that depend on the decision alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct StoredReply {
    pub(crate) decision: DecisionKind,
    pub(crate) confidence: f32,
    pub(crate) answer: Option<String>,
    pub(crate) entry_id: Option<String>,
    pub(crate) matched_question: Option<String>,
    pub(crate) options: Vec<ClarifyOption>,
    pub(crate) reason: Option<Reason>,
}

impl From<&AskResponse> for StoredReply {
    fn from(response: &AskResponse) -> Self {
        let AskResponse { decision, confidence, answer, entry_id, matched_question, options, reason, .. } =
            response.clone();
        Self { decision, confidence, answer, entry_id, matched_question, options, reason }
    }
}

impl StoredReply {
    /// One JSON object.
    pub(super) fn to_plain(&self) -> Plain {
        Plain::from(serde_json::json!(self).to_string())
    }

    /// What [`to_plain`](Self::to_plain) made.
    ///
    /// # Errors
    /// When another program made it.
    pub(super) fn from_plain(plain: &Plain) -> Result<Self, RecordError> {
        // serde's message would quote the text.
        serde_json::from_slice(plain.expose_bytes())
            .map_err(|_| ApiError::internal(&"a stored reply has another form").into())
    }
}

/// The receipt of a decision on `message`. Holds nothing that the customer said.
pub(crate) fn receipt(
    message: MessageId,
    decided: &Decided,
    serving: &Serving,
    model: &ModelInfo,
) -> DecisionReceipt {
    let best = decided.candidates.first();
    let features: Map<String, Value> = best
        .into_iter()
        .flat_map(|best| best.features.named())
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    DecisionReceipt {
        message,
        snapshot_version: serving.name(),
        model_fingerprint: model.fingerprint.clone(),
        entry_id: best.map(|best| best.entry_id.clone()),
        matched_phrasing: best.map(|best| best.matched_question.clone()),
        features: Value::Object(features).to_string(),
        probability: f64::from(decided.confidence.value()),
        band: band(&decided.decision).as_str().to_owned(),
        at: clock::timestamp(),
    }
}
