//! Clustered vectors as sentence embeddings are: clusters of uneven size (Zipf, exponent 0.5), a latent space of 48
//! dimensions, noise in all. The same seed gives the same vectors.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const LATENT: usize = 48;

/// Draws vectors of one distribution.
pub(crate) struct Recipe {
    dimension: usize,
    centres: Vec<[f32; LATENT]>,
    /// Running total of the clusters' weights.
    cumulative: Vec<f32>,
    /// `[LATENT, dimension]`
    projection: Vec<f32>,
    chance: ChaCha8Rng,
}

impl Recipe {
    pub(crate) fn new(dimension: usize, clusters: usize, seed: u64) -> Self {
        let mut chance = ChaCha8Rng::seed_from_u64(seed);
        let centres = (0..clusters).map(|_| std::array::from_fn(|_| normal(&mut chance))).collect();
        let projection =
            (0..LATENT * dimension).map(|_| normal(&mut chance) / (LATENT as f32).sqrt()).collect();
        let cumulative = (1..=clusters)
            .scan(0.0, |total, rank| {
                *total += (rank as f32).powf(-0.5);
                Some(*total)
            })
            .collect();
        Self { dimension, centres, cumulative, projection, chance }
    }

    /// `[count][dimension]`, each of unit length.
    pub(crate) fn draw(&mut self, count: usize) -> Vec<Vec<f32>> {
        (0..count).map(|_| self.draw_one()).collect()
    }

    fn draw_one(&mut self) -> Vec<f32> {
        let total = self.cumulative.last().copied().unwrap_or(0.0);
        let point = self.chance.random::<f32>() * total;
        let cluster = self.cumulative.partition_point(|&end| end < point).min(self.centres.len() - 1);
        let latent: [f32; LATENT] =
            std::array::from_fn(|axis| self.centres[cluster][axis] + 0.7 * normal(&mut self.chance));
        let mut vector: Vec<f32> = (0..self.dimension).map(|_| 0.15 * normal(&mut self.chance)).collect();
        for (value, row) in latent.iter().zip(self.projection.chunks_exact(self.dimension)) {
            vector.iter_mut().zip(row).for_each(|(sum, weight)| *sum += value * weight);
        }
        unit(vector)
    }
}

/// The vector at length 1.
pub(crate) fn unit(mut vector: Vec<f32>) -> Vec<f32> {
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt();
    vector.iter_mut().for_each(|value| *value /= length);
    vector
}

/// Box and Muller.
fn normal(chance: &mut ChaCha8Rng) -> f32 {
    let (first, second): (f32, f32) = (chance.random(), chance.random());
    (-2.0 * (1.0 - first).ln()).sqrt() * (std::f32::consts::TAU * second).cos()
}
