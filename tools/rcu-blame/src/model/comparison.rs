// SPDX-License-Identifier: GPL-2.0

//! The difference between two reports.

use super::{
    distribution::{Above, Distribution, Percentile},
    report::{About, Report},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// A kind of times in both.
#[derive(Clone, Debug, Serialize)]
pub struct Pair {
    /// The kind.
    pub name: &'static str,
    /// How many there are.
    pub count: [u64; 2],
    /// The percentiles that both have.
    pub percentiles: Vec<[Percentile; 2]>,
    /// The greatest.
    pub max_ns: [u64; 2],
    /// Whether that is exact.
    pub max_is_exact: [bool; 2],
    /// Names of the tail of the first one only.
    pub only_in_a: Vec<Above>,
    /// Names of the tail of the second one only.
    pub only_in_b: Vec<Above>,
}

/// A reader: the time for which it was off its CPU in each.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
pub struct ReaderPair {
    /// The task's name, without its id, which is another one in each recording.
    pub comm: String,
    /// The sums.
    pub total_ns: [u64; 2],
    /// The longest times.
    pub max_ns: [u64; 2],
}

/// The difference.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// The version of this form.
    pub rcu_blame_comparison: u32,
    /// About the recordings.
    pub recordings: [About; 2],
    /// The limits of each.
    pub caveats: [Vec<String>; 2],
    /// The kinds of times.
    pub pairs: Vec<Pair>,
    /// The readers, those first whose longest time differs most.
    pub readers: Vec<ReaderPair>,
}

impl Comparison {
    /// The difference from `a` to `b`.
    pub fn new(a: &Report, b: &Report) -> Self {
        Self {
            rcu_blame_comparison: 1,
            recordings: [a.recording.clone(), b.recording.clone()],
            caveats: [a.caveats.clone(), b.caveats.clone()],
            pairs: a
                .distributions
                .iter()
                .filter_map(|d| Some(pair(d, b.distribution(d.name)?)))
                .collect(),
            readers: readers(a, b),
        }
    }
}

/// A name without the id of the task.
fn comm(name: &str) -> &str {
    name.rsplit_once('[').map_or(name, |(comm, _)| comm)
}

fn pair(a: &Distribution, b: &Distribution) -> Pair {
    let only = |these: &[Above], others: &[Above]| {
        these
            .iter()
            .filter(|this| {
                !others
                    .iter()
                    .any(|other| comm(&other.name) == comm(&this.name))
            })
            .cloned()
            .collect()
    };

    Pair {
        name: a.name,
        count: [a.count, b.count],
        percentiles: a
            .percentiles
            .iter()
            .zip(&b.percentiles)
            .map(|(a, b)| [a.clone(), b.clone()])
            .collect(),
        max_ns: [a.max_ns, b.max_ns],
        max_is_exact: [a.max_is_exact, b.max_is_exact],
        only_in_a: only(&a.above, &b.above),
        only_in_b: only(&b.above, &a.above),
    }
}

fn readers(a: &Report, b: &Report) -> Vec<ReaderPair> {
    let mut readers: BTreeMap<&str, ReaderPair> = BTreeMap::new();

    for (i, report) in [a, b].into_iter().enumerate() {
        for reader in &report.readers {
            let comm = comm(&reader.name);
            let pair = readers.entry(comm).or_insert_with(|| ReaderPair {
                comm: comm.into(),
                total_ns: [0; 2],
                max_ns: [0; 2],
            });

            pair.total_ns[i] = pair.total_ns[i].saturating_add(reader.total_ns);
            pair.max_ns[i] = pair.max_ns[i].max(reader.max_ns);
        }
    }
    let mut readers: Vec<_> = readers.into_values().collect();

    readers.sort_by(|a, b| {
        let differs = |pair: &ReaderPair| pair.max_ns[0].abs_diff(pair.max_ns[1]);

        differs(b).cmp(&differs(a)).then(a.comm.cmp(&b.comm))
    });
    readers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{event::Event, report::Facts};

    fn report(events: &[(u64, &str)]) -> Report {
        Report::new(Facts {
            events: events
                .iter()
                .map(|(ns, text)| Event::parse(*ns, 0, text.as_bytes()).unwrap())
                .collect(),
            ..Facts::default()
        })
    }

    #[test]
    fn difference() {
        let a = report(&[(100, "reader_resumed pid=1 comm=a off_ns=50")]);
        let b = report(&[
            (100, "reader_resumed pid=2 comm=a off_ns=60"),
            (900, "reader_resumed pid=3 comm=b off_ns=800"),
        ]);
        let comparison = Comparison::new(&a, &b);
        let off = comparison
            .pairs
            .iter()
            .find(|p| p.name == "reader_off")
            .unwrap();

        assert_eq!(off.count, [1, 2]);
        assert_eq!(off.max_ns, [50, 800]);
        assert_eq!(off.only_in_a[0].name, "a[1]");
        assert_eq!(off.only_in_b[0].name, "b[3]");
        assert_eq!(comparison.readers[0].comm, "b");
        assert_eq!(comparison.readers[1].total_ns, [50, 60]);
    }
}
