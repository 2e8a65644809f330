// SPDX-License-Identifier: GPL-2.0

//! Lists of CPUs, as the kernel and rtla write them: `0,4-7`.

use std::str::FromStr;
use thiserror::Error;

/// The highest CPU that a list may have: NR_CPUS is 8192 at most.
const MAX: u32 = 8191;

/// A list of CPUs.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct CpuList(Vec<(u32, u32)>);

/// A text that is no list of CPUs.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("a list of CPUs is numbers and ranges of these, as 0,4-7")]
pub struct NoList;

impl CpuList {
    /// Whether it has that CPU.
    pub fn has(&self, cpu: u32) -> bool {
        self.0.iter().any(|(from, to)| (*from..=*to).contains(&cpu))
    }

    /// Its CPUs.
    pub fn cpus(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().flat_map(|(from, to)| *from..=*to)
    }
}

impl FromStr for CpuList {
    type Err = NoList;

    fn from_str(text: &str) -> Result<Self, NoList> {
        let number = |text: &str| {
            text.parse()
                .ok()
                .filter(|cpu| *cpu <= MAX && text.bytes().all(|c| c.is_ascii_digit()))
                .ok_or(NoList)
        };

        text.split(',')
            .map(|range| {
                let (from, to) = range.split_once('-').unwrap_or((range, range));
                let (from, to) = (number(from)?, number(to)?);

                (from <= to).then_some((from, to)).ok_or(NoList)
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lists() {
        let list: CpuList = "0,4-6".parse().unwrap();

        assert_eq!(list.cpus().collect::<Vec<_>>(), [0, 4, 5, 6]);
        assert!(list.has(5) && !list.has(3));
        for bad in [
            "",
            ",",
            "1-",
            "-1",
            "3-2",
            "+1",
            "1,",
            "8192",
            "a",
            "0-99999999999",
        ] {
            assert_eq!(bad.parse::<CpuList>(), Err(NoList), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in ".{0,20}") {
            if let Ok(list) = text.parse::<CpuList>() {
                prop_assert!(list.cpus().all(|cpu| list.has(cpu)));
            }
        }
    }
}
