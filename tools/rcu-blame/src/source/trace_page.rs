// SPDX-License-Identifier: GPL-2.0

//! A page of the kernel's trace buffer, as `trace_pipe_raw` has it.
//!
//! The layout is that of `struct buffer_data_page` in `kernel/trace/ring_buffer.c`, of a machine of
//! 64 bits that is little endian: a time, the length of the data, then events. An event begins with
//! a word of which the low 5 bits are its type or its length, and the others the time since the one
//! before.

/// The length of the header.
const HEADER: usize = 16;

/// A bit of the length: events before this page were overwritten.
const MISSED: u64 = 1 << 31;

/// And how many is stored behind the data.
const MISSED_STORED: u64 = 1 << 30;

/// The types of events that carry no data; below these, it is the length in words.
const PADDING: u32 = 29;
const TIME_EXTEND: u32 = 30;
const TIME_STAMP: u32 = 31;

/// The bits of a time that an absolute time stamp does not have.
const HIGH: u64 = 0xf8 << 56;

/// A page.
pub struct Page<'a> {
    data: &'a [u8],
    ns: u64,
    /// How many events before the page were overwritten; at least 1 if the number is not known.
    pub missed: u64,
}

impl<'a> Page<'a> {
    /// The page in these bytes; `None` if they are too short for what the page says.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let word = |at: usize| {
            let bytes = bytes.get(at..at.checked_add(8)?)?;

            Some(u64::from_le_bytes(bytes.try_into().ok()?))
        };
        let (ns, commit) = (word(0)?, word(8)?);
        let len = (commit & (MISSED_STORED - 1)) as usize;
        let data = bytes.get(HEADER..HEADER + len)?;
        let missed = match (commit & MISSED != 0, commit & MISSED_STORED != 0) {
            (false, _) => 0,
            (true, true) => word(HEADER + len)?,
            (true, false) => 1,
        };

        Some(Self { data, ns, missed })
    }
}

/// An event of a page: its time and its data.
impl<'a> Iterator for Page<'a> {
    type Item = (u64, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let word = |at: usize| {
                let bytes = self.data.get(at..at + 4)?;

                Some(u32::from_le_bytes(bytes.try_into().ok()?))
            };
            let head = word(0)?;
            let (kind, delta) = (head & 31, u64::from(head >> 5));
            let (begin, end) = match kind {
                // The end of the page.
                PADDING if delta == 0 => return None,
                PADDING | 0 => (8, 4 + word(4)? as usize),
                TIME_EXTEND | TIME_STAMP => (8, 8),
                words => (4, 4 + 4 * words as usize),
            };
            let long = || Some((u64::from(word(4)?) << 27) + delta);

            self.ns = match kind {
                PADDING => self.ns,
                TIME_EXTEND => self.ns.wrapping_add(long()?),
                TIME_STAMP => long()? | (self.ns & HIGH),
                _ => self.ns.wrapping_add(delta),
            };
            let data = self.data.get(begin..end)?;

            self.data = &self.data[end..];
            if kind < PADDING {
                return Some((self.ns, data));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn page(commit: u64, words: &[u32]) -> Vec<u8> {
        let mut bytes = 1000u64.to_le_bytes().to_vec();

        bytes.extend(commit.to_le_bytes());
        bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
        bytes
    }

    #[test]
    fn events() {
        let words = [
            // One word, 5 ns later; and then 2^27 + 1 ns.
            1 | (5 << 5),
            7,
            TIME_EXTEND | (1 << 5),
            1,
            // Discarded.
            PADDING | (1 << 5),
            8,
            0,
            // With a length of its own: 4 of the length, 8 of the data.
            2 << 5,
            12,
            8,
            9,
            TIME_STAMP | (3 << 5),
            0,
            1,
            10,
            PADDING,
        ];
        let bytes = page(4 * words.len() as u64, &words);
        let events: Vec<_> = Page::parse(&bytes)
            .unwrap()
            .map(|(ns, data)| (ns, data.to_vec()))
            .collect();

        assert_eq!(
            events,
            [
                (1005, vec![7, 0, 0, 0]),
                (1005 + (1 << 27) + 1 + 2, vec![8, 0, 0, 0, 9, 0, 0, 0]),
                (3, vec![10, 0, 0, 0]),
            ]
        );
    }

    #[test]
    fn missed() {
        let missed = |commit, words: &[u32]| Page::parse(&page(commit, words)).unwrap().missed;

        assert_eq!(missed(0, &[]), 0);
        assert_eq!(missed(MISSED, &[]), 1);
        assert_eq!(missed(MISSED | MISSED_STORED | 8, &[1, 2, 30, 0]), 30);
        assert!(Page::parse(&page(MISSED | MISSED_STORED | 8, &[1, 2, 30])).is_none());
        assert!(Page::parse(&page(8, &[1])).is_none());
    }

    proptest! {
        #[test]
        fn any_page(
            commit in 0u64..1 << 32,
            bytes in proptest::collection::vec(any::<u32>(), 0..64),
        ) {
            if let Some(page) = Page::parse(&page(commit, &bytes)) {
                prop_assert!(page.count() <= bytes.len());
            }
        }
    }
}
