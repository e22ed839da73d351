//! Rows times panels of weights: the inner loops of linear layers and of attention.

use aligned_vec::{AVec, ConstAlign};
use bytemuck::Zeroable;

use super::functions::Activation;
use super::instructions::{Dot, Instructions};
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
    pub(super) columns: Columns<'a>,
    pub(super) rows: usize,
    /// See [`tile_rows`]; the last tile has the rows that are left.
    pub(super) tile_rows: usize,
    /// Of a row.
    pub(super) steps: usize,
    pub(super) finish: F,
    /// After `finish`.
    pub(super) elementwise: Elementwise,
    /// A row's results begin `stride` behind those of the row before.
    pub(super) results: &'a mut [f32],
    pub(super) stride: usize,
    pub(super) outputs: usize,
}

/// How the rows' steps lie.
#[derive(Clone, Copy)]
pub(super) enum Columns<'a> {
    /// Tile by tile, step by step, row by row: see [`lay_out`].
    Tiles(&'a [u32]),
    /// Step by step, row by row, so many for each step.
    Steps(&'a [u32], usize),
}

impl<'a> Columns<'a> {
    /// Those of the tile of `rows` rows that begins with the row `first`, and how far one step lies behind another.
    #[inline(always)]
    fn tile(self, first: usize, rows: usize, steps: usize) -> (&'a [u32], usize) {
        match self {
            Self::Tiles(columns) => (&columns[first * steps..(first + rows) * steps], rows),
            Self::Steps(columns, stride) => (&columns[first..], stride),
        }
    }
}

impl<F: Finish> Work for Product<'_, F> {
    type Output = ();

    #[inline(always)]
    fn run<D: Dot>(self, dot: D) {
        let width = 2 * lanes::<D>();
        for (number, panel) in self.panels.chunks_exact(width * self.steps).enumerate() {
            let panel: &[[D::Register; 2]] = bytemuck::cast_slice(panel);
            for first in (0..self.rows).step_by(self.tile_rows) {
                let rows = self.tile_rows.min(self.rows - first);
                let columns = self.columns.tile(first, rows, self.steps);
                let Self { stride, outputs, elementwise, .. } = self;
                let place = Place { panel: number, row: first, stride, outputs, elementwise };
                let results = &mut self.results[first * self.stride..];
                by_rows(dot, rows, columns, panel, results, place, self.finish);
            }
        }
    }
}

#[derive(Clone, Copy)]
struct Place {
    panel: usize,
    row: usize,
    stride: usize,
    outputs: usize,
    elementwise: Elementwise,
}

/// Calls [`tile`] for the number of rows at hand.
#[inline(always)]
fn by_rows<D: Dot, F: Finish>(
    dot: D,
    rows: usize,
    (columns, stride): (&[u32], usize),
    panel: &[[D::Register; 2]],
    results: &mut [f32],
    place: Place,
    finish: F,
) {
    macro_rules! of {
        ($($number:literal)*) => {
            match rows {
                $($number if $number <= D::ROWS => tile::<D, F, $number>(dot, (columns, stride), panel, results, place, finish),)*
                _ => {}
            }
        };
    }
    of!(1 2 3 4 5 6 7 8 9 10 11 12 13 14);
}

/// The product of `ROWS` rows with one panel.
#[inline(always)]
fn tile<D: Dot, F: Finish, const ROWS: usize>(
    dot: D,
    (columns, stride): (&[u32], usize),
    panel: &[[D::Register; 2]],
    results: &mut [f32],
    place: Place,
    finish: F,
) {
    let mut sums = [[D::Register::zeroed(); 2]; ROWS];
    for (column, weights) in columns.chunks(stride).zip(panel) {
        let Some(column) = column.first_chunk::<ROWS>() else { continue };
        for row in 0..ROWS {
            let step = dot.broadcast(column[row]);
            sums[row][0] = dot.add(sums[row][0], weights[0], step);
            sums[row][1] = dot.add(sums[row][1], weights[1], step);
        }
    }
    let width = 2 * lanes::<D>();
    let first = place.panel * width;
    let kept = width.min(place.outputs - first);
    for row in 0..ROWS {
        let mut finished = finish.finish(dot, place.row + row, place.panel, [sums[row][0], sums[row][1]]);
        if let Some((activation, precision)) = place.elementwise {
            activation.apply(bytemuck::cast_slice_mut(&mut finished), precision);
        }
        let finished: &[f32] = bytemuck::cast_slice(&finished);
        let results = &mut results[row * place.stride + first..];
        if kept == width {
            copy_panel(finished, results);
        } else {
            results[..kept].copy_from_slice(&finished[..kept]);
        }
    }
}

/// A panel's width of values to the beginning of `into`. Of the widths that there are the length is known to the compiler,
/// which then stores a few registers; a call of `memcpy` would take longer than the copy.
#[inline(always)]
pub(super) fn copy_panel<T: Copy>(values: &[T], into: &mut [T]) {
    match values.len() {
        32 => copy_array::<T, 32>(values, into),
        16 => copy_array::<T, 16>(values, into),
        8 => copy_array::<T, 8>(values, into),
        other => into[..other].copy_from_slice(values),
    }
}

#[inline(always)]
fn copy_array<T: Copy, const LENGTH: usize>(values: &[T], into: &mut [T]) {
    if let (Some(values), Some(into)) = (values.first_chunk::<LENGTH>(), into.first_chunk_mut::<LENGTH>()) {
        *into = *values;
    }
}

/// `count` rows of `steps` steps each become [`Columns::Tiles`].
#[inline(always)]
pub(super) fn lay_out<'a>(
    row: impl Fn(usize) -> &'a [u32],
    count: usize,
    tile_rows: usize,
    steps: usize,
    columns: &mut [u32],
) {
    for first in (0..count).step_by(tile_rows) {
        let tile = tile_rows.min(count - first);
        interleave(|number| row(first + number), tile, tile, &mut columns[first * steps..]);
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
