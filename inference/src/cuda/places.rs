//! Where the tokens of packed texts lie in the padded form that attention and pooling take.

use candle_core::{DType, Result, Tensor};

use crate::token_batch::TokenBatch;

/// The places of one batch. "Packed" is one row for each token, text after text; "padded" is as many rows for each text
/// as the longest has.
pub(super) struct Places {
    pub(super) texts: usize,
    /// Tokens of the longest text.
    pub(super) longest: usize,
    /// None where all texts are equally long: packed and padded are then the same.
    padding: Option<Padding>,
}

struct Padding {
    /// For each padded row the packed row that fills it, `[texts × longest]`.
    packed_rows: Tensor,
    /// For each packed row its padded row, `[tokens]`.
    padded_rows: Tensor,
    /// What is added to attention's scores, `[texts, 1, 1, longest]`: 0 at a token, minus infinity at padding.
    mask: Tensor,
}

impl Places {
    /// For scores of the type `dtype`.
    pub(super) fn of(batch: &TokenBatch, dtype: DType) -> Result<Self> {
        let (texts, longest) = batch.ids.dims2()?;
        let (device, lengths) = (batch.ids.device(), batch.lengths());
        if lengths.iter().all(|length| *length == longest) {
            return Ok(Self { texts, longest, padding: None });
        }
        let (packed, padded) = (packed_rows(lengths, longest), padded_rows(lengths, longest));
        let mask = Tensor::from_vec(mask(lengths, longest), (texts, 1, 1, longest), device)?;
        let padding = Padding {
            packed_rows: Tensor::from_vec(packed, texts * longest, device)?,
            padded_rows: Tensor::from_vec(padded, lengths.iter().sum::<usize>(), device)?,
            mask: mask.to_dtype(dtype)?,
        };
        Ok(Self { texts, longest, padding: Some(padding) })
    }

    /// `[tokens, width]` to `[texts × longest, width]`. Padding repeats the text's last token: finite, and hidden by the
    /// mask.
    pub(super) fn pad(&self, packed: &Tensor) -> Result<Tensor> {
        match &self.padding {
            Some(padding) => packed.index_select(&padding.packed_rows, 0),
            None => Ok(packed.clone()),
        }
    }

    /// `[texts × longest, width]` to `[tokens, width]`.
    pub(super) fn pack(&self, padded: &Tensor) -> Result<Tensor> {
        match &self.padding {
            Some(padding) => padded.index_select(&padding.padded_rows, 0),
            None => Ok(padded.clone()),
        }
    }

    /// Hides padding from attention: `scores` is `[texts, heads, longest, longest]`.
    pub(super) fn hide_padding(&self, scores: Tensor) -> Result<Tensor> {
        match &self.padding {
            Some(padding) => scores.broadcast_add(&padding.mask),
            None => Ok(scores),
        }
    }
}

fn packed_rows(lengths: &[usize], longest: usize) -> Vec<u32> {
    let starts = lengths.iter().scan(0, |next, length| {
        let start = *next;
        *next += length;
        Some(start)
    });
    let rows = starts.zip(lengths).flat_map(|(start, length)| {
        (0..longest).map(move |place| start + place.min(length.saturating_sub(1)))
    });
    rows.map(|row| row as u32).collect()
}

fn padded_rows(lengths: &[usize], longest: usize) -> Vec<u32> {
    let texts = lengths.iter().enumerate();
    texts.flat_map(|(text, length)| (0..*length).map(move |place| (text * longest + place) as u32)).collect()
}

fn mask(lengths: &[usize], longest: usize) -> Vec<f32> {
    let score = |token: bool| if token { 0.0 } else { f32::NEG_INFINITY };
    lengths.iter().flat_map(|length| (0..longest).map(move |place| score(place < *length))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_repeats_the_last_token_and_is_masked() {
        let lengths = [2, 3, 1];
        assert_eq!(packed_rows(&lengths, 3), [0, 1, 1, 2, 3, 4, 5, 5, 5]);
        assert_eq!(padded_rows(&lengths, 3), [0, 1, 3, 4, 5, 6]);
        let hidden: Vec<bool> = mask(&lengths, 3).into_iter().map(f32::is_infinite).collect();
        assert_eq!(hidden, [false, false, true, false, false, false, false, true, true]);
    }
}
