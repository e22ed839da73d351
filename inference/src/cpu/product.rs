//! Rows times panels of weights: the inner loops of linear layers.

use aligned_vec::{AVec, ConstAlign};
use bytemuck::Zeroable;

use super::functions::Activation;
use super::instructions::{Dot, Instructions, LINE, prefetch};
use crate::Precision;

/// Values aligned to a cache line, so that no register is loaded from two of them.
pub(super) type Room<T> = AVec<T, ConstAlign<64>>;

/// Weights or steps.
pub(super) type Lines = Room<u32>;

/// What belongs to each output, filled up to whole panels.
pub(super) type Outputs = Room<f32>;

/// Something to be compiled for several instruction sets.
pub(super) trait Work {
    type Output;

    /// Must be inlined.
    fn run<D: Dot>(self, dot: D) -> Self::Output;
}

/// What becomes of sums.
pub(super) trait Finish: Copy {
    /// `sums` belong to row number `row` and to panel number `panel`.
    fn finish<D: Dot>(self, dot: D, row: usize, panel: usize, sums: [D::Register; 2]) -> [D::Register; 2];
}

/// A function of each result, as exact as the precision needs it.
pub(super) type Elementwise = Option<(Activation, Precision)>;

/// How many outputs stand in a panel: two registers.
pub(super) fn panel_width(instructions: Instructions) -> usize {
    struct Width;

    impl Work for Width {
        type Output = usize;

        #[inline(always)]
        fn run<D: Dot>(self, _: D) -> usize {
            2 * lanes::<D>()
        }
    }

    instructions.run(Width)
}

/// How many rows to compute together when there are `rows`: equal parts, so that the last tile is not left with one.
pub(super) fn tile_rows(instructions: Instructions, rows: usize) -> usize {
    struct Rows;

    impl Work for Rows {
        type Output = usize;

        #[inline(always)]
        fn run<D: Dot>(self, _: D) -> usize {
            D::ROWS
        }
    }

    rows.div_ceil(rows.div_ceil(instructions.run(Rows)).max(1)).max(1)
}

const fn lanes<D: Dot>() -> usize {
    size_of::<D::Register>() / size_of::<u32>()
}

/// A product of some rows with all panels.
pub(super) struct Product<'a, F> {
    /// Panel by panel, step by step, output by output.
    pub(super) panels: &'a [u32],
    /// Tile by tile, step by step, row by row.
    pub(super) columns: &'a [u32],
    pub(super) rows: usize,
    /// See [`tile_rows`]; the last tile has the rows that are left.
    pub(super) tile_rows: usize,
    /// Of a row.
    pub(super) steps: usize,
    pub(super) finish: F,
    /// After `finish`.
    pub(super) elementwise: Elementwise,
    /// `[rows, outputs]`.
    pub(super) results: &'a mut [f32],
    pub(super) outputs: usize,
}

impl<F: Finish> Work for Product<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(mut self, dot: D) {
        let panel = self.panel_length::<D>();
        let together = (PANELS_TOGETHER / panel).max(1);
        let mut sums = [[D::Register::zeroed(); 2]; MOST_ROWS];
        let mut groups = self.panels.chunks(together * panel).peekable();
        for first in (0..).step_by(together) {
            let Some(panels) = groups.next() else { break };
            let next = groups.peek().copied().unwrap_or_default();
            self.multiply_group(dot, (first, panels), next, &mut sums);
        }
    }
}

impl<F: Finish> Product<'_, F> {
    #[inline(always)]
    fn panel_length<D: Dot>(&self) -> usize {
        2 * lanes::<D>() * self.steps
    }

    /// All rows with some panels: the number of the first one, and their weights. Meanwhile the `next` weights are asked for.
    #[inline(always)]
    fn multiply_group<D: Dot>(
        &mut self,
        dot: D,
        (first, panels): (usize, &[u32]),
        next: &[u32],
        sums: &mut [[D::Register; 2]; MOST_ROWS],
    ) {
        let panel = self.panel_length::<D>();
        let products = self.rows.div_ceil(self.tile_rows) * panels.len() / panel;
        let mut shares = next.chunks(next.len().div_ceil(products).next_multiple_of(LINE).max(LINE));
        for row in (0..self.rows).step_by(self.tile_rows) {
            for (number, panel) in (first..).zip(panels.chunks_exact(panel)) {
                self.multiply_tile(dot, row, (number, panel), shares.next().unwrap_or_default(), sums);
            }
        }
    }

    /// The tile that begins with row `first`, with one panel: its number, and its weights.
    #[inline(always)]
    fn multiply_tile<D: Dot>(
        &mut self,
        dot: D,
        first: usize,
        (number, panel): (usize, &[u32]),
        next: &[u32],
        sums: &mut [[D::Register; 2]; MOST_ROWS],
    ) {
        let rows = self.tile_rows.min(self.rows - first);
        let columns = &self.columns[first * self.steps..(first + rows) * self.steps];
        let width = 2 * lanes::<D>();
        let kept = number * width..self.outputs.min((number + 1) * width);
        sum(dot, rows, columns, bytemuck::cast_slice(panel), next, sums);
        let sums = &mut sums[..rows];
        finish(dot, self.finish, (first, number), sums, self.elementwise);
        for (row, sums) in (first..).zip(sums) {
            let place = &mut self.results[row * self.outputs..][kept.clone()];
            copy_panel(&bytemuck::cast_slice(sums)[..place.len()], place);
        }
    }
}

