//! The one vector type that leaves this crate.

use std::sync::Arc;

use crate::{Error, Result};

/// A sentence vector of unit length. Cloning copies a pointer.
///
/// Every value is finite and the Euclidean norm is 1 (to f32 rounding), so a dot product is the cosine.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedding(Arc<[f32]>);

/// A text's vector, and how long the text was.
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddedText {
    /// The vector.
    pub vector: Embedding,
    /// Tokens that the model read: prompt and special tokens included, cut at its limit.
    pub tokens: usize,
}

/// Sums that grow side by side, in vector registers.
const LANES: usize = 16;

impl Embedding {
    /// Scales `values` to unit length.
    ///
    /// # Errors
    /// [`Error::Unencodable`] when a value is not finite, or when all are zero (no direction), or the slice is empty.
    pub fn normalized(mut values: Vec<f32>) -> Result<Self> {
        let norm = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        if !norm.is_finite() || norm < f64::from(f32::MIN_POSITIVE) {
            return Err(Error::Unencodable);
        }
        for value in &mut values {
            *value = (f64::from(*value) / norm) as f32;
        }
        Ok(Self(values.into()))
    }

    /// A vector that was kept, exactly as it was. `None` unless every value is finite and the norm is 1 to a thousandth:
    /// then it is not what was kept.
    #[must_use]
    pub fn restored(values: Vec<f32>) -> Option<Self> {
        let norm = values.iter().map(|value| f64::from(*value).powi(2)).sum::<f64>().sqrt();
        ((norm - 1.0).abs() < 1e-3).then(|| Self(values.into()))
    }

    /// The values, `[dimension]`.
    #[must_use]
    pub fn as_slice(&self) -> &[f32] {
        &self.0
    }

    /// The number of values.
    #[must_use]
    pub fn dimension(&self) -> usize {
        self.0.len()
    }

    /// Cosine of the angle to `other`, -1 to 1, greater is closer. Vectors of different dimension are compared over
    /// the shorter one's values.
    #[must_use]
    pub fn similarity(&self, other: &Self) -> f32 {
        let shorter = self.0.len().min(other.0.len());
        let (left, left_rest) = self.0[..shorter].as_chunks::<LANES>();
        let (right, right_rest) = other.0[..shorter].as_chunks::<LANES>();
        let mut sums = [0.0; LANES];
        for (left, right) in left.iter().zip(right) {
            for lane in 0..LANES {
                sums[lane] += left[lane] * right[lane];
            }
        }
        let rest: f32 = left_rest.iter().zip(right_rest).map(|(left, right)| left * right).sum();
        sums.iter().sum::<f32>() + rest
    }

    /// The first `dimension` values, scaled to unit length again (Matryoshka truncation). A `dimension` at or above
    /// the present one returns the vector unchanged.
    ///
    /// # Errors
    /// [`Error::Unencodable`] when the kept values are all zero or `dimension` is 0.
    pub fn truncated(&self, dimension: usize) -> Result<Self> {
        match self.0.get(..dimension) {
            Some(kept) if kept.len() < self.0.len() => Self::normalized(kept.to_vec()),
            _ => Ok(self.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vector_is_scaled_to_unit_length() {
        let embedding = Embedding::normalized(vec![3.0, 4.0]).unwrap();
        assert_eq!(embedding.as_slice(), [0.6, 0.8]);
        assert!((embedding.similarity(&embedding) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn a_kept_vector_comes_back_bit_by_bit_and_nothing_else_passes_for_one() {
        let embedding = Embedding::normalized(vec![0.3, -0.7, 0.11]).unwrap();
        assert_eq!(Embedding::restored(embedding.as_slice().to_vec()), Some(embedding));
        for values in [vec![], vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 0.0], vec![0.6, 0.81]]
        {
            assert_eq!(Embedding::restored(values), None);
        }
    }

    #[test]
    fn a_vector_without_direction_is_refused() {
        for values in [vec![], vec![0.0, 0.0], vec![f32::NAN, 1.0], vec![f32::INFINITY, 1.0]] {
            assert!(matches!(Embedding::normalized(values), Err(Error::Unencodable)));
        }
    }

    #[test]
    fn truncation_keeps_unit_length() {
        let embedding = Embedding::normalized(vec![3.0, 4.0, 12.0]).unwrap();
        let truncated = embedding.truncated(2).unwrap();
        assert!(truncated.similarity(&Embedding::normalized(vec![0.6, 0.8]).unwrap()) > 0.999_999);
        assert_eq!(truncated.dimension(), 2);
        assert_eq!(embedding.truncated(9).unwrap(), embedding);
        assert!(matches!(embedding.truncated(0), Err(Error::Unencodable)));
    }

    proptest! {
        #[test]
        fn similarity_is_the_sum_of_products_over_the_shorter_vector(
            left in vec(-1.0_f32..1.0, 1..50), right in vec(-1.0_f32..1.0, 1..50),
        ) {
            let (Ok(left), Ok(right)) = (Embedding::normalized(left), Embedding::normalized(right)) else {
                return Ok(());
            };
            let pairs = left.as_slice().iter().zip(right.as_slice());
            let expected: f64 = pairs.map(|(left, right)| f64::from(*left) * f64::from(*right)).sum();
            prop_assert!((f64::from(left.similarity(&right)) - expected).abs() < 1e-6);
        }
    }
}
