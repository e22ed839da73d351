//! Fits the belief that every calibration starts from, and prints it as `answer/data/prior.json`.
//!
//! `fit_prior MODEL SET…`: MODEL is a model folder that has not seen the SETs, which are authored files. Each is asked
//! with its standard questions indexed, and with half of the similar ones. See `answer/data/README.md`.

#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::path::{Path, PathBuf};

use answer::{Belief, BeliefSample, BuildOptions, FEATURE_NAMES, Penalty, RiskTarget, Truth, Weights};
use eval::{Indexed, LabelledSet, Outcome, Retrieval, RunOptions, run};
use indicatif::ProgressBar;
use inference::{Embedder, EmbedderOptions, ModelFiles, ModelOptions, load_model};
use time::OffsetDateTime;

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// Expected shares of the traffic: in scope, near, far.
const MIXTURE: [f64; 3] = [0.90, 0.07, 0.03];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1).map(PathBuf::from);
    let model = arguments.next().ok_or("usage: fit_prior MODEL SET…")?;
    let mut sets = Vec::new();
    for path in arguments {
        for indexed in [Indexed::Standard, Indexed::Half] {
            sets.push(LabelledSet::load(&path, Some(indexed))?);
        }
    }
    let bases = ask(&model, &sets).await?;
    let samples: Vec<BeliefSample> = bases.iter().flat_map(|outcomes| samples(outcomes)).collect();
    let Belief { right, not_near, not_far } = Belief::fit(&samples, &Belief::none(), Penalty::WEAK);
    let prior = Belief {
        right: with_same_spelling(right),
        not_near: with_same_spelling(not_near),
        not_far: with_same_spelling(not_far),
    };
    println!("{}", serde_json::to_string_pretty(&prior)?);
    Ok(())
}

async fn ask(model: &Path, sets: &[LabelledSet]) -> Fallible<Vec<Vec<Outcome>>> {
    let model = load_model(&ModelFiles::open(model)?, &ModelOptions::default())?;
    let embedder = Embedder::start(model, &EmbedderOptions::default())?;
    let options = RunOptions {
        retrieval: Retrieval::Hybrid,
        risk_target: RiskTarget::new(0.05).ok_or("a risk target lies between 0 and 1")?,
        sweep: Vec::new(),
        build: BuildOptions::default(),
        now: OffsetDateTime::UNIX_EPOCH,
    };
    let report = run(sets, &embedder, &options, &ProgressBar::hidden()).await?;
    Ok(report.sets.into_iter().map(|set| set.outcomes).collect())
}

/// No labelled question is spelled like a phrasing, so nothing can be fitted. An equal spelling is as good as a label.
const SAME_SPELLING: f64 = 6.0;

fn with_same_spelling(mut weights: Weights) -> Weights {
    for (name, weight) in FEATURE_NAMES.iter().zip(&mut weights.features) {
        if *name == "same_spelling" {
            *weight = SAME_SPELLING;
        }
    }
    weights
}

fn samples(outcomes: &[Outcome]) -> Vec<BeliefSample> {
    let count = |wanted: usize| outcomes.iter().filter(|outcome| kind(truth(outcome)) == wanted).count();
    let counts = [0, 1, 2].map(|kind| count(kind).max(1) as f64);
    let weight = |kind: usize| counts[0] * MIXTURE[kind] / MIXTURE[0] / counts[kind];
    let sample = |outcome: &Outcome| {
        let truth = truth(outcome);
        Some(BeliefSample { features: outcome.weighed?, truth, weight: weight(kind(truth)) })
    };
    outcomes.iter().filter_map(sample).collect()
}

/// Position in [`MIXTURE`].
fn kind(truth: Truth) -> usize {
    match truth {
        Truth::Right | Truth::Wrong => 0,
        Truth::Near => 1,
        Truth::Far => 2,
    }
}

fn truth(outcome: &Outcome) -> Truth {
    match (&outcome.judged.expected, outcome.judged.note.as_deref()) {
        (Some(_), _) if outcome.judged.is_hit() => Truth::Right,
        (Some(_), _) => Truth::Wrong,
        (None, Some("far")) => Truth::Far,
        (None, _) => Truth::Near,
    }
}
