//! What a knowledge base is asked to learn about itself: its own phrasings, questions about other topics, labelled questions.

use inference::{Embedder, Embedding, Role};

use super::Label;
use crate::{
    Error, Question, Result, guard,
    normalize::spelling,
    snapshot::{KnowledgeSnapshot, Phrasing},
};

/// A question to be asked.
pub(crate) struct Probe {
    pub(crate) question: Question,
    pub(super) target: Target,
}

/// What is known about it.
#[derive(Clone)]
pub(super) enum Target {
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

/// `None` for a text that is no question, for chit-chat and for what says too little, which are decided without any
/// probability, and for one that is a phrasing by now, since finding it says nothing.
fn label_probe(snapshot: &KnowledgeSnapshot, label: &Label, group: usize) -> Result<Option<Probe>> {
    let unknown = |id: &String| {
        Error::Knowledge(format!("a label for \"{}\" expects the entry {id}, which is not there", label.text))
    };
    let position = |id: &String| {
        snapshot.entries.iter().position(|entry| entry.faq.id == *id).ok_or_else(|| unknown(id))
    };
    let entry = label.expected.as_ref().map(position).transpose()?;
    let Ok(question) = Question::timeless(&label.text) else { return Ok(None) };
    if guard::is_chit_chat(question.normalized()) || guard::too_little(question.normalized()) {
        return Ok(None);
    }
    let spelling = spelling(question.normalized());
    if snapshot.phrasings.iter().any(|phrasing| phrasing.spelling == spelling) {
        return Ok(None);
    }
    let (group, weight) = (entry.unwrap_or(group), label.source.weight());
    Ok(Some(Probe { question, target: Target::Label { entry, weight, group } }))
}

/// At most `most` of `all`, in their order: the same for the same knowledge. Multiples of the golden ratio are spread evenly
/// and keep step with nothing (Knuth 1973, section 6.4), where every third phrasing could be the standard question.
fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let mut chosen: Vec<(usize, T)> = all.into_iter().enumerate().collect();
    if chosen.len() > most {
        chosen.sort_by_key(|(position, _)| (*position as u64).wrapping_mul(GOLDEN_RATIO));
        chosen.truncate(most);
        chosen.sort_by_key(|(position, _)| *position);
    }
    chosen.into_iter().map(|(_, item)| item).collect()
}

/// 2^64 divided by the golden ratio.
const GOLDEN_RATIO: u64 = 0x9E37_79B9_7F4A_7C15;

/// The vectors of the probes' questions, in their order. What customers wrote does not go into the embedder's archive.
pub(crate) async fn embed(probes: &[Probe], embedder: &Embedder) -> Vec<inference::Result<Embedding>> {
    let is_label = |probe: &&Probe| matches!(probe.target, Target::Label { .. });
    // Labels are the last.
    let (own, labels) =
        probes.split_at(probes.iter().position(|probe| is_label(&probe)).unwrap_or(probes.len()));
    let texts = |probes: &[Probe]| -> Vec<String> {
        probes.iter().map(|probe| probe.question.normalized().to_owned()).collect()
    };
    let mut vectors = embedder.embed_many(&texts(own), Role::Query).await;
    let labelled = embedder.embed_many_counted(&texts(labels), Role::Query).await;
    vectors.extend(labelled.into_iter().map(|embedded| embedded.map(|embedded| embedded.vector)));
    vectors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_thinned_keeps_step_with_nothing() {
        assert_eq!(thinned(vec![1, 2, 3], 3), [1, 2, 3]);
        let kept = thinned((0..6_000).collect(), 2_000);
        assert!(kept.len() == 2_000 && kept.is_sorted());
        for period in [2, 3, 5, 15] {
            for place in 0..period {
                let found = kept.iter().filter(|position| **position % period == place).count();
                assert!(found.abs_diff(2_000 / period) <= 20, "{found} of {place} in {period}");
            }
        }
    }
}
