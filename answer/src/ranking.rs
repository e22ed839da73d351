//! The candidates of one question, best first, and what is known about each.

use crate::{
    Question, Result,
    evidence::{self, Evidence},
    features::{Background, BestOther, Features, QuestionFacts, Situation},
    guard::{self, Conflicts},
    neighborhood::{Neighbor, SPEAKERS},
    normalize::normalize,
    retrieve::{Except, PHRASINGS, Query, Retrieved, retrieve},
    snapshot::KnowledgeSnapshot,
    vocabulary::QuestionTerm,
};

/// Evidence by fused score, and the question's own facts.
pub(crate) struct Ranking {
    query: Query,
    /// Best first. Equal scores are ordered by position, so the same question always gets the same ranking.
    pub(crate) scored: Vec<Scored>,
    /// The nearest phrasings, nearest first.
    neighbors: Vec<Neighbor>,
    terms: Vec<QuestionTerm>,
    facts: QuestionFacts,
}

/// Nearest phrasings whose entries are counted.
const NEIGHBORS: usize = 5;

/// A candidate with its fused score, greater is better.
#[derive(Clone, Debug)]
pub(crate) struct Scored {
    pub(crate) score: f32,
    /// By the reranker, greater is better; negative infinity where it was not asked.
    pub(crate) logit: f32,
    pub(crate) evidence: Evidence,
}

impl Ranking {
    /// Retrieves and ranks. `other_topic` is the cosine to the nearest shipped question about another topic.
    ///
    /// # Errors
    /// From the indexes.
    pub(crate) fn of(snapshot: &KnowledgeSnapshot, query: Query, other_topic: f32) -> Result<Self> {
        let retrieved = retrieve(snapshot, &query)?;
        Ok(Self::ranked(snapshot, query, retrieved, other_topic))
    }

    /// The same question as if `entry` were not in the snapshot. Searched again only where the entry's own phrasings took the place
    /// of others, since it takes as long as the first time.
    ///
    /// # Errors
    /// From the indexes.
    pub(crate) fn without(&self, snapshot: &KnowledgeSnapshot, entry: usize) -> Result<Self> {
        let query = Query { except: Except::Entry(entry), ..self.query.clone() };
        let left = self.neighbors.iter().filter(|neighbor| neighbor.entry != entry).count();
        if left < SPEAKERS && self.neighbors.len() == PHRASINGS {
            return Self::of(snapshot, query, self.facts.other_topic);
        }
        let evidence = self.scored.iter().map(|scored| scored.evidence.clone()).collect();
        let retrieved = Retrieved { evidence, neighbors: self.neighbors.clone() }.without(snapshot, entry);
        Ok(Self::ranked(snapshot, query, retrieved, self.facts.other_topic))
    }

    fn ranked(snapshot: &KnowledgeSnapshot, query: Query, retrieved: Retrieved, other_topic: f32) -> Self {
        let Retrieved { evidence, neighbors } = retrieved;
        let weights = snapshot.weights;
        let mut scored: Vec<Scored> = evidence
            .into_iter()
            .map(|evidence| Scored { score: weights.score(&evidence), logit: f32::NEG_INFINITY, evidence })
            .collect();
        scored.sort_by(|left, right| right.score.total_cmp(&left.score));
        let terms = question_terms(snapshot, &query);
        let facts = facts(snapshot, &query, &terms, other_topic);
        Self { query, scored, neighbors, terms, facts }
    }

    /// What was asked.
    pub(crate) fn question(&self) -> &Question {
        &self.query.question
    }

    /// What the reranker reads of each of the first `count` candidates: the phrasing that the question is closest to, which
    /// says what the entry is about in a customer's words, then the answer, which tells entries apart that are asked for in
    /// nearly the same words; it comes last because a text that is too long is cut at its end. Both are normalised as the
    /// question is.
    pub(crate) fn passages(&self, snapshot: &KnowledgeSnapshot, count: usize) -> Vec<String> {
        let passage = |Scored { evidence, .. }: &Scored| {
            let phrasing = &snapshot.phrasings[evidence.phrasing].normalized;
            let answer = normalize(snapshot.entries[evidence.entry].faq.answer());
            if answer.is_empty() { phrasing.clone() } else { format!("{phrasing} {answer}") }
        };
        self.scored.iter().take(count).map(passage).collect()
    }

    /// The first candidates in the order of the reranker's `logits`, one each, greatest first; the others behind them in the
    /// order that they had. Unchanged without logits.
    pub(crate) fn reranked(mut self, logits: &[f32]) -> Self {
        for (scored, logit) in self.scored.iter_mut().zip(logits) {
            scored.logit = *logit;
        }
        self.scored.sort_by(|left, right| right.logit.total_cmp(&left.logit));
        self
    }

