//! A transformer with pooling and head, behind [`SentenceEncoder`]. Built by `load_model`, called from worker threads.

use candle_core::Device;

use crate::architectures::Architecture;
use crate::head::Head;
use crate::layout::HeadModule;
use crate::load::{Loading, Traits};
use crate::pooling::Pooling;
use crate::prompts::Prompts;
use crate::text_rules::TextRules;
use crate::token_batch::TokenRow;
use crate::tokenizer::TextTokenizer;
use crate::{Embedding, EncoderInput, Error, ModelInfo, Result, Role, SentenceEncoder};

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
        let load = || Architecture::load(loading, folder, &device);
        let (tokenizer, architecture) = TextTokenizer::read_beside(files, folder, load)?;
        let head = Head::load(files, head, architecture.hidden_size, &device)?;
        let rules = TextRules::read(files, folder)?;
        let max_tokens = rules.max_tokens(options, architecture.max_tokens)?;
        let tokenizer = rules
            .applied_to(tokenizer, files, folder, architecture.vocabulary_size)?
            .truncated(max_tokens)?;
        let traits = Traits {
            dimension: head.dimension(),
            max_tokens,
            architecture: architecture.name,
            precision: architecture.precision,
        };
        let info = loading.info(&traits)?;
        Ok(Self { info, prompts: Prompts::read(files)?, tokenizer, architecture, pooling, head, device })
    }

    /// One vector of the model's full dimension per input, not scaled.
    fn vectors(&self, inputs: &[&EncoderInput]) -> candle_core::Result<Vec<Vec<f32>>> {
        let rows: Vec<TokenRow<'_>> = inputs.iter().map(|input| TokenRow::from(*input)).collect();
        self.head.forward(self.architecture.pooled(&rows, self.pooling, &self.device)?)
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
        // Each is checked, so that one input does not fail the others of its batch.
        let check =
            |input: &EncoderInput| self.architecture.check_ids(&input.token_ids, self.info.max_tokens);
        let checked: Vec<Result<&EncoderInput>> =
            inputs.iter().map(|input| check(input).map(|()| input)).collect();
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

    fn batches_pay(&self) -> bool {
        self.architecture.batches_pay()
    }
}
