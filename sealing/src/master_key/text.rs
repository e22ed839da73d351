//! A master key as text: 64 hexadecimal digits, or base64 of either alphabet, padded or not.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use crate::secret::{KEY_BYTES, SecretKey};

/// The key in `text`, white space around it ignored.
///
/// # Errors
/// A sentence that says what is wrong and shows nothing of the text.
pub(super) fn decode(text: &[u8]) -> Result<SecretKey, String> {
    let text = std::str::from_utf8(text.trim_ascii()).map_err(|_| "it is not text".to_owned())?;
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    let bytes = decode_hexadecimal(text).or_else(|| decode_base64(text)).ok_or_else(|| {
        format!("{} characters that are neither hexadecimal nor base64", text.chars().count())
    })?;
    if bytes.len() == KEY_BYTES && bytes.iter().all(|byte| *byte == bytes[0]) {
        return Err("all its bytes are equal: that is a placeholder, not a key".to_owned());
    }
    SecretKey::from_slice(&bytes)
        .ok_or_else(|| format!("it decodes to {} bytes, a key has {KEY_BYTES}", bytes.len()))
}

pub(super) fn encode(key: &[u8; KEY_BYTES]) -> Zeroizing<String> {
    Zeroizing::new(STANDARD.encode(key))
}

/// The bytes of an even number of hexadecimal digits in either case.
pub(crate) fn decode_hexadecimal(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
    for [high, low] in pairs {
        bytes.push(digit(*high)? * 16 + digit(*low)?);
    }
    Some(bytes)
}

fn decode_base64(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let engines = [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD];
    engines.iter().find_map(|engine| engine.decode(text).ok()).map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_common_form_of_a_key_is_read() {
        let key: Vec<u8> = (0..32).map(|number| number * 8 + 3).collect();
        let hexadecimal: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let forms = [
            hexadecimal.to_uppercase(),
            hexadecimal,
            STANDARD.encode(&key),
            STANDARD_NO_PAD.encode(&key),
            URL_SAFE.encode(&key),
            URL_SAFE_NO_PAD.encode(&key),
        ];
        for form in forms {
            assert_eq!(decode(format!(" {form}\r\n").as_bytes()).unwrap().expose().as_slice(), key);
        }
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let refused: [(&[u8], &str); 6] = [
            (b" \n", "it is empty"),
            (b"\xff\xfe", "it is not text"),
            (b"c2hvcnQ=", "it decodes to 5 bytes, a key has 32"),
            (b"abcd", "it decodes to 2 bytes, a key has 32"),
            ("密钥!!".as_bytes(), "4 characters that are neither hexadecimal nor base64"),
            (&[b'0'; 64], "all its bytes are equal: that is a placeholder, not a key"),
        ];
        for (text, reason) in refused {
            assert_eq!(decode(text).unwrap_err(), reason);
        }
    }

    #[test]
    fn hexadecimal_needs_whole_pairs_of_digits() {
        assert_eq!(decode_hexadecimal("00Ff").unwrap().as_slice(), [0, 255]);
        assert!(decode_hexadecimal("0").is_none() && decode_hexadecimal("0g").is_none());
    }
}
