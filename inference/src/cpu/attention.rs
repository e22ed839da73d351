//! Attention within one text, in single precision.

use super::functions::exp;
use super::instructions::{Dot, Instructions};
use super::product::{
    Columns, Finish, Lines, Outputs, Product, Work, copy_panel, lay_out, lay_out_panels, panel_width,
    room_for, tile_rows,
};

/// Queries are worked on in whole numbers of these.
const LANES: usize = 16;

/// Room to work in, kept between calls.
pub(super) struct AttentionRoom {
    columns: Lines,
    /// A head's queries, then its values, as the panels of a product.
    panels: Lines,
    /// `[keys, queries]`, so that the work on one query is the same for sixteen.
    scores: Outputs,
    panel_width: usize,
}

impl Default for AttentionRoom {
    fn default() -> Self {
        let panel_width = panel_width(Instructions::Single);
        Self { columns: Lines::new(64), panels: Lines::new(64), scores: Outputs::new(64), panel_width }
    }
}

/// Scaled dot-product attention (Vaswani and others 2017) of one text of `tokens` tokens: `projected` is
/// `[tokens, 3, heads, head width]` (query, key, value), `mixed` becomes `[tokens, heads, head width]`.
pub(super) fn attend(
    projected: &[f32],
    tokens: usize,
    heads: usize,
    mixed: &mut [f32],
    room: &mut AttentionRoom,
) {
    let width = mixed.len() / tokens.max(1);
    let tile_rows = tile_rows(Instructions::Single, tokens);
    let text = Text { projected, tokens, width, head_width: width / heads, tile_rows };
    Instructions::Single.run(Attention { text, mixed, room });
}

#[derive(Clone, Copy)]
struct Text<'a> {
    projected: &'a [f32],
    tokens: usize,
    width: usize,
    head_width: usize,
    tile_rows: usize,
}

struct Attention<'a> {
    text: Text<'a>,
    mixed: &'a mut [f32],
    room: &'a mut AttentionRoom,
}

impl Work for Attention<'_> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(self, dot: D) {
        for first in (0..self.text.width).step_by(self.text.head_width) {
            self.text.head(dot, first, &mut self.mixed[first..], self.room);
        }
    }
}

impl<'a> Text<'a> {
    /// The head whose values begin `first` behind the beginning of a token's query, key or value.
    #[inline(always)]
    fn head<D: Dot>(self, dot: D, first: usize, mixed: &mut [f32], room: &mut AttentionRoom) {
        let AttentionRoom { columns, panels, scores, panel_width } = room;
        let Self { tokens, head_width, tile_rows, .. } = self;
        // Whole panels, so that registers are stored as they are.
        let queries = tokens.next_multiple_of((*panel_width).max(LANES));
        let scores = room_for(scores, tokens * queries);
        let query_panels = room_for(panels, tokens.next_multiple_of(*panel_width) * head_width);
        lay_out_panels(
            |token| self.row(token, first, Part::Query),
            tokens,
            *panel_width,
            head_width,
            query_panels,
        );
        let keys = room_for(columns, tokens * head_width);
        lay_out(|token| self.row(token, first, Part::Key), tokens, tile_rows, head_width, keys);
        let product = Product {
            panels: query_panels,
            columns: Columns::Tiles(keys),
            rows: tokens,
            tile_rows,
            steps: head_width,
            finish: AsTheyAre,
            elementwise: None,
            results: scores,
            stride: queries,
            outputs: tokens.next_multiple_of(*panel_width),
        };
        product.run(dot);
        probabilities(scores, queries, tokens, 1.0 / (head_width as f32).sqrt());
        let value_panels = room_for(panels, head_width.next_multiple_of(*panel_width) * tokens);
        lay_out_values(
            |token| self.row(token, first, Part::Value),
            tokens,
            *panel_width,
            head_width,
            value_panels,
        );
        let product = Product {
            panels: value_panels,
            columns: Columns::Steps(bytemuck::cast_slice(scores), queries),
            rows: tokens,
            tile_rows,
            steps: tokens,
            finish: AsTheyAre,
            elementwise: None,
            results: mixed,
            stride: self.width,
            outputs: head_width,
        };
        product.run(dot);
    }

    /// A token's part of the head that begins at `first`.
    #[inline(always)]
    fn row(self, token: usize, first: usize, part: Part) -> &'a [u32] {
        let start = (3 * token + part as usize) * self.width + first;
        bytemuck::cast_slice(&self.projected[start..start + self.head_width])
    }
}

#[derive(Clone, Copy)]
enum Part {
    Query = 0,
    Key = 1,
    Value = 2,
}

/// `steps` rows that are steps already, as panels: row by row in each panel. Where the last one has no outputs, what stood
/// there stays.
#[inline(always)]
fn lay_out_values<'a>(
    row: impl Fn(usize) -> &'a [u32],
    steps: usize,
    width: usize,
    outputs: usize,
    panels: &mut [u32],
) {
    for (number, panel) in panels.chunks_exact_mut(width * steps.max(1)).enumerate() {
        let (first, end) = (number * width, outputs.min((number + 1) * width));
        for (step, place) in panel.chunks_exact_mut(width).enumerate() {
            copy_panel(&row(step)[first..end], place);
        }
    }
}

/// Scores, scaled, become probabilities: for each of the first `wanted` queries, e to the power of its scores divided by their
/// sum; what belongs to others is undefined. `queries` is a multiple of [`LANES`].
#[inline(always)]
fn probabilities(scores: &mut [f32], queries: usize, wanted: usize, scale: f32) {
    for first in (0..wanted).step_by(LANES) {
        let mut greatest = [f32::NEG_INFINITY; LANES];
        for lanes in scores.chunks_exact(queries).filter_map(|row| row[first..].first_chunk::<LANES>()) {
            for lane in 0..LANES {
                greatest[lane] = greatest[lane].max(lanes[lane]);
            }
        }
        let mut sums = [0.0; LANES];
        for row in scores.chunks_exact_mut(queries) {
            let Some(lanes) = row[first..].first_chunk_mut::<LANES>() else { continue };
            for lane in 0..LANES {
                lanes[lane] = exp((lanes[lane] - greatest[lane]) * scale);
            }
            for lane in 0..LANES {
                sums[lane] += lanes[lane];
            }
        }
        let shares = sums.map(|sum| 1.0 / sum);
        for row in scores.chunks_exact_mut(queries) {
            let Some(lanes) = row[first..].first_chunk_mut::<LANES>() else { continue };
            for lane in 0..LANES {
                lanes[lane] *= shares[lane];
            }
        }
    }
}

/// Sums that are results.
#[derive(Clone, Copy)]
struct AsTheyAre;

impl Finish for AsTheyAre {
    #[inline(always)]
    fn finish<D: Dot>(self, _: D, _: usize, _: usize, sums: [D::Register; 2]) -> [D::Register; 2] {
        sums
    }
}
