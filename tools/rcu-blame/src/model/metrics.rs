// SPDX-License-Identifier: GPL-2.0

//! The numbers of the module as metrics: names, labels and units as Prometheus has them.
//!
//! A family has all of its samples at each scrape. The number of samples is bounded by the machine,
//! but for cgroups: see [`Cgroups`].

use super::{
    held::Held,
    numbers::{exponent, Histogram, Numbers},
};
use std::collections::BTreeMap;

/// The bounds of histograms: powers of two from a microsecond to half a minute, in nanoseconds.
pub const BOUNDS: std::ops::RangeInclusive<u32> = 10..=35;

/// A type of families.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Type {
    /// Numbers that only grow.
    Counter,
    /// Numbers that rise and fall.
    Gauge,
    /// Histograms.
    Histogram,
}

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A count.
    Count(u64),
    /// A number with a unit.
    Number(f64),
    /// A histogram of seconds.
    Histogram {
        /// The sum.
        sum: f64,
        /// How many values.
        count: u64,
        /// Upper bounds, and how many values are above the one before.
        buckets: Vec<(f64, u64)>,
    },
}

/// A value with its labels.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The labels.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: Value,
}

/// A family of samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name, without prefix, unit and `_total`.
    pub name: &'static str,
    /// A sentence on it.
    pub help: &'static str,
    /// Its type.
    pub kind: Type,
    /// Whether it has seconds, or else a plain number.
    pub in_seconds: bool,
    /// Its samples.
    pub samples: Vec<Sample>,
}

/// A CPU's numbers: those of the table `cpus`, by heading.
pub type CpuNumbers = BTreeMap<String, u64>;

/// The facts that metrics are made of.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// `stats`.
    pub stats: Numbers,
    /// The histograms, by name.
    pub histograms: BTreeMap<String, Histogram>,
    /// `cpus`, by CPU.
    pub cpus: BTreeMap<u32, CpuNumbers>,
    /// `tasks`.
    pub tasks: Vec<TaskNumbers>,
    /// The present.
    pub held: Option<Held>,
}

/// The numbers of a task that the metrics of cgroups need.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TaskNumbers {
    /// The id of the thread.
    pub pid: u64,
    /// The id of its cgroup.
    pub cgroup: u64,
    /// For how long it was off its CPU in sections.
    pub off_ns: u64,
}

/// The table `cpus`: a line of headings, a line for each CPU.
pub fn cpus(text: &str) -> BTreeMap<u32, CpuNumbers> {
    let mut lines = text.lines().map(str::split_whitespace);
    let headings: Vec<_> = lines.next().into_iter().flatten().collect();

    lines
        .filter_map(|line| {
            let numbers: CpuNumbers = headings
                .iter()
                .zip(line)
                .filter_map(|(heading, value)| Some((heading.to_string(), value.parse().ok()?)))
                .collect();

            Some((u32::try_from(*numbers.get("CPU")?).ok()?, numbers))
        })
        .collect()
}

/// The table `tasks`: `key=value`, a task a line.
pub fn tasks(text: &str) -> Vec<TaskNumbers> {
    let value = |line: &str, key: &str| {
        line.split_whitespace()
            .find_map(|field| field.strip_prefix(key)?.strip_prefix('=')?.parse().ok())
    };

    text.lines()
        .filter_map(|line| {
            Some(TaskNumbers {
                pid: value(line, "pid")?,
                cgroup: value(line, "cgroup")?,
                off_ns: value(line, "off_ns")?,
            })
        })
        .collect()
}

/// The time for which tasks of each cgroup were off their CPU.
///
/// The first cgroups, those with the longest times first, have a label of their own for as long as
/// the program runs. All others are `other`. So there is a bound for the number of labels, and no
/// number ever gets smaller, even if the module gives the place of a dead task to another one.
#[derive(Clone, Debug)]
pub struct Cgroups {
    max: usize,
    own: BTreeMap<u64, u64>,
    other: u64,
    seen: BTreeMap<(u64, u64), u64>,
}

