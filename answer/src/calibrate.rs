//! How much to trust a candidate, learned from the knowledge base itself.
//!
//! [`probes()`] says what to ask, [`ask`] ranks, [`logits`] lets the reranker judge if there is one, [`Calibration::fit`]
//! turns the outcomes into weights around a shipped [`Prior`], and [`Calibration::policy`] turns a [`RiskTarget`] into
//! thresholds. Called once per snapshot and model; the result is part of the snapshot.

mod cross_fit;
mod isotonic;
mod logistic;
mod prior;
mod probes;
mod report;
mod risk;
mod samples;
mod shift;
mod traffic;

use serde::{Deserialize, Serialize};

use crate::{
    AnswerPolicy, Band, Probability, RiskTarget,
    features::{Background, Features, Spread},
    policy::lesser,
    snapshot::KnowledgeSnapshot,
};

use self::{
    cross_fit::CrossFit,
    isotonic::Isotonic,
    risk::{Trial, cautious, threshold},
    samples::{Asked, Origin, Sample},
    shift::Shift,
    traffic::traffic_weights,
};
pub use self::{
    logistic::{FitSample, Weights},
    prior::Prior,
    report::{BandForecast, CalibrationReport, NamedWeight},
};
pub(crate) use self::{
    probes::{embed, probes},
    samples::{ask, logits},
};

/// A question with its right entry, from outside the knowledge base's own phrasings. The record format of
/// `questions.jsonl`.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Label {
    /// As a customer wrote it.
    pub text: String,
    /// `None` when a human must take it.
    pub expected: Option<String>,
    /// Who says so.
    #[serde(default, skip_serializing_if = "LabelSource::is_default")]
    pub source: LabelSource,
    /// For people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Who says what is right, which decides how much it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LabelSource {
    /// Somebody labelled the question for this purpose.
    #[default]
    Labelled,
    /// An agent corrected an automatic answer.
    Correction,
    /// A customer's thumb.
    Thumb,
}

impl LabelSource {
    /// A file says only what differs.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// In questions of the knowledge base's own: a real customer's words tell more than an editor's, a thumb is often
    /// about the answer's content.
    fn weight(self) -> f64 {
        match self {
            Self::Labelled | Self::Correction => 2.0,
            Self::Thumb => 0.5,
        }
    }
}

/// From features to probabilities, for one knowledge base under one model.
#[derive(Clone, Debug)]
pub struct Calibration {
    background: Background,
    answer: Calibrator,
    scope: Calibrator,
    /// From the traffic that the weights were fitted for to the one that is expected.
    shift: Shift,
    /// Judged by weights that had not seen them.
    held_out: Vec<HeldOut>,
}

/// One prediction's weights and its monotone correction.
#[derive(Clone, Debug)]
struct Calibrator {
    weights: Weights,
    isotonic: Option<Isotonic>,
}

/// A sample with what was predicted for it.
#[derive(Clone, Debug)]
struct HeldOut {
    sample: Sample,
    /// Share of the expected traffic that it stands for.
    weight: f64,
    answer: Probability,
    scope: Probability,
}

impl HeldOut {
    /// What an answer would be decided by.
    fn sureness(&self) -> f32 {
        lesser(self.answer, self.scope).value()
    }

    /// Whether an answer would have been right.
    fn answer_trial(&self) -> Trial {
        Trial { probability: self.sureness(), holds: self.sample.right, weight: self.weight }
    }

    fn band(&self, policy: AnswerPolicy) -> Band {
        policy.band(self.answer, self.scope, !self.sample.guarded)
    }
}

/// What a risk target comes to.
struct Thresholds {
    policy: AnswerPolicy,
    /// Whether the knowledge base's own questions show that answers keep the target, and that asking back does.
    answers_shown: bool,
    options_shown: bool,
}

/// In-scope samples below which a knowledge base has nothing to teach, and the shipped belief stands.
const FEWEST_SAMPLES: usize = 60;

impl Calibration {
    /// The shipped belief, for a snapshot without entries.
    pub(crate) fn shipped() -> Self {
        let spread = Spread::of(&[]);
        Self::believing(
            Background { cosine: spread, centroid: spread, score: spread, lexical: spread },
            Vec::new(),
            Prior::OUT_OF_SCOPE,
        )
    }

    /// Fits to what became of the probes. `logits` are the reranker's, for each of `asked`; empty ones without it.
    pub(crate) fn fit(
        snapshot: &KnowledgeSnapshot,
        asked: Vec<Asked>,
        logits: &[Vec<f32>],
        out_of_scope: Probability,
    ) -> Self {
        let (background, samples) = samples::collect(snapshot, asked, logits);
        if !are_enough(samples.iter()) {
            return Self::believing(background, samples, out_of_scope);
        }
        let weights = traffic_weights(&samples, out_of_scope);
        let Prior { answer, scope } = Prior::shipped();
        let answer = CrossFit::new(&samples, &weights, answer, |sample| sample.right);
        let scope = CrossFit::new(&samples, &weights, scope, |sample| sample.in_scope);
        let held_out = samples
            .into_iter()
            .zip(weights)
            .zip(answer.held_out.into_iter().zip(scope.held_out))
            .map(|((sample, weight), (answer, scope))| HeldOut { sample, weight, answer, scope })
            .collect();
        Self { background, answer: answer.calibrator, scope: scope.calibrator, shift: Shift::NONE, held_out }
    }

