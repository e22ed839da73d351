//! Looks for texts that must not stand in clear anywhere, in every form in which a program may have written them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use aho_corasick::AhoCorasick;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};

/// A text, and the form in which it was found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) text: String,
    pub(crate) form: &'static str,
}

/// What a search through files came to.
#[derive(Debug, Default)]
pub(crate) struct Searched {
    pub(crate) files: Vec<PathBuf>,
    pub(crate) bytes: u64,
    pub(crate) found: Vec<(PathBuf, Found)>,
}

/// A search for many texts at once.
pub(crate) struct Search {
    automaton: AhoCorasick,
    /// What each pattern is, by its number.
    meanings: Vec<Found>,
}

impl Search {
    /// Texts of at least eight bytes: shorter ones stand in random bytes by chance.
    pub(crate) fn new(texts: impl IntoIterator<Item = String>) -> Self {
        let (mut patterns, mut meanings) = (Vec::new(), Vec::new());
        for text in texts {
            assert!(text.len() >= 8, "{text} is too short");
            for (form, pattern) in forms(&text) {
                patterns.push(pattern);
                meanings.push(Found { text: text.clone(), form });
            }
        }
        Self { automaton: AhoCorasick::new(patterns).unwrap(), meanings }
    }

    /// A search for bytes as they are, of at least eight, called `name`.
    #[allow(dead_code, clippy::allow_attributes, reason = "for those who look for keys")]
    pub(crate) fn of_bytes(name: &str, bytes: Vec<u8>) -> Self {
        assert!(bytes.len() >= 8, "{name} is too short");
        let meanings = vec![Found { text: name.to_owned(), form: "bytes" }];
        Self { automaton: AhoCorasick::new([bytes]).unwrap(), meanings }
    }

    /// Everything that stands in `content`.
    pub(crate) fn within(&self, content: &[u8]) -> BTreeSet<Found> {
        let hits = self.automaton.find_overlapping_iter(content);
        hits.map(|hit| self.meanings[hit.pattern().as_usize()].clone()).collect()
    }

    /// As [`within_folders`](Self::within_folders), in one.
    pub(crate) fn within_folder(&self, folder: &Path) -> Searched {
        self.within_folders([folder.to_owned()])
    }

    /// Reads every file in `folders` and in the folders in them, and looks at its name.
    pub(crate) fn within_folders(&self, folders: impl IntoIterator<Item = PathBuf>) -> Searched {
        let mut searched = Searched::default();
        for folder in folders {
            assert!(folder.is_dir(), "{} is no folder", folder.display());
            self.add_folder(&folder, &mut searched);
        }
        searched
    }

    fn add_folder(&self, folder: &Path, searched: &mut Searched) {
        // A server may remove what was just listed.
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let entry = entry.unwrap();
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else { continue };
            let named = self.within(path.as_os_str().as_encoded_bytes());
            searched.found.extend(named.into_iter().map(|found| (path.clone(), found)));
            if kind.is_dir() {
                self.add_folder(&path, searched);
            } else if kind.is_file() {
                let Ok(content) = fs::read(&path) else { continue };
                searched.bytes += content.len() as u64;
                let found = self.within(&content);
                searched.found.extend(found.into_iter().map(|found| (path.clone(), found)));
                searched.files.push(path);
            }
        }
    }
}

/// The ways in which a text may stand in a file. In base64 it depends on what stands before it.
pub(crate) fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let utf8 = text.as_bytes().to_vec();
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    let mut forms = vec![
        ("UTF-8", utf8.clone()),
        ("UTF-16, little end first", little.clone()),
        ("UTF-16, big end first", big),
        ("hexadecimal", hexadecimal(&utf8).into_bytes()),
        ("HEXADECIMAL", hexadecimal(&utf8).to_uppercase().into_bytes()),
    ];
    for shift in 0..3 {
        forms.push(("base64", base64_within(&utf8, shift)));
        forms.push(("base64 of UTF-16", base64_within(&little, shift)));
        forms.push(("base64 for URLs", for_urls(base64_within(&utf8, shift))));
    }
    if !text.is_ascii() {
        forms.push(("JSON escapes", escaped(text).into_bytes()));
        forms.push(("percent escapes", percent(&utf8).into_bytes()));
    }
    forms.sort_by(|one, other| one.1.cmp(&other.1));
    forms.dedup_by(|one, other| one.1 == other.1);
    forms
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The characters of base64 that depend on `bytes` alone when `shift` bytes stand before them.
fn base64_within(bytes: &[u8], shift: usize) -> Vec<u8> {
    let encoded = STANDARD_NO_PAD.encode([&vec![0; shift][..], bytes].concat()).into_bytes();
    let end = (shift + bytes.len()) / 3 * 4;
    encoded[shift.div_ceil(3) * 4..end].to_vec()
}

fn for_urls(encoded: Vec<u8>) -> Vec<u8> {
    encoded
        .into_iter()
        .map(|byte| match byte {
            b'+' => b'-',
            b'/' => b'_',
            other => other,
        })
        .collect()
}

fn escaped(text: &str) -> String {
    text.encode_utf16().fold(String::new(), |mut escaped, unit| {
        let _ = match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => write!(escaped, "{}", char::from(byte)),
            _ => write!(escaped, "\\u{unit:04x}"),
        };
        escaped
    })
}

fn percent(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut escaped, byte| {
        let _ = match byte {
            b if b.is_ascii_alphanumeric() => write!(escaped, "{}", char::from(*b)),
            b => write!(escaped, "%{b:02X}"),
        };
        escaped
    })
}