impl Cgroups {
    /// At most `max` cgroups have a label.
    pub fn new(max: usize) -> Self {
        Self {
            max,
            own: BTreeMap::new(),
            other: 0,
            seen: BTreeMap::new(),
        }
    }

    /// Takes in the table.
    pub fn add(&mut self, tasks: &[TaskNumbers]) {
        let mut seen = BTreeMap::new();
        let mut grown: BTreeMap<u64, u64> = BTreeMap::new();

        for task in tasks {
            let key = (task.pid, task.cgroup);
            let before = self.seen.get(&key).copied().unwrap_or(0);
            // A smaller one is that of another task.
            let more = task.off_ns.checked_sub(before).unwrap_or(task.off_ns);
            let sum = grown.entry(task.cgroup).or_default();

            *sum = sum.saturating_add(more);
            seen.insert(key, task.off_ns);
        }
        self.seen = seen;

        let mut grown: Vec<_> = grown.into_iter().filter(|(_, ns)| *ns > 0).collect();

        grown.sort_by_key(|(id, ns)| (std::cmp::Reverse(*ns), *id));
        for (id, ns) in grown {
            let has_room = self.own.len() < self.max;
            let sum = match self.own.get_mut(&id) {
                Some(sum) => sum,
                None if has_room => self.own.entry(id).or_default(),
                None => &mut self.other,
            };

            *sum = sum.saturating_add(ns);
        }
    }

    /// The ids that have a label.
    pub fn ids(&self) -> impl Iterator<Item = u64> + '_ {
        self.own.keys().copied()
    }

    fn samples(&self, name: &dyn Fn(u64) -> String) -> Vec<Sample> {
        let sample = |name: String, ns: u64| Sample {
            labels: vec![("cgroup", name)],
            value: Value::Number(seconds(ns)),
        };
        let mut samples: Vec<_> = self
            .own
            .iter()
            .map(|(id, ns)| sample(name(*id), *ns))
            .collect();

        samples.push(sample("other".into(), self.other));
        samples
    }
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}

/// The families, without any if the module is not there.
pub fn families(
    tables: Option<&Tables>,
    cgroups: &Cgroups,
    cgroup_name: &dyn Fn(u64) -> String,
) -> Vec<Family> {
    let mut families = vec![Family {
        name: "up",
        help: "Whether the tables of rcu_blame.ko can be read",
        kind: Type::Gauge,
        in_seconds: false,
        samples: vec![plain(u64::from(tables.is_some()))],
    }];
    let Some(tables) = tables else {
        return families;
    };

    families.extend(histograms(tables));
    families.extend(counters(tables));
    families.extend(by_cpu(tables));
    families.push(Family {
        name: "cgroup_reader_off",
        help:
            "Time for which tasks of the cgroup were off their CPU in read-side critical sections",
        kind: Type::Counter,
        in_seconds: true,
        samples: cgroups.samples(cgroup_name),
    });
    families.extend(tables.held.iter().flat_map(held));
    families
}

fn plain(n: u64) -> Sample {
    Sample {
        labels: Vec::new(),
        value: Value::Count(n),
    }
}