/// Weights that pass by every tile before the next ones do: 256 KB, which stay in a core's second-level cache meanwhile, while
/// the tile's own columns stay in the first-level one. All weights at once would come anew from memory for each tile where
/// they are more than the caches hold; one panel at a time, a tile's columns would come anew for each panel. While they pass,
/// those behind them are fetched, share by share.
const PANELS_TOGETHER: usize = 1 << 16;

/// Steps from one request for weights to the next.
const STEPS_TOGETHER: usize = 4;

/// The most rows that are computed together, whatever the instructions.
const MOST_ROWS: usize = 14;

/// The sums of `rows` rows for one panel: calls [`tile`] for the number of rows at hand. `next` is fetched meanwhile.
#[inline(always)]
fn sum<D: Dot>(
    dot: D,
    rows: usize,
    columns: &[u32],
    panel: &[[D::Register; 2]],
    next: &[u32],
    sums: &mut [[D::Register; 2]; MOST_ROWS],
) {
    macro_rules! of {
        ($($number:literal)*) => {
            match rows {
                $($number if $number <= D::ROWS => {
                    if let Some(sums) = sums.first_chunk_mut::<$number>() {
                        *sums = tile(dot, columns, panel, next);
                    }
                })*
                _ => {}
            }
        };
    }
    of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// The product of `ROWS` rows with one panel.
#[inline(always)]
fn tile<D: Dot, const ROWS: usize>(
    dot: D,
    columns: &[u32],
    panel: &[[D::Register; 2]],
    next: &[u32],
) -> [[D::Register; 2]; ROWS] {
    let mut sums = [[D::Register::zeroed(); 2]; ROWS];
    let columns = columns.as_chunks::<ROWS>().0;
    let requests = panel.len().div_ceil(STEPS_TOGETHER).max(1);
    let mut shares = next.chunks(next.len().div_ceil(requests).next_multiple_of(LINE).max(LINE));
    for (columns, panel) in columns.chunks(STEPS_TOGETHER).zip(panel.chunks(STEPS_TOGETHER)) {
        prefetch(shares.next().unwrap_or_default());
        for (column, weights) in columns.iter().zip(panel) {
            for row in 0..ROWS {
                let step = dot.broadcast(column[row]);
                sums[row][0] = dot.add(sums[row][0], weights[0], step);
                sums[row][1] = dot.add(sums[row][1], weights[1], step);
            }
        }
    }
    sums
}

/// The sums of the rows from number `row` on for panel number `panel` become results, in place.
#[inline(always)]
fn finish<D: Dot, F: Finish>(
    dot: D,
    finish: F,
    (row, panel): (usize, usize),
    sums: &mut [[D::Register; 2]],
    elementwise: Elementwise,
) {
    for (row, sums) in (row..).zip(&mut *sums) {
        *sums = finish.finish(dot, row, panel, *sums);
    }
    if let Some((activation, precision)) = elementwise {
        // Two registers at a time: the compiler knows how many values they hold.
        activation.apply(sums.iter_mut().map(|sums| bytemuck::cast_slice_mut(sums)), precision);
    }
}

/// A panel's width of values to the beginning of `into`. Of the widths that there are the length is known to the compiler,
/// which then stores a few registers; a call of `memcpy` would take longer than the copy.
#[inline(always)]
fn copy_panel(values: &[f32], into: &mut [f32]) {
    match values.len() {
        32 => copy_array::<32>(values, into),
        16 => copy_array::<16>(values, into),
        8 => copy_array::<8>(values, into),
        other => into[..other].copy_from_slice(values),
    }
}

#[inline(always)]
fn copy_array<const LENGTH: usize>(values: &[f32], into: &mut [f32]) {
    if let (Some(values), Some(into)) = (values.first_chunk::<LENGTH>(), into.first_chunk_mut::<LENGTH>()) {
        *into = *values;
    }
}

/// `count` outputs of `steps` steps each become panels of `width` outputs. Where the last one has no outputs, what stood there
/// stays.
#[inline(always)]
pub(super) fn lay_out_panels<'a>(
    output: impl Fn(usize) -> &'a [u32],
    count: usize,
    width: usize,
    steps: usize,
    panels: &mut [u32],
) {
    for first in (0..count).step_by(width) {
        let kept = width.min(count - first);
        interleave(|number| output(first + number), kept, width, &mut panels[first * steps..]);
    }
}

/// `count` rows side by side: step by step, each in the first places of `width`.
#[inline(always)]
fn interleave<'a>(row: impl Fn(usize) -> &'a [u32], count: usize, width: usize, into: &mut [u32]) {
    for place in 0..count {
        for (column, step) in into.chunks_exact_mut(width).zip(row(place)) {
            column[place] = *step;
        }
    }
}

/// `length` values of `room`, which grows when it is too small. What they are is left over from before.
#[inline(always)]
pub(super) fn room_for<T: Copy + Zeroable>(room: &mut Room<T>, length: usize) -> &mut [T] {
    if room.len() < length {
        room.resize(length, T::zeroed());
    }
    &mut room[..length]
}
