// SPDX-License-Identifier: GPL-2.0

//! Escaping: any bytes are one field, or one line, from which a program has them back.

use crate::rcu_blame::text::{
    Field,
    Line, //
};
use proptest::prelude::*;

/// The bytes of an escaped text, read as `printf %b` does: by its backslashes.
fn decode(text: &str) -> Vec<u8> {
    let mut parts = text.split('\\');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();

    for part in parts {
        let (digits, rest) = part.split_at(3);

        bytes.push(u8::from_str_radix(digits, 8).unwrap());
        bytes.extend(rest.bytes());
    }
    bytes
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![any::<Vec<u8>>(), super::name()]
}

proptest! {
    #![proptest_config(super::config())]

    /// A field is one word without `=`, not empty, and decodes to its bytes.
    #[test]
    fn field(bytes in bytes()) {
        let field = Field(&bytes).to_string();
        let expected = if bytes.is_empty() { &b"\0"[..] } else { &bytes };

        prop_assert!(!field.is_empty());
        prop_assert!(field.bytes().all(|c| (b'!'..=b'~').contains(&c) && c != b'='));
        prop_assert_eq!(decode(&field), expected);
    }

    /// A width pads a field with blanks on its right, and does not cut it.
    #[test]
    fn field_width(bytes in bytes(), width in 0..40usize) {
        let field = Field(&bytes).to_string();
        let padded = format!("{:width$}", Field(&bytes));

        prop_assert_eq!(padded.len(), field.len().max(width));
        prop_assert_eq!(padded.trim_end_matches(' '), field);
    }

    /// A line is printable, as wide as it says, and decodes to its bytes if no backslash is among
    /// them.
    #[test]
    fn line(bytes in bytes()) {
        let line = Line(&bytes).to_string();

        prop_assert!(line.bytes().all(|c| (b' '..=b'~').contains(&c)));
        prop_assert_eq!(line.len(), Line(&bytes).width());
        if !bytes.contains(&b'\\') {
            prop_assert_eq!(decode(&line), bytes);
        }
    }
}
