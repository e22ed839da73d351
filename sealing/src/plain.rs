//! Personal text in memory.

use std::fmt;

use subtle::ConstantTimeEq;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// A value in clear, overwritten with zeros when it is dropped. It cannot be printed, logged or serialised by
/// accident: there is no `Display`, and `Debug` shows nothing of it.
///
/// ```
/// let phone = sealing::Plain::from("13800138000");
/// assert_eq!(format!("{phone:?}"), "Plain(…)");
/// ```
/// ```compile_fail
/// let phone = sealing::Plain::from("13800138000");
/// println!("{phone}");
/// ```
#[derive(Clone)]
pub struct Plain(Zeroizing<Vec<u8>>);

impl Plain {
    /// The bytes, for those who may see them.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The text, for those who may see it; `None` if the value is not text in UTF-8.
    #[must_use]
    pub fn expose_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }
}

impl From<Vec<u8>> for Plain {
    /// Takes the bytes over without copying them.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl From<String> for Plain {
    /// Takes the text over without copying it.
    fn from(text: String) -> Self {
        text.into_bytes().into()
    }
}

impl From<&str> for Plain {
    /// Copies the text; the original stays with the caller.
    fn from(text: &str) -> Self {
        text.as_bytes().to_vec().into()
    }
}

impl From<&[u8]> for Plain {
    /// Copies the bytes; the original stays with the caller.
    fn from(bytes: &[u8]) -> Self {
        bytes.to_vec().into()
    }
}

impl PartialEq for Plain {
    /// Takes the same time wherever two values of one length differ.
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Plain {}

impl fmt::Debug for Plain {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Plain(…)")
    }
}

// The only field does it.
impl ZeroizeOnDrop for Plain {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_the_content_is_printed() {
        let plain = Plain::from("张三 13800138000");
        for printed in [format!("{plain:?}"), format!("{plain:#?}"), format!("{:?}", Some(&plain))] {
            assert!(!printed.contains("138") && !printed.contains('张'), "{printed}");
        }
    }

    #[test]
    fn text_and_bytes_come_back() {
        assert_eq!(Plain::from("退款".to_owned()).expose_text(), Some("退款"));
        assert_eq!(Plain::from(vec![0xff, 0]).expose_text(), None);
        assert_eq!(Plain::from(vec![0xff, 0]).expose_bytes(), [0xff, 0]);
        assert_eq!(Plain::from("a"), Plain::from(&b"a"[..]));
        assert_ne!(Plain::from("a"), Plain::from("b"));
        assert_ne!(Plain::from("a"), Plain::from("aa"));
    }

    #[test]
    fn the_bytes_are_overwritten_by_the_type_that_holds_them() {
        fn overwrites<T: ZeroizeOnDrop>(_: &T) {}
        overwrites(&Plain::from("a").0);
    }
}
