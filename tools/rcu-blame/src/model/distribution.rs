// SPDX-License-Identifier: GPL-2.0

//! Percentiles of times, and the names in the tail.
//!
//! A percentile is the value of the nearest rank. The values of a histogram are known by powers of
//! two; those that were slow have records of their own, and are known exactly.

use super::numbers::{low, Histogram};
use serde::Serialize;
use std::collections::BTreeMap;

/// The percentiles that are shown.
pub const PERCENTS: [f64; 4] = [50.0, 90.0, 99.0, 99.9];

/// How many names of the tail are shown.
const NAMES: usize = 10;

/// A percentile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Percentile {
    /// Which one.
    pub percent: f64,
    /// Its value, or if that is not exact the greatest that it may have.
    pub ns: u64,
    /// Whether the value is exact.
    pub exact: bool,
}

/// A bucket of the histogram.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Bucket {
    /// The least value; the greatest is below twice that.
    pub low_ns: u64,
    /// How many there are.
    pub count: u64,
}

/// A name of which values are in the tail.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct Above {
    /// The name.
    pub name: String,
    /// How many values.
    pub count: u64,
    /// The greatest.
    pub max_ns: u64,
}

/// A value, and the name that goes with it.
pub type Named = (u64, String);

/// The times of one kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Distribution {
    /// The kind.
    pub name: &'static str,
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum_ns: u64,
    /// The greatest, or an upper bound.
    pub max_ns: u64,
    /// Whether that is exact.
    pub max_is_exact: bool,
    /// The percentiles, none if there are no values.
    pub percentiles: Vec<Percentile>,
    /// The names from the 99th percentile on, the greatest value first.
    pub above: Vec<Above>,
    /// The histogram.
    pub buckets: Vec<Bucket>,
}

impl Distribution {
    /// Of values that are all known.
    pub fn of_values(name: &'static str, values: Vec<Named>) -> Self {
        let numbers: Vec<u64> = values.iter().map(|(ns, _)| *ns).collect();
        let sum_ns = numbers.iter().fold(0u64, |sum, ns| sum.saturating_add(*ns));

        Self::new(name, &Histogram::of(&numbers), sum_ns, None, values)
    }

    /// Of a histogram whose greatest value is at most `bound`, with the values in `tail`, which are
    /// known: all those above some threshold.
    pub fn new(
        name: &'static str,
        histogram: &Histogram,
        sum_ns: u64,
        bound: Option<u64>,
        mut tail: Vec<Named>,
    ) -> Self {
        let count = histogram.count();

        tail.sort_by(|a, b| b.cmp(a));
        let known = Known {
            histogram,
            bound: bound.filter(|bound| *bound > 0).unwrap_or(u64::MAX),
            tail: &tail,
        };
        let mut percentiles: Vec<_> = PERCENTS
            .iter()
            .filter(|_| count > 0)
            .map(|percent| {
                let (ns, exact) = known.greatest(count - rank(*percent, count));

                Percentile {
                    percent: *percent,
                    ns,
                    exact,
                }
            })
            .collect();
        let (max_ns, max_is_exact) = if count > 0 {
            known.greatest(0)
        } else {
            (0, true)
        };

        // A value is at most the one of a higher percentile, and so is a bound of it.
        percentiles.iter_mut().rev().fold(max_ns, |higher, p| {
            p.ns = p.ns.min(higher);
            p.ns
        });

        let from = percentiles
            .iter()
            .find(|p| p.percent == 99.0)
            .map_or(u64::MAX, |p| p.ns);

        Self {
            name,
            count,
            sum_ns,
            max_ns,
            max_is_exact,
            above: above(&tail, from),
            percentiles,
            buckets: histogram
                .iter()
                .map(|(low_ns, count)| Bucket { low_ns, count })
                .collect(),
        }
    }

    /// The percentile, if there are values.
    pub fn percentile(&self, percent: f64) -> Option<&Percentile> {
        self.percentiles.iter().find(|p| p.percent == percent)
    }
}

