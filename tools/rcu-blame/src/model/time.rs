// SPDX-License-Identifier: GPL-2.0

//! Times, in the words of a person.

use std::{fmt, str::FromStr};
use thiserror::Error;

/// A time in nanoseconds, shown with three digits that count: `2.20 s`, `81 ms`, `640 us`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Ns(pub u64);

impl fmt::Display for Ns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0;
        let text = match ns {
            0..1_000 => format!("{ns} ns"),
            1_000..1_000_000 => format!("{} us", ns / 1_000),
            1_000_000..10_000_000 => format!("{:.1} ms", ns as f64 / 1e6),
            10_000_000..1_000_000_000 => format!("{} ms", ns / 1_000_000),
            1_000_000_000..100_000_000_000 => format!("{:.2} s", ns as f64 / 1e9),
            _ => format!("{} s", ns / 1_000_000_000),
        };

        f.pad(&text)
    }
}

/// A text that is no time.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("a time is a number with a unit, as 500us, 100ms, 2s, 5m or 1h")]
pub struct NoTime;

/// A number with a unit, or one of seconds, as rtla takes it.
impl FromStr for Ns {
    type Err = NoTime;

    fn from_str(text: &str) -> Result<Self, NoTime> {
        let end = text
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(text.len());
        let (number, unit) = text.split_at(end);
        let ns: u64 = match unit {
            "ns" => 1,
            "us" => 1_000,
            "ms" => 1_000_000,
            "" | "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "d" => 86_400_000_000_000,
            _ => return Err(NoTime),
        };
        let (whole, part) = number.split_once('.').unwrap_or((number, ""));

        if whole.is_empty() || part.len() > 9 || part.contains('.') || number.ends_with('.') {
            return Err(NoTime);
        }
        let whole: u64 = whole.parse().map_err(|_| NoTime)?;
        let billionths: u64 = format!("{part:0<9}").parse().map_err(|_| NoTime)?;
        let part = u128::from(billionths) * u128::from(ns) / 1_000_000_000;

        whole
            .checked_mul(ns)
            .and_then(|whole| whole.checked_add(part as u64))
            .map(Self)
            .ok_or(NoTime)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn shown() {
        let shown = |ns| Ns(ns).to_string();

        assert_eq!(shown(999), "999 ns");
        assert_eq!(shown(640_123), "640 us");
        assert_eq!(shown(1_500_000), "1.5 ms");
        assert_eq!(shown(81_999_999), "81 ms");
        assert_eq!(shown(2_204_000_000), "2.20 s");
        assert_eq!(shown(u64::MAX), "18446744073 s");
    }

    #[test]
    fn parsed() {
        let parsed = |text: &str| text.parse::<Ns>().map(|ns| ns.0);

        assert_eq!(parsed("100ms"), Ok(100_000_000));
        assert_eq!(parsed("1.5s"), Ok(1_500_000_000));
        assert_eq!(parsed("3"), Ok(3_000_000_000));
        assert_eq!(parsed("0us"), Ok(0));
        for bad in [
            "",
            "ms",
            "1.s",
            "1..5s",
            "-1s",
            "1 s",
            "1x",
            ".5s",
            "99999999999h",
            "1.2.3",
        ] {
            assert_eq!(parsed(bad), Err(NoTime), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text(text in ".{0,20}") {
            let _ = text.parse::<Ns>();
        }

        #[test]
        fn exact(ns: u64) {
            prop_assert_eq!(format!("{ns}ns").parse::<Ns>(), Ok(Ns(ns)));
        }
    }
}
