//! A cross-encoder whose scores follow from the texts, and which waits at a gate.

use std::sync::Arc;

use inference::{CrossEncoder, Error, ModelInfo, PairInput, Result};

use crate::gate::{Gate, fake_info};

pub(crate) struct FakeCrossEncoder {
    info: ModelInfo,
    pub(crate) gate: Gate,
}

/// The score that the fake gives to a pair: the number behind the passage's `#`, if it has one, else its length, and a
/// thousand times the question's length.
pub(crate) fn expected(question: &str, passage: &str) -> f32 {
    let own = passage.split_once('#').and_then(|(_, number)| number.parse().ok());
    own.unwrap_or(passage.chars().count() as f32) + 1_000.0 * question.chars().count() as f32
}

impl FakeCrossEncoder {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { info: fake_info(1), gate: Gate::default() })
    }
}

impl CrossEncoder for FakeCrossEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// One token a character; the texts are told apart by their segment.
    fn tokenize(&self, question: &str, passage: &str) -> Result<PairInput> {
        self.gate.note_thread();
        assert_ne!(passage, "panic in tokenize");
        let characters = question.chars().map(|character| (character, 0));
        let characters = characters.chain(passage.chars().map(|character| (character, 1)));
        let (token_ids, segments) =
            characters.map(|(character, segment)| (u32::from(character), segment)).unzip();
        Ok(PairInput { token_ids, segments })
    }

    fn score(&self, inputs: &[PairInput]) -> Result<Vec<f32>> {
        let passages: Vec<String> = inputs.iter().map(|input| text_of(input, 1)).collect();
        self.gate.pass(&passages);
        match passages[0].as_str() {
            "panic in score" => panic!("a bug"),
            "panic with a number" => std::panic::panic_any(7),
            "fail" => Err(Error::Inference("as asked".to_owned())),
            "too few results" => Ok(Vec::new()),
            "not a number" => Ok(vec![f32::NAN; inputs.len()]),
            _ => Ok(inputs.iter().map(|input| expected(&text_of(input, 0), &text_of(input, 1))).collect()),
        }
    }
}

fn text_of(input: &PairInput, segment: u32) -> String {
    let tokens = input.token_ids.iter().zip(&input.segments);
    tokens.filter(|(_, own)| **own == segment).filter_map(|(id, _)| char::from_u32(*id)).collect()
}
