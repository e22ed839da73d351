//! How exactly a model computes.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// In what numbers the linear layers of a transformer are computed, by name. On a processor everything between them is in
/// single precision. Vectors of one precision are to be compared with vectors of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Precision {
    /// Single precision.
    F32,
    /// Half precision, on an NVIDIA card only: 11 significant bits, numbers up to 65 504.
    F16,
    /// bfloat16: weights and inputs are rounded to 8 significant bits, sums are kept in single precision.
    Bf16,
    /// Whole numbers of 8 bits, on a processor only: weights scaled for each output, inputs for each token; sums are
    /// exact.
    Int8,
}

impl Precision {
    /// In the order from exact to fast.
    pub const ALL: [Self; 4] = [Self::F32, Self::F16, Self::Bf16, Self::Int8];

    /// Its name in configurations and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::Int8 => "int8",
        }
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Which precision a model is to be loaded in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PrecisionChoice {
    /// This one; an error where the model or the processor does not have it.
    Exactly(Precision),
    /// The fastest that finds what single precision finds, of those that the model and the processor have.
    Fastest,
}

impl Default for PrecisionChoice {
    fn default() -> Self {
        Self::Exactly(Precision::F32)
    }
}

impl fmt::Display for PrecisionChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(precision) => precision.fmt(formatter),
            Self::Fastest => formatter.write_str("auto"),
        }
    }
}

impl FromStr for PrecisionChoice {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let all = Precision::ALL.into_iter().map(Self::Exactly).chain([Self::Fastest]);
        all.into_iter().find(|choice| choice.to_string() == name).ok_or_else(|| Error::InvalidOption {
            name: "precision",
            reason: format!("{name:?} is none of auto, f32, f16, bf16 and int8"),
        })
    }
}
