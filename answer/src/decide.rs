//! The one way from a question to a decision.

use std::{sync::Arc, time::Instant};

use inference::{Embedder, Embedding, Role};

use crate::{
    AnswerPolicy, Band, Candidate, Decided, Decision, Guard, HandOffReason, KnowledgeSnapshot, Probability,
    Question, Reranking, Result, Stages,
    desk::in_turn,
    guard::{self, Conflicts},
    ranking::{Ranking, Scored},
    retrieve::{Except, Query},
    snapshot::direction,
};

/// Candidates that are reported; more are not read.
const REPORTED: usize = 10;

/// Decides what to do with `question`.
///
/// The question's vector is computed by the embedder's threads, the reranker's scores by its own if the snapshot has one,
/// the rest in turn on threads of its own, so that a thread that serves sockets only waits.
///
/// # Errors
/// [`Error::Inference`](crate::Error::Inference) when the embedder or the reranker refuses (its queue is full) or fails;
/// [`Error::Index`](crate::Error::Index) and [`Error::Lexical`](crate::Error::Lexical) from the indexes.
pub async fn decide(
    question: &Question,
    snapshot: &Arc<KnowledgeSnapshot>,
    embedder: &Embedder,
    policy: AnswerPolicy,
) -> Result<Decided> {
    let started = Instant::now();
    let vector = direction(embedder.embed(question.normalized(), Role::Query).await)?;
    let embed = milliseconds_since(started);
    let (asked, known) = (question.clone(), Arc::clone(snapshot));
    let (mut decided, rerank) = match &snapshot.reranking {
        None => (in_turn(move || Ok(conclude(&known, &rank(asked, vector, &known)?, policy))).await?, 0.0),
        Some(reranking) => reranked(asked, vector, known, policy, reranking).await?,
    };
    decided.stages = Stages { embed, retrieve: milliseconds_since(started) - embed - rerank, rerank };
    Ok(decided)
}

/// What is decided when the reranker reads the best candidates between ranking and decision, and the milliseconds that it
/// took.
async fn reranked(
    question: Question,
    vector: Option<Embedding>,
    snapshot: Arc<KnowledgeSnapshot>,
    policy: AnswerPolicy,
    reranking: &Reranking,
) -> Result<(Decided, f64)> {
    let (normalized, known) = (question.normalized().to_owned(), Arc::clone(&snapshot));
    let candidates = reranking.candidates;
    let rank = move || {
        let ranking = rank(question, vector, &known)?;
        let passages = ranking.passages(&known, candidates);
        Ok((ranking, passages))
    };
    let (ranking, passages) = in_turn(rank).await?;
    let started = Instant::now();
    let logits = reranking.reranker.score(&normalized, passages).await?;
    let rerank = milliseconds_since(started);
    let conclude = move || Ok(conclude(&snapshot, &ranking.reranked(&logits), policy));
    Ok((in_turn(conclude).await?, rerank))
}

/// The candidates by evidence.
fn rank(question: Question, vector: Option<Embedding>, snapshot: &KnowledgeSnapshot) -> Result<Ranking> {
    let query = Query::new(question, vector, Except::Nothing);
    let other_topic = snapshot.other_topics.nearest(&query, None)?;
    Ranking::of(snapshot, query, other_topic)
}

/// Everything after the ranking: a function of its arguments alone.
fn conclude(snapshot: &KnowledgeSnapshot, ranking: &Ranking, policy: AnswerPolicy) -> Decided {
    let question = ranking.question();
    let calibration = snapshot.calibration();
    let candidates = candidates(snapshot, ranking);
    let scope = candidates.first().map_or(Probability::ZERO, |best| calibration.scope(&best.features));
    let mut decided = Decided {
        decision: Decision::HandOff(reason_without_candidate(question, snapshot)),
        confidence: candidates.first().map_or(Probability::ZERO, |best| best.confidence),
        scope,
        why: String::from("no entry has anything in common with the question"),
        candidates,
        normalized: question.normalized().to_owned(),
        stages: Stages::default(),
    };
    if let Some(best) = ranking.scored.first() {
        (decided.decision, decided.why) = choose(question, snapshot, policy, &decided, best);
    }
    decided
}

