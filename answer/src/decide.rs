//! The one way from a question to a decision.

use std::{sync::Arc, time::Instant};

use inference::{Embedder, Embedding, Role};

use crate::{
    AnswerPolicy, Candidate, Decided, Decision, Error, FusionWeights, HandOffReason, KnowledgeSnapshot,
    Probability, Question, Result, Stages, fusion, policy::Band, retrieve::retrieve, snapshot::direction,
};

/// Candidates that are reported; more are not read.
const REPORTED: usize = 10;

/// What an operator may set about decisions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DecideOptions {
    /// Where the bands lie.
    pub policy: AnswerPolicy,
    /// How evidence is weighed.
    pub weights: FusionWeights,
}

/// Decides what to do with `question`.
///
/// The question's vector is computed by the embedder's threads, the rest on tokio's blocking threads, so that a thread
/// that serves sockets only waits.
///
/// # Errors
/// [`Error::Inference`] when the embedder refuses (its queue is full) or fails; [`Error::Index`] and
/// [`Error::Lexical`] from the indexes.
pub async fn decide(
    question: &Question,
    snapshot: &Arc<KnowledgeSnapshot>,
    embedder: &Embedder,
    options: DecideOptions,
) -> Result<Decided> {
    let started = Instant::now();
    let vector = direction(embedder.embed(question.normalized(), Role::Query).await)?;
    let embed = milliseconds_since(started);
    let (question, snapshot) = (question.clone(), Arc::clone(snapshot));
    let decide = move || decide_with(&question, vector.as_ref(), &snapshot, options);
    let mut decided = tokio::task::spawn_blocking(decide).await.map_err(|_| Error::Stopped)??;
    decided.stages = Stages { embed, retrieve: milliseconds_since(started) - embed };
    Ok(decided)
}

/// Everything after the vector: a function of its arguments alone.
fn decide_with(
    question: &Question,
    vector: Option<&Embedding>,
    snapshot: &KnowledgeSnapshot,
    DecideOptions { policy, weights }: DecideOptions,
) -> Result<Decided> {
    let candidates = candidates(question, vector, snapshot, weights)?;
    let confidence = candidates.first().map_or(Probability::ZERO, |best| best.confidence);
    let decision = match candidates.first() {
        None => Decision::HandOff(reason_without_candidate(question, snapshot)),
        Some(best) => match policy.band(confidence) {
            Band::Answer => answer(snapshot, best),
            Band::Clarify => clarify(&candidates, policy),
            Band::HandOff => Decision::HandOff(HandOffReason::LowConfidence),
        },
    };
    Ok(Decided {
        decision,
        confidence,
        candidates,
        normalized: question.normalized().to_owned(),
        stages: Stages::default(),
    })
}

/// Best first. Equal scores are ordered by position, so the same question always gets the same answer.
fn candidates(
    question: &Question,
    vector: Option<&Embedding>,
    snapshot: &KnowledgeSnapshot,
    weights: FusionWeights,
) -> Result<Vec<Candidate>> {
    let evidence = retrieve(snapshot, question, vector)?;
    let mut scored: Vec<_> = evidence.iter().map(|evidence| (weights.score(evidence), evidence)).collect();
    scored.sort_by(|left, right| right.0.total_cmp(&left.0));
    let best = scored.first().map_or(0.0, |(score, _)| *score);
    let second = scored.get(1).map_or(0.0, |(score, _)| *score);
    let reported = scored.iter().take(REPORTED).enumerate().map(|(rank, (score, evidence))| {
        let faq = &snapshot.entries[evidence.entry].faq;
        Candidate {
            entry_id: faq.id.clone(),
            question: faq.question.clone(),
            matched_question: snapshot.phrasings[evidence.phrasing].text.clone(),
            confidence: fusion::confidence(*score, if rank == 0 { second } else { best }),
        }
    });
    Ok(reported.collect())
}

fn answer(snapshot: &KnowledgeSnapshot, best: &Candidate) -> Decision {
    let answer = snapshot.entry(&best.entry_id).map_or("", |faq| faq.answer());
    Decision::Answer { entry_id: best.entry_id.clone(), answer: answer.to_owned() }
}

/// Offers the best entry and those not far behind it.
fn clarify(candidates: &[Candidate], policy: AnswerPolicy) -> Decision {
    let worth_offering =
        |candidate: &&Candidate| candidate.confidence.value() >= policy.clarify_at().value() * OFFERED_SHARE;
    let offered = candidates.iter().take(Decision::MAX_OPTIONS).filter(worth_offering);
    Decision::Clarify { entry_ids: offered.map(|candidate| candidate.entry_id.clone()).collect() }
}

/// An option may be this much less probable than the clarify threshold: it is one of several.
const OFFERED_SHARE: f32 = 0.2;

fn reason_without_candidate(question: &Question, snapshot: &KnowledgeSnapshot) -> HandOffReason {
    let somebody_may = snapshot.entries().any(|faq| faq.may_answer(question.now(), question.channel()));
    if somebody_may { HandOffReason::LowConfidence } else { HandOffReason::Unavailable }
}

fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
