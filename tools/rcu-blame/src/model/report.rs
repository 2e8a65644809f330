// SPDX-License-Identifier: GPL-2.0

//! The report of a recording: all that the views of `rcu-blame report` show.

use super::{
    distribution::{Distribution, Named},
    event::{Event, Subject},
    grace_periods::{Cause, Kind, SlowGp},
    held::GpType,
    numbers::{Histogram, Numbers},
    timeline::Timeline,
    verdict::{self, Verdict},
    waiters::Wait,
};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// The version of the report's JSON form.
const FORMAT: u32 = 1;

/// The facts about the recording itself.
#[derive(Clone, Debug, Default, Serialize)]
pub struct About {
    /// The release of the kernel.
    pub kernel: String,
    /// The machine's architecture.
    pub machine: String,
    /// The version that the module tells.
    pub module: Option<String>,
    /// The command that was run, with what is not plain text escaped.
    pub command: Vec<String>,
    /// How many CPUs.
    pub cpus: usize,
    /// When it began, by `CLOCK_REALTIME`.
    pub realtime_ns: u64,
    /// When it began, by `CLOCK_BOOTTIME`.
    pub boottime_ns: u64,
    /// When it began, by `CLOCK_MONOTONIC`, as all times of the report.
    pub begin_ns: u64,
    /// When it ended.
    pub end_ns: u64,
    /// The threshold of slow grace periods and waits; 0 for none.
    pub gp_threshold_ns: u64,
    /// Whether the recording has its end.
    pub complete: bool,
}

/// The numbers at one end of a recording.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// `stats`.
    pub stats: Numbers,
    /// The histograms, by name.
    pub histograms: BTreeMap<String, Histogram>,
}

/// The facts that a report is made of.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// About the recording.
    pub about: About,
    /// Mistakes and losses that the reader of the file has seen.
    pub caveats: Vec<String>,
    /// The numbers of the beginning.
    pub begin: Snapshot,
    /// Those of the end, if the recording has them.
    pub end: Option<Snapshot>,
    /// The events, by time.
    pub events: Vec<Event>,
    /// The slow grace periods.
    pub slow: Vec<SlowGp>,
    /// The slow waits.
    pub waits: Vec<Wait>,
}

/// A reader, with the sums of the recording.
#[derive(Clone, Debug, Serialize)]
pub struct Reader {
    /// The task.
    pub name: String,
    /// How often it was off its CPU in a section.
    pub absences: u64,
    /// For how long in all.
    pub total_ns: u64,
    /// The longest.
    pub max_ns: u64,
    /// How often RCU boosted it.
    pub boosts: u64,
}

/// A slow grace period, and the verdict on it.
#[derive(Clone, Debug, Serialize)]
pub struct Slow {
    /// The grace period.
    #[serde(flatten)]
    pub gp: SlowGp,
    /// The verdict, with the longest wait for that grace period, if there is one.
    pub verdict: Verdict,
}

/// The report.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub rcu_blame_report: u32,
    /// About the recording.
    pub recording: About,
    /// The limits of what follows, each a sentence.
    pub caveats: Vec<String>,
    /// How many events there are of each name.
    pub events: BTreeMap<String, u64>,
    /// Grace periods, waits, readers and boosts.
    pub distributions: Vec<Distribution>,
    /// The readers, the longest absence first.
    pub readers: Vec<Reader>,
    /// The slow grace periods, the longest first.
    pub slow_grace_periods: Vec<Slow>,
    /// The slow waits, the longest first.
    pub slow_waits: Vec<Wait>,
    /// The intervals.
    #[serde(skip)]
    pub timeline: Timeline,
}

impl Report {
    /// The report of these facts.
    pub fn new(facts: Facts) -> Self {
        let (begin_ns, end_ns) = (facts.about.begin_ns, facts.about.end_ns);
        let timeline = Timeline::new(&facts.events, begin_ns, end_ns);
        let mut events = BTreeMap::new();

        for event in &facts.events {
            *events.entry(event.name.to_string()).or_default() += 1;
        }
        Self {
            rcu_blame_report: FORMAT,
            caveats: caveats(&facts, &timeline),
            distributions: distributions(&facts, &timeline),
            readers: readers(&timeline),
            recording: facts.about,
            events,
            slow_grace_periods: slow(facts.slow, &facts.waits),
            slow_waits: longest_first(facts.waits, |wait| wait.duration_ns),
            timeline,
        }
    }

    /// The distribution of that name.
    pub fn distribution(&self, name: &str) -> Option<&Distribution> {
        self.distributions.iter().find(|d| d.name == name)
    }
}

/// The cause in a few words: its kind, and the task.
pub fn cause_name(cause: &Cause) -> String {
    let kind = match cause.kind {
        Kind::Reader => "reader",
        Kind::Thread => "thread",
        Kind::Cpu => "on CPU",
        Kind::Section => "in section",
    };

    format!("{kind} {}", cause.task)
}

fn longest_first<T>(mut all: Vec<T>, ns: impl Fn(&T) -> u64) -> Vec<T> {
    all.sort_by_key(|one| std::cmp::Reverse(ns(one)));
    all
}

fn slow(gps: Vec<SlowGp>, waits: &[Wait]) -> Vec<Slow> {
    let of = |gp: SlowGp| Slow {
        verdict: verdict::past(
            waits
                .iter()
                .filter(|wait| wait.gp == Some((gp.gp_type, gp.seq)))
                .max_by_key(|wait| wait.duration_ns),
            &gp,
        ),
        gp,
    };

    longest_first(gps, |gp| gp.duration_ns)
        .into_iter()
        .map(of)
        .collect()
}

fn gp_name(gp: &SlowGp) -> String {
    gp.causes.first().map_or("no cause seen".into(), cause_name)
}

