//! Questions whose outcome a knowledge base knows by itself.
//!
//! Each phrasing is asked as if it were not there (does its entry still win?), and again as if its whole entry were not
//! there (then every answer would be wrong: a question near the business, but out of its scope). Questions about other
//! topics are far out of scope. Labelled questions are asked as they are.

use std::collections::HashMap;

use inference::Embedding;

use super::{
    belief::Truth,
    probes::{Probe, Target},
};
use crate::{
    Decision, Error, Reranking, Result,
    features::{Background, Features, Spread},
    ranking::{Ranking, Scored},
    retrieve::{Except, Query},
    snapshot::KnowledgeSnapshot,
};

/// Why a question's outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A phrasing, its entry still there.
    InScope,
    /// A phrasing, its entry taken away.
    Near,
    /// A question about another topic.
    Far,
    /// Labelled by a person.
    Labelled,
}

impl Origin {
    /// Near and far questions have no right entry by their nature.
    pub(crate) fn tells_what_is_right(self) -> bool {
        match self {
            Self::InScope | Self::Labelled => true,
            Self::Near | Self::Far => false,
        }
    }
}

/// What a question's best candidate looked like, and whether it was right.
#[derive(Clone, Debug)]
pub(crate) struct Sample {
    pub(crate) origin: Origin,
    /// Samples of one group are held out together.
    pub(crate) group: usize,
    pub(crate) features: Features,
    /// Some entry is meant.
    pub(crate) in_scope: bool,
    /// The best candidate is right.
    pub(crate) right: bool,
    /// One of the first three is.
    pub(crate) offered: bool,
    /// A guard forbids an answer, whatever the probability.
    pub(crate) guarded: bool,
    /// Before the mixture of origins is balanced.
    pub(crate) weight: f64,
}

impl Sample {
    /// What customers ask without an entry is near the business as a rule.
    pub(super) fn truth(&self) -> Truth {
        match (self.in_scope, self.origin) {
            (true, _) if self.right => Truth::Right,
            (true, _) => Truth::Wrong,
            (false, Origin::Far) => Truth::Far,
            (false, Origin::InScope | Origin::Near | Origin::Labelled) => Truth::Near,
        }
    }
}

/// A probe with its candidates, by evidence.
pub(crate) struct Asked {
    target: Target,
    ranking: Ranking,
    /// Of a phrasing: the same as if its entry were not in the snapshot.
    without: Option<Ranking>,
    /// What the reranker is to read of the best candidates; of one more than in a decision, since a phrasing is asked once
    /// with its entry and once without. Empty without a reranker.
    passages: Vec<String>,
}

/// Asks every probe. `vectors` are those of the probes' questions, in their order.
///
/// # Errors
/// From the indexes.
pub(crate) fn ask(
    snapshot: &KnowledgeSnapshot,
    probes: &[Probe],
    vectors: &[Option<Embedding>],
) -> Result<Vec<Asked>> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let size = probes.len().div_ceil(threads).max(1);
    let asked: Result<Vec<Vec<Asked>>> = std::thread::scope(|scope| {
        let ask_part = |(probes, vectors): (&[Probe], &[Option<Embedding>])| {
            let asked = probes.iter().zip(vectors).map(|(probe, vector)| probe.ask(snapshot, vector.clone()));
            asked.collect()
        };
        let parts = probes.chunks(size).zip(vectors.chunks(size));
        let parts: Vec<_> = parts.map(|part| scope.spawn(move || ask_part(part))).collect();
        parts.into_iter().map(|part| part.join().unwrap_or(Err(Error::Stopped))).collect()
    });
    Ok(asked?.into_iter().flatten().collect())
}

impl Probe {
    fn ask(&self, snapshot: &KnowledgeSnapshot, vector: Option<Embedding>) -> Result<Asked> {
        let (except, itself) = match &self.target {
            Target::Phrasing { left_out, .. } => (Except::Phrasings(left_out.clone()), None),
            Target::Topic(topic) => (Except::Nothing, Some(*topic)),
            Target::Label { .. } => (Except::Nothing, None),
        };
        let query = Query::new(self.question.clone(), vector, except);
        let other_topic = snapshot.other_topics.nearest(&query, itself)?;
        let ranking = Ranking::of(snapshot, query, other_topic)?;
        let without = match &self.target {
            Target::Phrasing { entry, .. } => Some(ranking.without(snapshot, *entry)?),
            Target::Topic(_) | Target::Label { .. } => None,
        };
        let passages = match snapshot.reranked() {
            0 => Vec::new(),
            candidates => ranking.passages(snapshot, candidates + 1),
        };
        Ok(Asked { target: self.target.clone(), ranking, without, passages })
    }
}

