//! In what a card computes. Chosen by configuration.

use std::fmt;
use std::str::FromStr;

use candle_core::DType;

use crate::{Error, Result};

/// The numbers in which an NVIDIA card computes a model of the BERT family. Written as `f32`, `f16` or `bf16`. Products
/// are summed in single precision in any case, and vectors leave the card in it. Other devices pay no attention to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum CudaPrecision {
    /// Single precision: vectors as on a processor.
    #[default]
    F32,
    /// Half precision: ten bits behind the point, numbers up to 65 504.
    F16,
    /// Half precision with the range of f32 and seven bits behind the point; needs compute capability 8.0.
    Bf16,
}

impl CudaPrecision {
    /// The type of weights and of everything between them.
    pub(super) fn dtype(self) -> DType {
        match self {
            Self::F32 => DType::F32,
            Self::F16 => DType::F16,
            Self::Bf16 => DType::BF16,
        }
    }
}

impl fmt::Display for CudaPrecision {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
        })
    }
}

impl FromStr for CudaPrecision {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text {
            "f32" => Ok(Self::F32),
            "f16" => Ok(Self::F16),
            "bf16" => Ok(Self::Bf16),
            _ => Err(Error::InvalidOption {
                name: "cuda_precision",
                reason: format!("{text:?} is none of f32, f16, bf16"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_parsed_again() {
        for precision in [CudaPrecision::F32, CudaPrecision::F16, CudaPrecision::Bf16] {
            assert_eq!(precision.to_string().parse::<CudaPrecision>().unwrap(), precision);
        }
    }

    #[test]
    fn an_unknown_precision_is_named() {
        let error = "int8".parse::<CudaPrecision>().unwrap_err();
        assert!(error.to_string().contains("\"int8\""), "{error}");
    }
}
