//! What a transformer's folder says about the text that goes in: how long it may be, whether it is lower-cased. Called
//! by those who load transformers.

use serde::Deserialize;

use crate::configuration::{inside, read_json_or_default};
use crate::tokenizer::TextTokenizer;
use crate::{Error, ModelFiles, ModelOptions, Result};

/// `tokenizer_config.json`: length, and what the tokenizer gives to the model.
#[derive(Default, Deserialize)]
struct TokenizerConfig {
    /// A number such as 1e30 stands for "no limit".
    model_max_length: Option<f64>,
    model_input_names: Option<Vec<String>>,
}

/// `sentence_bert_config.json`.
#[derive(Default, Deserialize)]
struct SentenceConfig {
    max_seq_length: Option<usize>,
    #[serde(default)]
    do_lower_case: bool,
}

/// What the folder's configuration says about the text that goes into a transformer.
pub(crate) struct TextRules {
    /// Tokens kept of an input; `None` where only the position embeddings limit it.
    max_tokens: Option<usize>,
    /// Lower-case first.
    lowercase: bool,
    /// Whether the model is told which text of a pair a token is from; where the folder does not say, it is.
    pub(crate) segments: bool,
}

impl TextRules {
    /// sentence-transformers' own file decides; without a length there, the tokenizer's.
    pub(crate) fn read(files: &ModelFiles, folder: &str) -> Result<Self> {
        let sentence: SentenceConfig =
            read_json_or_default(files, &inside(folder, sentence_config_name(files, folder)))?;
        let tokenizer: TokenizerConfig =
            read_json_or_default(files, &inside(folder, "tokenizer_config.json"))?;
        // Conversion from f64 saturates.
        let own = tokenizer.model_max_length.map(|limit| limit as usize);
        let names_segments = |names: Vec<String>| names.iter().any(|name| name == "token_type_ids");
        Ok(Self {
            max_tokens: sentence.max_seq_length.or(own),
            lowercase: sentence.do_lower_case,
            segments: tokenizer.model_input_names.is_none_or(names_segments),
        })
    }

    /// Tokens kept of an input: the option replaces the folder's own length; neither can exceed the `positions` that
    /// the position embeddings allow.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when the option does.
    pub(crate) fn max_tokens(&self, options: &ModelOptions, positions: usize) -> Result<usize> {
        match options.max_tokens {
            Some(asked) if asked > positions => Err(Error::InvalidOption {
                name: "max_tokens",
                reason: format!("{asked} is more than the {positions} positions of the model"),
            }),
            Some(asked) => Ok(asked),
            None => Ok(self.max_tokens.unwrap_or(positions).min(positions)),
        }
    }

    /// What the folder's `tokenizer` becomes. Its ids must all be below `vocabulary_size`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when it is too large for the model.
    pub(crate) fn applied_to(
        &self,
        tokenizer: TextTokenizer,
        files: &ModelFiles,
        folder: &str,
        vocabulary_size: usize,
    ) -> Result<TextTokenizer> {
        tokenizer.check_ids(files, folder, vocabulary_size)?;
        if self.lowercase { tokenizer.lowercased() } else { Ok(tokenizer) }
    }
}

/// Early versions named the file after the architecture.
fn sentence_config_name(files: &ModelFiles, folder: &str) -> &'static str {
    const NAMES: [&str; 4] = [
        "sentence_bert_config.json",
        "sentence_roberta_config.json",
        "sentence_distilbert_config.json",
        "sentence_xlm-roberta_config.json",
    ];
    NAMES.into_iter().find(|name| files.has(&inside(folder, name))).unwrap_or(NAMES[0])
}
