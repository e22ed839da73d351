//! Rows of steps become what a product reads: tile by tile, step by step, row by row.

use pulp::{Arch, Simd};

use super::product::{Lines, room_for};
use super::transpose::{self, MOST_LANES, Transpose, Turning};

/// `rows` of `steps` steps each, `tile_rows` to a tile; the last tile has those that are left. Not empty.
pub(super) fn lay_out<'a>(
    arch: Arch,
    rows: &[u32],
    steps: usize,
    tile_rows: usize,
    columns: &'a mut Lines,
) -> &'a [u32] {
    let columns = room_for(columns, rows.len() + MOST_LANES);
    transpose::run(arch, LayOut { rows, steps, tile_rows, columns });
    &columns[..rows.len()]
}

struct LayOut<'a> {
    rows: &'a [u32],
    steps: usize,
    tile_rows: usize,
    /// Registers are stored whole, so a store may reach into places that a later one fills, and behind the last place.
    columns: &'a mut [u32],
}

impl Turning for LayOut<'_> {
    #[inline(always)]
    fn run<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T) {
        let Self { rows, steps, tile_rows, columns } = self;
        for (number, rows) in rows.chunks(tile_rows * steps).enumerate() {
            let columns = &mut columns[number * tile_rows * steps..];
            let tile = Tile { rows, steps, count: rows.len() / steps };
            // The last first: what it stores too much stands where the others' values come.
            for first in (0..tile.count).step_by(S::F32_LANES).rev() {
                tile.lay_out(simd, transpose, first, columns);
            }
        }
    }
}

/// Rows that are computed together.
#[derive(Clone, Copy)]
struct Tile<'a> {
    rows: &'a [u32],
    steps: usize,
    count: usize,
}

impl Tile<'_> {
    /// As many rows as there are lanes, from row `first` on.
    #[inline(always)]
    fn lay_out<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T, first: usize, columns: &mut [u32]) {
        let Self { rows, steps, count } = self;
        let lanes = S::F32_LANES;
        let mut square = [simd.splat_f32s(0.0); MOST_LANES];
        let mut turned = square;
        let squares = steps / lanes;
        for begin in (0..squares * lanes).step_by(lanes) {
            for (lane, register) in square[..lanes].iter_mut().enumerate() {
                let row = (first + lane).min(count - 1);
                *register = bytemuck::cast_slice(&rows[row * steps + begin..][..lanes])[0];
            }
            transpose.transpose(simd, &square[..lanes], &mut turned[..lanes]);
            for step in 0..lanes {
                let place = &mut columns[(begin + step) * count + first..][..lanes];
                bytemuck::cast_slice_mut(place)[0] = turned[step];
            }
        }
        for step in squares * lanes..steps {
            for row in first..count.min(first + lanes) {
                columns[step * count + row] = rows[row * steps + step];
            }
        }
    }
}
