//! Token ids of several texts, padded on the right to the longest.

use candle_core::{Device, Result, Tensor};

use crate::EncoderInput;

/// What an architecture computes on. Padding is on the right: a causal model then never sees it, and positions start
/// at the same place in every row.
pub(crate) struct TokenBatch {
    /// `[batch, tokens]`, u32.
    pub(crate) ids: Tensor,
    /// `[batch, tokens]`, f32: 1 for a token, 0 for padding.
    pub(crate) mask: Tensor,
    lengths: Vec<usize>,
}

impl TokenBatch {
    /// At least one input, and none empty.
    pub(crate) fn padded(inputs: &[&EncoderInput], padding: u32, device: &Device) -> Result<Self> {
        let lengths: Vec<usize> = inputs.iter().map(|input| input.token_ids.len()).collect();
        let longest = lengths.iter().copied().max().unwrap_or_default();
        let mut ids = vec![padding; inputs.len() * longest];
        let mut mask = vec![0_f32; ids.len()];
        let rows = ids.chunks_mut(longest.max(1)).zip(mask.chunks_mut(longest.max(1)));
        for (input, (ids, mask)) in inputs.iter().zip(rows) {
            let length = input.token_ids.len();
            ids[..length].copy_from_slice(&input.token_ids);
            mask[..length].fill(1.0);
        }
        let shape = (inputs.len(), longest);
        let ids = Tensor::from_vec(ids, shape, device)?;
        Ok(Self { ids, mask: Tensor::from_vec(mask, shape, device)?, lengths })
    }

    /// Where each text's last token lies when the rows are laid end to end: `[batch]`, u32.
    pub(crate) fn last_positions(&self) -> Result<Tensor> {
        let width = self.ids.dim(1)?;
        let position = |(row, length): (usize, &usize)| (row * width + length.saturating_sub(1)) as u32;
        let positions: Vec<u32> = self.lengths.iter().enumerate().map(position).collect();
        Tensor::from_vec(positions, self.lengths.len(), self.ids.device())
    }
}
