// SPDX-License-Identifier: GPL-2.0

//! The intervals and the instants of a recording, from its events.

use super::{
    event::{Event, Fact, Subject},
    held::GpType,
};
use std::collections::BTreeMap;

/// An interval of a reader: off its CPU, or boosted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Interval {
    /// The reader.
    pub task: Subject,
    /// When it began, which may be before the recording did.
    pub begin_ns: u64,
    /// When it ended, or the recording.
    pub end_ns: u64,
    /// It had not ended when the recording did.
    pub is_cut: bool,
}

impl Interval {
    /// How long it was.
    pub fn ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.begin_ns)
    }
}

/// A slow grace period, from its event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GracePeriod {
    /// Its kind.
    pub gp_type: GpType,
    /// Its number.
    pub seq: u64,
    /// When it began.
    pub begin_ns: u64,
    /// When it ended.
    pub end_ns: u64,
}

/// An event without a duration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Instant {
    /// Its time.
    pub ns: u64,
    /// Its name.
    pub name: &'static str,
    /// The task.
    pub task: Subject,
}

/// The intervals and instants of a recording, each list by time of the event that ends it.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    /// When the recording began.
    pub begin_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// Readers off their CPU.
    pub absences: Vec<Interval>,
    /// Boosts by RCU.
    pub boosts: Vec<Interval>,
    /// How long after it left its CPU a reader was boosted, where that is known.
    pub boost_delays: Vec<(u64, Subject)>,
    /// The slow grace periods.
    pub grace_periods: Vec<GracePeriod>,
    /// Events without a duration.
    pub instants: Vec<Instant>,
}

impl Timeline {
    /// The timeline of these events, which are in the order of time, from `begin_ns` to `end_ns`.
    pub fn new(events: &[Event], begin_ns: u64, end_ns: u64) -> Self {
        let mut this = Self {
            begin_ns,
            end_ns,
            ..Self::default()
        };
        let (mut off, mut boosted) = (BTreeMap::new(), BTreeMap::new());

        for event in events {
            this.add(event, &mut off, &mut boosted);
        }
        let open = |(_, (begin_ns, task))| Interval {
            task,
            begin_ns,
            end_ns: end_ns.max(begin_ns),
            is_cut: true,
        };

        this.absences.extend(off.into_iter().map(open));
        this.boosts.extend(boosted.into_iter().map(open));
        this
    }

    fn add(
        &mut self,
        event: &Event,
        off: &mut BTreeMap<i32, (u64, Subject)>,
        boosted: &mut BTreeMap<i32, (u64, Subject)>,
    ) {
        let ns = event.ns;
        let ended = |task: &Subject, lasted: u64| Interval {
            task: task.clone(),
            begin_ns: ns.saturating_sub(lasted),
            end_ns: ns,
            is_cut: false,
        };
        let mut instant = |name, task: &Subject| {
            self.instants.push(Instant {
                ns,
                name,
                task: task.clone(),
            });
        };

        match &event.fact {
            Fact::Left { task, .. } => {
                off.insert(task.pid, (ns, task.clone()));
            }
            Fact::Back { task, off_ns } => {
                off.remove(&task.pid);
                self.absences.push(ended(task, *off_ns));
            }
            Fact::Boosted { task, after_ns, .. } => {
                instant("reader_boosted", task);
                boosted.insert(task.pid, (ns, task.clone()));
                if *after_ns > 0 {
                    self.boost_delays.push((*after_ns, task.clone()));
                }
            }
            Fact::Deboosted { task, boosted_ns } => {
                boosted.remove(&task.pid);
                self.boosts.push(ended(task, *boosted_ns));
            }
            Fact::Threshold { task } => instant("reader_threshold", task),
            Fact::Deferred { task } => instant("qs_deferred", task),
            Fact::GpSlow {
                gp_type,
                seq,
                duration_ns,
            } => self.grace_periods.push(GracePeriod {
                gp_type: *gp_type,
                seq: *seq,
                begin_ns: ns.saturating_sub(*duration_ns),
                end_ns: ns,
            }),
            Fact::Other => (),
        }
    }

    /// How many intervals began before the recording.
    pub fn cut_at_begin(&self) -> usize {
        self.absences
            .iter()
            .chain(&self.boosts)
            .filter(|interval| interval.begin_ns < self.begin_ns)
            .count()
    }

    /// How many had not ended when the recording did.
    pub fn cut_at_end(&self) -> usize {
        self.absences
            .iter()
            .chain(&self.boosts)
            .filter(|interval| interval.is_cut)
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals() {
        let event = |ns, text: &str| Event::parse(ns, 0, text.as_bytes()).unwrap();
        let events = [
            event(110, "reader_resumed pid=1 comm=a off_ns=50"),
            event(120, "reader_preempted pid=1 comm=a preempted=1"),
            event(130, "reader_preempted pid=2 comm=b preempted=1"),
            event(135, "reader_boosted pid=2 comm=b after_ns=5 newprio=98"),
            event(140, "reader_resumed pid=2 comm=b off_ns=10"),
            event(145, "reader_deboosted pid=2 comm=b boosted_ns=10"),
            event(150, "gp_slow expedited=0 number=4 duration_ns=30"),
        ];
        let timeline = Timeline::new(&events, 100, 200);
        let spans: Vec<_> = timeline
            .absences
            .iter()
            .map(|a| (a.task.pid, a.begin_ns, a.end_ns, a.is_cut))
            .collect();

        assert_eq!(
            spans,
            [
                (1, 60, 110, false),
                (2, 130, 140, false),
                (1, 120, 200, true)
            ]
        );
        assert_eq!((timeline.cut_at_begin(), timeline.cut_at_end()), (1, 1));
        assert_eq!(timeline.boosts[0].ns(), 10);
        assert_eq!(timeline.boost_delays[0].0, 5);
        assert_eq!(timeline.grace_periods[0].begin_ns, 120);
        assert_eq!(timeline.instants.len(), 1);
    }
}
