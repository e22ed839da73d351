//! Attention within one text.

use pulp::NullaryFnOnce;

use super::ARCH;
use super::functions::softmax;

/// Room to work in, kept between calls.
#[derive(Default)]
pub(super) struct Room {
    /// A head's keys, `[head width, tokens]`.
    keys: Vec<f32>,
    /// One token's scores of all tokens.
    scores: Vec<f32>,
}

/// Scaled dot-product attention (Vaswani and others 2017) of one text of `tokens` tokens: `projected` is
/// `[tokens, 3, heads, head width]` (query, key, value), `mixed` becomes `[tokens, heads, head width]`.
pub(super) fn attend(projected: &[f32], tokens: usize, heads: usize, mixed: &mut [f32], room: &mut Room) {
    let width = mixed.len() / tokens.max(1);
    let Room { keys, scores } = room;
    keys.resize(width / heads * tokens, 0.0);
    scores.resize(tokens, 0.0);
    ARCH.dispatch(Attention { projected, width, heads, mixed, keys, scores });
}

struct Attention<'a> {
    projected: &'a [f32],
    width: usize,
    heads: usize,
    mixed: &'a mut [f32],
    keys: &'a mut [f32],
    scores: &'a mut [f32],
}

impl NullaryFnOnce for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let head_width = self.width / self.heads;
        for head in 0..self.heads {
            self.head(head * head_width, head_width);
        }
    }
}

impl Attention<'_> {
    /// The head whose values begin `first` behind the beginning of a token's query, key or value.
    #[inline(always)]
    fn head(&mut self, first: usize, head_width: usize) {
        let tokens = self.scores.len();
        let row = 3 * self.width;
        let part = |token: usize, number: usize| {
            let start = token * row + number * self.width + first;
            &self.projected[start..start + head_width]
        };
        for token in 0..tokens {
            for (place, value) in part(token, 1).iter().enumerate() {
                self.keys[place * tokens + token] = *value;
            }
        }
        let scale = 1.0 / (head_width as f32).sqrt();
        for token in 0..tokens {
            self.scores.fill(0.0);
            for (query, keys) in part(token, 0).iter().zip(self.keys.chunks_exact(tokens)) {
                add_scaled(self.scores, query * scale, keys);
            }
            softmax(self.scores);
            let start = token * self.width + first;
            let mixed = &mut self.mixed[start..start + head_width];
            mixed.fill(0.0);
            for (other, score) in self.scores.iter().enumerate() {
                add_scaled(mixed, *score, part(other, 2));
            }
        }
    }
}

#[inline(always)]
fn add_scaled(sums: &mut [f32], factor: f32, values: &[f32]) {
    for (sum, value) in sums.iter_mut().zip(values) {
        *sum += factor * value;
    }
}
