//! Linear layers: rows times packed weights, plus bias.

use pulp::{Simd, WithSimd};

use super::ARCH;

/// Rows whose columns are laid out at a time: with 1,536 inputs they take 0.6 MB, within a core's second-level cache.
const BLOCK: usize = 96;

/// Weights in the order in which the product reads them: for each panel of outputs, for each input, the panel's weights.
/// A panel is as wide as two vector registers; the last one is filled up with zeros.
pub(super) struct Linear {
    inputs: usize,
    outputs: usize,
    panels: Vec<f32>,
    /// Filled up like the panels.
    bias: Vec<f32>,
}

impl Linear {
    /// `weight` is `[outputs, inputs]` row by row, `bias` `[outputs]`.
    pub(super) fn pack(weight: &[f32], bias: &[f32]) -> Self {
        let (outputs, width) = (bias.len(), ARCH.dispatch(PanelWidth));
        let inputs = weight.len() / outputs.max(1);
        let padded = outputs.next_multiple_of(width);
        let mut panels = vec![0.0; padded * inputs];
        for (output, row) in weight.chunks_exact(inputs.max(1)).enumerate() {
            let panel = &mut panels[output / width * width * inputs..];
            for (input, value) in row.iter().enumerate() {
                panel[input * width + output % width] = *value;
            }
        }
        let mut bias = bias.to_vec();
        bias.resize(padded, 0.0);
        Self { inputs, outputs, panels, bias }
    }

    /// `input` is `[rows, inputs]`, `output` becomes `[rows, outputs]`. `columns` is room to work in.
    pub(super) fn apply(&self, input: &[f32], output: &mut Vec<f32>, columns: &mut Vec<f32>) {
        output.resize(input.len() / self.inputs * self.outputs, 0.0);
        ARCH.dispatch(Product { linear: self, input, output, columns });
    }
}

struct PanelWidth;

impl WithSimd for PanelWidth {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        2 * S::F32_LANES
    }
}

struct Product<'a> {
    linear: &'a Linear,
    input: &'a [f32],
    output: &'a mut [f32],
    columns: &'a mut Vec<f32>,
}

impl WithSimd for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        // As many sums as registers can hold, beside the weights and the input.
        if S::REGISTER_COUNT >= 32 { self.compute::<S, 12>(simd) } else { self.compute::<S, 6>(simd) }
    }
}

impl Product<'_> {
    /// `ROWS` rows are computed together.
    #[inline(always)]
    fn compute<S: Simd, const ROWS: usize>(self, simd: S) {
        let Linear { inputs, outputs, .. } = *self.linear;
        let blocks = self.input.chunks(BLOCK * inputs).zip(self.output.chunks_mut(BLOCK * outputs));
        for (input, output) in blocks {
            lay_out_columns::<ROWS>(input, inputs, self.columns);
            let width = 2 * S::F32_LANES;
            let panels =
                self.linear.panels.chunks_exact(width * inputs).zip(self.linear.bias.chunks_exact(width));
            for (number, (panel, bias)) in panels.enumerate() {
                let panel = Panel { weights: S::as_simd_f32s(panel).0, bias: S::as_simd_f32s(bias).0 };
                let tiles = self.columns.chunks(ROWS * inputs).zip(output.chunks_mut(ROWS * outputs));
                for (columns, output) in tiles {
                    let rows = output.len() / outputs;
                    let place = Place { first: number * width, outputs };
                    by_rows::<S, ROWS>(simd, rows, columns, &panel, output, place);
                }
            }
        }
    }
}

struct Panel<'a, S: Simd> {
    /// Two for each input.
    weights: &'a [S::f32s],
    bias: &'a [S::f32s],
}

/// Where a panel's results go in rows of `outputs` values.
#[derive(Clone, Copy)]
struct Place {
    first: usize,
    outputs: usize,
}

/// `[rows, inputs]` as tiles of `ROWS` rows, each tile input by input; the last tile has the rows that are left.
#[inline(always)]
fn lay_out_columns<const ROWS: usize>(input: &[f32], inputs: usize, columns: &mut Vec<f32>) {
    columns.resize(input.len(), 0.0);
    for (tile, columns) in input.chunks(ROWS * inputs).zip(columns.chunks_mut(ROWS * inputs)) {
        let rows = tile.len() / inputs;
        for (row, values) in tile.chunks_exact(inputs).enumerate() {
            for (column, value) in columns.chunks_exact_mut(rows).zip(values) {
                column[row] = *value;
            }
        }
    }
}

/// Calls [`tile`] for the number of rows at hand, at most `ROWS`.
#[inline(always)]
fn by_rows<S: Simd, const ROWS: usize>(
    simd: S,
    rows: usize,
    columns: &[f32],
    panel: &Panel<'_, S>,
    output: &mut [f32],
    place: Place,
) {
    if rows == ROWS {
        return tile::<S, ROWS>(simd, columns, panel, output, place);
    }
    match rows {
        1 => tile::<S, 1>(simd, columns, panel, output, place),
        2 => tile::<S, 2>(simd, columns, panel, output, place),
        3 => tile::<S, 3>(simd, columns, panel, output, place),
        4 => tile::<S, 4>(simd, columns, panel, output, place),
        5 => tile::<S, 5>(simd, columns, panel, output, place),
        6 => tile::<S, 6>(simd, columns, panel, output, place),
        7 => tile::<S, 7>(simd, columns, panel, output, place),
        8 => tile::<S, 8>(simd, columns, panel, output, place),
        9 => tile::<S, 9>(simd, columns, panel, output, place),
        10 => tile::<S, 10>(simd, columns, panel, output, place),
        _ => tile::<S, 11>(simd, columns, panel, output, place),
    }
}

/// The product of `ROWS` rows with one panel.
#[inline(always)]
fn tile<S: Simd, const ROWS: usize>(
    simd: S,
    columns: &[f32],
    panel: &Panel<'_, S>,
    output: &mut [f32],
    place: Place,
) {
    let mut sums = [[panel.bias[0], panel.bias[1]]; ROWS];
    let (columns, weights) = (columns.as_chunks::<ROWS>().0, panel.weights.as_chunks::<2>().0);
    for (column, weights) in columns.iter().zip(weights) {
        for row in 0..ROWS {
            let value = simd.splat_f32s(column[row]);
            sums[row][0] = simd.mul_add_e_f32s(value, weights[0], sums[row][0]);
            sums[row][1] = simd.mul_add_e_f32s(value, weights[1], sums[row][1]);
        }
    }
    for (row, sums) in output.chunks_exact_mut(place.outputs).zip(&sums) {
        let end = place.outputs.min(place.first + 2 * S::F32_LANES);
        let sums: &[f32] = bytemuck::cast_slice(sums);
        let results = &mut row[place.first..end];
        results.copy_from_slice(&sums[..results.len()]);
    }
}
