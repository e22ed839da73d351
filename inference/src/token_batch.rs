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
    /// For each token of each row, without padding: its place in its row, its id, its segment.
    pub(crate) packed: Vec<(usize, u32, u32)>,
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

impl TokenRow<'_> {
    /// How many tokens it has.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Of each token its id and its segment.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (u32, u32)> {
        let segments = self.segments.iter().copied().chain(std::iter::repeat(0));
        self.ids.iter().copied().zip(segments)
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
        let places = rows.iter().flat_map(|row| row.tokens().enumerate());
        let packed = places.map(|(place, (id, segment))| (place, id, segment)).collect();
        let shape = (rows.len(), longest);
        let ids = Tensor::from_vec(ids, shape, device)?;
        let mask = Tensor::from_vec(mask, shape, device)?;
        Ok(Self { ids, mask, segments: Tensor::from_vec(segments, shape, device)?, lengths, packed })
    }

    /// Tokens of each row.
    pub(crate) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// Where each text's last token lies when the rows are laid end to end: `[batch]`, u32.
    pub(crate) fn last_positions(&self) -> Result<Tensor> {
        let width = self.ids.dim(1)?;
        let position = |(row, length): (usize, &usize)| (row * width + length.saturating_sub(1)) as u32;
        let positions: Vec<u32> = self.lengths.iter().enumerate().map(position).collect();
        Tensor::from_vec(positions, self.lengths.len(), self.ids.device())
    }
}
