//! Self-attention of each text over itself.

use candle_core::{IndexOp, Result, Tensor};
use candle_nn::ops::softmax_last_dim;

use super::places::Places;

/// `projected` is `[tokens, 3 × width]`: query, key and value of each token side by side, each split among `heads`. The
/// result is `[tokens, width]`.
pub(super) fn attend(projected: &Tensor, heads: usize, places: &Places) -> Result<Tensor> {
    let width = projected.dim(1)? / 3;
    let (texts, longest, head_width) = (places.texts, places.longest, width / heads);
    let parts = places.pad(projected)?.reshape((texts, longest, 3, heads, head_width))?;
    let part = |number: usize| parts.i((.., .., number))?.transpose(1, 2)?.contiguous();
    // Scaled before the product, so that no score leaves the range of f16.
    let query = (part(0)? * (head_width as f64).powf(-0.5))?;
    let scores = places.hide_padding(query.matmul(&part(1)?.t()?)?)?;
    let mixed = softmax_last_dim(&scores)?.matmul(&part(2)?)?;
    places.pack(&mixed.transpose(1, 2)?.reshape((texts * longest, width))?)
}
