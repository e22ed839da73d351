//! Each loop against a scalar reference in f64, over odd sizes. The whole encoder is compared with candle and Python in
//! `tests/parity.rs`.

use proptest::prelude::*;

use half::bf16;
#[cfg(target_arch = "x86_64")]
use pulp::x86::{V3, V4};
use pulp::{Arch, NullaryFnOnce, Simd};

use super::ARCH;
use super::attention::{AttentionRoom, attend};
use super::columns::lay_out;
use super::functions::{Activation, exp};
use super::instructions::Instructions;
use super::linear::{Linear, LinearRoom};
use super::norm::LayerNorm;
use super::product::{Lines, Outputs};
use super::transpose::{self, MOST_LANES, Transpose, Turning};
use crate::Precision;

/// Numbers between -1 and 1 that look random and are the same every time.
fn numbers(count: usize, seed: u64) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let next = |_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    (0..count).map(next).collect()
}

fn dot(left: &[f32], right: &[f32]) -> f64 {
    left.iter().zip(right).map(|(left, right)| f64::from(*left) * f64::from(*right)).sum()
}

/// The product of one row with one output's weights as each precision defines it, with exact sums.
fn product(row: &[f32], weights: &[f32], precision: Precision, highest: f64) -> f64 {
    match precision {
        Precision::F32 => dot(row, weights),
        Precision::F16 => f64::NAN,
        Precision::Bf16 => {
            let rounded =
                |values: &[f32]| values.iter().map(|value| bf16::from_f32(*value).to_f32()).collect();
            let (row, weights): (Vec<f32>, Vec<f32>) = (rounded(row), rounded(weights));
            dot(&row, &weights)
        }
        Precision::Int8 => {
            let largest = weights.iter().fold(0.0_f32, |largest, weight| largest.max(weight.abs()));
            let weight_scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
            let lowest = row.iter().copied().fold(f32::INFINITY, f32::min);
            let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let scale = if greatest > lowest { (greatest - lowest) / highest as f32 } else { 1.0 };
            let levels_per_unit = 1.0 / scale;
            let factors = row.iter().zip(weights).map(|(value, weight)| {
                let level = (f64::from(value - lowest) * f64::from(levels_per_unit)).round_ties_even();
                let value = f64::from(lowest) + f64::from(scale) * level;
                value * f64::from(weight_scale) * f64::from((weight / weight_scale).round_ties_even())
            });
            factors.sum()
        }
    }
}

/// Each kind of vector registers that this processor has, and none.
fn architectures() -> Vec<Arch> {
    #[cfg(target_arch = "x86_64")]
    let wider = [V4::try_new().map(Arch::V4), V3::try_new().map(Arch::V3)];
    #[cfg(not(target_arch = "x86_64"))]
    let wider = [Some(*ARCH)];
    wider.into_iter().flatten().chain([Arch::Scalar]).collect()
}

/// Compares each head's results with means by probabilities in f64.
fn assert_attends(tokens: usize, heads: usize, head_width: usize, seed: u64) -> Result<(), TestCaseError> {
    let width = heads * head_width;
    let projected = numbers(tokens * 3 * width, seed);
    let part = |token: usize, number: usize, head: usize| {
        let start = (3 * token + number) * width + head * head_width;
        &projected[start..start + head_width]
    };
    let probabilities = |token: usize, head: usize| {
        let score =
            |other| (dot(part(token, 0, head), part(other, 1, head)) / (head_width as f64).sqrt()).exp();
        let scores: Vec<f64> = (0..tokens).map(score).collect();
        let total: f64 = scores.iter().sum();
        scores.into_iter().map(move |score| score / total)
    };
    let mut expected = Vec::new();
    for (token, head) in (0..tokens).flat_map(|token| (0..heads).map(move |head| (token, head))) {
        let mut sums = vec![0.0; head_width];
        for (other, probability) in probabilities(token, head).enumerate() {
            let values = part(other, 2, head);
            sums.iter_mut().zip(values).for_each(|(sum, value)| *sum += probability * f64::from(*value));
        }
        expected.extend(sums);
    }
    for arch in architectures() {
        let mut mixed = vec![7.0; tokens * width];
        let mut room = AttentionRoom::new(arch);
        // Twice: the room has grown, and holds what the first call left.
        for _ in 0..2 {
            attend(&projected, tokens, heads, &mut mixed, &mut room);
        }
        for (result, expected) in mixed.iter().zip(&expected) {
            let error = (f64::from(*result) - expected).abs();
            prop_assert!(error < 1e-5, "{:?}: {} instead of {}", arch, result, expected);
        }
    }
    Ok(())
}

