//! Where a model computes. Chosen at run time by configuration; [`DeviceChoice::open`] is called by the loaders only.

use std::fmt;
use std::str::FromStr;

use candle_core::Device;

use crate::{Error, Result};

/// The device a model is loaded on. Written as `cpu`, `cuda`, `cuda:1` or `metal`; without a number the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum DeviceChoice {
    /// The processor; always there.
    #[default]
    Cpu,
    /// An NVIDIA card by its ordinal; needs a build with the cargo feature `cuda`.
    Cuda(usize),
    /// An Apple graphics processor by its ordinal; needs a build with the cargo feature `metal`.
    Metal(usize),
}

impl DeviceChoice {
    /// Opens the device. Another device is never taken in its place.
    ///
    /// # Errors
    /// [`Error::DeviceUnavailable`] when this build has no support for it or the driver does not offer it.
    pub(crate) fn open(self) -> Result<Device> {
        match self {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(_) if !cfg!(feature = "cuda") => Err(self.not_built("cuda")),
            Self::Metal(_) if !cfg!(feature = "metal") => Err(self.not_built("metal")),
            Self::Cuda(ordinal) => {
                Device::new_cuda(ordinal).map_err(|error| self.unavailable(error.to_string()))
            }
            Self::Metal(ordinal) => {
                Device::new_metal(ordinal).map_err(|error| self.unavailable(error.to_string()))
            }
        }
    }

    fn not_built(self, feature: &str) -> Error {
        self.unavailable(format!("this build does not have the cargo feature `{feature}`"))
    }

    fn unavailable(self, reason: impl Into<String>) -> Error {
        Error::DeviceUnavailable { device: self.to_string(), reason: reason.into() }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => formatter.write_str("cpu"),
            Self::Cuda(ordinal) => write!(formatter, "cuda:{ordinal}"),
            Self::Metal(ordinal) => write!(formatter, "metal:{ordinal}"),
        }
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let (kind, ordinal) = text.split_once(':').unwrap_or((text, "0"));
        match (kind, ordinal.parse()) {
            ("cpu", _) if kind == text => Ok(Self::Cpu),
            ("cuda", Ok(ordinal)) => Ok(Self::Cuda(ordinal)),
            ("metal", Ok(ordinal)) => Ok(Self::Metal(ordinal)),
            _ => Err(Error::InvalidOption {
                name: "device",
                reason: format!("{text:?} is none of cpu, cuda, cuda:N, metal, metal:N"),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_is_parsed_again() {
        for choice in [DeviceChoice::Cpu, DeviceChoice::Cuda(3), DeviceChoice::Metal(0)] {
            assert_eq!(choice.to_string().parse::<DeviceChoice>().unwrap(), choice);
        }
        assert_eq!("cuda".parse::<DeviceChoice>().unwrap(), DeviceChoice::Cuda(0));
    }

    #[test]
    fn an_unknown_device_is_named() {
        for text in ["", "gpu", "cuda:", "cuda:first", "cpu:1", "CUDA"] {
            let error = text.parse::<DeviceChoice>().unwrap_err();
            assert!(error.to_string().contains(&format!("{text:?}")), "{error}");
        }
    }

    #[cfg(feature = "cuda")]
    #[test]
    fn a_card_that_is_not_there_is_an_error() {
        let error = DeviceChoice::Cuda(999).open().unwrap_err();
        assert!(matches!(&error, Error::DeviceUnavailable { device, .. } if device == "cuda:999"), "{error}");
    }

    #[cfg(not(feature = "cuda"))]
    #[test]
    fn a_device_that_the_build_lacks_is_an_error() {
        let error = DeviceChoice::Cuda(1).open().unwrap_err();
        assert!(matches!(&error, Error::DeviceUnavailable { device, .. } if device == "cuda:1"), "{error}");
    }
}
