//! Questions whose outcome a knowledge base knows by itself.
//!
//! Each phrasing is asked as if it were not there (does its entry still win?), and again as if its whole entry were not
//! there (then every answer would be wrong: a question near the business, but out of its scope). Questions about other
//! topics are far out of scope. Labelled questions are asked as they are.

use inference::Embedding;

use crate::{
    Decision, Error, Question, Reranking, Result,
    features::{Background, Features, Spread},
    guard,
    normalize::spelling,
    ranking::{Ranking, Scored},
    retrieve::{Except, Query},
    snapshot::{KnowledgeSnapshot, Phrasing},
};

use super::Label;

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

/// A question to be asked.
pub(crate) struct Probe {
    pub(crate) question: Question,
    target: Target,
}

#[derive(Clone)]
enum Target {
    /// `left_out` is the phrasing and those of its entry that are almost the same; a lonely one is left with no other.
    Phrasing {
        entry: usize,
        left_out: Vec<usize>,
        is_lonely: bool,
    },
    Topic(usize),
    Label {
        entry: Option<usize>,
        weight: f64,
        group: usize,
    },
}

/// How many questions of each kind are asked at most.
struct Most {
    phrasings: usize,
    topics: usize,
    labels: usize,
}

impl Most {
    /// More phrasings do not change a fit of some twenty weights, and take time.
    const BY_EVIDENCE: Self = Self { phrasings: 2_000, topics: 400, labels: usize::MAX };
    /// 400 in all: a reranker reads some ten candidates of each, a fraction of a second's work for a large one.
    const RERANKED: Self = Self { phrasings: 280, topics: 40, labels: 80 };
}

/// What to ask `snapshot`.
///
/// # Errors
/// [`Error::Knowledge`] for a label that expects an entry which is not there.
pub(crate) fn probes(snapshot: &KnowledgeSnapshot, labels: &[Label]) -> Result<Vec<Probe>> {
    let most = if snapshot.reranking.is_some() { Most::RERANKED } else { Most::BY_EVIDENCE };
    let mut probes: Vec<Probe> = phrasing_probes(snapshot, most.phrasings);
    probes.extend(topic_probes(snapshot, most.topics));
    let labelled = labels.iter().enumerate().map(|(group, label)| label_probe(snapshot, label, group));
    let labelled: Vec<Option<Probe>> = labelled.collect::<Result<_>>()?;
    probes.extend(thinned(labelled.into_iter().flatten().collect(), most.labels));
    Ok(probes)
}

fn phrasing_probes(snapshot: &KnowledgeSnapshot, most: usize) -> Vec<Probe> {
    let probe = |(phrasing, asked): (usize, &Phrasing)| {
        let question = Question::timeless(&asked.normalized).ok()?;
        let alike = |other: &usize| likeness(asked, &snapshot.phrasings[*other]) >= ALMOST_THE_SAME;
        let own = snapshot.entries[asked.entry].phrasings.clone();
        let left_out: Vec<usize> = own.clone().filter(|other| *other == phrasing || alike(other)).collect();
        let is_lonely = left_out.len() == own.len();
        Some(Probe { question, target: Target::Phrasing { entry: asked.entry, left_out, is_lonely } })
    };
    thinned(snapshot.phrasings.iter().enumerate().filter_map(probe).collect(), most)
}

/// Phrasings of one entry that share at least this much of their terms were often written after each other. A customer
/// does not know them, so that finding one by the other would promise too much.
const ALMOST_THE_SAME: f32 = 0.5;

/// Shared terms as a share of all terms of both (Jaccard), 0 to 1; 1 for equal spellings.
fn likeness(left: &Phrasing, right: &Phrasing) -> f32 {
    if left.spelling == right.spelling {
        return 1.0;
    }
    let shared = left.terms.iter().filter(|term| right.terms.binary_search(term).is_ok()).count();
    let all = left.terms.len() + right.terms.len() - shared;
    if all == 0 { 0.0 } else { shared as f32 / all as f32 }
}

fn topic_probes(snapshot: &KnowledgeSnapshot, most: usize) -> Vec<Probe> {
    let probe = |(topic, text): (usize, &String)| {
        let question = Question::timeless(text).ok()?;
        Some(Probe { question, target: Target::Topic(topic) })
    };
    let is_question = |(_, text): &(usize, &String)| !guard::is_chit_chat(text);
    thinned(
        snapshot.other_topics.texts.iter().enumerate().filter(is_question).filter_map(probe).collect(),
        most,
    )
}

/// `None` for a text that is no question, since it never comes to a decision, and for one that is a phrasing by now, since
/// finding it says nothing.
fn label_probe(snapshot: &KnowledgeSnapshot, label: &Label, group: usize) -> Result<Option<Probe>> {
    let unknown = |id: &String| {
        Error::Knowledge(format!("a label for \"{}\" expects the entry {id}, which is not there", label.text))
    };
    let position = |id: &String| {
        snapshot.entries.iter().position(|entry| entry.faq.id == *id).ok_or_else(|| unknown(id))
    };
    let entry = label.expected.as_ref().map(position).transpose()?;
    let Ok(question) = Question::timeless(&label.text) else { return Ok(None) };
    let spelling = spelling(question.normalized());
    if snapshot.phrasings.iter().any(|phrasing| phrasing.spelling == spelling) {
        return Ok(None);
    }
    let (group, weight) = (entry.unwrap_or(group), label.source.weight());
    Ok(Some(Probe { question, target: Target::Label { entry, weight, group } }))
}

/// Every n-th, so that at most `most` remain: the same for the same knowledge.
fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

/// A probe with its candidates, by evidence.
pub(crate) struct Asked {
    target: Target,
    ranking: Ranking,
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
        let passages = match snapshot.reranked() {
            0 => Vec::new(),
            candidates => ranking.passages(snapshot, candidates + 1),
        };
        Ok(Asked { target: self.target.clone(), ranking, passages })
    }
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
        let near = match self.target {
            Target::Phrasing { entry, .. } => Some(Outcome {
                origin: Origin::Near,
                group: entry,
                expected: None,
                weight: 1.0,
                ranking: self.reranked_without(snapshot, entry, logits),
            }),
            Target::Topic(_) | Target::Label { .. } => None,
        };
        let (origin, group, expected, weight) = match self.target {
            Target::Phrasing { is_lonely: true, .. } => return near.into_iter().collect(),
            Target::Phrasing { entry, .. } => (Origin::InScope, entry, Some(entry), 1.0),
            Target::Topic(topic) => (Origin::Far, topic, None, 1.0),
            Target::Label { entry, weight, group } => (Origin::Labelled, group, entry, weight),
        };
        let ranking = self.ranking.reranked(first(snapshot.reranked(), logits));
        near.into_iter().chain([Outcome { origin, group, expected, weight, ranking }]).collect()
    }

    /// As if `entry` were not in the snapshot.
    fn reranked_without(&self, snapshot: &KnowledgeSnapshot, entry: usize, logits: &[f32]) -> Ranking {
        let left =
            self.ranking.scored.iter().zip(logits).filter(|(scored, _)| scored.evidence.entry != entry);
        let left: Vec<f32> = left.map(|(_, logit)| *logit).collect();
        self.ranking.without(snapshot, entry).reranked(first(snapshot.reranked(), &left))
    }
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
