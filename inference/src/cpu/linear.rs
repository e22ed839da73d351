//! Linear layers in any precision: rows times packed weights, plus bias, then an activation.

use super::ARCH;
use super::columns::lay_out;
use super::encode::{Level, bfloat_steps, byte_steps, weight_steps};
use super::functions::Activation;
use super::instructions::{Dot, Instructions};
use super::product::{
    Elementwise, Finish, Lines, Outputs, Product, lay_out_panels, panel_width, room_for, tile_rows,
};
use crate::Precision;

/// Rows that are worked on at a time: with 1,536 values in single precision they take 0.5 MB, and as much again tile by tile,
/// about what a core's second-level cache holds. Six tiles of 14 rows.
pub(super) const BLOCK: usize = 84;

/// Weights in the order in which the product reads them.
pub(super) struct Linear {
    inputs: usize,
    outputs: usize,
    /// Of four bytes, for one row.
    steps: usize,
    instructions: Instructions,
    panels: Lines,
    /// One for each output, filled up to whole panels.
    bias: Outputs,
    coding: Coding,
}

/// What the four bytes of a step are.
enum Coding {
    Single,
    Bfloat,
    /// A weight is its byte times its output's `scale`; `sum` is the sum of an output's weights, so that the input's lowest
    /// value can be multiplied with all of them at once.
    Bytes {
        scale: Outputs,
        sum: Outputs,
    },
}

impl Coding {
    fn precision(&self) -> Precision {
        match self {
            Self::Single => Precision::F32,
            Self::Bfloat => Precision::Bf16,
            Self::Bytes { .. } => Precision::Int8,
        }
    }
}

/// Room to work in, kept between calls.
pub(super) struct LinearRoom {
    steps: Lines,
    levels: Vec<Level>,
    columns: Lines,
}

impl Default for LinearRoom {
    fn default() -> Self {
        Self { steps: Lines::new(64), levels: Vec::new(), columns: Lines::new(64) }
    }
}

impl Linear {
    /// `weight` is `[outputs, inputs]` row by row, `bias` `[outputs]`. `instructions` are some of this precision's.
    pub(super) fn pack(
        weight: &[f32],
        bias: &[f32],
        precision: Precision,
        instructions: Instructions,
    ) -> Self {
        let (outputs, width) = (bias.len(), panel_width(instructions));
        let inputs = weight.len() / outputs.max(1);
        let padded = outputs.next_multiple_of(width);
        let rows = weight.chunks_exact(inputs.max(1));
        let filled = |values: &[f32]| {
            let mut filled = Outputs::from_slice(64, values);
            filled.resize(padded, 0.0);
            filled
        };
        // One value in single precision, two in bfloat16, four whole numbers of 8 bits.
        let per_row = match precision {
            Precision::F32 => inputs,
            Precision::F16 | Precision::Bf16 => inputs.div_ceil(2),
            Precision::Int8 => inputs.div_ceil(4),
        };
        let mut steps = vec![0; outputs * per_row];
        let coded = steps.chunks_exact_mut(per_row.max(1));
        let coding = match precision {
            Precision::F32 => {
                coded.zip(rows).for_each(|(steps, row)| steps.copy_from_slice(bytemuck::cast_slice(row)));
                Coding::Single
            }
            // No processor is asked for f16: see `Instructions::all`.
            Precision::F16 | Precision::Bf16 => {
                coded.zip(rows).for_each(|(steps, row)| bfloat_steps(row, steps));
                Coding::Bfloat
            }
            Precision::Int8 => {
                let of_row = |(steps, row): (&mut [u32], _)| {
                    let scale = weight_steps(row, steps);
                    (scale, scale * sum_of_bytes(steps))
                };
                let (scale, sum): (Vec<f32>, Vec<f32>) = coded.zip(rows).map(of_row).unzip();
                Coding::Bytes { scale: filled(&scale), sum: filled(&sum) }
            }
        };
        let mut panels = Lines::new(64);
        panels.resize(padded * per_row, 0);
        lay_out_panels(|output| &steps[output * per_row..][..per_row], outputs, width, per_row, &mut panels);
        Self { inputs, outputs, steps: per_row, instructions, panels, bias: filled(bias), coding }
    }

    /// `input` is `[rows, inputs]`, `output` becomes `[rows, outputs]`, each value after the `activation`.
    pub(super) fn apply(
        &self,
        input: &[f32],
        activation: Option<Activation>,
        output: &mut Outputs,
        room: &mut LinearRoom,
    ) {
        let rows = input.len() / self.inputs;
        output.resize(rows * self.outputs, 0.0);
        let block = rows.div_ceil(rows.div_ceil(BLOCK).max(1)).max(1);
        let blocks = input.chunks(block * self.inputs).zip(output.chunks_mut(block * self.outputs));
        for (input, results) in blocks {
            self.apply_block(input, activation, results, room);
        }
    }

