// SPDX-License-Identifier: GPL-2.0

//! Names that anybody may have chosen, fit for a terminal.
//!
//! The kernel's files escape a byte that does not stand for itself as `/proc/mounts` does: a
//! backslash and three octal digits. The tool shows names in the same form, so that one that is
//! copied from its output is taken by the file `filter`.

use serde::{Serialize, Serializer};
use std::fmt::{self, Write};

/// A name: any bytes. It is shown, and serialized, in its escaped form.
#[derive(Clone, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Name(Vec<u8>);

impl Name {
    /// The name that is these bytes.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The name in a field of the kernel's files. A backslash that does not begin an escape stands
    /// for itself.
    pub fn unescape(field: &[u8]) -> Self {
        let mut name = Vec::with_capacity(field.len());
        let mut rest = field;

        while let Some((c, after)) = rest.split_first() {
            rest = after;
            match (c, octal(after)) {
                (b'\\', Some(byte)) => {
                    name.push(byte);
                    rest = &after[3..];
                }
                _ => name.push(*c),
            }
        }
        // The kernel writes the empty name as its end.
        if name == [0] {
            name.clear();
        }
        Self(name)
    }

    /// The bytes themselves.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The byte of the three octal digits at the beginning.
fn octal(text: &[u8]) -> Option<u8> {
    let digits = text.get(..3)?;

    digits.iter().try_fold(0u8, |byte, c| match c {
        b'0'..=b'7' => byte.checked_mul(8)?.checked_add(c - b'0'),
        _ => None,
    })
}

/// As `is_plain_in_field()` of `rcu_blame/text.rs`.
fn is_plain(c: u8) -> bool {
    c.is_ascii_graphic() && !b"\\=*&|".contains(&c)
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::with_capacity(self.0.len());
        let name: &[u8] = if self.0.is_empty() { b"\0" } else { &self.0 };

        for c in name {
            if is_plain(*c) {
                text.push(char::from(*c));
            } else {
                write!(text, "\\{c:03o}")?;
            }
        }
        f.pad(&text)
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn forms() {
        assert_eq!(Name::new("kworker/2:1").to_string(), "kworker/2:1");
        assert_eq!(Name::new("a b").to_string(), r"a\040b");
        assert_eq!(Name::new("\x1b[2J").to_string(), r"\033[2J");
        assert_eq!(Name::new("").to_string(), r"\000");
        assert_eq!(Name::unescape(br"\000"), Name::new(""));
        assert_eq!(Name::unescape(br"a\040b"), Name::new("a b"));
        assert_eq!(Name::unescape(br"\400\08"), Name::new(&br"\400\08"[..]));
        assert_eq!(format!("{:>4}|", Name::new("a")), "   a|");
    }

    proptest! {
        #[test]
        fn round_trip(bytes in proptest::collection::vec(1u8.., 0..40)) {
            let name = Name::new(bytes);
            let shown = name.to_string();

            prop_assert!(shown.bytes().all(|c| c.is_ascii_graphic()));
            prop_assert_eq!(Name::unescape(shown.as_bytes()), name);
        }

        #[test]
        fn any_field(field in proptest::collection::vec(any::<u8>(), 0..40)) {
            let shown = Name::unescape(&field).to_string();

            prop_assert!(shown.bytes().all(|c| c.is_ascii_graphic()));
        }
    }
}
