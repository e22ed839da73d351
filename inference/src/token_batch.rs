//! Token ids of several texts or pairs, padded on the right to the longest.

use candle_core::{Device, Result, Tensor};

use crate::{EncoderInput, PairInput};

/// What an architecture computes on. Padding is on the right: a causal model then never sees it, and positions start
/// at the same place in every row.
pub(crate) struct TokenBatch {
    /// `[batch, tokens]`, u32.
    pub(crate) ids: Tensor,
    /// `[batch, tokens]`, f32: 1 for a token, 0 for padding.
    pub(crate) mask: Tensor,
    /// `[batch, tokens]`, u32: rows of the segment embedding, 0 for padding.
    pub(crate) segments: Tensor,
    lengths: Vec<usize>,
    /// The ids and segments of all rows, one after the other, without padding.
    packed: (Vec<u32>, Vec<u32>),
}

/// One text or pair of a batch.
pub(crate) struct TokenRow<'a> {
    ids: &'a [u32],
    /// As many as `ids`, or none: every token is then in the first segment.
    segments: &'a [u32],
}

impl<'a> From<&'a EncoderInput> for TokenRow<'a> {
    fn from(input: &'a EncoderInput) -> Self {
        Self { ids: &input.token_ids, segments: &[] }
    }
}

impl<'a> From<&'a PairInput> for TokenRow<'a> {
    fn from(input: &'a PairInput) -> Self {
        Self { ids: &input.token_ids, segments: &input.segments }
    }
}

impl TokenBatch {
    /// At least one row, and none empty.
    pub(crate) fn padded(rows: &[TokenRow<'_>], padding: u32, device: &Device) -> Result<Self> {
        let lengths: Vec<usize> = rows.iter().map(|row| row.ids.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let mut ids = vec![padding; rows.len() * longest];
        let mut mask = vec![0_f32; ids.len()];
        let mut segments = vec![0_u32; ids.len()];
        for (number, row) in rows.iter().enumerate() {
            let start = number * longest;
            ids[start..start + row.ids.len()].copy_from_slice(row.ids);
            mask[start..start + row.ids.len()].fill(1.0);
            segments[start..start + row.segments.len()].copy_from_slice(row.segments);
        }
        let pack = |values: &[u32]| {
            let rows = values.chunks_exact(longest).zip(&lengths);
            rows.flat_map(|(row, length)| row[..*length].iter().copied()).collect()
        };
        let packed = (pack(&ids), pack(&segments));
        let shape = (rows.len(), longest);
        let ids = Tensor::from_vec(ids, shape, device)?;
        let mask = Tensor::from_vec(mask, shape, device)?;
        Ok(Self { ids, mask, segments: Tensor::from_vec(segments, shape, device)?, lengths, packed })
    }

    /// Tokens of each row.
    pub(crate) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// For each token of each row, without padding: its place in its row, its id, its segment.
    pub(crate) fn packed_tokens(&self) -> impl Iterator<Item = (usize, u32, u32)> {
        let places = self.lengths.iter().flat_map(|length| 0..*length);
        places.zip(&self.packed.0).zip(&self.packed.1).map(|((place, id), segment)| (place, *id, *segment))
    }

    /// `packed` has `width` values for each token of each row; the result is `[batch, tokens, width]` with zeros at the
    /// padding.
    pub(crate) fn pad(&self, packed: &[f32], width: usize) -> Result<Tensor> {
        let (batch, longest) = self.ids.dims2()?;
        let mut padded = vec![0.0; batch * longest * width];
        let mut rest = packed;
        for (row, length) in padded.chunks_exact_mut(longest * width).zip(&self.lengths) {
            let (values, behind) = rest.split_at(length * width);
            row[..values.len()].copy_from_slice(values);
            rest = behind;
        }
        Tensor::from_vec(padded, (batch, longest, width), self.ids.device())
    }

    /// Where each text's last token lies when the rows are laid end to end: `[batch]`, u32.
    pub(crate) fn last_positions(&self) -> Result<Tensor> {
        let width = self.ids.dim(1)?;
        let position = |(row, length): (usize, &usize)| (row * width + length.saturating_sub(1)) as u32;
        let positions: Vec<u32> = self.lengths.iter().enumerate().map(position).collect();
        Tensor::from_vec(positions, self.lengths.len(), self.ids.device())
    }
}
