//! What happened to one question.

use answer::{Band, Candidate, Decided, Weights};
use serde::{Deserialize, Serialize};

use crate::{Basis, Considered, LabelledQuestion};

/// Whether any entry answers a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One does.
    In,
    /// None does, though it is about the same trade; also what is out of scope and not noted `far`.
    Near,
    /// None does: it is about something else.
    Far,
}

/// A question with its label and what was decided: all that figures are made of, and a line of `outcomes.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// As a customer wrote it.
    pub text: String,
    /// The entry that answers it; `None` when a human must take it.
    pub expected: Option<String>,
    /// `near` or `far` for questions out of scope; else for people.
    #[serde(default)]
    pub note: Option<String>,
    /// A text that is no question (emoji only, say) counts as handed over: nobody is answered.
    pub decision: Band,
    /// The best candidate's entry.
    pub best: Option<String>,
    /// The chance that it is the right one, 0 without a candidate.
    pub confidence: f32,
    /// The chance that some entry is meant, 0 without a candidate.
    pub in_scope: f32,
    /// Position of the expected entry among the ten best candidates, from 1. `None` when it is not among them, or
    /// none is expected.
    pub rank: Option<usize>,
    /// Whether it was asked back with the expected entry among the options.
    pub offered: bool,
    /// Time spent.
    pub milliseconds: Spent,
}

/// Time spent on one question, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Spent {
    /// From text to decision.
    pub total: f64,
    /// Waiting for and computing the question's vector; `None` for a text that is no question.
    pub embed: Option<f64>,
    /// Candidates, confidence, decision.
    pub retrieve: Option<f64>,
}

/// One question, asked.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was asked, expected and decided.
    pub judged: Judged,
    /// Why, in a sentence; empty for a text that is no question.
    pub why: String,
    /// What the thresholds looked at.
    pub basis: Basis,
    /// Of the best candidate, as the calibration weighs them, for fitting.
    pub weighed: Option<answer::Features>,
    /// Best first, at most ten; empty when nothing was found.
    pub candidates: Vec<Considered>,
}

impl Judged {
    /// Whether the best candidate is the expected entry.
    #[must_use]
    pub fn is_hit(&self) -> bool {
        self.rank == Some(1)
    }

    /// Whether a customer was told something wrong: answered automatically, with another entry than the expected one
    /// or although a human was expected.
    #[must_use]
    pub fn is_wrong_answer(&self) -> bool {
        self.decision == Band::Answer && !self.is_hit()
    }

    /// Whether nobody could wish for another decision: answered with the expected entry, asked back with it among the
    /// options, or handed over when a human was expected.
    #[must_use]
    pub fn is_right_decision(&self) -> bool {
        match self.decision {
            Band::Answer => self.is_hit(),
            Band::Clarify => self.offered,
            Band::HandOff => self.expected.is_none(),
        }
    }

    /// In scope, or how far out of it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        match (&self.expected, self.note.as_deref()) {
            (Some(_), _) => Scope::In,
            (None, Some("far")) => Scope::Far,
            (None, _) => Scope::Near,
        }
    }
}

impl Outcome {
    /// `weights` are those of the calibration that judged.
    pub(crate) fn new(
        question: &LabelledQuestion,
        decided: Option<&Decided>,
        weights: &Weights,
        milliseconds: f64,
    ) -> Self {
        let candidates: &[Candidate] = decided.map_or(&[], |decided| &decided.candidates);
        let LabelledQuestion { text, expected, note } = question.clone();
        let is_expected = |id: &String| Some(id) == expected.as_ref();
        let position = candidates.iter().position(|candidate| is_expected(&candidate.entry_id));
        let offers = |decided: &Decided| decided.options().any(|option| is_expected(&option.entry_id));
        let basis = decided.map_or(Basis::NOTHING, |decided| Basis::of(decided, offers(decided)));
        let judged = Judged {
            decision: decided.map_or(Band::HandOff, |decided| decided.decision.band()),
            best: candidates.first().map(|candidate| candidate.entry_id.clone()),
            confidence: decided.map_or(0.0, |decided| decided.confidence.value()),
            in_scope: decided.map_or(0.0, |decided| decided.scope.value()),
            rank: position.map(|position| position + 1),
            offered: basis.offers && decided.is_some_and(|decided| decided.decision.band() == Band::Clarify),
            milliseconds: Spent {
                total: milliseconds,
                embed: decided.map(|decided| decided.stages.embed),
                retrieve: decided.map(|decided| decided.stages.retrieve),
            },
            text,
            expected,
            note,
        };
        Self {
            judged,
            why: decided.map_or_else(String::new, |decided| decided.why.clone()),
            basis,
            weighed: candidates.first().map(|best| best.features),
            candidates: candidates.iter().map(|candidate| Considered::new(candidate, weights)).collect(),
        }
    }
}
