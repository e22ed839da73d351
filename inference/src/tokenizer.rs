//! Text to token ids, exactly as the tokenizer was when the model was trained. The only file besides `vocabulary.rs`
//! that names the `tokenizers` crate.

use std::thread;

use serde::Deserialize;
use tokenizers::normalizers::{Lowercase, Sequence};
use tokenizers::{
    Encoding, NormalizerWrapper, PostProcessor as _, PostProcessorWrapper, Tokenizer, TruncationParams,
    truncate_encodings,
};

use crate::configuration::inside;
use crate::{Error, ModelFiles, PairInput, Result, vocabulary};

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

    /// [`read`](Self::read) on a thread of its own while `rest` reads the rest of the folder: each takes a good part of a
    /// model's start and keeps one core busy.
    ///
    /// # Errors
    /// Those of `rest`, then those of `read`.
    pub(crate) fn read_beside<T>(
        files: &ModelFiles,
        folder: &str,
        rest: impl FnOnce() -> Result<T>,
    ) -> Result<(Self, T)> {
        thread::scope(|scope| {
            let tokenizer = scope.spawn(|| Self::read(files, folder));
            let rest = rest()?;
            let gone = |_| Error::Inference("the thread that reads the tokenizer ended".to_owned());
            Ok((tokenizer.join().map_err(gone)??, rest))
        })
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
        self.check_room(max_tokens, 1)?;
        let truncation = self.truncation(max_tokens);
        self.tokenizer
            .with_truncation(Some(truncation))
            .map_err(|error| Error::InvalidOption { name: "max_tokens", reason: error.to_string() })?;
        Ok(self)
    }

    /// Turns it into a tokenizer of pairs of at most `max_tokens` tokens, special ones included.
    ///
    /// # Errors
    /// [`Error::InvalidOption`] when not even a token of each text would be left.
    pub(crate) fn for_pairs(mut self, max_tokens: usize) -> Result<PairTokenizer> {
        let special = self.check_room(max_tokens, 2)?;
        let truncation = self.truncation(max_tokens - special);
        self.tokenizer.with_truncation(None).map_err(|error| failed(&*error))?;
        Ok(PairTokenizer { tokenizer: self.tokenizer, truncation })
    }

    /// Token ids of `text`, special tokens included, truncated.
    ///
    /// # Errors
    /// [`Error::Inference`] when the tokenizer fails.
    pub(crate) fn token_ids(&self, text: &str) -> Result<Vec<u32>> {
        self.tokenizer
            .encode_fast(text, self.special_tokens)
            .map(|encoding| encoding.get_ids().to_vec())
            .map_err(|error| failed(&*error))
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

    /// How many special tokens stand around `texts` texts (1 or 2), if a token of each fits beside them.
    fn check_room(&self, max_tokens: usize, texts: usize) -> Result<usize> {
        let processor = self.tokenizer.get_post_processor();
        let special = processor.map_or(0, |processor| processor.added_tokens(texts == 2));
        if max_tokens >= special + texts {
            return Ok(special);
        }
        let reason = format!("{max_tokens} leaves no room beside the model's {special} special tokens");
        Err(Error::InvalidOption { name: "max_tokens", reason })
    }

    fn truncation(&self, max_length: usize) -> TruncationParams {
        let direction = self.tokenizer.get_truncation().map(|truncation| truncation.direction);
        TruncationParams { direction: direction.unwrap_or_default(), max_length, ..Default::default() }
    }
}

/// A tokenizer of two texts that a model reads together.
pub(crate) struct PairTokenizer {
    tokenizer: Tokenizer,
    /// Without the special tokens.
    truncation: TruncationParams,
}

impl PairTokenizer {
    /// A pair's token ids with special tokens; each token's segment is 0 in the first text, 1 in the second, as far as
    /// the tokenizer tells them apart. Too long a pair loses tokens of the longer text until both are equally long, then
    /// of both (`longest_first`), on the side that the tokenizer's own file says.
    ///
    /// # Errors
    /// [`Error::Inference`] when the tokenizer fails.
    pub(crate) fn tokenize(&self, first: &str, second: &str) -> Result<PairInput> {
        self.encode(first, second)
            .map(|encoding| PairInput {
                token_ids: encoding.get_ids().to_vec(),
                segments: encoding.get_type_ids().to_vec(),
            })
            .map_err(|error| failed(&*error))
    }

    /// Truncates what is tokenized in full: a `Tokenizer` that truncates stops reading each text at the limit, and then
    /// may mistake which of two long ones is longer. The parts cut off would be combined with each other; they are
    /// dropped.
    fn encode(&self, first: &str, second: &str) -> tokenizers::Result<Encoding> {
        let first = self.tokenizer.encode_fast(first, false)?;
        let second = self.tokenizer.encode_fast(second, false)?;
        let (mut first, mut second) = truncate_encodings(first, Some(second), &self.truncation)?;
        first.take_overflowing();
        if let Some(second) = &mut second {
            second.take_overflowing();
        }
        self.tokenizer.post_process(first, second, true)
    }
}

fn failed(error: &(dyn std::error::Error + Send + Sync)) -> Error {
    Error::Inference(format!("tokenizer: {error}"))
}
