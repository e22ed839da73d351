//! From one hidden state per token to one vector per text.

use candle_core::{IndexOp, Tensor};
use serde_json::{Map, Value};

use crate::configuration::read_json;
use crate::token_batch::TokenBatch;
use crate::{Error, ModelFiles, Result};

/// How the hidden states of a text become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pooling {
    /// The first token's.
    Cls,
    /// The mean over all tokens, special ones and the prompt's included.
    Mean,
    /// The last token's.
    LastToken,
}

/// Prefix of the older form's keys: one boolean per mode.
const BOOLEAN_PREFIX: &str = "pooling_mode_";

impl Pooling {
    /// From the pooling module's `config.json`: `"pooling_mode": "mean"`, or the older booleans such as
    /// `"pooling_mode_cls_token": true`. Where no mode is named, sentence-transformers takes the mean.
    ///
    /// # Errors
    /// [`Error::UnsupportedModel`] naming the mode when it is not one of these three.
    pub(crate) fn read(files: &ModelFiles, relative: &str) -> Result<Self> {
        let config: Map<String, Value> = read_json(files, relative)?;
        Self::from_config(&config)
    }

    /// `hidden` is `[batch, tokens, hidden size]`; the result `[batch, hidden size]`.
    pub(crate) fn pool(self, hidden: &Tensor, batch: &TokenBatch) -> candle_core::Result<Tensor> {
        match self {
            Self::Cls => hidden.i((.., 0))?.contiguous(),
            Self::Mean => {
                let sums = batch.mask.unsqueeze(1)?.matmul(hidden)?.squeeze(1)?;
                sums.broadcast_div(&batch.mask.sum_keepdim(1)?)
            }
            Self::LastToken => hidden.flatten_to(1)?.index_select(&batch.last_positions()?, 0),
        }
    }

    /// The same for one text whose hidden states, of `size` values each, stand one after the other. Not empty.
    pub(crate) fn pool_packed(self, hidden: &[f32], size: usize) -> Vec<f32> {
        match self {
            Self::Cls => hidden[..size].to_vec(),
            Self::LastToken => hidden[hidden.len() - size..].to_vec(),
            Self::Mean => {
                let mut mean = vec![0.0; size];
                for token in hidden.chunks_exact(size) {
                    mean.iter_mut().zip(token).for_each(|(sum, value)| *sum += value);
                }
                let share = size as f32 / hidden.len() as f32;
                mean.iter_mut().for_each(|sum| *sum *= share);
                mean
            }
        }
    }

    fn from_config(config: &Map<String, Value>) -> Result<Self> {
        if config.get("include_prompt") == Some(&Value::Bool(false)) {
            return Err(Error::UnsupportedModel("pooling that leaves the prompt out".to_owned()));
        }
        match active_modes(config).as_slice() {
            [] | ["mean" | "mean_tokens"] => Ok(Self::Mean),
            ["cls" | "cls_token"] => Ok(Self::Cls),
            ["lasttoken"] => Ok(Self::LastToken),
            modes => Err(Error::UnsupportedModel(format!("pooling by {}", modes.join(" and ")))),
        }
    }
}

fn active_modes(config: &Map<String, Value>) -> Vec<&str> {
    match config.get("pooling_mode") {
        Some(Value::String(mode)) => vec![mode],
        Some(Value::Array(modes)) => modes.iter().filter_map(Value::as_str).collect(),
        _ => config
            .iter()
            .filter(|(_, active)| **active == Value::Bool(true))
            .filter_map(|(key, _)| key.strip_prefix(BOOLEAN_PREFIX))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(json: &str) -> Result<Pooling> {
        Pooling::from_config(&serde_json::from_str(json).unwrap())
    }

    #[test]
    fn both_forms_are_read() {
        assert_eq!(parsed(r#"{"pooling_mode": "lasttoken"}"#).unwrap(), Pooling::LastToken);
        assert_eq!(parsed(r#"{"pooling_mode": ["cls"]}"#).unwrap(), Pooling::Cls);
        let older = r#"{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}"#;
        assert_eq!(parsed(older).unwrap(), Pooling::Cls);
        assert_eq!(parsed(r#"{"word_embedding_dimension": 8}"#).unwrap(), Pooling::Mean);
    }

    #[test]
    fn an_unsupported_mode_is_named() {
        let refused = [
            (r#"{"pooling_mode": "weightedmean"}"#, "weightedmean"),
            (r#"{"pooling_mode_max_tokens": true}"#, "max_tokens"),
            (r#"{"pooling_mode": ["cls", "mean"]}"#, "cls and mean"),
            (r#"{"pooling_mode": "mean", "include_prompt": false}"#, "prompt"),
        ];
        for (json, name) in refused {
            let error = parsed(json).unwrap_err();
            assert!(matches!(&error, Error::UnsupportedModel(what) if what.contains(name)), "{error}");
        }
    }
}
