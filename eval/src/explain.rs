//! One question, taken apart.

use answer::{Belief, Decided, KnowledgeSnapshot, RiskTarget, Weights};
use serde::Serialize;

use crate::{Band, Considered, Grid};

/// Everything that led to one decision.
#[derive(Clone, Debug, Serialize)]
pub struct Explained {
    /// The question as it was compared.
    pub normalized: String,
    /// What is done.
    pub decision: Band,
    /// Why, in a sentence.
    pub why: String,
    /// The chance that the best candidate is right.
    pub confidence: f32,
    /// The chance that some entry is meant.
    pub scope: f32,
    /// The accepted share of wrong automatic answers.
    pub risk_target: f32,
    /// From this confidence on the best entry answers.
    pub answer_at: f32,
    /// From this chance on the customer is asked back.
    pub clarify_at: f32,
    /// Log-odds before any feature.
    pub intercept: FeatureWeight,
    /// What each feature adds to them per unit.
    pub weights: Vec<FeatureWeight>,
    /// Best first, at most ten.
    pub candidates: Vec<Considered>,
}

/// What a feature adds to each of the three log-odds, per unit.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct FeatureWeight {
    /// The feature's name.
    pub name: &'static str,
    /// That a candidate is right, where some entry is meant.
    pub right: f64,
    /// That some entry is meant, and not something near the business without one. Told of the best candidate.
    pub not_near: f64,
    /// That some entry is meant, and not something else altogether. Told of the best candidate.
    pub not_far: f64,
}

impl Explained {
    pub(crate) fn new(decided: &Decided, snapshot: &KnowledgeSnapshot, target: RiskTarget) -> Self {
        let (policy, belief) = (snapshot.calibration().policy(target), snapshot.calibration().belief());
        Self {
            normalized: decided.normalized.clone(),
            decision: decided.decision.band(),
            why: decided.why.clone(),
            confidence: decided.confidence.value(),
            scope: decided.scope.value(),
            risk_target: target.value(),
            answer_at: policy.answer_at().value(),
            clarify_at: policy.clarify_at().value(),
            intercept: FeatureWeight::intercept(belief),
            weights: FeatureWeight::all(belief),
            candidates: considered(decided, &belief.right),
        }
    }

    /// For a terminal: the decision, the candidates, then one row a feature and one column a candidate with the
    /// feature's value and what it adds to the score.
    #[must_use]
    pub fn text(&self) -> String {
        let decision = match self.decision {
            Band::Answer => "answer",
            Band::Clarify => "ask back",
            Band::HandOff => "hand over",
        };
        let head = format!(
            "compared as   {}\ndecision      {decision}\nwhy           {}\nconfidence    {:.3} (answers from {:.3})\n\
             scope         {:.3} (asks back from {:.3})\nrisk target   {}\n",
            self.normalized,
            self.why,
            self.confidence,
            self.answer_at,
            self.scope,
            self.clarify_at,
            crate::tables::percent(f64::from(self.risk_target)),
        );
        if self.candidates.is_empty() {
            return head;
        }
        format!("{head}\n{}\n{}", self.candidate_grid().text(), self.feature_grid().text())
    }

    fn candidate_grid(&self) -> Grid {
        let mut grid = Grid::new(&["candidate", "confidence", "score", "guards", "closest phrasing"]);
        for (position, candidate) in self.candidates.iter().enumerate() {
            let guards: Vec<String> =
                candidate.guards.iter().map(|guard| format!("{guard:?}").to_lowercase()).collect();
            grid.rows.push(vec![
                format!("{} {}", position + 1, candidate.entry_id),
                format!("{:.3}", candidate.confidence),
                format!("{:+.2}", candidate.score),
                if guards.is_empty() { "-".to_owned() } else { guards.join(", ") },
                candidate.matched_question.clone(),
            ]);
        }
        grid
    }

    /// What adds to the log-odds of each candidate, then what the best one adds to those that some entry is meant. Features
    /// that are 0 for all of them explain nothing and are left out.
    fn feature_grid(&self) -> Grid {
        let columns = &self.candidates[..self.candidates.len().min(COMPARED)];
        let mut grid = Grid::new(&["feature", "weight"]);
        grid.headings.extend((1..=columns.len()).map(|position| position.to_string()));
        grid.headings.extend(["1, not near", "1, not far"].map(str::to_owned));
        let FeatureWeight { name, right, not_near, not_far } = self.intercept;
        let intercept = vec![format!("{right:+.2}"); columns.len()].into_iter();
        let scope = [not_near, not_far].map(|intercept| format!("{intercept:+.2}"));
        grid.rows.push([name.to_owned(), String::new()].into_iter().chain(intercept).chain(scope).collect());
        let features = columns.first().map_or(&[][..], |best| &best.features);
        let value = |candidate: &Considered, name: &str| candidate.value(name).unwrap_or_default();
        let tells = |name: &str| columns.iter().any(|candidate| value(candidate, name) != 0.0);
        for feature in features.iter().filter(|feature| tells(feature.name)) {
            let weight = self.weights.iter().find(|weight| weight.name == feature.name);
            let right = weight.map(|weight| weight.right);
            let cells = columns.iter().map(|candidate| cell(value(candidate, feature.name), right));
            let effect = |weight: f64| format!("{:+.2}", f64::from(feature.value) * weight);
            let scope =
                weight.map_or_else(Default::default, |weight| [weight.not_near, weight.not_far].map(effect));
            let weight = right.map_or_else(String::new, |right| format!("{right:+.2}"));
            let start = [feature.name.to_owned(), weight].into_iter();
            grid.rows.push(start.chain(cells).chain(scope).collect());
        }
        grid
    }
}

fn considered(decided: &Decided, weights: &Weights) -> Vec<Considered> {
    decided.candidates.iter().map(|candidate| Considered::new(candidate, weights)).collect()
}

/// Candidates whose features are shown; the JSON form has all.
const COMPARED: usize = 5;

/// The value, and what it adds where it is weighed.
fn cell(value: f32, weight: Option<f64>) -> String {
    match weight {
        Some(weight) => format!("{value:.2} {:+.2}", f64::from(value) * weight),
        None => format!("{value:.3}"),
    }
}

impl FeatureWeight {
    fn intercept(belief: &Belief) -> Self {
        let Belief { right, not_near, not_far } = belief;
        Self {
            name: "intercept",
            right: right.intercept,
            not_near: not_near.intercept,
            not_far: not_far.intercept,
        }
    }

    fn all(belief: &Belief) -> Vec<Self> {
        let Belief { right, not_near, not_far } = belief;
        let scope = not_near.named().zip(not_far.named());
        right
            .named()
            .zip(scope)
            .map(|((name, right), ((_, not_near), (_, not_far)))| Self { name, right, not_near, not_far })
            .collect()
    }
}
