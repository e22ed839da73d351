//! What was known about each candidate, as reports show it.

use answer::{Candidate, Guard};
use serde::{Serialize, Serializer, ser::SerializeMap};

/// An entry that was considered for a question.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Considered {
    /// The entry.
    pub entry_id: String,
    /// Its standard question.
    pub question: String,
    /// The phrasing closest to what was asked.
    pub matched_question: String,
    /// The chance that this entry is the right one.
    pub confidence: f32,
    /// Log-odds before the isotonic correction.
    pub score: f32,
    /// What forbids that it answers.
    pub guards: Vec<Guard>,
    /// What the score was made from.
    pub features: Features,
}

/// Values by name, in the order of the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Features(pub Vec<(&'static str, f32)>);

impl Features {
    /// The value of this name; `None` when the engine has none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f32> {
        self.0.iter().find(|(own, _)| *own == name).map(|(_, value)| *value)
    }
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl From<&Candidate> for Considered {
    fn from(candidate: &Candidate) -> Self {
        Self {
            entry_id: candidate.entry_id.clone(),
            question: candidate.question.clone(),
            matched_question: candidate.matched_question.clone(),
            confidence: candidate.confidence.value(),
            score: candidate.score,
            guards: candidate.guards.clone(),
            features: Features(candidate.features.named().collect()),
        }
    }
}
