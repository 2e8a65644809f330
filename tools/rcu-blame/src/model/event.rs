// SPDX-License-Identifier: GPL-2.0

//! The events of `rcu_blame.ko`, as a recording has them.
//!
//! An event is written as a record of the kernel's tables: its name, then `key=value`.

use super::{
    escape::Name,
    held::GpType,
    record::{records, Malformed, Record},
};

/// A task of an event: the id of a thread, and its name at that time.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Subject {
    /// The id of the thread, in the initial name space.
    pub pid: i32,
    /// Its name.
    pub comm: Name,
}

impl std::fmt::Display for Subject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}[{}]", self.comm, self.pid))
    }
}

/// The facts of an event, by its name.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fact {
    /// `reader_preempted`: a reader left its CPU.
    Left {
        /// The reader.
        task: Subject,
        /// It was preempted, or else waits for a lock.
        preempted: bool,
    },
    /// `reader_resumed`: it runs again.
    Back {
        /// The reader.
        task: Subject,
        /// For how long it was off its CPU.
        off_ns: u64,
    },
    /// `reader_boosted`: RCU gives it another priority.
    Boosted {
        /// The reader.
        task: Subject,
        /// How long after it left its CPU; 0 if that is not known.
        after_ns: u64,
        /// The priority.
        prio: i32,
    },
    /// `reader_deboosted`: the boost ends.
    Deboosted {
        /// The reader.
        task: Subject,
        /// How long it was.
        boosted_ns: u64,
    },
    /// `reader_threshold`: a reader was off its CPU for longer than the threshold.
    Threshold {
        /// The reader.
        task: Subject,
    },
    /// `qs_deferred`: a switch has reported a quiescent state that was owed.
    Deferred {
        /// The task.
        task: Subject,
    },
    /// `gp_slow`: a slow grace period has ended.
    GpSlow {
        /// Its kind.
        gp_type: GpType,
        /// Its number.
        seq: u64,
        /// How long it was.
        duration_ns: u64,
    },
    /// An event that this version does not know.
    Other,
}

/// An event.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Event {
    /// Its time, by `CLOCK_MONOTONIC`.
    pub ns: u64,
    /// The CPU on which it was fired.
    pub cpu: u32,
    /// Its name.
    pub name: Name,
    /// The facts in it.
    pub fact: Fact,
}

impl Event {
    /// The event in the text of one record.
    ///
    /// # Errors
    ///
    /// There is no record, or a field is missing or cannot be parsed.
    pub fn parse(ns: u64, cpu: u32, text: &[u8]) -> Result<Self, Malformed> {
        let record = records(text).next().ok_or_else(|| Malformed {
            line: 1,
            what: "no event".into(),
        })?;

        Ok(Self {
            ns,
            cpu,
            name: Name::new(record.word()),
            fact: fact(&record)?,
        })
    }
}

fn task(record: &Record<'_>) -> Result<Subject, Malformed> {
    Ok(Subject {
        pid: record.required("pid")?,
        comm: record
            .name("comm")
            .ok_or_else(|| record.malformed("no comm"))?,
    })
}

fn fact(record: &Record<'_>) -> Result<Fact, Malformed> {
    Ok(match record.word() {
        b"reader_preempted" => Fact::Left {
            task: task(record)?,
            preempted: record.flag("preempted")?,
        },
        b"reader_resumed" => Fact::Back {
            task: task(record)?,
            off_ns: record.required("off_ns")?,
        },
        b"reader_boosted" => Fact::Boosted {
            task: task(record)?,
            after_ns: record.required("after_ns")?,
            prio: record.required("newprio")?,
        },
        b"reader_deboosted" => Fact::Deboosted {
            task: task(record)?,
            boosted_ns: record.required("boosted_ns")?,
        },
        b"reader_threshold" => Fact::Threshold {
            task: task(record)?,
        },
        b"qs_deferred" => Fact::Deferred {
            task: task(record)?,
        },
        b"gp_slow" => Fact::GpSlow {
            gp_type: if record.flag("expedited")? {
                GpType::Expedited
            } else {
                GpType::Normal
            },
            seq: record.required("number")?,
            duration_ns: record.required("duration_ns")?,
        },
        _ => Fact::Other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn facts() {
        let event =
            Event::parse(9, 1, br"reader_resumed comm=a\040b pid=7 prio=1 off_ns=5").unwrap();

        assert_eq!(
            event.fact,
            Fact::Back {
                task: Subject {
                    pid: 7,
                    comm: Name::new("a b")
                },
                off_ns: 5
            }
        );
        assert_eq!(Event::parse(9, 1, b"new a=1").unwrap().fact, Fact::Other);
        assert!(Event::parse(9, 1, b"gp_slow expedited=1 number=3").is_err());
        assert!(Event::parse(9, 1, b"").is_err());
    }

    proptest! {
        #[test]
        fn any_text(text in proptest::collection::vec(any::<u8>(), 0..80)) {
            let _ = Event::parse(0, 0, &text);
        }
    }
}
