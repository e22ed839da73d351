//! Frames, and values within them.

use std::io::{ErrorKind, Read, Write};

use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::manifest::ArchiveHeader;
use crate::{
    Error, Result,
    engine::{Row, Value},
};

const PREAMBLE: &[u8] = b"yingda archive 1\n";

/// A longer frame is not ours: the largest row is far below it.
const LONGEST_FRAME: u32 = 1 << 30;

/// What a frame holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Header,
    Table,
    Rows,
    End,
}

impl Kind {
    fn letter(self) -> u8 {
        match self {
            Self::Header => b'H',
            Self::Table => b'T',
            Self::Rows => b'R',
            Self::End => b'E',
        }
    }

    fn of(letter: u8) -> Result<Self> {
        let kinds = [Self::Header, Self::Table, Self::Rows, Self::End];
        kinds
            .into_iter()
            .find(|kind| kind.letter() == letter)
            .ok_or_else(|| archive("it has an unknown frame"))
    }
}

/// A table begins.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct TableStart {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

pub(super) fn archive(reason: impl Into<String>) -> Error {
    Error::Archive { reason: reason.into() }
}

fn from_io(error: &std::io::Error) -> Error {
    let kind = error.kind();
    if matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        return Error::DiskFull;
    }
    archive(if kind == ErrorKind::UnexpectedEof {
        String::from("it is truncated")
    } else {
        error.to_string()
    })
}

pub(super) fn write_preamble(output: &mut impl Write) -> Result<()> {
    output.write_all(PREAMBLE).map_err(|error| from_io(&error))
}

pub(super) fn write_frame(output: &mut impl Write, kind: Kind, content: &[u8]) -> Result<()> {
    let length = u32::try_from(content.len()).ok().filter(|length| *length <= LONGEST_FRAME);
    let length = length.ok_or_else(|| archive("a row is too long"))?;
    let mut write = |bytes: &[u8]| output.write_all(bytes).map_err(|error| from_io(&error));
    write(&[kind.letter()])?;
    write(&length.to_be_bytes())?;
    write(content)
}

pub(super) fn write_json(output: &mut impl Write, kind: Kind, value: &impl Serialize) -> Result<()> {
    write_frame(output, kind, &serde_json::to_vec(value).map_err(Error::defect)?)
}

/// An archive that is being read.
pub(super) struct ArchiveReader<R> {
    input: R,
}

impl<R: Read> ArchiveReader<R> {
    /// Reads up to the header.
    pub(super) fn begin(mut input: R) -> Result<(Self, ArchiveHeader)> {
        let mut preamble = [0; PREAMBLE.len()];
        input.read_exact(&mut preamble).map_err(|error| from_io(&error))?;
        if preamble != PREAMBLE {
            return Err(archive("it is no archive of this program"));
        }
        let mut reader = Self { input };
        match reader.frame()? {
            (Kind::Header, content) => Ok((reader, parse(&content)?)),
            (Kind::Table | Kind::Rows | Kind::End, _) => Err(archive("it has no header")),
        }
    }

    /// The next frame.
    pub(super) fn frame(&mut self) -> Result<(Kind, Vec<u8>)> {
        let mut head = [0; 5];
        self.input.read_exact(&mut head).map_err(|error| from_io(&error))?;
        let [letter, length @ ..] = head;
        let (kind, length) = (Kind::of(letter)?, u32::from_be_bytes(length));
        if length > LONGEST_FRAME {
            return Err(archive("a frame is too long"));
        }
        // Not allocated before it is there: the length may be anything.
        let mut content = Vec::new();
        let read = (&mut self.input).take(length.into()).read_to_end(&mut content);
        read.map_err(|error| from_io(&error))?;
        if content.len() == length as usize { Ok((kind, content)) } else { Err(archive("it is truncated")) }
    }

    /// Reads to the end of the input, where whoever decrypts it knows whether it is whole.
    pub(super) fn end(mut self) -> Result<()> {
        let mut rest = [0; 1];
        match self.input.read(&mut rest).map_err(|error| from_io(&error))? {
            0 => Ok(()),
            _ => Err(archive("something follows its end")),
        }
    }
}

pub(super) fn parse<T: DeserializeOwned>(content: &[u8]) -> Result<T> {
    serde_json::from_slice(content).map_err(|error| archive(error.to_string()))
}

/// Appends a row.
pub(super) fn push_row(bytes: &mut Vec<u8>, row: &Row) -> Result<()> {
    row.0.iter().try_for_each(|value| push(bytes, value))
}

fn push(bytes: &mut Vec<u8>, value: &Value) -> Result<()> {
    let (kind, content) = match value {
        Value::Null => (0, &[][..]),
        Value::Integer(number) => (1, &number.to_be_bytes()[..]),
        Value::Real(number) => (2, &number.to_bits().to_be_bytes()[..]),
        Value::Text(text) => (3, text.as_bytes()),
        Value::Bytes(content) | Value::Fenced { bytes: content, .. } => (4, content.as_slice()),
    };
    bytes.push(kind);
    if kind >= 3 {
        let length = u32::try_from(content.len()).map_err(|_| archive("a value is too long"))?;
        bytes.extend_from_slice(&length.to_be_bytes());
    }
    bytes.extend_from_slice(content);
    Ok(())
}

/// The rows of a frame, each of `columns` values.
pub(super) fn rows(mut bytes: &[u8], columns: usize) -> Result<Vec<Vec<Value>>> {
    let mut rows = Vec::new();
    while !bytes.is_empty() {
        rows.push((0..columns).map(|_| value(&mut bytes)).collect::<Result<_>>()?);
    }
    Ok(rows)
}

fn value(bytes: &mut &[u8]) -> Result<Value> {
    let [kind] = take(bytes)?;
    Ok(match kind {
        0 => Value::Null,
        1 => Value::Integer(i64::from_be_bytes(take(bytes)?)),
        2 => Value::Real(f64::from_bits(u64::from_be_bytes(take(bytes)?))),
        3 => Value::Text(String::from_utf8(content(bytes)?).map_err(|_| archive("a text is not UTF-8"))?),
        4 => Value::Bytes(content(bytes)?),
        _ => return Err(archive("a value of an unknown kind")),
    })
}

fn content(bytes: &mut &[u8]) -> Result<Vec<u8>> {
    let length = u32::from_be_bytes(take(bytes)?) as usize;
    let (content, rest) = bytes.split_at_checked(length).ok_or_else(|| archive("a value is cut off"))?;
    *bytes = rest;
    Ok(content.to_vec())
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk().ok_or_else(|| archive("a value is cut off"))?;
    *bytes = rest;
    Ok(*taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_value() -> impl Strategy<Value = Value> {
        prop_oneof![
            Just(Value::Null),
            any::<i64>().prop_map(Value::Integer),
            (-1e300..1e300).prop_map(Value::Real),
            ".{0,20}".prop_map(Value::Text),
            proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
        ]
    }

    proptest! {
        #[test]
        fn rows_come_back_as_they_were(
            written in proptest::collection::vec(proptest::collection::vec(any_value(), 3), 0..5)
        ) {
            let mut bytes = Vec::new();
            written.iter().for_each(|row| push_row(&mut bytes, &Row(row.clone())).unwrap());
            prop_assert_eq!(rows(&bytes, 3).unwrap(), written);
        }

        #[test]
        fn nothing_read_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = rows(&bytes, 3);
            if let Ok((mut reader, _)) = ArchiveReader::begin([PREAMBLE, &bytes].concat().as_slice()) {
                while reader.frame().is_ok() {}
            }
        }
    }
}