/// Values that come again, as a square of an instruction set's registers.
struct TransposesIts<'a> {
    values: &'a [u32; 32],
}

impl Turning for TransposesIts<'_> {
    fn run<S: Simd, T: Transpose<S>>(self, simd: S, transpose: T) {
        let lanes = S::F32_LANES;
        let value =
            |row: usize, column: usize| self.values[(row * 5 + column * 3) % 32].wrapping_add(row as u32);
        let mut square = [simd.splat_f32s(0.0); MOST_LANES];
        let mut turned = square;
        for (number, value_of_row) in bytemuck::cast_slice_mut(&mut square[..lanes]).iter_mut().enumerate() {
            *value_of_row = value(number / lanes, number % lanes);
        }
        transpose.transpose(simd, &square[..lanes], &mut turned[..lanes]);
        for (number, turned) in bytemuck::cast_slice::<_, u32>(&turned[..lanes]).iter().enumerate() {
            assert_eq!(*turned, value(number % lanes, number / lanes), "{lanes} lanes");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn a_linear_layer_is_a_product_and_a_sum(rows in 1_usize..120, inputs in 1_usize..90, outputs in 1_usize..90, seed: u64) {
        let (weight, bias) = (numbers(outputs * inputs, seed), numbers(outputs, seed ^ 1));
        let input = numbers(rows * inputs, seed ^ 2);
        for precision in Precision::ALL {
            for instructions in Instructions::all(precision) {
                let (mut output, mut room) = (Outputs::from_slice(64, &[7.0; 3]), LinearRoom::default());
                let linear = Linear::pack(&weight, &bias, precision, instructions);
                // Twice: the room has grown, and holds what the first call left.
                for _ in 0..2 {
                    linear.apply(&input, None, &mut output, &mut room);
                }
                prop_assert_eq!(output.len(), rows * outputs);
                let highest = f64::from(instructions.highest_level());
                for (row, results) in input.chunks_exact(inputs).zip(output.chunks_exact(outputs)) {
                    for ((weights, bias), result) in weight.chunks_exact(inputs).zip(&bias).zip(results) {
                        let expected = product(row, weights, precision, highest) + f64::from(*bias);
                        let error = (f64::from(*result) - expected).abs();
                        prop_assert!(error < 2e-5, "{:?}: {} instead of {}", instructions, result, expected);
                    }
                }
            }
        }
    }

    #[test]
    fn fewer_bits_stay_near_the_exact_product(rows in 1_usize..20, inputs in 64_usize..400, seed: u64) {
        let (weight, input) = (numbers(8 * inputs, seed), numbers(rows * inputs, seed ^ 2));
        // Of one factor, rounded: bfloat16 has 8 significant bits, a byte 127 steps to either side.
        for (precision, rounding) in [(Precision::Bf16, 1.0 / 256.0), (Precision::Int8, 1.0 / 127.0)] {
            for instructions in Instructions::all(precision) {
                let mut output = Outputs::new(64);
                let linear = Linear::pack(&weight, &[0.0; 8], precision, instructions);
                linear.apply(&input, None, &mut output, &mut LinearRoom::default());
                for (row, results) in input.chunks_exact(inputs).zip(output.chunks_exact(8)) {
                    for (weights, result) in weight.chunks_exact(inputs).zip(results) {
                        let error = (f64::from(*result) - dot(row, weights)).abs();
                        prop_assert!(error < 2.0 * rounding * (inputs as f64).sqrt(), "{:?}: off by {}", instructions, error);
                    }
                }
            }
        }
    }

    #[test]
    fn attention_is_a_mean_of_the_values(
        tokens in 1_usize..=40,
        heads in 1_usize..5,
        head_width in prop_oneof![1_usize..40, Just(32), Just(64)],
        seed: u64,
    ) {
        assert_attends(tokens, heads, head_width, seed)?;
    }

    #[test]
    fn a_square_is_transposed_by_any_instructions(values in proptest::array::uniform32(any::<u32>())) {
        for arch in architectures() {
            transpose::run(arch, TransposesIts { values: &values });
        }
    }

    #[test]
    fn rows_are_laid_out_step_by_step(rows in 1_usize..40, steps in 1_usize..70, tile_rows in 1_usize..=14) {
        let values: Vec<u32> = (0..(rows * steps) as u32).collect();
        for arch in architectures() {
            let mut room = Lines::from_slice(64, &[7; 3]);
            let mut columns = lay_out(arch, &values, steps, tile_rows, &mut room).iter();
            for tile in values.chunks(tile_rows * steps) {
                for step in 0..steps {
                    for row in tile.chunks_exact(steps) {
                        prop_assert_eq!(columns.next(), Some(&row[step]), "{:?}", arch);
                    }
                }
            }
            prop_assert_eq!(columns.next(), None);
        }
    }

    #[test]
    fn a_normalized_row_has_mean_0_and_deviation_1(rows in 1_usize..5, width in 2_usize..100, seed: u64) {
        let norm = LayerNorm { weight: numbers(width, seed), bias: numbers(width, seed ^ 1), epsilon: 1e-12 };
        let (before, added) = (numbers(rows * width, seed ^ 2), numbers(rows * width, seed ^ 3));
        let mut after = before.clone();
        norm.add_and_normalize(&mut after, &added);
        let sums: Vec<f64> = before.iter().zip(&added).map(|(a, b)| f64::from(a + b)).collect();
        for (sums, after) in sums.chunks_exact(width).zip(after.chunks_exact(width)) {
            let mean = sums.iter().sum::<f64>() / width as f64;
            let variance = sums.iter().map(|sum| (sum - mean).powi(2)).sum::<f64>() / width as f64;
            for (place, result) in after.iter().enumerate() {
                let scaled = (sums[place] - mean) / variance.sqrt();
                let expected = scaled * f64::from(norm.weight[place]) + f64::from(norm.bias[place]);
                prop_assert!((f64::from(*result) - expected).abs() < 1e-4, "{} instead of {}", result, expected);
            }
        }
    }
}

#[test]
fn attention_takes_long_texts() -> Result<(), TestCaseError> {
    for (tokens, head_width) in [(128, 32), (128, 64), (127, 33), (100, 128)] {
        assert_attends(tokens, 2, head_width, 5)?;
    }
    Ok(())
}

/// By Simpson's rule: the standard library has no error function.
fn normal_distribution(x: f64) -> f64 {
    let steps = 2_000;
    let width = x / f64::from(steps);
    let density = |at: f64| (-at * at / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    let weight = |step: i32| {
        if step == 0 || step == steps {
            1.0
        } else if step % 2 == 0 {
            2.0
        } else {
            4.0
        }
    };
    0.5 + (0..=steps).map(|step| weight(step) * density(f64::from(step) * width)).sum::<f64>() * width / 3.0
}

/// Applies an activation as the product does: compiled for this processor's instructions.
struct Applied<'a>(Activation, Precision, &'a mut [f32]);

impl NullaryFnOnce for Applied<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Applied(activation, precision, values) = self;
        activation.apply(std::iter::once(values), precision);
    }
}

