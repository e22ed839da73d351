//! The mean direction of an entry's phrasings.

use ndarray::{Array1, ArrayView1};

/// The sum of some unit vectors, and its length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Centroid {
    /// `None` of no vector.
    sum: Option<Array1<f32>>,
    length: f32,
}

impl Centroid {
    /// Adds up in the order of `vectors`, so that the same vectors have the same centroid bit for bit.
    pub(crate) fn of<'a>(vectors: impl Iterator<Item = ArrayView1<'a, f32>>) -> Self {
        let sum = vectors.fold(None, |sum, vector| match sum {
            None => Some(vector.to_owned()),
            Some(sum) => Some(sum + vector),
        });
        let length = sum.as_ref().map_or(0.0, |sum| sum.dot(sum).sqrt());
        Self { sum, length }
    }

    /// Cosine to a unit vector, -1 to 1; 0 where nothing has a direction.
    pub(crate) fn similarity(&self, vector: &ArrayView1<'_, f32>) -> f32 {
        match &self.sum {
            Some(sum) if self.length > 0.0 => sum.dot(vector) / self.length,
            Some(_) | None => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_centroid_is_the_mean_direction_and_nothing_has_none() {
        let (east, north) = (ArrayView1::from(&[1.0, 0.0]), ArrayView1::from(&[0.0, 1.0]));
        let both = Centroid::of([east, north].into_iter());
        assert!((both.similarity(&east) - 0.5_f32.sqrt()).abs() < 1e-6);
        assert_eq!(Centroid::of([east].into_iter()).similarity(&north), 0.0);
        assert_eq!(Centroid::of([].into_iter()).similarity(&north), 0.0);
        let opposite = ArrayView1::from(&[-1.0, 0.0]);
        assert_eq!(Centroid::of([east, opposite].into_iter()).similarity(&north), 0.0);
    }
}