/// The nearest rank of a percentile of `count` values, from 1.
fn rank(percent: f64, count: u64) -> u64 {
    let tenths = (percent * 10.0).round() as u128;

    ((tenths * u128::from(count)).div_ceil(1000) as u64).clamp(1, count)
}

/// The facts about values.
struct Known<'a> {
    histogram: &'a Histogram,
    bound: u64,
    /// The greatest first.
    tail: &'a [Named],
}

impl Known<'_> {
    /// The value that `n` others are not below, and whether it is exact.
    fn greatest(&self, n: u64) -> (u64, bool) {
        let mut seen = 0u64;
        let bucket = self
            .histogram
            .iter()
            .rev()
            .find(|(_, count)| {
                seen = seen.saturating_add(*count);
                seen > n
            })
            .map_or(0, |(low, _)| low);
        let exact = usize::try_from(n).ok().and_then(|n| self.tail.get(n));

        match exact {
            // A record and the histogram may be of slightly different times.
            Some((ns, _)) if low(*ns) == bucket => (*ns, true),
            _ => (
                bucket.saturating_mul(2).saturating_sub(1).min(self.bound),
                false,
            ),
        }
    }
}

/// The names of the values from `from` on.
fn above(tail: &[Named], from: u64) -> Vec<Above> {
    let mut names: BTreeMap<&str, (u64, u64)> = BTreeMap::new();

    for (ns, name) in tail.iter().filter(|(ns, _)| *ns >= from) {
        let (count, max) = names.entry(name).or_default();

        *count += 1;
        *max = (*max).max(*ns);
    }
    let mut above: Vec<_> = names
        .into_iter()
        .map(|(name, (count, max_ns))| Above {
            name: name.into(),
            count,
            max_ns,
        })
        .collect();

    above.sort_by(|a, b| b.max_ns.cmp(&a.max_ns).then(a.name.cmp(&b.name)));
    above.truncate(NAMES);
    above
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn named(values: &[u64]) -> Vec<Named> {
        values
            .iter()
            .map(|ns| (*ns, format!("task{}", ns % 3)))
            .collect()
    }

    #[test]
    fn exact() {
        let values: Vec<u64> = (1..=1000).collect();
        let all = Distribution::of_values("a", named(&values));
        let ns: Vec<_> = all.percentiles.iter().map(|p| (p.ns, p.exact)).collect();

        assert_eq!(ns, [(500, true), (900, true), (990, true), (999, true)]);
        assert_eq!((all.count, all.sum_ns, all.max_ns), (1000, 500500, 1000));
        assert_eq!(all.above.len(), 3);
        assert_eq!((all.above[0].count, all.above[0].max_ns), (4, 1000));
    }

    #[test]
    fn by_histogram() {
        let values: Vec<u64> = (1..=1000).collect();
        let tail = named(&values[900..]);
        let part = Distribution::new("a", &Histogram::of(&values), 500500, Some(1000), tail);
        let ns: Vec<_> = part.percentiles.iter().map(|p| (p.ns, p.exact)).collect();

        assert_eq!(ns, [(511, false), (990, false), (990, true), (999, true)]);
        let none = Distribution::of_values("a", Vec::new());

        assert!(none.percentiles.is_empty() && none.above.is_empty());
        assert_eq!(none.max_ns, 0);
    }

    proptest! {
        #[test]
        fn bounds(
            mut values in proptest::collection::vec(0u64..1 << 40, 1..80),
            keep in 0usize..80,
        ) {
            values.sort();
            let tail = named(&values[values.len().saturating_sub(keep)..]);
            let part = Distribution::new("a", &Histogram::of(&values), 0, None, tail);

            for p in &part.percentiles {
                let real = values[rank(p.percent, values.len() as u64) as usize - 1];

                prop_assert!(real <= p.ns);
                prop_assert!(!p.exact || real == p.ns);
            }
            prop_assert!(part.percentiles.is_sorted_by_key(|p| p.ns));
            prop_assert!(part.max_ns >= values[values.len() - 1]);
        }
    }
}
