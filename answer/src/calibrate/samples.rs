//! Questions whose outcome a knowledge base knows by itself.
//!
//! Each phrasing is asked as if it were not there (does its entry still win?), and again as if its whole entry were not
//! there (then every answer would be wrong: a question near the business, but out of its scope). Questions about other
//! topics are far out of scope. Labelled questions are asked as they are.

use inference::Embedding;

use crate::{
    Decision, Error, Question, Result,
    features::{Background, Features, Spread},
    guard,
    normalize::spelling,
    ranking::Ranking,
    retrieve::{Except, Query},
    snapshot::{KnowledgeSnapshot, Phrasing},
    terms::terms,
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

enum Target {
    /// `left_out` is the phrasing and those of its entry that are almost the same.
    Phrasing {
        entry: usize,
        left_out: Vec<usize>,
    },
    Topic(usize),
    Label {
        entry: Option<usize>,
        weight: f64,
        group: usize,
    },
}

/// Phrasings asked at most: more do not change a fit of some twenty weights, and take time.
const MOST_PHRASINGS: usize = 2_000;
const MOST_TOPICS: usize = 400;

/// What to ask `snapshot`.
///
/// # Errors
/// [`Error::Knowledge`] for a label that expects an entry which is not there.
pub(crate) fn probes(snapshot: &KnowledgeSnapshot, labels: &[Label]) -> Result<Vec<Probe>> {
    let mut probes: Vec<Probe> = phrasing_probes(snapshot);
    probes.extend(topic_probes(snapshot));
    for (group, label) in labels.iter().enumerate() {
        probes.extend(label_probe(snapshot, label, group)?);
    }
    Ok(probes)
}

fn phrasing_probes(snapshot: &KnowledgeSnapshot) -> Vec<Probe> {
    let probe = |(phrasing, asked): (usize, &Phrasing)| {
        let question = Question::timeless(&asked.normalized).ok()?;
        let alike = |other: &usize| likeness(asked, &snapshot.phrasings[*other]) >= ALMOST_THE_SAME;
        let left_out = snapshot.entries[asked.entry]
            .phrasings
            .clone()
            .filter(|other| *other == phrasing || alike(other));
        Some(Probe {
            question,
            target: Target::Phrasing { entry: asked.entry, left_out: left_out.collect() },
        })
    };
    thinned(snapshot.phrasings.iter().enumerate().filter_map(probe).collect(), MOST_PHRASINGS)
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

fn topic_probes(snapshot: &KnowledgeSnapshot) -> Vec<Probe> {
    let probe = |(topic, text): (usize, &String)| {
        let question = Question::timeless(text).ok()?;
        Some(Probe { question, target: Target::Topic(topic) })
    };
    let is_question = |(_, text): &(usize, &String)| !guard::is_chit_chat(text);
    thinned(
        snapshot.other_topics.texts.iter().enumerate().filter(is_question).filter_map(probe).collect(),
        MOST_TOPICS,
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

/// Asks every probe. `vectors` are those of the probes' questions, in their order.
///
/// # Errors
/// From the indexes.
pub(crate) fn collect(
    snapshot: &KnowledgeSnapshot,
    probes: &[Probe],
    vectors: &[Option<Embedding>],
) -> Result<(Background, Vec<Sample>)> {
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let size = probes.len().div_ceil(threads).max(1);
    let words: Vec<(Vec<String>, String)> = probes
        .iter()
        .map(|probe| probe.question.normalized())
        .map(|normalized| (terms(normalized), spelling(normalized)))
        .collect();
    let asked: Vec<(&Probe, Query<'_>)> = probes
        .iter()
        .zip(vectors)
        .zip(&words)
        .map(|((probe, vector), (terms, spelling))| {
            let query = Query {
                question: &probe.question,
                vector: vector.as_ref(),
                terms,
                spelling,
                except: probe.except(),
            };
            (probe, query)
        })
        .collect();
    let ranked: Result<Vec<Vec<Asked<'_>>>> = std::thread::scope(|scope| {
        let parts: Vec<_> =
            asked.chunks(size).map(|part| scope.spawn(move || ask_all(snapshot, part))).collect();
        parts.into_iter().map(|part| part.join().unwrap_or(Err(Error::Stopped))).collect()
    });
    let ranked: Vec<Asked<'_>> = ranked?.into_iter().flatten().collect();
    let background = background(&ranked);
    Ok((background, ranked.iter().filter_map(|asked| asked.sample(&background)).collect()))
}

impl Probe {
    fn except(&self) -> Except<'_> {
        match &self.target {
            Target::Phrasing { left_out, .. } => Except::Phrasings(left_out),
            Target::Topic(_) | Target::Label { .. } => Except::Nothing,
        }
    }
}

/// A probe's ranking, and what would be right.
struct Asked<'a> {
    origin: Origin,
    group: usize,
    expected: Option<usize>,
    weight: f64,
    ranking: Ranking<'a>,
}

fn ask_all<'a>(snapshot: &'a KnowledgeSnapshot, part: &[(&Probe, Query<'a>)]) -> Result<Vec<Asked<'a>>> {
    let mut asked = Vec::with_capacity(2 * part.len());
    for (probe, query) in part {
        let itself = match probe.target {
            Target::Topic(topic) => Some(topic),
            Target::Phrasing { .. } | Target::Label { .. } => None,
        };
        let other_topic = snapshot.other_topics.nearest(query, itself)?;
        let ranking = Ranking::of(snapshot, *query, other_topic)?;
        match probe.target {
            Target::Phrasing { entry, ref left_out } => {
                let near = ranking.without(entry);
                asked.push(Asked {
                    origin: Origin::Near,
                    group: entry,
                    expected: None,
                    weight: 1.0,
                    ranking: near,
                });
                if left_out.len() < snapshot.entries[entry].phrasings.len() {
                    asked.push(Asked {
                        origin: Origin::InScope,
                        group: entry,
                        expected: Some(entry),
                        weight: 1.0,
                        ranking,
                    });
                }
            }
            Target::Topic(topic) => {
                asked.push(Asked { origin: Origin::Far, group: topic, expected: None, weight: 1.0, ranking });
            }
            Target::Label { entry, weight, group } => {
                asked.push(Asked { origin: Origin::Labelled, group, expected: entry, weight, ranking });
            }
        }
    }
    Ok(asked)
}

/// Questions about other topics that count besides the near ones: they decide when there are few entries.
const FAR_IN_BACKGROUND: usize = 20;

/// From the best candidates of questions that have no right one.
fn background(asked: &[Asked<'_>]) -> Background {
    let near = asked.iter().filter(|asked| asked.origin == Origin::Near);
    let far = asked.iter().filter(|asked| asked.origin == Origin::Far).take(FAR_IN_BACKGROUND);
    let best: Vec<_> = near.chain(far).filter_map(|asked| asked.ranking.scored.first()).collect();
    let spread = |value: fn(&crate::ranking::Scored) -> f32| {
        Spread::of(&best.iter().map(|scored| value(scored)).collect::<Vec<f32>>())
    };
    Background {
        cosine: spread(|scored| scored.evidence.dense),
        score: spread(|scored| scored.score),
        lexical: spread(|scored| scored.evidence.lexical),
    }
}

impl Asked<'_> {
    /// `None` without a candidate: nothing is to be weighed then.
    fn sample(&self, background: &Background) -> Option<Sample> {
        let best = self.ranking.scored.first()?;
        let is_expected = |scored: &crate::ranking::Scored| self.expected == Some(scored.evidence.entry);
        let conflicts = self.ranking.conflicts(0);
        Some(Sample {
            origin: self.origin,
            group: self.group,
            features: self.ranking.features(0, conflicts, background),
            in_scope: self.expected.is_some(),
            right: is_expected(best),
            offered: self.ranking.scored.iter().take(Decision::MAX_OPTIONS).any(is_expected),
            guarded: conflicts.any(),
            weight: self.weight,
        })
    }
}