#[test]
fn activations_stay_within_their_error() {
    let inputs: Vec<f32> = (-1_000..=1_000).map(|step| step as f32 * 0.0123).collect();
    let tanh = |x: f64| 0.5 * x * (1.0 + (0.797_884_560_802_865_4 * (x + 0.044_715 * x.powi(3))).tanh());
    let exact: [(Activation, &dyn Fn(f64) -> f64); 3] = [
        (Activation::Gelu, &|x| x * normal_distribution(x)),
        (Activation::GeluTanh, &tanh),
        (Activation::Relu, &|x| x.max(0.0)),
    ];
    for (activation, exact) in exact {
        for precision in Precision::ALL {
            let mut outputs = inputs.clone();
            ARCH.dispatch(Applied(activation, precision, &mut outputs));
            for (x, y) in inputs.iter().zip(&outputs) {
                let expected = exact(f64::from(*x));
                let bound = match (activation, precision) {
                    (Activation::Gelu, Precision::F16 | Precision::Bf16 | Precision::Int8) => 1e-4,
                    _ => 4e-7 * f64::from(x.abs().max(1.0)),
                };
                let error = (f64::from(*y) - expected).abs();
                assert!(error < bound, "{activation:?} of {x} in {precision}: {y} instead of {expected}");
            }
        }
    }
}

#[test]
fn exp_stays_within_its_error_and_its_range() {
    for step in -8_700..=8_700 {
        let x = step as f32 * 0.01;
        let expected = f64::from(x).exp();
        assert!((f64::from(exp(x)) / expected - 1.0).abs() < 3e-7, "e^{x}: {} instead of {expected}", exp(x));
    }
    assert_eq!(exp(-1e9), exp(-87.0));
    assert!(exp(1e9).is_finite());
}

#[cfg(target_arch = "aarch64")]
#[test]
fn on_64_bit_arm_the_loops_are_compiled_for_neon() {
    assert!(matches!(*ARCH, pulp::Arch::Neon(_)), "{:?}", *ARCH);
}
