// SPDX-License-Identifier: GPL-2.0

//! Records of the kernel's tables: a line with a word, then `key=value` with one blank between.
//!
//! Keys and words stay what they are, and new ones may come: a word and a key that the tool does
//! not know are passed over. Any bytes can be parsed without a panic.

use super::{
    escape::Name,
    stack::{self, Frame},
    task::Task,
};
use std::str::FromStr;
use thiserror::Error;

/// A table that is not in the form that this tool knows.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {line}: {what}")]
pub struct Malformed {
    /// The number of the line, from 1.
    pub line: usize,
    /// The mistake.
    pub what: String,
}

/// A record. It borrows the table's text.
#[derive(Clone, Debug)]
pub struct Record<'a> {
    line: usize,
    word: &'a [u8],
    fields: Vec<(&'a [u8], &'a [u8])>,
}

/// The records of a table. Empty lines are none.
pub fn records(table: &[u8]) -> impl Iterator<Item = Record<'_>> {
    table
        .split(|c| *c == b'\n')
        .enumerate()
        .filter(|(_, text)| !text.is_empty())
        .map(|(at, text)| {
            let mut words = text.split(|c| *c == b' ');

            Record {
                line: at + 1,
                word: words.next().unwrap_or_default(),
                fields: words.filter_map(field).collect(),
            }
        })
}

/// A field. The value may have a "=" of its own.
fn field(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = text.iter().position(|c| *c == b'=')?;

    Some((&text[..at], &text[at + 1..]))
}

impl<'a> Record<'a> {
    /// The word at its beginning.
    pub fn word(&self) -> &'a [u8] {
        self.word
    }

    /// The value of a key, as it is in the file. The first one counts.
    pub fn get(&self, key: &str) -> Option<&'a [u8]> {
        self.fields
            .iter()
            .find(|(k, _)| *k == key.as_bytes())
            .map(|(_, value)| *value)
    }

    /// The value of a key that is a number, or another text with a meaning of its own.
    ///
    /// # Errors
    ///
    /// The value cannot be parsed.
    pub fn optional<T: FromStr>(&self, key: &str) -> Result<Option<T>, Malformed> {
        self.get(key)
            .map(|value| {
                std::str::from_utf8(value)
                    .ok()
                    .and_then(|value| value.parse().ok())
                    .ok_or_else(|| self.malformed(&format!("{key} is {}", Name::new(value))))
            })
            .transpose()
    }

    /// As [`optional`](Self::optional), of a key that each such record has.
    ///
    /// # Errors
    ///
    /// The record has no such key, or its value cannot be parsed.
    pub fn required<T: FromStr>(&self, key: &str) -> Result<T, Malformed> {
        self.optional(key)?
            .ok_or_else(|| self.malformed(&format!("no {key}")))
    }

    /// A flag, 0 or 1, that each such record has.
    ///
    /// # Errors
    ///
    /// As of [`required`](Self::required).
    pub fn flag(&self, key: &str) -> Result<bool, Malformed> {
        Ok(self.required::<u8>(key)? != 0)
    }

    /// A name, or another text that is escaped.
    pub fn name(&self, key: &str) -> Option<Name> {
        self.get(key).map(Name::unescape)
    }

    /// The task of which the keys begin with `prefix`.
    ///
    /// # Errors
    ///
    /// There is a pid, and one of the other keys is missing or cannot be parsed.
    pub fn task(&self, prefix: &str) -> Result<Option<Task>, Malformed> {
        let Some(pid) = self.optional(&format!("{prefix}pid"))? else {
            return Ok(None);
        };
        let comm = format!("{prefix}comm");

        Ok(Some(Task {
            pid,
            comm: self
                .name(&comm)
                .ok_or_else(|| self.malformed(&format!("no {comm}")))?,
            prio: self.required(&format!("{prefix}prio"))?,
        }))
    }

    /// The task that the record is about.
    ///
    /// # Errors
    ///
    /// The record names none.
    pub fn subject(&self) -> Result<Task, Malformed> {
        self.task("")?.ok_or_else(|| self.malformed("no pid"))
    }

    /// The stack, the last call first; empty if the record has none.
    pub fn stack(&self) -> Vec<Frame> {
        self.get("stack").map(stack::parse).unwrap_or_default()
    }

    /// The mistake, with this record's place.
    pub fn malformed(&self, what: &str) -> Malformed {
        Malformed {
            line: self.line,
            what: format!("{}: {what}", Name::new(self.word)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn one(text: &str) -> Record<'_> {
        records(text.as_bytes()).next().unwrap()
    }

    #[test]
    fn values() {
        let record = one("cpu cpu=3 pid=7 comm=a\\040b prio=-1 new=x=y cpu=4 watched=1 odd\n");

        assert_eq!(record.word(), b"cpu");
        assert_eq!(record.required("cpu"), Ok(3u32));
        assert_eq!(record.optional::<u64>("on_ns"), Ok(None));
        assert_eq!(record.get("new"), Some(&b"x=y"[..]));
        assert_eq!(record.flag("watched"), Ok(true));
        assert_eq!(
            record.subject(),
            Ok(Task {
                pid: 7,
                comm: Name::new("a b"),
                prio: -1
            })
        );
        assert_eq!(record.task("by_"), Ok(None));
    }

    #[test]
    fn mistakes() {
        let said = |text: &str, key: &str| {
            records(text.as_bytes())
                .last()
                .unwrap()
                .required::<u64>(key)
                .unwrap_err()
                .to_string()
        };

        assert_eq!(said("gp\ngp seq=", "seq"), r"line 2: gp: seq is \000");
        assert_eq!(said("gp seq=1\x1b", "seq"), r"line 1: gp: seq is 1\033");
        assert_eq!(said("gp", "seq"), "line 1: gp: no seq");
        assert!(one("reader pid=1 prio=2").subject().is_err());
        assert!(one("reader pid=1 comm=a").subject().is_err());
    }

    proptest! {
        #[test]
        fn any_table(table in proptest::collection::vec(any::<u8>(), 0..200)) {
            for record in records(&table) {
                let _ = record.subject();
                let _ = record.stack();
            }
        }
    }
}
