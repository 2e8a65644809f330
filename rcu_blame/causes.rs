// SPDX-License-Identifier: GPL-2.0

//! Causes: the [intervals](super::intervals) that a slow grace period, or a slow wait, overlaps
//! most.

use super::{
    intervals::{
        Interval,
        Kind,
        Span, //
    },
    name::Name,
    stack::Symbols, //
};
use kernel::{
    seq_file::SeqFile,
    seq_print, //
};

/// Up to `N` causes, the greatest overlap first.
#[derive(Clone, Copy)]
pub(super) struct Causes<const N: usize> {
    pub(super) intervals: [Option<Interval>; N],
    /// By cause: the task that had its CPU for longest meanwhile, and for how long.
    pub(super) most: [Option<(Name, u64)>; N],
}

impl<const N: usize> Default for Causes<N> {
    fn default() -> Self {
        Self {
            intervals: [None; N],
            most: [None; N],
        }
    }
}

impl<const N: usize> Causes<N> {
    fn iter(&self) -> impl Iterator<Item = (&Interval, &Option<(Name, u64)>)> {
        self.intervals
            .iter()
            .zip(&self.most)
            .filter_map(|(interval, most)| Some((interval.as_ref()?, most)))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.iter().count()
    }

    /// The part of that time that none overlaps.
    pub(super) fn unexplained_ns(&self, time: Span) -> u64 {
        let times = || self.iter().map(|(interval, _)| interval.time);
        let mut at = time.begin;
        let mut unexplained: u64 = 0;

        // All before `at` has been looked at.
        while at < time.end {
            let covered = times().filter(|time| time.begin <= at).map(|time| time.end);
            let later = times().map(|time| time.begin).filter(|begin| *begin > at);

            at = match covered.max().filter(|end| *end > at) {
                Some(end) => end,
                None => {
                    let next = later.min().unwrap_or(time.end).min(time.end);

                    unexplained = unexplained.wrapping_add(next.saturating_sub(at));
                    next
                }
            };
        }
        unexplained
    }

    /// Shows them, as causes of what took that time: a line for each.
    pub(super) fn show(&self, time: Span, seq: &SeqFile, symbols: &mut Symbols) {
        for (interval, most) in self.iter() {
            seq_print!(seq, "cause kind={}", interval.kind.name());
            interval.task.show(seq, "");
            seq_print!(
                seq,
                " cpu={} begin_ns={} duration_ns={} overlap_ns={}",
                interval.cpu,
                interval.time.begin,
                interval.time.ns(),
                interval.time.and(time).ns()
            );
            if let Some(by) = &interval.by {
                by.show(seq, "by_");
            }
            if interval.kind == Kind::Cpu {
                seq_print!(
                    seq,
                    " user_ns={} system_ns={}",
                    interval.user_ns,
                    interval.system_ns
                );
            } else if interval.kind == Kind::Section {
                seq_print!(seq, " ran_ns={}", interval.ran_ns);
            } else if let Some((most, most_ns)) = most {
                most.show(seq, "most_");
                seq_print!(seq, " most_ns={most_ns}");
            }
            if let Some(boosted_at) = interval.boosted_at {
                seq_print!(
                    seq,
                    " boosted_after_ns={}",
                    boosted_at.saturating_sub(interval.time.begin)
                );
            }
            symbols.show(seq, &interval.stack);
            seq_print!(seq, "\n");
        }
    }
}