    /// Of the candidate at `rank`, from 0.
    pub(crate) fn features(
        &self,
        snapshot: &KnowledgeSnapshot,
        rank: usize,
        conflicts: Conflicts,
        background: &Background,
    ) -> Features {
        let scored = &self.scored[rank];
        let Scored { score, evidence, .. } = scored;
        Features::of(&Situation {
            candidate: evidence,
            score: *score,
            reranked: scored.reranked(),
            others: self.best_other(rank),
            agreeing: self.agreeing(snapshot, evidence.entry),
            uncovered: self.uncovered(snapshot, evidence.entry),
            crowd: self.crowd(rank, background.score.deviation),
            conflicts,
            question: &self.facts,
            background,
        })
    }

    /// Between the question and the phrasing that the candidate at `rank` was matched by.
    pub(crate) fn conflicts(&self, snapshot: &KnowledgeSnapshot, rank: usize) -> Conflicts {
        let phrasing = &snapshot.phrasings[self.scored[rank].evidence.phrasing];
        guard::conflicts(self.query.question.normalized(), &phrasing.normalized)
    }

    fn best_other(&self, rank: usize) -> BestOther {
        let others = self.scored.iter().enumerate().filter(|(position, _)| *position != rank);
        let other = |(_, scored): (usize, &Scored)| BestOther {
            score: scored.score,
            reranked: scored.reranked(),
            dense: scored.evidence.dense,
            dense_centroid: scored.evidence.dense_centroid,
            neighborhood: scored.evidence.neighborhood,
            lexical: scored.evidence.lexical,
            dense_answer: scored.evidence.dense_answer,
            same_spelling: scored.evidence.same_spelling,
        };
        others.map(other).reduce(BestOther::greater).unwrap_or_default()
    }

    fn agreeing(&self, snapshot: &KnowledgeSnapshot, entry: usize) -> f32 {
        let nearest = self.neighbors.iter().take(NEIGHBORS);
        let owned = nearest.filter(|neighbor| neighbor.entry == entry).count();
        let phrasings = snapshot.entries[entry].phrasings.clone();
        let there = phrasings.filter(|phrasing| !self.query.except.phrasing(*phrasing)).count();
        owned as f32 / there.clamp(1, NEIGHBORS) as f32
    }

    fn uncovered(&self, snapshot: &KnowledgeSnapshot, entry: usize) -> f32 {
        let owner = &snapshot.entries[entry];
        let holds = |term: &QuestionTerm| {
            let number = term.number.filter(|_| term.holders > 0);
            number.is_some_and(|number| evidence::holds(snapshot, owner, number, &self.query.except))
        };
        share_of_information(snapshot, &self.terms, |term| !holds(term))
    }

    fn crowd(&self, rank: usize, deviation: f32) -> usize {
        let floor = self.scored[rank].score - deviation;
        self.scored.iter().filter(|other| other.score >= floor).count().saturating_sub(1)
    }
}

impl Scored {
    /// The logistic of the logit: 0 where the reranker was not asked.
    fn reranked(&self) -> f32 {
        1.0 / (1.0 + (-self.logit).exp())
    }
}

/// The question's terms with the entries that hold them, less the one that holds a term only by what is excepted.
fn question_terms(snapshot: &KnowledgeSnapshot, query: &Query) -> Vec<QuestionTerm> {
    let mut terms = snapshot.vocabulary.look_up(&query.terms);
    let owner = match &query.except {
        Except::Nothing => return terms,
        Except::Phrasings(phrasings) => match phrasings.first() {
            Some(phrasing) => snapshot.phrasings[*phrasing].entry,
            None => return terms,
        },
        Except::Entry(entry) => *entry,
    };
    let entry = &snapshot.entries[owner];
    for term in &mut terms {
        let Some(number) = term.number else { continue };
        let held = evidence::holds(snapshot, entry, number, &Except::Nothing);
        let still = !query.except.entry(owner) && evidence::holds(snapshot, entry, number, &query.except);
        if held && !still {
            term.holders -= 1;
        }
    }
    terms
}

fn facts(
    snapshot: &KnowledgeSnapshot,
    query: &Query,
    terms: &[QuestionTerm],
    other_topic: f32,
) -> QuestionFacts {
    let known = terms.iter().filter(|term| term.holders > 0);
    QuestionFacts {
        characters: query.question.normalized().chars().count(),
        information: known.map(|term| snapshot.vocabulary.rarity(term.holders)).sum(),
        unknown: share_of_information(snapshot, terms, |term| term.holders == 0),
        other_topic,
    }
}

/// 0 for a question without terms.
fn share_of_information(
    snapshot: &KnowledgeSnapshot,
    terms: &[QuestionTerm],
    counts: impl Fn(&QuestionTerm) -> bool,
) -> f32 {
    let rarity = |term: &QuestionTerm| snapshot.vocabulary.rarity(term.holders);
    let all: f32 = terms.iter().map(rarity).sum();
    let counted: f32 = terms.iter().filter(|term| counts(term)).map(rarity).sum();
    if all > 0.0 { counted / all } else { 0.0 }
}
