//! Asking every question of a set.

use std::{sync::Arc, time::Instant};

use answer::{BuildOptions, DecideOptions, FusionWeights, KnowledgeSnapshot, Question};
use indicatif::ProgressBar;
use inference::Embedder;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    Curves, Judged, LabelledQuestion, LabelledSet, Metrics, ModelReport, Outcome, Result, SetReport,
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
    /// As served.
    pub decide: DecideOptions,
    /// As served.
    pub build: BuildOptions,
    /// The share of automatic answers that may be wrong; only reported, and what the best threshold is held to.
    pub risk_target: Option<f64>,
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

async fn run_set(
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
    bar: &ProgressBar,
) -> Result<SetReport> {
    let snapshot = KnowledgeSnapshot::build(set.entries.clone(), embedder, &options.build, |_, _| ()).await?;
    let snapshot = Arc::new(snapshot);
    let mut outcomes = Vec::with_capacity(set.questions.len());
    for question in &set.questions {
        outcomes.push(ask(question, &snapshot, embedder, options).await?);
        bar.inc(1);
    }
    let judged: Vec<&Judged> = outcomes.iter().map(|outcome| &outcome.judged).collect();
    let metrics = Metrics::of(&judged);
    Ok(SetReport {
        name: set.name.clone(),
        indexed: set.indexed,
        entries: snapshot.entry_count(),
        phrasings: snapshot.phrasing_count(),
        questions: outcomes.len(),
        curves: Curves::of(&outcomes, metrics.coverage, options.risk_target),
        metrics,
        outcomes,
    })
}

async fn ask(
    labelled: &LabelledQuestion,
    snapshot: &Arc<KnowledgeSnapshot>,
    embedder: &Embedder,
    options: &RunOptions,
) -> Result<Outcome> {
    let started = Instant::now();
    let weights = options.retrieval.weights(options.decide.weights);
    let decide = DecideOptions { weights, ..options.decide };
    let decided = match Question::new(&labelled.text, options.now) {
        Ok(question) => Some(answer::decide(&question, snapshot, embedder, decide).await?),
        Err(answer::Error::Question(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::new(labelled, decided.as_ref(), started.elapsed().as_secs_f64() * 1e3))
}
