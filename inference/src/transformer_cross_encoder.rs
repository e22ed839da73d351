//! A transformer with a classifier of one label, behind [`CrossEncoder`]. Built by `load_cross_encoder`, called from
//! worker threads.

use candle_core::Device;

use crate::architectures::Architecture;
use crate::configuration::{ConfigurationFile, inside};
use crate::load::{Loading, Traits};
use crate::pooling::Pooling;
use crate::relevance_head::RelevanceHead;
use crate::text_rules::TextRules;
use crate::token_batch::TokenRow;
use crate::tokenizer::{PairTokenizer, TextTokenizer};
use crate::weights::Weights;
use crate::{CrossEncoder, Error, ModelInfo, PairInput, Result};

/// See the module.
pub(crate) struct TransformerCrossEncoder {
    info: ModelInfo,
    tokenizer: PairTokenizer,
    architecture: Architecture,
    /// Whether the model is told which text a token is from.
    segments: bool,
    head: RelevanceHead,
    device: Device,
}

impl TransformerCrossEncoder {
    /// Loads the transformer and classifier in `folder` of the model folder.
    pub(crate) fn load(loading: &Loading<'_>, folder: &str) -> Result<Self> {
        let Loading { files, options } = *loading;
        let device = options.device.open()?;
        let config = ConfigurationFile::read(files, inside(folder, "config.json"))?;
        let load = || {
            let weights = Weights::read(files, folder, &device)?;
            Ok((Architecture::build(&config, weights.clone(), options)?, weights))
        };
        let (tokenizer, (architecture, weights)) = TextTokenizer::read_beside(files, folder, load)?;
        let head = RelevanceHead::load(&config, weights, architecture.hidden_size)?;
        let rules = TextRules::read(files, folder)?;
        let max_tokens = rules.max_tokens(options, architecture.max_tokens)?;
        let tokenizer = rules
            .applied_to(tokenizer, files, folder, architecture.vocabulary_size)?
            .for_pairs(max_tokens)?;
        let info = loading.info(&Traits {
            dimension: 1,
            max_tokens,
            architecture: architecture.name,
            precision: architecture.precision,
        })?;
        let segments = rules.segments && architecture.segments > 1;
        Ok(Self { info, tokenizer, architecture, segments, head, device })
    }

    fn logits(&self, inputs: &[PairInput]) -> candle_core::Result<Vec<f32>> {
        let rows: Vec<TokenRow<'_>> = inputs.iter().map(TokenRow::from).collect();
        self.head.logits(self.architecture.pooled(&rows, Pooling::Cls, &self.device)?)
    }

    fn check(&self, input: &PairInput) -> Result<()> {
        self.architecture.check_ids(&input.token_ids, self.info.max_tokens)?;
        let (tokens, segments) = (input.token_ids.len(), input.segments.len());
        if tokens != segments {
            return Err(Error::Inference(format!("{segments} segments for {tokens} tokens")));
        }
        let bound = self.architecture.segments;
        match input.segments.iter().find(|segment| **segment as usize >= bound) {
            Some(segment) => Err(Error::Inference(format!("segment {segment} is not below {bound}"))),
            None => Ok(()),
        }
    }
}

impl CrossEncoder for TransformerCrossEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, question: &str, passage: &str) -> Result<PairInput> {
        let mut input = self.tokenizer.tokenize(question, passage)?;
        if !self.segments {
            input.segments.fill(0);
        }
        Ok(input)
    }

    fn score(&self, inputs: &[PairInput]) -> Result<Vec<f32>> {
        inputs.iter().try_for_each(|input| self.check(input))?;
        if inputs.is_empty() { Ok(Vec::new()) } else { Ok(self.logits(inputs)?) }
    }
}
