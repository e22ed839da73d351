//! Asking every question of a set, and what else needs a snapshot.

use std::{sync::Arc, time::Instant};

use answer::{AnswerPolicy, BuildOptions, Decided, FusionWeights, KnowledgeSnapshot, Question, RiskTarget};
use indicatif::ProgressBar;
use inference::Embedder;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    Calibrated, Curves, Explained, Judged, LabelledQuestion, LabelledSet, Metrics, ModelReport, Outcome,
    Result, SetReport, Staffing, Traffic, sweep::sweep,
};

/// What is compared with the question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Retrieval {
    /// As served: vectors and words together, with the configured weights.
    Hybrid,
    /// Vectors of the phrasings alone.
    Dense,
    /// Words of the phrasings alone.
    Lexical,
}

impl Retrieval {
    /// `served` for hybrid, fixed weights for the other two.
    #[must_use]
    pub fn weights(self, served: FusionWeights) -> FusionWeights {
        match self {
            Self::Hybrid => served,
            Self::Dense => FusionWeights::DENSE,
            Self::Lexical => FusionWeights::LEXICAL,
        }
    }

    /// As in `report.json`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hybrid => "hybrid",
            Self::Dense => "dense",
            Self::Lexical => "lexical",
        }
    }
}

/// How sets are run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// What is compared.
    pub retrieval: Retrieval,
    /// The accepted share of wrong answers, from which the thresholds follow.
    pub risk_target: RiskTarget,
    /// Other targets, to say what they would have decided.
    pub sweep: Vec<RiskTarget>,
    /// As served.
    pub build: BuildOptions,
    /// The moment at which entries must be valid.
    pub now: OffsetDateTime,
}

/// Asks every question of every set, one after the other, so that the latencies are those of a lone question. `bar`
/// advances by one per question.
///
/// # Errors
/// From building a snapshot and from [`answer::decide`].
pub async fn run(
    sets: &[LabelledSet],
    embedder: &Embedder,
    options: &RunOptions,
    bar: &ProgressBar,
) -> Result<ModelReport> {
    bar.set_length(sets.iter().map(|set| set.questions.len() as u64).sum());
    let mut reports = Vec::new();
    for set in sets {
        bar.set_message(set.name.clone());
        reports.push(run_set(set, embedder, options, bar).await?);
    }
    bar.finish_and_clear();
    Ok(ModelReport::new(embedder.info(), options.retrieval, reports))
}

/// Builds and calibrates the knowledge of `set`, as it would be served.
///
/// # Errors
/// From building a snapshot.
pub async fn calibrate(set: &LabelledSet, embedder: &Embedder, options: &RunOptions) -> Result<Calibrated> {
    let started = Instant::now();
    let snapshot = snapshot(set, embedder, options).await?;
    let milliseconds = milliseconds_since(started);
    Ok(Calibrated {
        name: set.name.clone(),
        entries: snapshot.entry_count(),
        phrasings: snapshot.phrasing_count(),
        milliseconds,
        report: snapshot.calibration().report(options.risk_target),
    })
}

/// What each target of `options.sweep` comes to under `traffic`, as the calibration of `set` foretells.
///
/// # Errors
/// From building a snapshot.
pub async fn staffing(
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
    traffic: Traffic,
) -> Result<Vec<Staffing>> {
    let snapshot = snapshot(set, embedder, options).await?;
    let of = |target: &RiskTarget| Staffing::of(*target, &snapshot.calibration().forecast(*target), traffic);
    Ok(options.sweep.iter().map(of).collect())
}

/// Decides on one question over the knowledge of `set` and keeps everything that led to the decision.
///
/// # Errors
/// [`answer::Error::Question`] for a text that is no question; from building a snapshot and from [`answer::decide`].
pub async fn explain(
    text: &str,
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
) -> Result<Explained> {
    let question = Question::new(text, options.now)?;
    let snapshot = snapshot(set, embedder, options).await?;
    let policy = snapshot.calibration().policy(options.risk_target);
    let decided = answer::decide(&question, &snapshot, embedder, policy).await?;
    Ok(Explained::new(&decided, &snapshot, options.risk_target))
}

async fn snapshot(
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
) -> Result<Arc<KnowledgeSnapshot>> {
    let weights = options.retrieval.weights(options.build.weights);
    // Vectors or words alone are looked at as they are.
    let reranking = options.build.reranking.clone().filter(|_| options.retrieval == Retrieval::Hybrid);
    let build = BuildOptions { weights, reranking, ..options.build.clone() };
    Ok(Arc::new(KnowledgeSnapshot::build(set.entries.clone(), embedder, &build, |_, _| ()).await?))
}

async fn run_set(
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
    bar: &ProgressBar,
) -> Result<SetReport> {
    let snapshot = snapshot(set, embedder, options).await?;
    let calibration = snapshot.calibration();
    let policy = calibration.policy(options.risk_target);
    let mut outcomes = Vec::with_capacity(set.questions.len());
    for question in &set.questions {
        outcomes.push(ask(question, &snapshot, embedder, policy, options.now).await?);
        bar.inc(1);
    }
    let metrics = Metrics::of(&outcomes.iter().map(|outcome| &outcome.judged).collect::<Vec<&Judged>>());
    Ok(SetReport {
        name: set.name.clone(),
        indexed: set.indexed,
        entries: snapshot.entry_count(),
        phrasings: snapshot.phrasing_count(),
        questions: outcomes.len(),
        curves: Curves::of(&outcomes, metrics.coverage, f64::from(options.risk_target.value())),
        calibration: calibration.report(options.risk_target),
        sweep: sweep(&outcomes, calibration, &options.sweep),
        metrics,
        outcomes,
    })
}

async fn ask(
    labelled: &LabelledQuestion,
    snapshot: &Arc<KnowledgeSnapshot>,
    embedder: &Embedder,
    policy: AnswerPolicy,
    now: OffsetDateTime,
) -> Result<Outcome> {
    let started = Instant::now();
    let decided: Option<Decided> = match Question::new(&labelled.text, now) {
        Ok(question) => Some(answer::decide(&question, snapshot, embedder, policy).await?),
        Err(answer::Error::Question(_)) => None,
        Err(error) => return Err(error.into()),
    };
    let milliseconds = milliseconds_since(started);
    Ok(Outcome::new(labelled, decided.as_ref(), &snapshot.calibration().belief().right, milliseconds))
}

fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
