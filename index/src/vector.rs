//! A caller's vector to a unit vector. Everything stored or searched for passes through here once.

use crate::error::VectorFault;

/// The vector at length 1. The length is taken in f64: values as large or as small as f32 has them neither
/// overflow nor vanish.
pub(crate) fn to_unit(vector: &[f32], dimension: usize) -> Result<Vec<f32>, VectorFault> {
    if vector.len() != dimension {
        return Err(VectorFault::Dimension { expected: dimension, actual: vector.len() });
    }
    if let Some(position) = vector.iter().position(|value| !value.is_finite()) {
        let fault = if vector[position].is_nan() {
            VectorFault::NotANumber { position }
        } else {
            VectorFault::Infinite { position }
        };
        return Err(fault);
    }
    let length = length(vector);
    if length == 0.0 {
        return Err(VectorFault::Zero);
    }
    Ok(vector.iter().map(|&value| (f64::from(value) / length) as f32).collect())
}

/// True of what [`to_unit`] returns; false of NaN, infinities and anything else.
pub(crate) fn is_unit(vector: &[f32]) -> bool {
    (length(vector) - 1.0).abs() < 1e-3
}

fn length(vector: &[f32]) -> f64 {
    vector.iter().map(|&value| f64::from(value) * f64::from(value)).sum::<f64>().sqrt()
}
