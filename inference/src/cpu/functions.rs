//! Elementwise functions, in place, as loops that the compiler turns into vector instructions.

use pulp::NullaryFnOnce;

use super::ARCH;

/// What stands between the two layers of a feed-forward block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activation {
    /// x · Φ(x) with the exact normal distribution function.
    Gelu,
    /// Its approximation by the hyperbolic tangent (Hendrycks and Gimpel 2016).
    GeluTanh,
    /// The greater of x and 0.
    Relu,
}

impl Activation {
    /// Applies it to each value. The absolute error is below 4e-7 times the greater of 1 and |x|.
    pub(super) fn apply(self, values: &mut [f32]) {
        ARCH.dispatch(Elementwise { activation: self, values });
    }
}

struct Elementwise<'a> {
    activation: Activation,
    values: &'a mut [f32],
}

impl NullaryFnOnce for Elementwise<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.activation {
            Activation::Gelu => self.values.iter_mut().for_each(|value| *value = gelu(*value)),
            Activation::GeluTanh => self.values.iter_mut().for_each(|value| *value = gelu_tanh(*value)),
            Activation::Relu => self.values.iter_mut().for_each(|value| *value = value.max(0.0)),
        }
    }
}

#[inline(always)]
fn gelu(x: f32) -> f32 {
    0.5 * x * (1.0 + erf(x * std::f32::consts::FRAC_1_SQRT_2))
}

#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    // tanh(u) = 1 − 2 / (e^2u + 1), so x · (1 + tanh(u)) / 2 = x − x / (e^2u + 1).
    let doubled = 2.0 * 0.797_884_6 * (x + 0.044_715 * x * x * x);
    x - x / (exp(doubled) + 1.0)
}

/// Abramowitz and Stegun 1964, formula 7.1.26; absolute error below 2e-7 with the rounding of f32.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let polynomial =
        ((((1.061_405_4 * t - 1.453_152) * t + 1.421_413_7) * t - 0.284_496_74) * t + 0.254_829_6) * t;
    (1.0 - polynomial * exp(-size * size)).copysign(x)
}

/// e^x for x within ±87, and the value at the nearer end outside; relative error below 3e-7.
#[inline(always)]
pub(super) fn exp(x: f32) -> f32 {
    // Adding and taking off 1.5 · 2^23 rounds to a whole number.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts, so that the whole number times the first is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 87.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let whole = shifted - ROUND;
    let rest = x - whole * LN_2_HIGH - whole * LN_2_LOW;
    // Taylor's polynomial; |rest| is at most ln 2 / 2.
    let tail = (((rest / 720.0 + 1.0 / 120.0) * rest + 1.0 / 24.0) * rest + 1.0 / 6.0) * rest + 0.5;
    let fraction = (tail * rest + 1.0) * rest + 1.0;
    // The low bits of `shifted` are the whole number; as an exponent it stands 23 bits higher.
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3F80_0000));
    fraction * power
}

/// e^(x − greatest) divided by their sum. Not empty.
#[inline(always)]
pub(super) fn softmax(scores: &mut [f32]) {
    let greatest = scores.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    scores.iter_mut().for_each(|score| *score = exp(*score - greatest));
    let scale = 1.0 / scores.iter().sum::<f32>();
    scores.iter_mut().for_each(|score| *score *= scale);
}
