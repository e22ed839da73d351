//! A model that needs no files: a text's vector is the sum of its characters' directions, so texts that share
//! characters are close and others are not. It can be held up, to see what happens to those who wait.

use std::sync::{Arc, Condvar, Mutex};

use inference::{Embedding, EncoderInput, ModelInfo, Precision, Result, Role, SentenceEncoder};

pub(crate) const MODEL: &str = "characters";
pub(crate) const DIMENSION: usize = 512;

pub(crate) struct CharacterEncoder {
    info: ModelInfo,
    gate: Arc<Gate>,
}

impl CharacterEncoder {
    pub(crate) fn behind(gate: Arc<Gate>) -> Arc<dyn SentenceEncoder> {
        let info = ModelInfo {
            name: MODEL.to_owned(),
            dimension: DIMENSION,
            max_tokens: 512,
            licence: "Apache-2.0".to_owned(),
            fingerprint: "characters-1".to_owned(),
            architecture: "characters".to_owned(),
            precision: Precision::F32,
            device: "cpu".to_owned(),
        };
        Arc::new(Self { info, gate })
    }
}

impl SentenceEncoder for CharacterEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    /// A query has one token more, its prompt.
    fn tokenize(&self, text: &str, role: Role) -> Result<EncoderInput> {
        let prompt = (role == Role::Query).then_some(u32::from('?'));
        let letters = text.chars().filter(|character| character.is_alphanumeric()).map(u32::from);
        Ok(EncoderInput { token_ids: prompt.into_iter().chain(letters).collect() })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>> {
        self.gate.pass();
        Ok(inputs.iter().map(|input| Embedding::normalized(sum(&input.token_ids))).collect())
    }
}

/// Each character is a row of the Walsh-Hadamard matrix, so different ones are at right angles.
fn sum(tokens: &[u32]) -> Vec<f32> {
    let letters = tokens.iter().filter(|token| **token != u32::from('?'));
    let rows: Vec<usize> = letters.map(|letter| row(*letter)).collect();
    let sign =
        |row: usize, place: usize| if (row & place).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    (0..DIMENSION).map(|place| rows.iter().map(|row| sign(*row, place)).sum()).collect()
}

/// The factor is one at which no two characters of the shop share a row.
pub(crate) fn row(letter: u32) -> usize {
    (letter.wrapping_mul(591) >> 7) as usize % DIMENSION
}

/// Open at first. While it is closed, batches wait in front of it.
#[derive(Default)]
pub(crate) struct Gate {
    state: Mutex<GateState>,
    changed: Condvar,
}

#[derive(Default)]
struct GateState {
    closed: bool,
    waiting: usize,
}

impl Gate {
    pub(crate) fn close(&self) {
        self.state.lock().unwrap().closed = true;
    }

    pub(crate) fn open(&self) {
        self.state.lock().unwrap().closed = false;
        self.changed.notify_all();
    }

    /// Batches that have reached the gate and wait.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().unwrap().waiting
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.waiting += 1;
        state = self.changed.wait_while(state, |state| state.closed).unwrap();
        state.waiting -= 1;
    }
}
