//! Enumerations that a column holds as a word.

/// An enumeration with the word for each of its variants.
macro_rules! words {
    ($(#[$documentation:meta])+ $name:ident { $($(#[$about:meta])+ $variant:ident = $word:literal,)+ }) => {
        $(#[$documentation])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])+ $variant,)+
        }

        impl $name {
            /// The word that rows and events hold.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl From<$name> for $crate::engine::Value {
            fn from(value: $name) -> Self {
                Self::from(value.word())
            }
        }

        impl $crate::engine::FromValue for $name {
            fn from_value(value: $crate::engine::Value) -> Option<Self> {
                match String::from_value(value)?.as_str() {
                    $($word => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }
    };
}

pub(crate) use words;