fn candidates(snapshot: &KnowledgeSnapshot, ranking: &Ranking) -> Vec<Candidate> {
    let calibration = snapshot.calibration();
    let reported = ranking.scored.iter().take(REPORTED).enumerate();
    let candidate = |(rank, scored): (usize, &Scored)| {
        let faq = &snapshot.entries[scored.evidence.entry].faq;
        let conflicts = ranking.conflicts(snapshot, rank);
        let features = ranking.features(snapshot, rank, conflicts, calibration.background());
        let (confidence, score) = calibration.confidence(&features);
        Candidate {
            entry_id: faq.id.clone(),
            question: faq.question.clone(),
            matched_question: snapshot.phrasings[scored.evidence.phrasing].text.clone(),
            confidence,
            score,
            features,
            guards: guards(conflicts),
        }
    };
    let mut candidates: Vec<Candidate> = reported.map(candidate).collect();
    share_what_is_left(&mut candidates);
    candidates
}

/// At most one entry is right. Each candidate is judged by itself, the first by what its confidence was calibrated for; the
/// others share what that leaves when together they claim more.
fn share_what_is_left(candidates: &mut [Candidate]) {
    let Some((best, others)) = candidates.split_first_mut() else { return };
    let left = 1.0 - best.confidence.value();
    let claimed: f32 = others.iter().map(|other| other.confidence.value()).sum();
    if claimed > left {
        for other in others {
            let shared = other.confidence.value() * left / claimed;
            other.confidence = Probability::new(shared).unwrap_or(Probability::ZERO);
        }
    }
}

fn guards(conflicts: Conflicts) -> Vec<Guard> {
    let fired = [
        (conflicts.polarity, Guard::Polarity),
        (conflicts.number, Guard::Number),
        (conflicts.name, Guard::Name),
    ];
    fired.into_iter().filter(|(fires, _)| *fires).map(|(_, guard)| guard).collect()
}

/// The decision on a question that has a candidate, and why.
fn choose(
    question: &Question,
    snapshot: &KnowledgeSnapshot,
    policy: AnswerPolicy,
    decided: &Decided,
    best: &Scored,
) -> (Decision, String) {
    if let Some((reason, why)) = meaningless(question).filter(|_| !best.evidence.same_spelling) {
        return (Decision::HandOff(reason), why.to_owned());
    }
    let guards = &decided.candidates[0].guards;
    let band = policy.band(decided.confidence, decided.scope, guards.is_empty());
    let decision = match band {
        Band::Answer => {
            let faq = &snapshot.entries[best.evidence.entry].faq;
            Decision::Answer { entry_id: faq.id.clone(), answer: faq.answer().to_owned() }
        }
        Band::Clarify => clarify(decided),
        Band::HandOff => Decision::HandOff(HandOffReason::LowConfidence),
    };
    (decision, why(band, decided, policy))
}

/// Questions that no entry is meant for, unless one is spelled just so.
fn meaningless(question: &Question) -> Option<(HandOffReason, &'static str)> {
    if guard::is_chit_chat(question.normalized()) {
        Some((HandOffReason::ChitChat, "the question is chit-chat, and no phrasing is spelled like it"))
    } else if guard::too_little(question.normalized()) {
        Some((HandOffReason::TooLittle, "the question says too little, and no phrasing is spelled like it"))
    } else {
        None
    }
}

fn clarify(decided: &Decided) -> Decision {
    Decision::Clarify { entry_ids: decided.options().map(|candidate| candidate.entry_id.clone()).collect() }
}

fn why(band: Band, decided: &Decided, policy: AnswerPolicy) -> String {
    let confidence = decided.confidence.value();
    let scope = decided.scope.value();
    let (answer_at, clarify_at) = (policy.answer_at().value(), policy.clarify_at().value());
    let guards = &decided.candidates[0].guards;
    let not_answered = if !guards.is_empty() {
        format!("{guards:?} forbids an answer")
    } else if confidence < answer_at {
        format!("the best candidate's confidence {confidence:.3} is below {answer_at:.3}")
    } else {
        format!("the chance that some entry is meant is below {answer_at:.3}, which an answer needs")
    };
    match band {
        Band::Answer => format!("the best candidate's confidence {confidence:.3} reaches {answer_at:.3}"),
        Band::Clarify => {
            format!("{not_answered}; the chance {scope:.3} that some entry is meant reaches {clarify_at:.3}")
        }
        Band::HandOff => {
            format!("{not_answered}; the chance {scope:.3} that some entry is meant is below {clarify_at:.3}")
        }
    }
}

fn reason_without_candidate(question: &Question, snapshot: &KnowledgeSnapshot) -> HandOffReason {
    let somebody_may = snapshot.entries().any(|faq| question.may_be_answered_by(faq));
    if somebody_may { HandOffReason::LowConfidence } else { HandOffReason::Unavailable }
}

fn milliseconds_since(started: Instant) -> f64 {
    started.elapsed().as_secs_f64() * 1e3
}