    fn apply_block(
        &self,
        input: &[f32],
        activation: Option<Activation>,
        results: &mut [f32],
        room: &mut LinearRoom,
    ) {
        let LinearRoom { steps, levels, columns } = room;
        let rows = input.len() / self.inputs;
        let steps: &[u32] = match self.coding {
            Coding::Single => bytemuck::cast_slice(input),
            Coding::Bfloat => {
                let steps = room_for(steps, rows * self.steps);
                let coded = steps.chunks_exact_mut(self.steps);
                coded.zip(input.chunks_exact(self.inputs)).for_each(|(steps, row)| bfloat_steps(row, steps));
                steps
            }
            Coding::Bytes { .. } => {
                let steps = room_for(steps, rows * self.steps);
                byte_steps(input, self.inputs, self.instructions.highest_level(), steps, levels);
                steps
            }
        };
        let tile_rows = tile_rows(self.instructions, rows);
        let columns = lay_out(*ARCH, steps, self.steps, tile_rows, columns);
        let (bias, elementwise) =
            (&self.bias, activation.map(|activation| (activation, self.coding.precision())));
        match &self.coding {
            Coding::Single | Coding::Bfloat => {
                self.multiply(columns, tile_rows, results, Floats { bias }, elementwise);
            }
            Coding::Bytes { scale, sum } => {
                self.multiply(columns, tile_rows, results, Scaled { scale, sum, bias, levels }, elementwise);
            }
        }
    }

    fn multiply(
        &self,
        columns: &[u32],
        tile_rows: usize,
        results: &mut [f32],
        finish: impl Finish,
        elementwise: Elementwise,
    ) {
        self.instructions.run(Product {
            panels: &self.panels,
            columns,
            rows: results.len() / self.outputs,
            tile_rows,
            steps: self.steps,
            finish,
            elementwise,
            results,
            outputs: self.outputs,
        });
    }
}

fn sum_of_bytes(steps: &[u32]) -> f32 {
    let bytes: &[i8] = bytemuck::cast_slice(steps);
    bytes.iter().map(|byte| i32::from(*byte)).sum::<i32>() as f32
}

/// Sums that are results already.
#[derive(Clone, Copy)]
struct Floats<'a> {
    bias: &'a [f32],
}

impl Finish for Floats<'_> {
    #[inline(always)]
    fn finish<D: Dot>(self, dot: D, _: usize, panel: usize, sums: [D::Register; 2]) -> [D::Register; 2] {
        let (one, bias) = (dot.broadcast(1.0_f32.to_bits()), of_panel::<D>(self.bias, panel));
        [dot.multiply_add(one, sums[0], bias[0]), dot.multiply_add(one, sums[1], bias[1])]
    }
}

/// The two registers of `values` that belong to a panel's outputs.
#[inline(always)]
fn of_panel<D: Dot>(values: &[f32], panel: usize) -> &[D::Register; 2] {
    let registers: &[D::Register] = bytemuck::cast_slice(values);
    &registers.as_chunks::<2>().0[panel]
}

/// Sums of products of whole numbers.
#[derive(Clone, Copy)]
struct Scaled<'a> {
    scale: &'a [f32],
    sum: &'a [f32],
    bias: &'a [f32],
    levels: &'a [Level],
}

impl Finish for Scaled<'_> {
    #[inline(always)]
    fn finish<D: Dot>(self, dot: D, row: usize, panel: usize, sums: [D::Register; 2]) -> [D::Register; 2] {
        let Level { lowest, scale } = self.levels[row];
        let zero = dot.broadcast(0);
        let (lowest, scale) = (dot.broadcast(lowest.to_bits()), dot.broadcast(scale.to_bits()));
        let scales = of_panel::<D>(self.scale, panel);
        let (weights, bias) = (of_panel::<D>(self.sum, panel), of_panel::<D>(self.bias, panel));
        // Not in a closure or a loop: instructions are inlined only where the compiler knows that they are there.
        let from_lowest =
            [dot.multiply_add(lowest, weights[0], bias[0]), dot.multiply_add(lowest, weights[1], bias[1])];
        let scale = [dot.multiply_add(scale, scales[0], zero), dot.multiply_add(scale, scales[1], zero)];
        [
            dot.multiply_add(scale[0], dot.floats(sums[0]), from_lowest[0]),
            dot.multiply_add(scale[1], dot.floats(sums[1]), from_lowest[1]),
        ]
    }
}