/// The reranker's scores of the best candidates of each of `asked`; empty ones without a reranker. One question after the
/// other, so that customers who are served meanwhile find room in its queue.
///
/// # Errors
/// [`Error::Inference`] when it fails.
pub(crate) async fn logits(asked: &[Asked], reranking: Option<&Reranking>) -> Result<Vec<Vec<f32>>> {
    let Some(Reranking { reranker, .. }) = reranking else { return Ok(vec![Vec::new(); asked.len()]) };
    let mut logits = Vec::with_capacity(asked.len());
    for Asked { ranking, passages, .. } in asked {
        logits.push(reranker.score_when_room(ranking.question().normalized(), passages.clone()).await?);
    }
    Ok(logits)
}

/// What became of the probes. `logits` are the reranker's, for each of `asked`; empty ones without it.
pub(super) fn collect(
    snapshot: &KnowledgeSnapshot,
    asked: Vec<Asked>,
    logits: &[Vec<f32>],
) -> (Background, Vec<Sample>) {
    let outcomes = |(asked, logits): (Asked, &Vec<f32>)| asked.outcomes(snapshot, logits);
    let outcomes: Vec<Outcome> = asked.into_iter().zip(logits).flat_map(outcomes).collect();
    let background = background(&outcomes);
    let samples = outcomes.iter().filter_map(|outcome| outcome.sample(snapshot, &background)).collect();
    (background, samples)
}

/// A probe's ranking as it would be served, and what would be right.
struct Outcome {
    origin: Origin,
    group: usize,
    expected: Option<usize>,
    weight: f64,
    ranking: Ranking,
}

impl Asked {
    fn outcomes(self, snapshot: &KnowledgeSnapshot, logits: &[f32]) -> Vec<Outcome> {
        let Self { target, ranking, without, .. } = self;
        let without = without.map(|without| reranked_alike(without, snapshot, &ranking, logits));
        let ranking = ranking.reranked(first(snapshot.reranked(), logits));
        let near = |group| {
            let near =
                |ranking| Outcome { origin: Origin::Near, group, expected: None, weight: 1.0, ranking };
            without.map(near)
        };
        let (near, origin, group, expected, weight) = match target {
            Target::Phrasing { entry, is_lonely: true, .. } => return near(entry).into_iter().collect(),
            Target::Phrasing { entry, .. } => (near(entry), Origin::InScope, entry, Some(entry), 1.0),
            Target::Topic(topic) => (None, Origin::Far, topic, None, 1.0),
            Target::Label { entry, weight, group } => (None, Origin::Labelled, group, entry, weight),
        };
        near.into_iter().chain([Outcome { origin, group, expected, weight, ranking }]).collect()
    }
}

/// `without` an entry, in the order of what the reranker said of the candidates of `ranking`, which has the entry. Without its
/// phrasings the others can come in another order; one that comes up from beyond those that were read stays behind them.
fn reranked_alike(
    without: Ranking,
    snapshot: &KnowledgeSnapshot,
    ranking: &Ranking,
    logits: &[f32],
) -> Ranking {
    let entries = ranking.scored.iter().map(|scored| scored.evidence.entry);
    let known: HashMap<usize, f32> = entries.zip(logits.iter().copied()).collect();
    let logit = |scored: &Scored| known.get(&scored.evidence.entry).copied().unwrap_or(f32::NEG_INFINITY);
    let alike: Vec<f32> = without.scored.iter().take(snapshot.reranked()).map(logit).collect();
    without.reranked(&alike)
}

fn first(count: usize, logits: &[f32]) -> &[f32] {
    logits.get(..count).unwrap_or(logits)
}

/// Questions about other topics that count besides the near ones: they decide when there are few entries.
const FAR_IN_BACKGROUND: usize = 20;

/// From the best candidates of questions that have no right one.
fn background(outcomes: &[Outcome]) -> Background {
    let near = outcomes.iter().filter(|outcome| outcome.origin == Origin::Near);
    let far = outcomes.iter().filter(|outcome| outcome.origin == Origin::Far).take(FAR_IN_BACKGROUND);
    let best: Vec<&Scored> = near.chain(far).filter_map(|outcome| outcome.ranking.scored.first()).collect();
    let spread = |value: fn(&Scored) -> f32| {
        Spread::of(&best.iter().map(|scored| value(scored)).collect::<Vec<f32>>())
    };
    Background {
        cosine: spread(|scored| scored.evidence.dense),
        centroid: spread(|scored| scored.evidence.dense_centroid),
        score: spread(|scored| scored.score),
        lexical: spread(|scored| scored.evidence.lexical),
    }
}

impl Outcome {
    /// `None` without a candidate: nothing is to be weighed then.
    fn sample(&self, snapshot: &KnowledgeSnapshot, background: &Background) -> Option<Sample> {
        let best = self.ranking.scored.first()?;
        let is_expected = |scored: &Scored| self.expected == Some(scored.evidence.entry);
        let conflicts = self.ranking.conflicts(snapshot, 0);
        Some(Sample {
            origin: self.origin,
            group: self.group,
            features: self.ranking.features(snapshot, 0, conflicts, background),
            in_scope: self.expected.is_some(),
            right: is_expected(best),
            offered: self.ranking.scored.iter().take(Decision::MAX_OPTIONS).any(is_expected),
            guarded: conflicts.any(),
            weight: self.weight,
        })
    }
}
