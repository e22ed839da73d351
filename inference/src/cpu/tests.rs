//! Each loop against a scalar reference in f64, over odd sizes. The whole encoder is compared with candle and Python in
//! `tests/parity.rs`.

use proptest::prelude::*;

use super::attention::{Room, attend};
use super::functions::{Activation, exp};
use super::linear::Linear;
use super::norm::LayerNorm;

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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_linear_layer_is_a_product_and_a_sum(rows in 1_usize..120, inputs in 1_usize..90, outputs in 1_usize..90, seed: u64) {
        let (weight, bias) = (numbers(outputs * inputs, seed), numbers(outputs, seed ^ 1));
        let input = numbers(rows * inputs, seed ^ 2);
        let (mut output, mut columns) = (vec![7.0; 3], vec![7.0; 5]);
        Linear::pack(&weight, &bias).apply(&input, &mut output, &mut columns);
        prop_assert_eq!(output.len(), rows * outputs);
        for (row, results) in input.chunks_exact(inputs).zip(output.chunks_exact(outputs)) {
            for ((weights, bias), result) in weight.chunks_exact(inputs).zip(&bias).zip(results) {
                let expected = dot(row, weights) + f64::from(*bias);
                prop_assert!((f64::from(*result) - expected).abs() < 1e-5, "{} instead of {}", result, expected);
            }
        }
    }

    #[test]
    fn attention_is_a_mean_of_the_values(tokens in 1_usize..40, heads in 1_usize..5, head_width in 1_usize..40, seed: u64) {
        let width = heads * head_width;
        let projected = numbers(tokens * 3 * width, seed);
        let mut mixed = vec![7.0; tokens * width];
        attend(&projected, tokens, heads, &mut mixed, &mut Room::default());
        let part = |token: usize, number: usize, head: usize| {
            let start = (3 * token + number) * width + head * head_width;
            &projected[start..start + head_width]
        };
        for token in 0..tokens {
            for head in 0..heads {
                let score = |other: usize| (dot(part(token, 0, head), part(other, 1, head)) / (head_width as f64).sqrt()).exp();
                let total: f64 = (0..tokens).map(score).sum();
                for place in 0..head_width {
                    let value = |other: usize| score(other) * f64::from(part(other, 2, head)[place]);
                    let expected = (0..tokens).map(value).sum::<f64>() / total;
                    let result = f64::from(mixed[token * width + head * head_width + place]);
                    prop_assert!((result - expected).abs() < 1e-5, "{} instead of {}", result, expected);
                }
            }
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
        let mut outputs = inputs.clone();
        activation.apply(&mut outputs);
        for (x, y) in inputs.iter().zip(&outputs) {
            let expected = exact(f64::from(*x));
            let bound = 4e-7 * f64::from(x.abs().max(1.0));
            assert!(
                (f64::from(*y) - expected).abs() < bound,
                "{activation:?} of {x}: {y} instead of {expected}"
            );
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