fn distributions(facts: &Facts, timeline: &Timeline) -> Vec<Distribution> {
    let end = facts.end.as_ref();
    let by_histogram = |name: &'static str, tail: Vec<Named>| {
        let Some(end) = end else {
            return Distribution::of_values(name, tail);
        };
        let of = |snapshot: &Snapshot| snapshot.histograms.get(name).cloned().unwrap_or_default();

        Distribution::new(
            name,
            &of(end).since(&of(&facts.begin)),
            end.stats
                .since(&facts.begin.stats, &format!("{name}_sum_ns")),
            Some(end.stats.get(&format!("{name}_max_ns"))),
            tail,
        )
    };
    let gps = |gp_type: GpType| {
        facts
            .slow
            .iter()
            .filter(|gp| gp.gp_type == gp_type)
            .map(|gp| (gp.duration_ns, gp_name(gp)))
            .collect()
    };
    let waits = |function: &str| {
        facts
            .waits
            .iter()
            .filter(|wait| wait.function.bytes() == function.as_bytes())
            .map(|wait| (wait.duration_ns, wait.task.to_string()))
            .collect()
    };
    let complete = |intervals: &[super::timeline::Interval]| {
        intervals
            .iter()
            .filter(|interval| !interval.is_cut)
            .map(|interval| (interval.ns(), interval.task.to_string()))
            .collect()
    };
    let delays = timeline
        .boost_delays
        .iter()
        .map(|(ns, task)| (*ns, task.to_string()))
        .collect();

    vec![
        by_histogram("gp_normal", gps(GpType::Normal)),
        by_histogram("gp_expedited", gps(GpType::Expedited)),
        by_histogram("synchronize_rcu", waits("synchronize_rcu")),
        by_histogram(
            "synchronize_rcu_expedited",
            waits("synchronize_rcu_expedited"),
        ),
        by_histogram("rcu_barrier", waits("rcu_barrier")),
        Distribution::of_values("reader_off", complete(&timeline.absences)),
        Distribution::of_values("boost_delay", delays),
        Distribution::of_values("boosted", complete(&timeline.boosts)),
    ]
}

fn readers(timeline: &Timeline) -> Vec<Reader> {
    let mut readers: BTreeMap<&Subject, Reader> = BTreeMap::new();
    let mut of = |task, add: &dyn Fn(&mut Reader)| {
        add(readers.entry(task).or_insert_with(|| Reader {
            name: task.to_string(),
            absences: 0,
            total_ns: 0,
            max_ns: 0,
            boosts: 0,
        }));
    };

    for absence in &timeline.absences {
        of(&absence.task, &|reader| {
            reader.absences += 1;
            reader.total_ns = reader.total_ns.saturating_add(absence.ns());
            reader.max_ns = reader.max_ns.max(absence.ns());
        });
    }
    for boost in &timeline.boosts {
        of(&boost.task, &|reader| reader.boosts += 1);
    }
    let mut readers: Vec<_> = readers.into_values().collect();

    readers.sort_by(|a, b| b.max_ns.cmp(&a.max_ns).then(a.name.cmp(&b.name)));
    readers
}

/// The limits of the report, each a sentence.
fn caveats(facts: &Facts, timeline: &Timeline) -> Vec<String> {
    let mut caveats = facts.caveats.clone();
    let mut say = |n: u64, one: &str, many: &str| {
        if n > 0 {
            caveats.push(format!("{n} {}", if n == 1 { one } else { many }));
        }
    };

    say(
        timeline.cut_at_begin() as u64,
        "interval began before the recording; it is as long as the module measured it.",
        "intervals began before the recording; they are as long as the module measured them.",
    );
    say(
        timeline.cut_at_end() as u64,
        "interval had not ended when the recording did; it is in no percentile.",
        "intervals had not ended when the recording did; they are in no percentile.",
    );
    let Some(end) = &facts.end else {
        caveats.push(
            "The tables of the end are missing: percentiles of grace periods and waits are of the \
             slow ones only."
                .into(),
        );
        return caveats;
    };
    let since = |key: &str| end.stats.since(&facts.begin.stats, key);

    say(
        since("lost"),
        "event was of a task that has no place in the module's table: intervals are missing.",
        "events were of tasks that have no place in the module's table: intervals are missing.",
    );
    say(
        since("tasks_evicted"),
        "task that had died gave its place in the module's table to another one.",
        "tasks that had died gave their places in the module's table to others.",
    );
    say(
        since("waits_missed"),
        "wait was not seen, because too many tasks waited at a time.",
        "waits were not seen, because too many tasks waited at a time.",
    );
    let kept = |n: usize, key: &str| since(key).saturating_sub(n as u64);

    say(
        kept(facts.slow.len(), "gp_slow"),
        "slow grace period was overwritten before it was read; its causes are missing.",
        "slow grace periods were overwritten before they were read; their causes are missing.",
    );
    say(
        kept(facts.waits.len(), "waits_slow"),
        "slow wait was overwritten before it was read.",
        "slow waits were overwritten before they were read.",
    );
    if shrunk(&facts.begin.stats, &end.stats) {
        caveats.push(
            "The numbers were reset, or the module was loaded again, during the recording: counts \
             and percentiles of grace periods and waits are too small."
                .into(),
        );
    }
    if facts.about.gp_threshold_ns == 0 {
        caveats.push("gp_threshold_us is 0, so no grace period and no wait is slow.".into());
    }
    caveats
}

/// Whether a count is smaller at the end.
fn shrunk(begin: &Numbers, end: &Numbers) -> bool {
    let counts: BTreeSet<&str> = ["switched_out", "gp_normal_count", "gp_slow"].into();

    begin
        .iter()
        .any(|(key, value)| counts.contains(key) && end.get(key) < value)
}
