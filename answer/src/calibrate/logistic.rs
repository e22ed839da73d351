//! Logistic regression that starts from a prior belief and leaves it only as far as the samples say. Pure.

use argmin::{
    core::{CostFunction, Error, Executor, Gradient, State},
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};
use serde::{Deserialize, Serialize};

use crate::features::{FEATURE_COUNT, Features};

/// A linear model of log-odds: what each feature adds, and what is there without any.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Weights {
    /// Log-odds when every feature is 0.
    pub intercept: f64,
    /// Log-odds per unit, in the order of [`FEATURE_NAMES`](crate::FEATURE_NAMES).
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

    /// Positive when it is more likely than not.
    #[must_use]
    pub fn log_odds(&self, features: &Features) -> f32 {
        let values = features.values().iter().map(|value| f64::from(*value));
        let sum: f64 = self.features.iter().zip(values).map(|(weight, value)| weight * value).sum();
        (self.intercept + sum) as f32
    }

    /// The weights that make `samples` most probable, each pulled towards `prior` by a normal distribution of standard
    /// deviation 1 / √`penalty` around it (the intercept ten times less): maximum a posteriori, found by L-BFGS. Without
    /// samples, `prior`; also when the search fails, which finite features exclude.
    #[must_use]
    pub fn fit(samples: &[FitSample], prior: &Self, penalty: f64) -> Self {
        if samples.is_empty() {
            return prior.clone();
        }
        let start = prior.to_parameters();
        minimize(Posterior { samples, prior: &start, penalty }, start.clone())
            .map_or_else(|_| prior.clone(), Self::from_parameters)
    }

    fn to_parameters(&self) -> Vec<f64> {
        std::iter::once(self.intercept).chain(self.features.iter().copied()).collect()
    }

    fn from_parameters(parameters: Vec<f64>) -> Self {
        let mut parameters = parameters.into_iter();
        Self { intercept: parameters.next().unwrap_or(0.0), features: parameters.collect() }
    }
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
        let likelihood: f64 = self
            .samples
            .iter()
            .map(|sample| {
                let log_odds = dot(parameters, &sample.features);
                let surprise = if sample.holds { -log_odds } else { log_odds };
                sample.weight * softplus(surprise)
            })
            .sum();
        let distances = parameters.iter().zip(self.prior).enumerate();
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
        let distances = parameters.iter().zip(self.prior).enumerate();
        let mut gradient: Vec<f64> =
            distances.map(|(index, (value, prior))| self.penalty_of(index) * (value - prior)).collect();
        for sample in self.samples {
            let probability = 1.0 / (1.0 + (-dot(parameters, &sample.features)).exp());
            let error = sample.weight * (probability - if sample.holds { 1.0 } else { 0.0 });
            gradient[0] += error;
            for (slope, value) in gradient[1..].iter_mut().zip(sample.features.values()) {
                *slope += error * f64::from(*value);
            }
        }
        Ok(gradient)
    }
}

fn dot(parameters: &[f64], features: &Features) -> f64 {
    let weighted = parameters[1..].iter().zip(features.values());
    parameters[0] + weighted.map(|(weight, value)| weight * f64::from(*value)).sum::<f64>()
}

/// ln(1 + eˣ) without overflow.
fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
