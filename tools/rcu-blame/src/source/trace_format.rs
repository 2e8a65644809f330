// SPDX-License-Identifier: GPL-2.0

//! The layout of a trace event, which its file `format` in tracefs describes.

use crate::model::escape::Name;
use std::fmt::Write;

/// A field of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Field {
    name: String,
    offset: usize,
    size: usize,
    signed: bool,
    /// An array of `char`, which ends at its first NUL.
    is_text: bool,
}

/// The layout of an event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Format {
    /// The number by which the trace buffer names the event.
    pub id: u16,
    /// The name of the event.
    pub name: String,
    fields: Vec<Field>,
}

impl Format {
    /// The layout in the text of a file `format`; `None` if the text is not one.
    pub fn parse(text: &str) -> Option<Self> {
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key))
                .map(str::trim)
        };
        let fields = text
            .lines()
            .filter_map(|line| line.trim().strip_prefix("field:"))
            .map(field)
            .collect::<Option<Vec<_>>>()?;

        Some(Self {
            id: value("ID:")?.parse().ok()?,
            name: value("name:")?.to_string(),
            // The others are the tracer's own, or Perfetto's.
            fields: fields
                .into_iter()
                .filter(|field| !field.name.starts_with("common_") && !is_of_perfetto(&field.name))
                .collect(),
        })
    }

    /// The event as a record, `name key=value`; `None` if the data is too short.
    pub fn record(&self, data: &[u8]) -> Option<String> {
        let mut text = self.name.clone();

        for field in &self.fields {
            let bytes = data.get(field.offset..field.offset.checked_add(field.size)?)?;

            if field.is_text {
                let end = bytes.iter().position(|c| *c == 0).unwrap_or(bytes.len());

                write!(text, " {}={}", field.name, Name::new(&bytes[..end])).ok()?;
            } else {
                write!(text, " {}={}", field.name, number(bytes, field.signed)?).ok()?;
            }
        }
        Some(text)
    }
}

/// Whether a field has no fact, but says how Perfetto shows the event: see `rcu_blame/trace.h`.
/// A module may have none of these.
fn is_of_perfetto(name: &str) -> bool {
    ["track_event_type", "slice_name", "track_name"].contains(&name) || name.starts_with("scope_")
}

/// A field, from its line after `field:`.
fn field(line: &str) -> Option<Field> {
    let mut parts = line.split(';').map(str::trim);
    let declaration = parts.next()?;
    let mut value = |key: &str| {
        parts
            .next()
            .and_then(|part| part.strip_prefix(key))?
            .parse::<usize>()
            .ok()
    };
    let (offset, size, signed) = (value("offset:")?, value("size:")?, value("signed:")?);
    let (kind, name) = declaration.rsplit_once(' ')?;
    let name = name.trim_start_matches('*');
    let (name, is_array) = match name.split_once('[') {
        Some((name, _)) => (name, true),
        None => (name, false),
    };

    Some(Field {
        name: name.to_string(),
        offset,
        size,
        signed: signed != 0,
        is_text: is_array && kind == "char",
    })
}

/// A number of 1, 2, 4 or 8 bytes.
fn number(bytes: &[u8], signed: bool) -> Option<i128> {
    Some(match (bytes.len(), signed) {
        (1, false) => bytes[0].into(),
        (1, true) => i8::from_ne_bytes(bytes.try_into().ok()?).into(),
        (2, false) => u16::from_ne_bytes(bytes.try_into().ok()?).into(),
        (2, true) => i16::from_ne_bytes(bytes.try_into().ok()?).into(),
        (4, false) => u32::from_ne_bytes(bytes.try_into().ok()?).into(),
        (4, true) => i32::from_ne_bytes(bytes.try_into().ok()?).into(),
        (8, false) => u64::from_ne_bytes(bytes.try_into().ok()?).into(),
        (8, true) => i64::from_ne_bytes(bytes.try_into().ok()?).into(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FORMAT: &str = "name: reader_deboosted\nID: 1637\nformat:\n\
        \tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;\n\n\
        \tfield:char comm[16];\toffset:8;\tsize:16;\tsigned:0;\n\
        \tfield:pid_t pid;\toffset:24;\tsize:4;\tsigned:1;\n\
        \tfield:u64 boosted_ns;\toffset:32;\tsize:8;\tsigned:0;\n\n\
        print fmt: \"comm=%s\", REC->comm\n";

    fn data() -> Vec<u8> {
        let mut data = vec![0; 40];

        data[8..15].copy_from_slice(b"a\nb=c\0x");
        data[24..28].copy_from_slice(&(-7i32).to_ne_bytes());
        data[32..40].copy_from_slice(&u64::MAX.to_ne_bytes());
        data
    }

    #[test]
    fn record() {
        let format = Format::parse(FORMAT).unwrap();

        assert_eq!(format.id, 1637);
        assert_eq!(
            format.record(&data()).unwrap(),
            r"reader_deboosted comm=a\012b\075c pid=-7 boosted_ns=18446744073709551615"
        );
        assert_eq!(format.record(&data()[..39]), None);
    }

    #[test]
    fn fields_of_perfetto() {
        let more = FORMAT.replace(
            "\n\nprint fmt",
            "\n\tfield:char track_event_type;\toffset:40;\tsize:1;\tsigned:1;\n\
             \tfield:__data_loc char[] slice_name;\toffset:44;\tsize:4;\tsigned:0;\n\
             \tfield:pid_t scope_reader;\toffset:48;\tsize:4;\tsigned:1;\n\nprint fmt",
        );

        assert_ne!(more, FORMAT);
        assert_eq!(Format::parse(&more), Format::parse(FORMAT));
    }

    proptest! {
        #[test]
        fn any_format(text in "(name: |ID:|\tfield:|int x;|offset:|size:|[0-9]|;|\n|.){0,40}",
                      data in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(format) = Format::parse(&text) {
                let _ = format.record(&data);
            }
        }
    }
}
