//! An encoder whose vectors follow from the text, and which waits at a gate.

use std::sync::Arc;

use inference::{Embedding, EncoderInput, Error, ModelInfo, Result, Role, SentenceEncoder};

use crate::gate::{Gate, fake_info};

pub(crate) struct FakeEncoder {
    info: ModelInfo,
    batches_pay: bool,
    pub(crate) gate: Gate,
}

/// The vector that the fake gives to `text`.
pub(crate) fn expected(text: &str, role: Role) -> Embedding {
    vector(&token_ids(text, role))
}

impl FakeEncoder {
    /// On a device that batches fill, so that a worker takes all it may.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { info: fake_info(3), batches_pay: true, gate: Gate::default() })
    }

    /// On a processor.
    pub(crate) fn without_gain_from_batches() -> Arc<Self> {
        Arc::new(Self { info: fake_info(3), batches_pay: false, gate: Gate::default() })
    }
}

impl SentenceEncoder for FakeEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, role: Role) -> Result<EncoderInput> {
        self.gate.note_thread();
        assert_ne!(text, "panic in tokenize");
        Ok(EncoderInput { token_ids: token_ids(text, role) })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>> {
        self.gate.note_thread();
        let texts: Vec<String> = inputs.iter().map(|input| text_of(&input.token_ids)).collect();
        self.gate.pass(&texts);
        match texts[0].as_str() {
            "panic in encode" => panic!("a bug"),
            "panic with a number" => std::panic::panic_any(7),
            "too few results" => Ok(Vec::new()),
            _ if texts.iter().any(|text| text == "fail") => Err(Error::Inference("as asked".to_owned())),
            _ => Ok(inputs.iter().map(encode_one).collect()),
        }
    }

    fn batches_pay(&self) -> bool {
        self.batches_pay
    }
}

fn encode_one(input: &EncoderInput) -> Result<Embedding> {
    if text_of(&input.token_ids).is_empty() {
        return Err(Error::Unencodable);
    }
    Ok(vector(&input.token_ids))
}

/// One token a character; the role is in the first one's highest bit.
fn token_ids(text: &str, role: Role) -> Vec<u32> {
    let mut ids: Vec<u32> = text.chars().map(u32::from).collect();
    if let (Role::Passage, Some(first)) = (role, ids.first_mut()) {
        *first |= 1 << 31;
    }
    ids
}

fn text_of(token_ids: &[u32]) -> String {
    token_ids.iter().filter_map(|id| char::from_u32(id & !(1 << 31))).collect()
}

fn vector(token_ids: &[u32]) -> Embedding {
    let hash = token_ids
        .iter()
        .fold(17_u64, |hash, id| (hash ^ u64::from(*id)).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23));
    let value = |shift: u32| ((hash >> shift) & 0xFFFF) as f32 - 32_768.5;
    Embedding::normalized(vec![value(0), value(16), value(32)]).unwrap()
}
