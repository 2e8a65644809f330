// SPDX-License-Identifier: GPL-2.0

//! Samples, and what is said of them.

use kernel::{
    fmt,
    prelude::*, //
};

/// A bounded number of samples, allocated beforehand.
pub(crate) struct Samples(KVec<u64>);

impl Samples {
    pub(crate) fn with_capacity(n: usize) -> Result<Self> {
        Ok(Self(KVec::with_capacity(n, GFP_KERNEL)?))
    }

    /// Adds a sample; beyond the capacity it is dropped.
    pub(crate) fn add(&mut self, sample: u64) {
        let _ = self.0.push_within_capacity(sample);
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// The value that `percent` of the samples do not exceed; 0 if there are none.
    fn percentile(&self, percent: usize) -> u64 {
        match self.0.len() {
            0 => 0,
            n => self.0[(n - 1) * percent / 100],
        }
    }

    /// Sorts the samples, for them to be printed.
    pub(crate) fn sort(&mut self) {
        // SAFETY: The vector's elements, all initialised.
        unsafe { super::test_sort(self.0.as_mut_ptr(), self.0.len()) };
    }
}

/// `n=... median_ns=... p90_ns=... p99_ns=... max_ns=...`, of sorted samples.
impl fmt::Display for Samples {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n={}", self.len())?;
        for (name, percent) in [("median", 50), ("p90", 90), ("p99", 99), ("max", 100)] {
            write!(f, " {name}_ns={}", self.percentile(percent))?;
        }
        Ok(())
    }
}
