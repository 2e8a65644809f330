// SPDX-License-Identifier: GPL-2.0

//! Texts that anybody may have written, fit for a terminal and for programs.
//!
//! A byte that does not stand for itself is escaped as in `/proc/mounts`: a backslash and three
//! octal digits.

use kernel::{
    fmt::{
        self,
        Write, //
    },
    prelude::*, //
};

/// A name or a path, as one field: not empty, without blanks, and as the filter takes it.
pub(super) struct Field<'a>(pub(super) &'a [u8]);

impl<'a> Field<'a> {
    /// A name in a buffer of fixed size, up to its NUL.
    pub(super) fn of_name(name: &'a [u8]) -> Self {
        let len = name.iter().position(|c| *c == 0).unwrap_or(name.len());

        Self(name.get(..len).unwrap_or(&[]))
    }
}

/// A filter, good or bad, on one line. A backslash in it is the filter's own.
pub(super) struct Line<'a>(pub(super) &'a [u8]);

fn is_plain_in_field(c: u8) -> bool {
    c.is_ascii_graphic() && !b"\\=*&|".contains(&c)
}

fn is_plain_in_line(c: u8) -> bool {
    c.is_ascii_graphic() || c == b' '
}

/// Writes `text`; returns how many characters that takes.
fn escape(
    f: &mut fmt::Formatter<'_>,
    text: &[u8],
    is_plain: fn(u8) -> bool,
) -> Result<usize, fmt::Error> {
    let mut width = 0;

    for c in text {
        if is_plain(*c) {
            f.write_char(char::from(*c))?;
            width += 1;
        } else {
            write!(f, "\\{c:03o}")?;
            width += 4;
        }
    }
    Ok(width)
}

/// Left-aligned. An empty text is its end, `\000`.
impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = if self.0.is_empty() { b"\0" } else { self.0 };
        let width = escape(f, text, is_plain_in_field)?;

        for _ in width..f.width().unwrap_or(0) {
            f.write_char(' ')?;
        }
        Ok(())
    }
}

impl fmt::Display for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        escape(f, self.0, is_plain_in_line).map(|_| ())
    }
}

impl Line<'_> {
    /// How many characters are written.
    pub(super) fn width(&self) -> usize {
        self.0
            .iter()
            .map(|c| if is_plain_in_line(*c) { 1 } else { 4 })
            .sum()
    }
}
