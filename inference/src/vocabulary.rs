//! Builds a BERT tokenizer from `vocab.txt`, for checkpoints from before `tokenizer.json`.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::json;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::processors::bert::BertProcessing;
use tokenizers::{AddedToken, Tokenizer};

use crate::configuration::{inside, read_json_or_default};
use crate::{Error, ModelFiles, Result};

/// `tokenizer_config.json`: how BERT's tokenizer treats text before it looks words up. The defaults are BERT's.
#[derive(Deserialize)]
#[serde(default)]
struct BertTokenizerConfig {
    do_lower_case: bool,
    tokenize_chinese_chars: bool,
    strip_accents: Option<bool>,
}

impl Default for BertTokenizerConfig {
    fn default() -> Self {
        Self { do_lower_case: true, tokenize_chinese_chars: true, strip_accents: None }
    }
}

const UNKNOWN: &str = "[UNK]";
const CLASSIFIER: &str = "[CLS]";
const SEPARATOR: &str = "[SEP]";
const SPECIAL_TOKENS: [&str; 5] = [UNKNOWN, CLASSIFIER, SEPARATOR, "[PAD]", "[MASK]"];

/// The tokenizer that transformers makes of `folder/vocab.txt` (one token a line, its id the line's number from 0).
///
/// # Errors
/// [`Error::ModelFile`] when the file is not UTF-8 or lacks a special token.
pub(crate) fn read_tokenizer(files: &ModelFiles, folder: &str) -> Result<Tokenizer> {
    let relative = inside(folder, "vocab.txt");
    let malformed = |reason: String| Error::model_file(&files.folder().join(&relative), reason);
    let text = String::from_utf8(files.read(&relative)?).map_err(|error| malformed(error.to_string()))?;
    let config: BertTokenizerConfig = read_json_or_default(files, &inside(folder, "tokenizer_config.json"))?;
    let vocabulary: HashMap<String, u32> = text.lines().map(str::to_owned).zip(0..).collect();
    if let Some(absent) = SPECIAL_TOKENS.iter().find(|token| !vocabulary.contains_key(**token)) {
        return Err(malformed(format!("lacks the token {absent}")));
    }
    build(&vocabulary, &config).map_err(|error| malformed(error.to_string()))
}

fn build(vocabulary: &HashMap<String, u32>, config: &BertTokenizerConfig) -> tokenizers::Result<Tokenizer> {
    let with_id = |token: &str| (token.to_owned(), vocabulary.get(token).copied().unwrap_or_default());
    let processing = BertProcessing::new(with_id(SEPARATOR), with_id(CLASSIFIER));
    let model = json!({
        "type": "WordPiece",
        "unk_token": UNKNOWN,
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": vocabulary,
    });
    let words: WordPiece = serde_json::from_str(&model.to_string())?;
    let normalizer =
        BertNormalizer::new(true, config.tokenize_chinese_chars, config.strip_accents, config.do_lower_case);
    let mut tokenizer = Tokenizer::new(words);
    tokenizer
        .with_normalizer(Some(normalizer))?
        .with_pre_tokenizer(Some(BertPreTokenizer))
        .with_post_processor(Some(processing));
    tokenizer.add_special_tokens(SPECIAL_TOKENS.map(|token| AddedToken::from(token, true)))?;
    Ok(tokenizer)
}
