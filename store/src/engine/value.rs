//! The five kinds of value that both engines know, and bytes that are stored only while their key is current.

use crate::KeyId;

/// A value of a column or a parameter. Truth values are 0 and 1, moments are milliseconds.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Text(String),
    Bytes(Vec<u8>),
    /// Sealed bytes on their way in; what comes back is [`Bytes`](Self::Bytes).
    Fenced {
        bytes: Vec<u8>,
        /// `None` when they name none.
        key: Option<KeyId>,
    },
}

impl Value {
    /// What it is, for messages; never what it holds.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "nothing",
            Self::Integer(_) => "an integer",
            Self::Real(_) => "a real number",
            Self::Text(_) => "text",
            Self::Bytes(_) | Self::Fenced { .. } => "bytes",
        }
    }
}

/// The parameters of a statement, in order.
macro_rules! values {
    ($($value:expr),* $(,)?) => { &[$($crate::engine::Value::from($value)),*] };
}
pub(crate) use values;

macro_rules! from {
    ($($kind:ty => $variant:ident),+) => {$(
        impl From<$kind> for Value {
            fn from(value: $kind) -> Self {
                Self::$variant(value.into())
            }
        }
    )+};
}
from!(i64 => Integer, u32 => Integer, bool => Integer, f64 => Real, String => Text, &str => Text, Vec<u8> => Bytes, &[u8] => Bytes);

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

/// What a column can be read as.
pub(crate) trait FromValue: Sized {
    /// `None` when the value is of another kind or out of range.
    fn from_value(value: Value) -> Option<Self>;
}

macro_rules! read {
    ($($kind:ty => $variant:ident),+) => {$(
        impl FromValue for $kind {
            fn from_value(value: Value) -> Option<Self> {
                if let Value::$variant(value) = value { value.try_into().ok() } else { None }
            }
        }
    )+};
}
read!(i64 => Integer, u32 => Integer, f64 => Real, String => Text, Vec<u8> => Bytes);

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match i64::from_value(value)? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl FromValue for [u8; 32] {
    fn from_value(value: Value) -> Option<Self> {
        Vec::from_value(value)?.try_into().ok()
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}
