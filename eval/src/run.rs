//! Asking every question of a set.

use std::{sync::Arc, time::Instant};

use answer::{AnswerPolicy, BuildOptions, FusionWeights, KnowledgeSnapshot, Question, RiskTarget};
use indicatif::ProgressBar;
use inference::Embedder;
use serde::Serialize;
use time::OffsetDateTime;

use crate::{LabelledQuestion, LabelledSet, Metrics, Outcome, Report, Result, SetReport};

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
}

/// How sets are run.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// What is compared.
    pub retrieval: Retrieval,
    /// The accepted share of wrong answers, from which the thresholds follow.
    pub risk_target: RiskTarget,
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
) -> Result<Report> {
    bar.set_length(sets.iter().map(|set| set.questions.len() as u64).sum());
    let mut reports = Vec::new();
    for set in sets {
        bar.set_message(set.name.clone());
        reports.push(run_set(set, embedder, options, bar).await?);
    }
    bar.finish_and_clear();
    Ok(Report::new(embedder.info(), options.retrieval, reports))
}

async fn run_set(
    set: &LabelledSet,
    embedder: &Embedder,
    options: &RunOptions,
    bar: &ProgressBar,
) -> Result<SetReport> {
    let weights = options.retrieval.weights(options.build.weights);
    let build = BuildOptions { weights, ..options.build.clone() };
    let snapshot =
        Arc::new(KnowledgeSnapshot::build(set.entries.clone(), embedder, &build, |_, _| ()).await?);
    let policy = snapshot.calibration().policy(options.risk_target);
    let mut outcomes = Vec::with_capacity(set.questions.len());
    for question in &set.questions {
        outcomes.push(ask(question, &snapshot, embedder, policy, options.now).await?);
        bar.inc(1);
    }
    Ok(SetReport {
        name: set.name.clone(),
        indexed: set.indexed,
        entries: snapshot.entry_count(),
        phrasings: snapshot.phrasing_count(),
        questions: outcomes.len(),
        metrics: Metrics::of(&outcomes),
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
    let decided = match Question::new(&labelled.text, now) {
        Ok(question) => Some(answer::decide(&question, snapshot, embedder, policy).await?),
        Err(answer::Error::Question(_)) => None,
        Err(error) => return Err(error.into()),
    };
    Ok(Outcome::new(labelled, decided, started.elapsed().as_secs_f64() * 1e3))
}
