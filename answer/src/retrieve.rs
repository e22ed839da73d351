//! From a question to the entries that may answer it, with the evidence for each.

use std::collections::BTreeSet;

use inference::Embedding;

use crate::{
    Question, Result,
    evidence::{Evidence, WordHits},
    lexical::{LexicalHit, LexicalIndex},
    neighborhood::{self, Neighbor},
    normalize::spelling,
    snapshot::{KnowledgeSnapshot, SnapshotEntry},
    terms::terms,
};

/// A question in all its forms.
#[derive(Clone)]
pub(crate) struct Query {
    pub(crate) question: Question,
    /// `None` when the model knows no token of the question; then only words are compared.
    pub(crate) vector: Option<Embedding>,
    /// Of the normalised text.
    pub(crate) terms: Vec<String>,
    /// See [`spelling`](crate::normalize::spelling()).
    pub(crate) spelling: String,
    pub(crate) except: Except,
}

impl Query {
    pub(crate) fn new(question: Question, vector: Option<Embedding>, except: Except) -> Self {
        let (terms, spelling) = (terms(question.normalized()), spelling(question.normalized()));
        Self { question, vector, terms, spelling, except }
    }
}

/// What is treated as if it were not there. Calibration asks an entry's own phrasings this way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Except {
    Nothing,
    /// The phrasings of one entry at these positions; at least one.
    Phrasings(Vec<usize>),
    /// The entry at this position.
    Entry(usize),
}

impl Except {
    pub(crate) fn phrasing(&self, phrasing: usize) -> bool {
        match self {
            Self::Phrasings(phrasings) => phrasings.contains(&phrasing),
            Self::Nothing | Self::Entry(_) => false,
        }
    }

    /// How many phrasings are treated as absent one by one.
    fn phrasings(&self) -> usize {
        match self {
            Self::Phrasings(phrasings) => phrasings.len(),
            Self::Nothing | Self::Entry(_) => 0,
        }
    }

    pub(crate) fn entry(&self, entry: usize) -> bool {
        *self == Self::Entry(entry)
    }
}

/// What was found.
pub(crate) struct Retrieved {
    /// One for every entry that may answer and that one of the four searches found, in order of position.
    pub(crate) evidence: Vec<Evidence>,
    /// The nearest phrasings, nearest first.
    pub(crate) neighbors: Vec<Neighbor>,
}

impl Retrieved {
    /// `evidence`, with what `neighbors` together say for each entry.
    fn supported(
        snapshot: &KnowledgeSnapshot,
        mut evidence: Vec<Evidence>,
        neighbors: Vec<Neighbor>,
    ) -> Self {
        let support = neighborhood::support(&neighbors, &snapshot.vectors);
        for candidate in &mut evidence {
            let own = support.iter().find(|(entry, _)| *entry == candidate.entry);
            candidate.neighborhood = own.map_or(0.0, |(_, support)| *support);
        }
        Self { evidence, neighbors }
    }

    /// As if `entry` were not there.
    pub(crate) fn without(self, snapshot: &KnowledgeSnapshot, entry: usize) -> Self {
        let Self { mut evidence, mut neighbors } = self;
        evidence.retain(|candidate| candidate.entry != entry);
        neighbors.retain(|neighbor| neighbor.entry != entry);
        Self::supported(snapshot, evidence, neighbors)
    }
}

/// Phrasings looked at by either way. An entry has about ten phrasings, so this reaches some ten entries.
pub(crate) const PHRASINGS: usize = 128;
/// Answers looked at by either way.
const ANSWERS: usize = 16;
/// Searches phrasings and answers by meaning and by words.
///
/// # Errors
/// From the indexes.
pub(crate) fn retrieve(snapshot: &KnowledgeSnapshot, query: &Query) -> Result<Retrieved> {
    let may = |(position, entry): (usize, &SnapshotEntry)| {
        !query.except.entry(position) && query.question.may_be_answered_by(&entry.faq)
    };
    let may_answer: Vec<bool> = snapshot.entries.iter().enumerate().map(may).collect();
    let hits = WordHits {
        phrasings: lexical_phrasings(snapshot, query, &may_answer)?,
        answers: lexical_answers(snapshot, query, &may_answer)?,
    };
    let mut entries: BTreeSet<usize> =
        hits.phrasings.iter().map(|hit| snapshot.phrasings[hit.text].entry).collect();
    entries.extend(hits.answers.iter().map(|hit| hit.text));
    let neighbors = dense_phrasings(snapshot, query, &may_answer)?;
    entries.extend(neighbors.iter().map(|neighbor| neighbor.entry));
    entries.extend(dense_answers(snapshot, query, &may_answer)?);
    let evidence = entries.into_iter().map(|entry| Evidence::gather(snapshot, query, entry, &hits)).collect();
    Ok(Retrieved::supported(snapshot, evidence, neighbors))
}

fn lexical_phrasings(
    snapshot: &KnowledgeSnapshot,
    query: &Query,
    may_answer: &[bool],
) -> Result<Vec<LexicalHit>> {
    let silent = snapshot.entries.iter().zip(may_answer).filter(|(_, may)| !**may);
    let silent: usize = silent.map(|(entry, _)| entry.phrasings.len()).sum();
    let limit = PHRASINGS + silent + query.except.phrasings();
    accepted(&snapshot.lexical, &query.terms, limit, |text| {
        may_answer[snapshot.phrasings[text].entry] && !query.except.phrasing(text)
    })
}

fn lexical_answers(
    snapshot: &KnowledgeSnapshot,
    query: &Query,
    may_answer: &[bool],
) -> Result<Vec<LexicalHit>> {
    let silent = may_answer.iter().filter(|may| !**may).count();
    accepted(&snapshot.lexical_answers, &query.terms, ANSWERS + silent, |text| may_answer[text])
}

/// `limit` must leave room for the texts that `is_accepted` drops.
fn accepted(
    index: &LexicalIndex,
    terms: &[String],
    limit: usize,
    is_accepted: impl Fn(usize) -> bool,
) -> Result<Vec<LexicalHit>> {
    let mut hits = index.search(terms, limit)?;
    hits.retain(|hit| is_accepted(hit.text));
    Ok(hits)
}

/// Nearest first.
fn dense_phrasings(
    snapshot: &KnowledgeSnapshot,
    query: &Query,
    may_answer: &[bool],
) -> Result<Vec<Neighbor>> {
    let Some(vector) = &query.vector else { return Ok(Vec::new()) };
    let owner = |id: u64| snapshot.phrasings[id as usize].entry;
    let is_accepted = |id: u64| may_answer[owner(id)] && !query.except.phrasing(id as usize);
    let found = snapshot.dense.search_filtered(vector.as_slice(), PHRASINGS, &is_accepted)?;
    let neighbor = |found: index::Neighbor| Neighbor {
        phrasing: found.id as usize,
        entry: owner(found.id),
        similarity: found.similarity,
    };
    Ok(found.into_iter().map(neighbor).collect())
}

fn dense_answers(snapshot: &KnowledgeSnapshot, query: &Query, may_answer: &[bool]) -> Result<Vec<usize>> {
    let Some(vector) = &query.vector else { return Ok(Vec::new()) };
    let is_accepted = |id: u64| may_answer[id as usize];
    let found = snapshot.dense_answers.search_filtered(vector.as_slice(), ANSWERS, &is_accepted)?;
    Ok(found.into_iter().map(|neighbor| neighbor.id as usize).collect())
}
