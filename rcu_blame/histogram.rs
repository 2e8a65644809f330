// SPDX-License-Identifier: GPL-2.0

//! Log2 histograms.

use super::number::Number;
use crate::tracepoint_glue::probe_state;

/// One for each power of two.
const BUCKETS: usize = u64::BITS as usize;

probe_state! {
    /// How often what was, on one CPU.
    ///
    /// The count is that of the buckets, so it is exact whenever it is looked at; the sum wraps.
    pub(super) struct Histogram {
        /// `[i]` has the values from 2^i on, and below 2^(i+1); 0 is with 1.
        buckets: [Number; BUCKETS],
        sum: Number,
        min: Number,
        max: Number,
    }
}

impl Histogram {
    pub(super) fn new() -> Self {
        Self {
            buckets: [const { Number::new(0) }; BUCKETS],
            sum: Number::new(0),
            min: Number::new(u64::MAX),
            max: Number::new(0),
        }
    }

    /// Adds a value. On the CPU that it belongs to, with interrupts off: so no other comes between
    /// the look at an extreme and the write of it.
    #[inline(always)]
    pub(super) fn record(&self, value: u64) {
        if let Some(bucket) = self.buckets.get((value | 1).ilog2() as usize) {
            bucket.count();
        }
        self.sum.add(value);
        if value < self.min.get() {
            self.min.set(value);
        }
        if value > self.max.get() {
            self.max.set(value);
        }
    }
}

/// The sum of the histograms of several CPUs.
pub(super) struct Total {
    buckets: [u64; BUCKETS],
    pub(super) sum: u64,
    min: u64,
    pub(super) max: u64,
}

impl Total {
    pub(super) fn new() -> Self {
        Self {
            buckets: [0; BUCKETS],
            sum: 0,
            min: u64::MAX,
            max: 0,
        }
    }

    pub(super) fn add(&mut self, one: &Histogram) {
        for (sum, bucket) in self.buckets.iter_mut().zip(&one.buckets) {
            *sum = sum.wrapping_add(bucket.get());
        }
        self.sum = self.sum.wrapping_add(one.sum.get());
        self.min = self.min.min(one.min.get());
        self.max = self.max.max(one.max.get());
    }

    pub(super) fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, n| sum.wrapping_add(*n))
    }

    /// 0 if there are no values.
    pub(super) fn min(&self) -> u64 {
        if self.min > self.max {
            0
        } else {
            self.min
        }
    }

    /// The buckets that have values: the least value of each, and how many there are.
    pub(super) fn pairs(&self) -> impl Iterator<Item = (u64, u64)> + '_ {
        self.buckets
            .iter()
            .enumerate()
            .filter(|(_, count)| **count != 0)
            .map(|(i, count)| (if i == 0 { 0 } else { 1 << i }, *count))
    }
}