    fn believing(background: Background, samples: Vec<Sample>, out_of_scope: Probability) -> Self {
        let Prior { answer, scope } = Prior::shipped();
        let calibrator = |weights: &Weights| Calibrator { weights: weights.clone(), isotonic: None };
        let weights = traffic_weights(&samples, out_of_scope);
        let mut believing = Self {
            background,
            answer: calibrator(answer),
            scope: calibrator(scope),
            shift: Shift::new(Prior::OUT_OF_SCOPE, out_of_scope),
            held_out: Vec::new(),
        };
        let judge = |(sample, weight): (Sample, f64)| HeldOut {
            answer: believing.confidence(&sample.features).0,
            scope: believing.scope(&sample.features),
            weight,
            sample,
        };
        believing.held_out = samples.into_iter().zip(weights).map(judge).collect();
        believing
    }

    /// The chance that a candidate with these features is right, and its log-odds before the correction.
    pub(crate) fn confidence(&self, features: &Features) -> (Probability, f32) {
        let score = self.answer.weights.log_odds(features);
        (self.shift.answer(self.answer.probability(score), self.scope.judge(features)), score)
    }

    /// The chance that some entry is meant, told by the features of the best candidate.
    pub(crate) fn scope(&self, features: &Features) -> Probability {
        self.shift.scope(self.scope.judge(features))
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// What each feature adds to a candidate's log-odds, per unit.
    #[must_use]
    pub fn weights(&self) -> &Weights {
        &self.answer.weights
    }

    /// The thresholds that keep `target`. Where the knowledge base's own questions cannot show that any does, a cautious
    /// one is used for answers, and asking back is bounded by what near questions allow.
    #[must_use]
    pub fn policy(&self, target: RiskTarget) -> AnswerPolicy {
        self.thresholds(target).policy
    }

    fn thresholds(&self, target: RiskTarget) -> Thresholds {
        let trials = self.answer_trials();
        let shown = threshold(&trials, target.value());
        let answer_at = shown.unwrap_or_else(|| cautious(&trials, target.value()));
        let options = threshold(&self.options_trials(answer_at), target.options());
        let at = |value| Probability::new(value).unwrap_or(Probability::ONE);
        let clarify_at = options.unwrap_or(0.0).max(self.near_threshold());
        Thresholds {
            policy: AnswerPolicy::new(at(answer_at), at(clarify_at)),
            answers_shown: shown.is_some(),
            options_shown: options.is_some(),
        }
    }

    /// Empty when there are too few samples in scope to tell.
    fn answer_trials(&self) -> Vec<Trial> {
        let may_answer = self.telling().filter(|held_out| !held_out.sample.guarded);
        may_answer.map(HeldOut::answer_trial).collect()
    }

    /// Of the samples that are not answered; empty as [`answer_trials`](Self::answer_trials).
    fn options_trials(&self, answer_at: f32) -> Vec<Trial> {
        let unanswered =
            self.telling().filter(|held_out| held_out.sample.guarded || held_out.sureness() < answer_at);
        let trial = |held_out: &HeldOut| Trial {
            probability: held_out.scope.value(),
            holds: held_out.sample.offered,
            weight: held_out.weight,
        };
        unanswered.map(trial).collect()
    }

    /// Below this lies the share [`NEAR_HANDED_OVER`] of the questions that lost their entry.
    fn near_threshold(&self) -> f32 {
        let near = self.held_out.iter().filter(|held_out| held_out.sample.origin == Origin::Near);
        let mut scopes: Vec<f32> = near.map(|held_out| held_out.scope.value()).collect();
        scopes.sort_by(f32::total_cmp);
        let position = (scopes.len() as f64 * NEAR_HANDED_OVER).ceil() as usize;
        scopes.get(position.min(scopes.len().saturating_sub(1))).map_or(0.0, |scope| *scope)
    }

    /// The samples from which a risk can be shown: all, or none when too few are in scope.
    fn telling(&self) -> impl Iterator<Item = &HeldOut> {
        let telling = if self.is_fitted() { self.held_out.as_slice() } else { &[] };
        telling.iter()
    }

    /// Whether the weights are the knowledge base's own.
    fn is_fitted(&self) -> bool {
        are_enough(self.held_out.iter().map(|held_out| &held_out.sample))
    }
}

/// Whether a knowledge base has something to teach.
fn are_enough<'a>(samples: impl Iterator<Item = &'a Sample>) -> bool {
    samples.filter(|sample| sample.origin.tells_what_is_right()).count() >= FEWEST_SAMPLES
}

/// Share of the questions that lost their entry which go to a human and are not asked back: asking about entries that do
/// not help is what customers complain of. These questions are nearer to the remaining entries than customers' questions
/// without an entry usually are: of the latter, 78 to 100 % were handed over on the labelled sets.
const NEAR_HANDED_OVER: f64 = 0.5;

impl Calibrator {
    fn judge(&self, features: &Features) -> Probability {
        self.probability(self.weights.log_odds(features))
    }

    fn probability(&self, score: f32) -> Probability {
        match &self.isotonic {
            Some(isotonic) => isotonic.probability(score),
            None => Probability::from_log_odds(score),
        }
    }
}
