//! How much to trust a candidate, learned from the knowledge base itself.
//!
//! [`probes()`] says what to ask, [`ask`] ranks, [`logits`] lets the reranker judge if there is one, [`Calibration::fit`]
//! turns the outcomes into weights around a shipped [`Belief`], and [`Calibration::policy`] turns a [`RiskTarget`] into
//! thresholds. Called once per snapshot and model; the result is part of the snapshot.

mod belief;
mod cross_fit;
mod isotonic;
mod logistic;
mod prior;
mod probes;
mod report;
mod risk;
mod samples;
mod traffic;

use serde::{Deserialize, Serialize};

use crate::{
    AnswerPolicy, Band, Probability, RiskTarget,
    features::{Background, Features, Spread},
    policy::lesser,
    snapshot::KnowledgeSnapshot,
};

pub use self::{
    belief::{Belief, BeliefSample, Penalty, Truth},
    logistic::{FitSample, Weights},
    report::{BandForecast, CalibrationReport, NamedWeight},
};
use self::{
    cross_fit::CrossFit,
    isotonic::Isotonic,
    risk::{Trial, cautious, threshold},
    samples::{Asked, Origin, Sample},
    traffic::traffic_weights,
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
    belief: Belief,
    /// Monotone corrections of the belief's log-odds, where they help: that a candidate is right, that some entry is meant.
    answer: Option<Isotonic>,
    scope: Option<Isotonic>,
    /// Judged by weights that had not seen them.
    held_out: Vec<HeldOut>,
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
            Belief::OUT_OF_SCOPE,
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
        let CrossFit { belief, answer, scope } = CrossFit::new(&samples, &weights, Belief::shipped());
        let held_out = samples
            .into_iter()
            .zip(weights)
            .zip(answer.held_out.into_iter().zip(scope.held_out))
            .map(|((sample, weight), (answer, scope))| HeldOut { sample, weight, answer, scope })
            .collect();
        Self { background, belief, answer: answer.isotonic, scope: scope.isotonic, held_out }
    }

    fn believing(background: Background, samples: Vec<Sample>, out_of_scope: Probability) -> Self {
        let weights = traffic_weights(&samples, out_of_scope);
        let mut believing = Self {
            background,
            belief: Belief::shipped().told_for(Belief::OUT_OF_SCOPE, out_of_scope),
            answer: None,
            scope: None,
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
        let score = self.belief.answer(features);
        (corrected(self.answer.as_ref(), score), score)
    }

    /// The chance that some entry is meant, told by the features of the best candidate.
    pub(crate) fn scope(&self, features: &Features) -> Probability {
        corrected(self.scope.as_ref(), self.belief.scope(features))
    }

    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// What the log-odds follow from.
    #[must_use]
    pub fn belief(&self) -> &Belief {
        &self.belief
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
        let clarify_at = options.unwrap_or(0.0).max(self.scope_threshold());
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

    /// Below this lie enough of the questions without an entry: near ones, and far ones where something was learned about them.
    /// The shipped belief keeps far questions low by itself, and would leave little to ask back in a knowledge base of a few
    /// entries.
    fn scope_threshold(&self) -> f32 {
        let near = self.below(Origin::Near, NEAR_HANDED_OVER);
        if self.is_fitted() && !self.is_about_other_topics() {
            near.max(self.below(Origin::Far, FAR_HANDED_OVER))
        } else {
            near
        }
    }

    /// Whether many of the shipped questions about other topics are nearer to an entry than to each other: a voice assistant's
    /// knowledge base holds alarms, jokes and the weather, and tells nothing about questions that are far from it.
    fn is_about_other_topics(&self) -> bool {
        let far = || self.held_out.iter().filter(|held_out| held_out.sample.origin == Origin::Far);
        let nearer = far().filter(|held_out| held_out.sample.features.is_nearer_than_other_topics());
        nearer.count() as f64 > OWN_TOPICS * far().count() as f64
    }

    /// The chance that some entry is meant which this share of the samples of `origin` stays below; 0 without any.
    fn below(&self, origin: Origin, share: f64) -> f32 {
        let of_origin = self.held_out.iter().filter(|held_out| held_out.sample.origin == origin);
        let mut scopes: Vec<f32> = of_origin.map(|held_out| held_out.scope.value()).collect();
        scopes.sort_by(f32::total_cmp);
        let position = (scopes.len() as f64 * share).ceil() as usize;
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
/// Share of the questions about other topics that go to a human: an offer to choose among entries makes no sense there.
const FAR_HANDED_OVER: f64 = 0.98;
/// Of the shipped topics a knowledge base of a business is nearer to 1 to 4 in a hundred, one of a voice assistant to 21
/// (the evaluation sets, default model).
const OWN_TOPICS: f64 = 0.1;

fn corrected(isotonic: Option<&Isotonic>, score: f32) -> Probability {
    isotonic.map_or_else(|| Probability::from_log_odds(score), |isotonic| isotonic.probability(score))
}
