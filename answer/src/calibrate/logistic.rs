//! Logistic regression that starts from a prior belief and leaves it only as far as the samples say. Pure.

use argmin::{
    core::{CostFunction, Error, Executor, Gradient, State},
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};
use serde::{Deserialize, Serialize};

use crate::features::{FEATURE_COUNT, FEATURE_NAMES, FEATURE_SIGNS, Features};

/// A linear model of log-odds: what each feature adds, and what is there without any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Log-odds when every feature is 0.
    pub intercept: f64,
    /// Log-odds per unit, in the order of [`FEATURE_NAMES`].
    pub features: Vec<f64>,
}

/// A question whose outcome is known.
#[derive(Clone, Debug)]
pub struct FitSample {
    /// Of its best candidate.
    pub features: Features,
    /// What is to be predicted.
    pub holds: bool,
    /// How many questions it stands for; not negative.
    pub weight: f64,
}

impl Weights {
    /// No belief: even odds for everything.
    #[must_use]
    pub fn zero() -> Self {
        Self { intercept: 0.0, features: vec![0.0; FEATURE_COUNT] }
    }

    /// Each feature's name and weight, in the order of [`FEATURE_NAMES`].
    pub fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        FEATURE_NAMES.into_iter().zip(self.features.iter().copied())
    }

    /// The weight of the feature of this name; `None` for evidence that is not weighed itself.
    #[must_use]
    pub fn of(&self, name: &str) -> Option<f64> {
        self.named().find(|(own, _)| *own == name).map(|(_, weight)| weight)
    }

    /// Positive when it is more likely than not.
    #[must_use]
    pub fn log_odds(&self, features: &Features) -> f64 {
        let values = features.values().iter().map(|value| f64::from(*value));
        let sum: f64 = self.features.iter().zip(values).map(|(weight, value)| weight * value).sum();
        self.intercept + sum
    }

    /// The weights that make `samples` most probable, each pulled towards `prior` by a normal distribution of standard
    /// deviation 1 / √`penalty` around it (the intercept ten times less): maximum a posteriori, found by L-BFGS. A feature
    /// that can only speak for a candidate never counts against it, nor the other way round: what looks otherwise in a
    /// few hundred samples is chance. Without samples, `prior`; also when the search fails, which finite features exclude.
    #[must_use]
    pub fn fit(samples: &[FitSample], prior: &Self, penalty: f64) -> Self {
        if samples.is_empty() {
            return prior.clone();
        }
        let prior_weights = prior.to_vector();
        let start = prior_weights.iter().enumerate().map(|(index, weight)| root(index, *weight)).collect();
        minimize(Posterior { samples, prior: &prior_weights, penalty }, start)
            .map_or_else(|_| prior.clone(), |parameters| Self::from_vector(&weights(&parameters)))
    }

    fn to_vector(&self) -> Vec<f64> {
        std::iter::once(self.intercept).chain(self.features.iter().copied()).collect()
    }

    fn from_vector(weights: &[f64]) -> Self {
        Self { intercept: weights[0], features: weights[1..].to_vec() }
    }
}

/// The sign that the weight at `index` must have, 0 for any. The intercept, at 0, may have any.
fn sign(index: usize) -> f64 {
    index.checked_sub(1).map_or(0.0, |feature| f64::from(FEATURE_SIGNS[feature]))
}

/// What the search moves: a weight itself, or the root of one whose sign is given, so that no step can change the sign.
fn root(index: usize, weight: f64) -> f64 {
    match sign(index) {
        0.0 => weight,
        sign => (weight * sign).max(SMALLEST_START).sqrt(),
    }
}

/// At a root of 0 the slope is 0, and the search would never leave it.
const SMALLEST_START: f64 = 0.01;

fn weights(parameters: &[f64]) -> Vec<f64> {
    let weight = |(index, parameter): (usize, &f64)| match sign(index) {
        0.0 => *parameter,
        sign => sign * parameter.powi(2),
    };
    parameters.iter().enumerate().map(weight).collect()
}

/// Corrections that L-BFGS remembers; 3 to 20 are usual (Nocedal and Wright, Numerical Optimization, 2006, 7.2).
const MEMORY: usize = 10;
const MOST_ITERATIONS: u64 = 200;

fn minimize(problem: Posterior<'_>, start: Vec<f64>) -> Result<Vec<f64>, Error> {
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY).with_tolerance_grad(1e-6)?;
    let result = Executor::new(problem, solver)
        .configure(|state| state.param(start).max_iters(MOST_ITERATIONS))
        .run()?;
    result.state.get_best_param().cloned().ok_or_else(|| Error::msg("no parameters"))
}

/// The negative logarithm of the posterior density, up to a constant.
struct Posterior<'a> {
    samples: &'a [FitSample],
    prior: &'a [f64],
    penalty: f64,
}

impl Posterior<'_> {
    fn penalty_of(&self, parameter: usize) -> f64 {
        if parameter == 0 { self.penalty / 10.0 } else { self.penalty }
    }
}

impl CostFunction for Posterior<'_> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, parameters: &Vec<f64>) -> Result<f64, Error> {
        let weights = weights(parameters);
        let likelihood: f64 = self
            .samples
            .iter()
            .map(|sample| {
                let log_odds = dot(&weights, &sample.features);
                let surprise = if sample.holds { -log_odds } else { log_odds };
                sample.weight * softplus(surprise)
            })
            .sum();
        let distances = weights.iter().zip(self.prior).enumerate();
        let pull: f64 = distances
            .map(|(index, (value, prior))| self.penalty_of(index) * (value - prior).powi(2) / 2.0)
            .sum();
        Ok(likelihood + pull)
    }
}

impl Gradient for Posterior<'_> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, parameters: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let weights = weights(parameters);
        let distances = weights.iter().zip(self.prior).enumerate();
        let mut gradient: Vec<f64> =
            distances.map(|(index, (value, prior))| self.penalty_of(index) * (value - prior)).collect();
        for sample in self.samples {
            let probability = 1.0 / (1.0 + (-dot(&weights, &sample.features)).exp());
            let error = sample.weight * (probability - if sample.holds { 1.0 } else { 0.0 });
            gradient[0] += error;
            for (slope, value) in gradient[1..].iter_mut().zip(sample.features.values()) {
                *slope += error * f64::from(*value);
            }
        }
        for (index, slope) in gradient.iter_mut().enumerate() {
            let sign = sign(index);
            *slope *= if sign == 0.0 { 1.0 } else { 2.0 * sign * parameters[index] };
        }
        Ok(gradient)
    }
}

fn dot(weights: &[f64], features: &Features) -> f64 {
    let weighted = weights[1..].iter().zip(features.values());
    weights[0] + weighted.map(|(weight, value)| weight * f64::from(*value)).sum::<f64>()
}

/// ln(1 + eˣ) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
