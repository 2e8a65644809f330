// SPDX-License-Identifier: GPL-2.0

//! The table `stats`, and the histograms.

use std::collections::BTreeMap;

/// The numbers of `stats`, by key.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Numbers(BTreeMap<String, u64>);

impl Numbers {
    /// The numbers in the text of the table: lines `key value`. `None` if one is in another form.
    pub fn parse(text: &str) -> Option<Self> {
        text.lines()
            .map(|line| {
                let (key, value) = line.split_once(' ')?;

                Some((key.to_string(), value.parse().ok()?))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The number; 0 if the module has no such key.
    pub fn get(&self, key: &str) -> u64 {
        self.0.get(key).copied().unwrap_or(0)
    }

    /// Whether the module has such a key.
    pub fn has(&self, key: &str) -> bool {
        self.0.contains_key(key)
    }

    /// By how much the number has grown since `before`; 0 if it is smaller.
    pub fn since(&self, before: &Self, key: &str) -> u64 {
        self.get(key).saturating_sub(before.get(key))
    }

    /// Keys and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, u64)> {
        self.0.iter().map(|(key, value)| (key.as_str(), *value))
    }
}

/// A log2 histogram: how many values are from a power of two on, and below twice that.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Histogram(BTreeMap<u64, u64>);

impl Histogram {
    /// The histogram in the text of a file: lines `LOW COUNT`. `None` if one is in another form.
    pub fn parse(text: &str) -> Option<Self> {
        text.lines()
            .map(|line| {
                let (low, count) = line.split_once(' ')?;

                Some((low.parse().ok()?, count.parse().ok()?))
            })
            .collect::<Option<_>>()
            .map(Self)
    }

    /// The histogram of these values.
    pub fn of(values: &[u64]) -> Self {
        let mut histogram = Self::default();

        for value in values {
            *histogram.0.entry(low(*value)).or_default() += 1;
        }
        histogram
    }

    /// How many values there are.
    pub fn count(&self) -> u64 {
        self.0
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The values that `before` does not have.
    pub fn since(&self, before: &Self) -> Self {
        let count = |low: &u64| before.0.get(low).copied().unwrap_or(0);

        Self(
            self.0
                .iter()
                .map(|(low, n)| (*low, n.saturating_sub(count(low))))
                .filter(|(_, n)| *n > 0)
                .collect(),
        )
    }

    /// The powers of two, and how many values each has.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, u64)> + '_ {
        self.0.iter().map(|(low, count)| (*low, *count))
    }
}

/// The exponent of the power of two whose bucket has the value: 0 is with 1.
pub fn exponent(value: u64) -> u32 {
    value.max(1).ilog2()
}

/// That power of two.
pub fn low(value: u64) -> u64 {
    1 << exponent(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn tables() {
        let before = Numbers::parse("lost 1\nenabled 1\n").unwrap();
        let after = Numbers::parse("lost 4\n").unwrap();

        assert_eq!(after.since(&before, "lost"), 3);
        assert_eq!(after.since(&before, "enabled"), 0);
        assert!(Numbers::parse("lost\n").is_none());
        let histogram = Histogram::parse("4 2\n8 1\n").unwrap();

        assert_eq!(Histogram::of(&[4, 8, 7]), histogram);
        assert_eq!(
            histogram.since(&Histogram::of(&[5])),
            Histogram::of(&[4, 8])
        );
        assert!(Histogram::parse("4 x\n").is_none());
    }

    proptest! {
        #[test]
        fn buckets(value: u64) {
            let low = low(value);

            prop_assert!(low.is_power_of_two());
            prop_assert!(low <= value.max(1) && (value >> 1) < low);
        }
    }
}