fn histogram(tables: &Tables, name: &str, labels: Vec<(&'static str, String)>) -> Sample {
    let histogram = tables.histograms.get(name).cloned().unwrap_or_default();
    let mut buckets: Vec<(f64, u64)> = BOUNDS.map(|i| (seconds(1 << i), 0)).collect();

    buckets.push((f64::MAX, 0));
    for (low, count) in histogram.iter() {
        let at = exponent(low).saturating_sub(*BOUNDS.start() - 1) as usize;
        let last = buckets.len() - 1;
        let bucket = &mut buckets[at.min(last)].1;

        *bucket = bucket.saturating_add(count);
    }
    Sample {
        labels,
        value: Value::Histogram {
            sum: seconds(tables.stats.get(&format!("{name}_sum_ns"))),
            count: histogram.count(),
            buckets,
        },
    }
}

fn histograms(tables: &Tables) -> Vec<Family> {
    let labelled = |names: &[&str], label: &'static str, prefix: &str| {
        names
            .iter()
            .map(|value| {
                histogram(
                    tables,
                    &format!("{prefix}{value}"),
                    vec![(label, value.to_string())],
                )
            })
            .collect()
    };
    let family = |name, help, samples| Family {
        name,
        help,
        kind: Type::Histogram,
        in_seconds: true,
        samples,
    };

    vec![
        family(
            "grace_period",
            "Durations of grace periods",
            labelled(&["normal", "expedited"], "type", "gp_"),
        ),
        family(
            "wait",
            "Durations of calls that wait for grace periods",
            labelled(
                &[
                    "synchronize_rcu",
                    "synchronize_rcu_expedited",
                    "rcu_barrier",
                ],
                "function",
                "",
            ),
        ),
        family(
            "reader_off",
            "Times for which a task was off its CPU in a read-side critical section",
            vec![histogram(tables, "reader_off", Vec::new())],
        ),
        family(
            "boost_delay",
            "Times from leaving the CPU in a section to the boost by RCU",
            vec![histogram(tables, "boost_delay", Vec::new())],
        ),
        family(
            "boosted",
            "Durations of boosts by RCU",
            vec![histogram(tables, "boosted", Vec::new())],
        ),
        family(
            "wakeup",
            "Times from being woken to running, by class of the scheduler",
            labelled(&["deadline", "rt", "fair"], "class", "wakeup_"),
        ),
    ]
}

fn counters(tables: &Tables) -> Vec<Family> {
    [
        (
            "slow_grace_periods",
            "gp_slow",
            "Grace periods longer than gp_threshold_us",
        ),
        (
            "slow_waits",
            "waits_slow",
            "Waits longer than gp_threshold_us",
        ),
        ("missed_waits", "waits_missed", "Waits that were not seen"),
        (
            "reader_thresholds",
            "reader_threshold",
            "Readers off their CPU for longer than threshold_us",
        ),
        (
            "deferred_quiescent_states",
            "qs_deferred",
            "Quiescent states that a switch reported late",
        ),
        (
            "lost_events",
            "lost",
            "Events of tasks that have no place in the table",
        ),
        (
            "evicted_tasks",
            "tasks_evicted",
            "Dead tasks whose place was given to others",
        ),
    ]
    .into_iter()
    .map(|(name, key, help)| Family {
        name,
        help,
        kind: Type::Counter,
        in_seconds: false,
        samples: vec![plain(tables.stats.get(key))],
    })
    .collect()
}

fn by_cpu(tables: &Tables) -> Vec<Family> {
    let samples = |heading: &str| {
        tables
            .cpus
            .iter()
            .filter_map(|(cpu, numbers)| {
                Some(Sample {
                    labels: vec![("cpu", cpu.to_string())],
                    value: Value::Count(*numbers.get(heading)?),
                })
            })
            .collect()
    };

    [
        (
            "reader_preemptions",
            "PREEMPTED",
            "Readers that were preempted",
        ),
        (
            "reader_lock_waits",
            "LOCKED",
            "Readers that had to wait for a lock",
        ),
        ("boosts", "BOOSTED", "Boosts by RCU"),
    ]
    .into_iter()
    .map(|(name, heading, help)| Family {
        name,
        help,
        kind: Type::Counter,
        in_seconds: false,
        samples: samples(heading),
    })
    .collect()
}

