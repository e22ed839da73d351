//! A shop to ask: real snapshot, real decisions, a model made of character counts.

use std::sync::Arc;

use answer::{
    AnswerPolicy, BuildOptions, Decided, Decision, FaqEntry, HandOffReason, KnowledgeSnapshot, Probability,
    Question,
};
use inference::{
    Embedder, EmbedderOptions, Embedding, EncoderInput, ModelInfo, Precision, Role, SentenceEncoder,
};
use time::{OffsetDateTime, macros::datetime};

/// The moment of every question unless a test says otherwise.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-06-15 12:00 UTC);

/// Counts letters outside ASCII into 64 buckets: near for texts that share characters, repeatable, no files. A text of
/// ASCII alone has no known token.
struct CharacterCounts(ModelInfo);

const BUCKETS: usize = 64;

impl SentenceEncoder for CharacterCounts {
    fn info(&self) -> &ModelInfo {
        &self.0
    }

    fn tokenize(&self, text: &str, _: Role) -> inference::Result<EncoderInput> {
        let known = text.chars().filter(|character| character.is_alphanumeric() && !character.is_ascii());
        Ok(EncoderInput { token_ids: known.map(u32::from).collect() })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> inference::Result<Vec<inference::Result<Embedding>>> {
        Ok(inputs.iter().map(|input| Embedding::normalized(counts(&input.token_ids))).collect())
    }
}

fn counts(token_ids: &[u32]) -> Vec<f32> {
    let mut counts = vec![0.0; BUCKETS];
    for id in token_ids {
        counts[id.wrapping_mul(2_654_435_761) as usize % BUCKETS] += 1.0;
    }
    counts
}

/// A new embedder over [`CharacterCounts`].
fn embedder() -> Embedder {
    let info = ModelInfo {
        name: "character-counts".to_owned(),
        dimension: BUCKETS,
        max_tokens: 512,
        licence: "Apache-2.0".to_owned(),
        fingerprint: "character-counts".to_owned(),
        architecture: "test".to_owned(),
        precision: Precision::F32,
        device: "cpu".to_owned(),
    };
    Embedder::start(Arc::new(CharacterCounts(info)), &EmbedderOptions::default()).unwrap()
}

/// Knowledge that can be asked.
pub(crate) struct Shop {
    embedder: Embedder,
    snapshot: Arc<KnowledgeSnapshot>,
}

impl Shop {
    pub(crate) async fn with(entries: Vec<FaqEntry>) -> Self {
        Self::built(entries, &BuildOptions::default()).await.unwrap()
    }

    pub(crate) async fn built(entries: Vec<FaqEntry>, options: &BuildOptions) -> answer::Result<Self> {
        let embedder = embedder();
        let snapshot = KnowledgeSnapshot::build(entries, &embedder, options, |_, _| ()).await?;
        Ok(Self { embedder, snapshot: Arc::new(snapshot) })
    }

    /// A snapshot alone.
    pub(crate) async fn build(
        entries: Vec<FaqEntry>,
        options: &BuildOptions,
    ) -> answer::Result<KnowledgeSnapshot> {
        KnowledgeSnapshot::build(entries, &embedder(), options, |_, _| ()).await
    }

    pub(crate) fn snapshot(&self) -> &KnowledgeSnapshot {
        &self.snapshot
    }

    /// Asks now, on no particular channel.
    pub(crate) async fn ask(&self, text: &str) -> Reply {
        self.decide(Question::new(text, NOW).unwrap()).await
    }

    pub(crate) async fn decide(&self, question: Question) -> Reply {
        Reply(self.try_decide(question).await.unwrap())
    }

    pub(crate) async fn try_decide(&self, question: Question) -> answer::Result<Decided> {
        let at = |value| Probability::new(value).unwrap();
        let policy = AnswerPolicy::new(at(0.8), at(0.8));
        answer::decide(&question, &self.snapshot, &self.embedder, policy).await
    }
}

impl Reply {
    /// Of the candidate at `rank`, from 0.
    pub(crate) fn feature(&self, rank: usize, name: &str) -> f32 {
        self.0.candidates[rank].features.named().find(|(known, _)| *known == name).unwrap().1
    }
}

/// What came back.
pub(crate) struct Reply(pub(crate) Decided);

impl Reply {
    pub(crate) fn expect_answer(&self, entry_id: &str) -> &Self {
        match &self.0.decision {
            Decision::Answer { entry_id: answered, .. } => assert_eq!(answered, entry_id, "{:?}", self.0),
            other => panic!("expected an answer, found {other:?}: {:?}", self.0),
        }
        self
    }

    pub(crate) fn expect_clarify(&self, entry_ids: &[&str]) -> &Self {
        match &self.0.decision {
            Decision::Clarify { entry_ids: offered } => assert_eq!(offered, entry_ids, "{:?}", self.0),
            other => panic!("expected options, found {other:?}: {:?}", self.0),
        }
        self
    }

    pub(crate) fn expect_hand_off(&self, reason: HandOffReason) -> &Self {
        assert_eq!(self.0.decision, Decision::HandOff(reason), "{:?}", self.0);
        self
    }

    /// Entry ids of the candidates, best first.
    pub(crate) fn ranking(&self) -> Vec<&str> {
        self.0.candidates.iter().map(|candidate| candidate.entry_id.as_str()).collect()
    }
}

/// An entry with an answer.
pub(crate) fn entry(id: &str, question: &str, similar: &[&str]) -> FaqEntry {
    FaqEntry {
        similar: similar.iter().map(|text| (*text).to_owned()).collect(),
        answers: vec![format!("这是{id}的答案")],
        ..FaqEntry::new(id, question)
    }
}
