// SPDX-License-Identifier: GPL-2.0

//! Histograms: as a list of all the values.

use crate::rcu_blame::histogram::{
    Histogram,
    Total, //
};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// A value of any size: as many below 2^8 as above 2^56, and the edges of buckets.
fn value() -> impl Strategy<Value = u64> {
    prop_oneof![
        4 => (any::<u64>(), 0..64u32).prop_map(|(value, shift)| value >> shift),
        2 => (0..64u32, 0..=1u64).prop_map(|(bit, below)| (1 << bit) - below),
        1 => Just(u64::MAX),
    ]
}

/// The least value of a bucket, by doubling; 0 is in the one that begins below 1.
fn low(value: u64) -> u64 {
    let mut low = 1u64;

    while low.checked_mul(2).is_some_and(|next| next <= value) {
        low *= 2;
    }
    if low == 1 {
        0
    } else {
        low
    }
}

fn total(cpus: &[Vec<u64>]) -> Total {
    let mut total = Total::new();

    for values in cpus {
        let histogram = Histogram::new();

        for value in values {
            histogram.record(*value);
        }
        total.add(&histogram);
    }
    total
}

proptest! {
    #![proptest_config(super::config())]

    /// The histograms of some CPUs say of the values what the list of all values says.
    #[test]
    fn values(cpus in prop::collection::vec(prop::collection::vec(value(), 0..20), 0..4)) {
        let total = total(&cpus);
        let all = cpus.concat();
        let mut buckets = BTreeMap::new();

        for value in &all {
            *buckets.entry(low(*value)).or_insert(0u64) += 1;
        }
        prop_assert_eq!(total.pairs().collect::<Vec<_>>(), Vec::from_iter(buckets));
        prop_assert_eq!(total.count(), all.len() as u64);
        prop_assert_eq!(
            total.sum,
            all.iter().map(|value| u128::from(*value)).sum::<u128>() as u64
        );
        prop_assert_eq!(total.min(), all.iter().copied().min().unwrap_or(0));
        prop_assert_eq!(total.max, all.iter().copied().max().unwrap_or(0));
    }

    /// A value alone is the least and the greatest, and in the bucket from `low` on and below twice
    /// that.
    #[test]
    fn bucket(value in value()) {
        let total = total(&[vec![value]]);
        let pairs: Vec<_> = total.pairs().collect();

        prop_assert_eq!((total.min(), total.max), (value, value));
        prop_assert_eq!(pairs.len(), 1);

        let (low, count) = pairs[0];

        prop_assert_eq!(count, 1);
        prop_assert!(low <= value);
        prop_assert!(u128::from(value) < 2 * u128::from(low.max(1)));
    }

    /// The CPU on which a value is recorded makes no difference.
    #[test]
    fn sum_of_cpus(cpus in prop::collection::vec(prop::collection::vec(value(), 0..20), 0..4)) {
        let (apart, one) = (total(&cpus), total(&[cpus.concat()]));

        prop_assert_eq!(
            apart.pairs().collect::<Vec<_>>(),
            one.pairs().collect::<Vec<_>>()
        );
        prop_assert_eq!(
            (apart.count(), apart.sum, apart.min(), apart.max),
            (one.count(), one.sum, one.min(), one.max)
        );
    }
}
