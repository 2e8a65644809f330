// SPDX-License-Identifier: GPL-2.0

//! A task, and its priority in words.

use super::escape::Name;
use serde::Serialize;
use std::fmt;

/// A task, as it was when it was named.
#[derive(Clone, Debug, Eq, Hash, PartialEq, Serialize)]
pub struct Task {
    /// The id of the thread, in the initial name space.
    pub pid: i32,
    /// Its name.
    pub comm: Name,
    /// Its priority as the kernel has it: the lower, the more urgent.
    pub prio: i32,
}

impl Task {
    /// Its priority in words.
    pub fn priority(&self) -> Priority {
        Priority(self.prio)
    }

    /// Whether the scheduler prefers it to `other`. Tasks that are not real-time share the CPU.
    pub fn is_more_urgent_than(&self, other: &Task) -> bool {
        self.prio < other.prio && self.prio < 100
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}[{}]", self.comm, self.pid)
    }
}

/// A priority: `SCHED_DEADLINE` is below 0, real-time below 100, all others at 100 and above.
#[derive(Clone, Copy, Debug)]
pub struct Priority(pub i32);

impl fmt::Display for Priority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ..0 => f.write_str("deadline"),
            prio @ 0..100 => write!(f, "real-time {}", 99 - prio),
            prio => write!(f, "nice {}", prio.saturating_sub(120)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn task(prio: i32) -> Task {
        Task {
            pid: 30,
            comm: Name::new("rcuc/1"),
            prio,
        }
    }

    #[test]
    fn words() {
        assert_eq!(task(98).to_string(), "rcuc/1[30]");
        assert_eq!(task(98).priority().to_string(), "real-time 1");
        assert_eq!(task(-1).priority().to_string(), "deadline");
        assert_eq!(task(120).priority().to_string(), "nice 0");
        assert_eq!(task(i32::MAX).priority().to_string(), "nice 2147483527");
    }

    #[test]
    fn urgency() {
        assert!(task(49).is_more_urgent_than(&task(98)));
        assert!(!task(98).is_more_urgent_than(&task(98)));
        assert!(!task(110).is_more_urgent_than(&task(120)));
    }
}