fn held(held: &Held) -> Vec<Family> {
    let longest = |class: &str, ns: Option<u64>| Sample {
        labels: vec![("class", class.to_string())],
        value: Value::Number(seconds(ns.unwrap_or(0))),
    };
    let gauge = |name, help, in_seconds, samples| Family {
        name,
        help,
        kind: Type::Gauge,
        in_seconds,
        samples,
    };

    vec![
        gauge(
            "held_readers",
            "Readers that are off their CPU now",
            false,
            vec![plain(held.readers_seen)],
        ),
        gauge(
            "held_threads",
            "Threads of RCU that could run now and do not",
            false,
            vec![plain(held.threads_seen)],
        ),
        gauge(
            "held_longest",
            "Time of the one that holds up grace periods now for longest, by class",
            true,
            vec![
                longest("reader", held.readers.iter().filter_map(|r| r.off_ns).max()),
                longest("thread", held.threads.iter().map(|t| t.runnable_ns).max()),
                longest("cpu", held.cpus.iter().map(|c| c.on_ns).max()),
            ],
        ),
        gauge(
            "grace_period_age",
            "Age of the grace period that is under way for longest",
            true,
            vec![Sample {
                labels: Vec::new(),
                value: Value::Number(seconds(
                    held.gps
                        .iter()
                        .filter_map(|gp| gp.for_ns)
                        .max()
                        .unwrap_or(0),
                )),
            }],
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn task(pid: u64, cgroup: u64, off_ns: u64) -> TaskNumbers {
        TaskNumbers {
            pid,
            cgroup,
            off_ns,
        }
    }

    #[test]
    fn tables() {
        let numbers = cpus(" CPU SWITCHES NEW\n   0   7   1\n   3   9   x\n");

        assert_eq!(numbers[&0]["SWITCHES"], 7);
        assert_eq!(numbers[&3]["SWITCHES"], 9);
        assert_eq!(
            tasks("pid=7 tgid=7 cgroup=3 off_ns=9 off_max_ns=4 comm=a\nnone\n"),
            [task(7, 3, 9)]
        );
    }

    #[test]
    fn cgroups() {
        let mut cgroups = Cgroups::new(2);

        cgroups.add(&[
            task(1, 10, 5),
            task(2, 20, 50),
            task(3, 30, 7),
            task(4, 40, 0),
        ]);
        assert_eq!(
            (cgroups.own.clone(), cgroups.other),
            ([(20, 50), (30, 7)].into(), 5)
        );
        // Task 2 has gone, and another has its id; task 1 has been off its CPU again.
        cgroups.add(&[task(1, 10, 6), task(2, 20, 3), task(3, 30, 7)]);
        assert_eq!(
            (cgroups.own.clone(), cgroups.other),
            ([(20, 53), (30, 7)].into(), 6)
        );
    }

    #[test]
    fn bucket() {
        let mut tables = Tables::default();

        tables.histograms.insert(
            "boosted".into(),
            Histogram::of(&[0, 1023, 1024, 2047, 1 << 34, 1 << 35, u64::MAX]),
        );
        let Value::Histogram { count, buckets, .. } =
            histogram(&tables, "boosted", Vec::new()).value
        else {
            panic!("no histogram");
        };

        assert_eq!(count, 7);
        assert_eq!(buckets[0], (1024e-9, 2));
        assert_eq!(buckets[1], (2048e-9, 2));
        assert_eq!(buckets[25].1, 1);
        assert_eq!(buckets[26], (f64::MAX, 2));
    }

    proptest! {
        // The module's least bucket begins at 0.
        #[test]
        fn all_pairs(pairs in proptest::collection::btree_map(
            prop_oneof![Just(0), any::<u64>()], 0..1000u64, 0..20,
        )) {
            let lines: Vec<_> = pairs.iter().map(|(low, n)| format!("{low} {n}\n")).collect();
            let mut tables = Tables::default();

            tables.histograms.insert("boosted".into(), Histogram::parse(&lines.concat()).unwrap());
            let Value::Histogram { count, buckets, .. } =
                histogram(&tables, "boosted", Vec::new()).value
            else {
                panic!("no histogram");
            };

            prop_assert_eq!(count, pairs.values().sum::<u64>());
            prop_assert_eq!(buckets.iter().map(|(_, n)| n).sum::<u64>(), count);
        }

        #[test]
        fn bounded(tables in proptest::collection::vec(
            proptest::collection::vec((0u64..20, 0u64..1000, 0u64..1000), 0..60), 1..6,
        )) {
            let mut cgroups = Cgroups::new(5);
            let mut sums = BTreeMap::new();

            for table in tables {
                let table: Vec<_> = table.into_iter().map(|(p, c, n)| task(p, c, n)).collect();

                cgroups.add(&table);
                prop_assert!(cgroups.own.len() <= 5);
                for (id, sum) in &cgroups.own {
                    let before = sums.insert(*id, *sum).unwrap_or(0);

                    prop_assert!(before <= *sum);
                }
            }
        }
    }
}
