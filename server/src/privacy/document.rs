//! What is held about one person, in clear: the form of an export. `docs/privacy.md` describes it.

use serde::Serialize;
use serde_json::Value;

/// Everything about one person.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalDocument {
    /// [`FORMAT`].
    pub(crate) format: &'static str,
    /// RFC 3339, as every moment here.
    pub(crate) exported_at: String,
    pub(crate) contact: PersonalContact,
    pub(crate) identities: Vec<PersonalIdentity>,
    /// Oldest first.
    pub(crate) consents: Vec<PersonalConsent>,
    /// Oldest first.
    pub(crate) conversations: Vec<PersonalConversation>,
    /// What was done with the person's data, oldest first.
    pub(crate) audit: Vec<PersonalAct>,
}

/// Changes with the form.
pub(crate) const FORMAT: &str = "yingda personal data 1";

/// A value that is kept sealed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Content {
    Text(String),
    /// A reply of the bot as it was sent, or a profile.
    Json(Value),
    /// It was forgotten after its retention period.
    NoLongerKept,
    /// Why it does not open.
    Unreadable(String),
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalContact {
    pub(crate) id: String,
    pub(crate) profile: Option<Content>,
    /// The fields by whose exact value the person can be found; the values stand in the profile.
    pub(crate) found_by: Vec<String>,
    pub(crate) first_seen: String,
    pub(crate) last_changed: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalIdentity {
    pub(crate) channel: String,
    pub(crate) identifier: Content,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalConsent {
    pub(crate) purpose: String,
    pub(crate) text_version: String,
    pub(crate) granted: bool,
    pub(crate) channel: String,
    pub(crate) recorded_by: String,
    pub(crate) at: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalConversation {
    pub(crate) id: String,
    pub(crate) channel: String,
    /// `bot`, `queued`, `assigned` or `resolved`.
    pub(crate) status: &'static str,
    pub(crate) agent: Option<String>,
    pub(crate) hand_off_reason: Option<String>,
    pub(crate) priority: i64,
    pub(crate) summary: Option<Content>,
    pub(crate) began: String,
    pub(crate) last_changed: String,
    /// In order.
    pub(crate) messages: Vec<PersonalMessage>,
    /// In order.
    pub(crate) events: Vec<PersonalEvent>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalMessage {
    pub(crate) id: String,
    pub(crate) sequence: i64,
    /// `customer`, `bot` or `agent`.
    pub(crate) author: &'static str,
    pub(crate) agent: Option<String>,
    pub(crate) reply_to: Option<String>,
    pub(crate) kind: String,
    pub(crate) at: String,
    pub(crate) content: Content,
    pub(crate) decision: Option<PersonalDecision>,
    pub(crate) delivery: Option<PersonalDelivery>,
}

/// What the program decided on a message by itself.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalDecision {
    pub(crate) decision: String,
    pub(crate) probability: f64,
    pub(crate) entry_id: Option<String>,
    pub(crate) matched_phrasing: Option<String>,
    pub(crate) knowledge: String,
    pub(crate) model: String,
    pub(crate) features: Value,
    pub(crate) at: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalDelivery {
    pub(crate) state: &'static str,
    pub(crate) attempts: i64,
    pub(crate) platform_reference: Option<String>,
    pub(crate) failure: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalEvent {
    pub(crate) sequence: i64,
    pub(crate) kind: &'static str,
    pub(crate) payload: Value,
    pub(crate) at: String,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct PersonalAct {
    pub(crate) sequence: i64,
    pub(crate) at: String,
    pub(crate) actor: String,
    pub(crate) action: String,
    pub(crate) object: String,
    pub(crate) reason: Option<String>,
    pub(crate) detail: Option<Value>,
}
