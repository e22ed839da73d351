//! A static token table behind [`SentenceEncoder`]: the mean of the tokens' rows, microseconds a text. Always on the
//! processor.

use serde::Deserialize;

use crate::configuration::{inside, read_json_or_default};
use crate::load::{Loading, Traits};
use crate::prompts::Prompts;
use crate::token_table::{StoredTable, TokenTable};
use crate::tokenizer::TextTokenizer;
use crate::{
    DeviceChoice, Embedding, EncoderInput, Error, ModelInfo, Precision, Result, Role, SentenceEncoder,
};

/// Where the folder sets no limit, this one keeps a single text from filling the memory.
const MAX_TOKENS: usize = 65_536;

/// Model2Vec's limit where its `config.json` states none.
const MODEL2VEC_MAX_TOKENS: usize = 512;

/// See the module.
pub(crate) struct StaticEncoder {
    info: ModelInfo,
    prompts: Prompts,
    tokenizer: TextTokenizer,
    table: TokenTable,
    /// Model2Vec drops unknown tokens, after truncation; sentence-transformers keeps them. (To save time Model2Vec also
    /// cuts very long text by a number of characters before it tokenizes; here only tokens are counted.)
    dropped: Option<u32>,
}

/// The part of Model2Vec's `config.json` that decides vectors; `null` stands for "no limit", absence for 512. Whether
/// it normalises does not matter: every vector leaves this crate with unit length.
#[derive(Deserialize)]
#[serde(default)]
struct Model2VecConfig {
    max_length: Option<usize>,
}

impl Default for Model2VecConfig {
    fn default() -> Self {
        Self { max_length: Some(MODEL2VEC_MAX_TOKENS) }
    }
}

impl StaticEncoder {
    /// Loads the table in `folder` of the model folder.
    pub(crate) fn load(loading: &Loading<'_>, folder: &str) -> Result<Self> {
        let Loading { files, options } = *loading;
        if options.device != DeviceChoice::Cpu {
            let reason = format!("a static token table computes on cpu, not on {}", options.device);
            return Err(Error::InvalidOption { name: "device", reason });
        }
        let stored = StoredTable::read(files, folder)?;
        let tokenizer = TextTokenizer::read(files, folder)?.without_special_tokens();
        tokenizer.check_ids(files, folder, stored.table.token_count())?;
        let own_limit = match stored.by_model2vec {
            true => {
                read_json_or_default::<Model2VecConfig>(files, &inside(folder, "config.json"))?.max_length
            }
            false => tokenizer.own_limit(),
        };
        let max_tokens = options.max_tokens.or(own_limit).unwrap_or(MAX_TOKENS);
        let dropped = if stored.by_model2vec { tokenizer.unknown() } else { None };
        let architecture = if stored.by_model2vec { "model2vec" } else { "static" };
        let dimension = stored.table.dimension();
        let info =
            loading.info(&Traits { dimension, max_tokens, architecture, precision: Precision::F32 })?;
        let table = stored.table.truncated(info.dimension);
        let tokenizer = tokenizer.truncated(max_tokens)?;
        Ok(Self { info, prompts: Prompts::read(files)?, tokenizer, table, dropped })
    }
}

impl SentenceEncoder for StaticEncoder {
    fn info(&self) -> &ModelInfo {
        &self.info
    }

    fn tokenize(&self, text: &str, role: Role) -> Result<EncoderInput> {
        let mut token_ids = self.tokenizer.token_ids(&self.prompts.apply(text, role))?;
        if let Some(unknown) = self.dropped {
            token_ids.retain(|id| *id != unknown);
        }
        Ok(EncoderInput { token_ids })
    }

    fn encode(&self, inputs: &[EncoderInput]) -> Result<Vec<Result<Embedding>>> {
        let encode = |input: &EncoderInput| Embedding::normalized(self.table.sum(&input.token_ids));
        Ok(inputs.iter().map(encode).collect())
    }
}
