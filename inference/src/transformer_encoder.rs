//! A transformer with pooling and head, behind [`SentenceEncoder`]. Built by `load_model`, called from worker threads.

use candle_core::Device;

use crate::architectures::Architecture;
use crate::head::Head;
use crate::layout::HeadModule;
use crate::load::{Loading, ModelOptions, Traits};
use crate::pooling::Pooling;
use crate::prompts::Prompts;
use crate::token_batch::TokenBatch;
use crate::tokenizer::{TextRules, TextTokenizer};
use crate::{Embedding, EncoderInput, Error, ModelFiles, ModelInfo, Result, Role, SentenceEncoder};

/// See the module.
pub(crate) struct TransformerEncoder {
    info: ModelInfo,
    prompts: Prompts,
    tokenizer: TextTokenizer,
    architecture: Architecture,
    pooling: Pooling,
    head: Head,
    device: Device,
}

impl TransformerEncoder {
    /// Loads the transformer in `folder` of the model folder.
    pub(crate) fn load(
        loading: &Loading<'_>,
        folder: &str,
        pooling: Pooling,
        head: &[HeadModule],
    ) -> Result<Self> {
        let Loading { files, options } = *loading;
        let device = options.device.open()?;
        let architecture = Architecture::load(files, folder, &device)?;
        let head = Head::load(files, head, architecture.hidden_size, &device)?;
        let rules = TextRules::read(files, folder)?;
        let max_tokens = max_tokens(options, &rules, architecture.max_tokens)?;
        let tokenizer =
            tokenizer(files, folder, &rules, architecture.vocabulary_size)?.truncated(max_tokens)?;
        let traits = Traits { dimension: head.dimension(), max_tokens, architecture: architecture.name };
        let info = loading.info(&traits)?;
        Ok(Self { info, prompts: Prompts::read(files)?, tokenizer, architecture, pooling, head, device })
    }

    /// One vector of the model's full dimension per input, not scaled.
    fn vectors(&self, inputs: &[&EncoderInput]) -> candle_core::Result<Vec<Vec<f32>>> {
        let batch = TokenBatch::padded(inputs, self.architecture.padding, &self.device)?;
        let hidden = self.architecture.backbone.hidden_states(&batch)?;
        self.head.forward(self.pooling.pool(&hidden, &batch)?)?.to_vec2()
    }

    /// Refuses what the graph could not compute, so that one input does not fail the others of its batch.
    fn check(&self, input: &EncoderInput) -> Result<()> {
        let bound = self.architecture.vocabulary_size;
        if input.token_ids.is_empty() {
            return Err(Error::Unencodable);
        }
        if input.token_ids.len() > self.info.max_tokens {
            let (length, limit) = (input.token_ids.len(), self.info.max_tokens);
            return Err(Error::Inference(format!("{length} tokens, the model takes {limit}")));
        }
        match input.token_ids.iter().find(|id| **id as usize >= bound) {
            Some(id) => Err(Error::Inference(format!("token id {id} is not below {bound}"))),
            None => Ok(()),
        }
    }
}

impl SentenceEncoder for TransformerEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, role: Role) -> Result<EncoderInput> {
        let token_ids = self.tokenizer.token_ids(&self.prompts.apply(text, role))?;
        Ok(EncoderInput { token_ids })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>> {
        let checked: Vec<Result<&EncoderInput>> =
            inputs.iter().map(|input| self.check(input).map(|()| input)).collect();
        let sound: Vec<&EncoderInput> =
            checked.iter().filter_map(|input| input.as_ref().ok().copied()).collect();
        let vectors = if sound.is_empty() { Vec::new() } else { self.vectors(&sound)? };
        let mut vectors = vectors.into_iter();
        let next = |input: Result<&EncoderInput>| {
            input.and_then(|_| vectors.next().ok_or(Error::Unencodable)).and_then(|mut vector| {
                vector.truncate(self.info.dimension);
                Embedding::normalized(vector)
            })
        };
        Ok(checked.into_iter().map(next).collect())
    }
}

fn tokenizer(
    files: &ModelFiles,
    folder: &str,
    rules: &TextRules,
    vocabulary_size: usize,
) -> Result<TextTokenizer> {
    let tokenizer = TextTokenizer::read(files, folder)?;
    tokenizer.check_ids(files, folder, vocabulary_size)?;
    if rules.lowercase { tokenizer.lowercased() } else { Ok(tokenizer) }
}

/// The option replaces the folder's own length; neither can exceed what the position embeddings allow.
fn max_tokens(options: &ModelOptions, rules: &TextRules, positions: usize) -> Result<usize> {
    match options.max_tokens {
        Some(asked) if asked > positions => Err(Error::InvalidOption {
            name: "max_tokens",
            reason: format!("{asked} is more than the {positions} positions of the model"),
        }),
        Some(asked) => Ok(asked),
        None => Ok(rules.max_tokens.unwrap_or(positions).min(positions)),
    }
}
