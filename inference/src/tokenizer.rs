//! Text to token ids, exactly as the tokenizer was when the model was trained. The only file besides `vocabulary.rs`
//! that names the `tokenizers` crate.

use serde::Deserialize;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{NormalizerWrapper, PostProcessorWrapper, Tokenizer, TruncationParams};

use crate::configuration::{inside, read_json_or_default};
use crate::{Error, ModelFiles, Result, vocabulary};

/// A tokenizer that truncates and never pads.
pub(crate) struct TextTokenizer {
    tokenizer: Tokenizer,
    special_tokens: bool,
    unknown: Option<u32>,
}

/// The part of `tokenizer.json` that says which token stands for unknown text.
#[derive(Default, Deserialize)]
struct TokenizerFile {
    model: TokenizerModel,
}

#[derive(Default, Deserialize)]
struct TokenizerModel {
    unk_token: Option<String>,
    unk_id: Option<u32>,
}

impl TextTokenizer {
    /// From `folder/tokenizer.json`, or, as older BERT checkpoints have it, `folder/vocab.txt`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] when the file is missing or malformed.
    pub(crate) fn read(files: &ModelFiles, folder: &str) -> Result<Self> {
        let relative = inside(folder, "tokenizer.json");
        if !files.has(&relative) && files.has(&inside(folder, "vocab.txt")) {
            let tokenizer = vocabulary::read_tokenizer(files, folder)?;
            return Ok(Self { tokenizer, special_tokens: true, unknown: None });
        }
        let bytes = files.read(&relative)?;
        let malformed = |error: &dyn std::fmt::Display| {
            Error::model_file(&files.folder().join(&relative), format!("malformed: {error}"))
        };
        let mut tokenizer = Tokenizer::from_bytes(&bytes).map_err(|error| malformed(&error))?;
        tokenizer.with_padding(None);
        let file: TokenizerFile = serde_json::from_slice(&bytes).map_err(|error| malformed(&error))?;
        let named = file.model.unk_token.and_then(|token| tokenizer.token_to_id(&token));
        Ok(Self { tokenizer, special_tokens: true, unknown: named.or(file.model.unk_id) })
    }

    /// Leaves the special tokens out, as token tables want it.
    pub(crate) fn without_special_tokens(mut self) -> Self {
        self.special_tokens = false;
        self.tokenizer.with_post_processor(None::<PostProcessorWrapper>);
        self
    }

    /// Lower-cases text before everything else.
    pub(crate) fn lowercased(mut self) -> Result<Self> {
        let mut steps = vec![NormalizerWrapper::from(Lowercase)];
        steps.extend(self.tokenizer.get_normalizer().cloned());
        self.tokenizer
            .with_normalizer(Some(Sequence::new(steps)))
            .map_err(|error| Error::Inference(error.to_string()))?;
        Ok(self)
    }

    /// Keeps at most `max_tokens` tokens of a text, special ones included, on the side that the tokenizer's own file
    /// says (the beginning, unless it says otherwise).
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when no token of the text would be left.
    pub(crate) fn truncated(mut self, max_tokens: usize) -> Result<Self> {
        let special = self.special_token_count();
        if max_tokens <= special {
            let reason = format!("{max_tokens} leaves no room beside the model's {special} special tokens");
            return Err(Error::InvalidOption { name: "max_tokens", reason });
        }
        let direction = self.tokenizer.get_truncation().map(|truncation| truncation.direction);
        let direction = direction.unwrap_or_default();
        let truncation = TruncationParams { direction, max_length: max_tokens, ..Default::default() };
        self.tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| Error::InvalidOption { name: "max_tokens", reason: error.to_string() })?;
        Ok(self)
    }

    /// Token ids of `text`, special tokens included, truncated.
    ///
    /// # Errors
    /// [`Error::Inference`] when the tokenizer fails.
    pub(crate) fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer
            .encode_fast(text, self.special_tokens)
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(|error| Error::Inference(format!("tokenizer: {error}")))
    }

    /// The truncation that the tokenizer's own file asks for.
    pub(crate) fn own_limit(&self) -> Option<usize> {
        self.tokenizer.get_truncation().map(|truncation| truncation.max_length)
    }

    /// The token that stands for text outside the vocabulary, if there is one.
    pub(crate) fn unknown(&self) -> Option<u32> {
        self.unknown
    }

    /// Refuses a tokenizer whose ids reach beyond the model's `rows`.
    ///
    /// # Errors
    /// [`Error::ModelFile`] naming the tokenizer.
    pub(crate) fn check_ids(&self, files: &ModelFiles, folder: &str, rows: usize) -> Result<()> {
        let vocabulary = self.tokenizer.get_vocab(true);
        match vocabulary.iter().find(|(_, id)| **id as usize >= rows) {
            Some((token, id)) => {
                let reason = format!("the token {token:?} has the id {id}, the model has {rows} rows");
                Err(Error::model_file(&files.folder().join(inside(folder, "tokenizer.json")), reason))
            }
            None => Ok(()),
        }
    }

    fn special_token_count(&self) -> usize {
        use tokenizers::PostProcessor as _;
        self.tokenizer.get_post_processor().map_or(0, |processor| processor.added_tokens(false))
    }
}

/// `tokenizer_config.json`: the part that concerns length.
#[derive(Default, Deserialize)]
struct LengthConfig {
    /// A number such as 1e30 stands for "no limit".
    model_max_length: Option<f64>,
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
    /// Tokens kept of a text; `None` where only the position embeddings limit it.
    pub(crate) max_tokens: Option<usize>,
    /// Lower-case first.
    pub(crate) lowercase: bool,
}

impl TextRules {
    /// sentence-transformers' own file decides; without a length there, the tokenizer's.
    pub(crate) fn read(files: &ModelFiles, folder: &str) -> Result<Self> {
        let sentence: SentenceConfig =
            read_json_or_default(files, &inside(folder, sentence_config_name(files, folder)))?;
        let length: LengthConfig = read_json_or_default(files, &inside(folder, "tokenizer_config.json"))?;
        // Conversion from f64 saturates.
        let own = length.model_max_length.map(|limit| limit as usize);
        Ok(Self { max_tokens: sentence.max_seq_length.or(own), lowercase: sentence.do_lower_case })
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
