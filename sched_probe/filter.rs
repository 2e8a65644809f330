// SPDX-License-Identifier: GPL-2.0

//! Which tasks are looked at.
//!
//! ```text
//! filter: term { "&&" term }
//! term:   "comm" "==" name, "*" in it stands for anything
//!         "pid" "==" number
//!         "prio" "<" number
//!         "cpu" "==" list, as 2-3 or 0,4-7
//!         "cgroup" "==" id, or path from the root of the default hierarchy, "/" and all
//! ```
//!
//! A filter is a fixed-size object. It is made in process context, where there is time to look for
//! mistakes, and read by the probes under a guard.

use super::task::{
    self,
    Comm, //
};
use crate::{
    rcu_notrace::RcuReader,
    shim::sched as shim,
    tracepoint_glue::{
        args::Task,
        NoSleep, //
    },
};
use kernel::{
    prelude::*,
    str::CString,
    sync::atomic::{
        Atomic,
        Relaxed, //
    },
};

const MAX_TERMS: usize = 8;
const MAX_RANGES: usize = 8;
/// The longest name that a task can have, and one.
const COMM_LEN: usize = size_of::<Comm>();

/// What a [`Filter`] is before it is dropped.
const ALIVE: u64 = 0x616c_6976_6521;
/// And after.
const DEAD: u64 = 0x6465_6164_2121;

#[derive(Clone, Copy)]
enum Term {
    Comm { pattern: Comm, len: usize },
    Pid(i32),
    PrioBelow(i32),
    Cpu([(u32, u32); MAX_RANGES]),
    Cgroup(u64),
}

/// A conjunction; without terms it is true of all tasks.
pub(super) struct Filter {
    terms: [Option<Term>; MAX_TERMS],
    alive: Atomic<u64>,
}

// SAFETY: Plain data.
unsafe impl NoSleep for Filter {}

/// What is wrong with a filter.
#[derive(Clone, Copy)]
pub(super) struct Mistake {
    /// The first byte that is not as it should be.
    pub(super) at: usize,
    pub(super) what: &'static str,
}

impl Filter {
    /// One that is true of all tasks.
    pub(super) fn all() -> Self {
        Self {
            terms: [None; MAX_TERMS],
            alive: Atomic::new(ALIVE),
        }
    }

    /// Process context; looks up cgroups.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Mistake> {
        let mut filter = Self::all();
        let mut parser = Parser { text, at: 0 };

        if parser.blank() {
            return Ok(filter);
        }
        for term in &mut filter.terms {
            *term = Some(parser.term()?);
            if parser.blank() {
                return Ok(filter);
            }
            parser.token(b"&&", "expected && or the end")?;
        }
        Err(parser.mistake("too many terms"))
    }

    /// Whether an event of `task` on `cpu` is looked at; `None` where this filter is gone, which
    /// cannot be.
    #[inline(always)]
    pub(super) fn admits(&self, task: &Task, cpu: u32, guard: &impl RcuReader) -> Option<bool> {
        let mut admits = true;

        for term in &self.terms {
            let Some(term) = term else { break };

            admits &= match term {
                Term::Comm { pattern, len } => {
                    matches(pattern, *len, &task::comm_bytes(task::comm(task)))
                }
                Term::Pid(pid) => task::pid(task) == *pid,
                Term::PrioBelow(prio) => task::prio(task) < *prio,
                Term::Cpu(ranges) => ranges.iter().any(|r| r.0 <= cpu && cpu < r.1),
                Term::Cgroup(id) => task::is_in_cgroup(task, *id, guard),
            };
        }
        // A build for a test, that has this take long enough for a grace period to pass.
        #[cfg(rcu_notrace_slow_filter)]
        // SAFETY: No requirements.
        unsafe {
            crate::support::test_udelay(20)
        };
        (self.alive.load(Relaxed) == ALIVE).then_some(admits)
    }
}

impl Drop for Filter {
    fn drop(&mut self) {
        self.alive.store(DEAD, Relaxed);
    }
}

/// Whether `pattern`, the first `len` bytes of it, matches `name`, up to its NUL.
///
/// A star takes as little as will do, and one byte more each time what follows it does not match:
/// `len` times the length of the name at most.
#[inline(always)]
fn matches(pattern: &Comm, len: usize, name: &Comm) -> bool {
    let at = |text: &Comm, i: usize| text.get(i).copied().unwrap_or(0);
    let (mut p, mut n) = (0, 0);
    // Where the last star was, and how far it has taken us.
    let mut star = None;

    // Enough for the worst of patterns; a bound that does not depend on what follows.
    for _ in 0..(COMM_LEN + 1) * (COMM_LEN + 1) {
        let c = at(name, n);

        if p < len && at(pattern, p) == b'*' {
            star = Some((p, n));
            p = p.wrapping_add(1);
        } else if c == 0 && p >= len {
            return true;
        } else if c != 0 && p < len && at(pattern, p) == c {
            p = p.wrapping_add(1);
            n = n.wrapping_add(1);
        } else if let (Some((star_p, star_n)), true) = (star, c != 0) {
            star = Some((star_p, star_n.wrapping_add(1)));
            p = star_p.wrapping_add(1);
            n = star_n.wrapping_add(1);
        } else {
            return false;
        }
    }
    false
}

struct Parser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or(&[])
    }

    fn mistake(&self, what: &'static str) -> Mistake {
        Mistake { at: self.at, what }
    }

    /// Skips white space; true at the end.
    fn blank(&mut self) -> bool {
        let rest = self.rest();

        self.at += rest.iter().take_while(|c| c.is_ascii_whitespace()).count();
        self.rest().is_empty()
    }

    fn accept(&mut self, token: &[u8]) -> bool {
        let found = self.rest().starts_with(token);

        if found {
            self.at += token.len();
        }
        found
    }

    fn token(&mut self, token: &[u8], what: &'static str) -> Result<(), Mistake> {
        self.blank();
        if self.accept(token) {
            Ok(())
        } else {
            Err(self.mistake(what))
        }
    }

    fn number(&mut self, max: u64, what: &'static str) -> Result<u64, Mistake> {
        let start = self.at;
        let mut number: u64 = 0;

        while let Some(digit @ b'0'..=b'9') = self.rest().first() {
            number = number
                .checked_mul(10)
                .and_then(|n| n.checked_add(u64::from(digit - b'0')))
                .filter(|n| *n <= max)
                .ok_or(Mistake {
                    at: start,
                    what: "number too large",
                })?;
            self.at += 1;
        }
        if self.at == start {
            return Err(self.mistake(what));
        }
        Ok(number)
    }

    /// Up to white space, or what joins terms.
    fn word(&mut self) -> &'a [u8] {
        let rest = self.rest();
        let len = (0..rest.len())
            .take_while(|i| !rest[*i].is_ascii_whitespace() && !rest[*i..].starts_with(b"&&"))
            .count();

        self.at += len;
        &rest[..len]
    }

    fn term(&mut self) -> Result<Term, Mistake> {
        const EQUALS: &str = "expected ==";

        self.blank();
        if self.accept(b"comm") {
            self.token(b"==", EQUALS)?;
            self.comm()
        } else if self.accept(b"pid") {
            self.token(b"==", EQUALS)?;
            self.blank();
            let pid = self.number(i32::MAX as u64, "expected a pid")?;
            Ok(Term::Pid(pid as i32))
        } else if self.accept(b"prio") {
            self.token(b"<", "expected <")?;
            self.blank();
            let prio = self.number(i32::MAX as u64, "expected a priority")?;
            Ok(Term::PrioBelow(prio as i32))
        } else if self.accept(b"cpu") {
            self.token(b"==", EQUALS)?;
            self.cpus()
        } else if self.accept(b"cgroup") {
            self.token(b"==", EQUALS)?;
            self.cgroup()
        } else {
            Err(self.mistake("expected comm, pid, prio, cpu or cgroup"))
        }
    }

    fn comm(&mut self) -> Result<Term, Mistake> {
        self.blank();

        let start = self.at;
        let name = self.word();
        let mut pattern = [0; COMM_LEN];

        if name.is_empty() {
            return Err(self.mistake("expected a name"));
        }
        if let Some(i) = name.iter().position(|c| !c.is_ascii_graphic()) {
            return Err(Mistake {
                at: start + i,
                what: "not part of a name",
            });
        }
        match pattern.get_mut(..name.len()) {
            // The last byte of a name is NUL.
            Some(to) if name.len() < COMM_LEN => to.copy_from_slice(name),
            _ => {
                return Err(Mistake {
                    at: start + COMM_LEN - 1,
                    what: "name too long",
                })
            }
        }
        Ok(Term::Comm {
            pattern,
            len: name.len(),
        })
    }

    fn cpus(&mut self) -> Result<Term, Mistake> {
        let max = u64::from(kernel::cpu::nr_cpu_ids()) - 1;
        let mut ranges = [(0, 0); MAX_RANGES];

        self.blank();
        for range in &mut ranges {
            let first = self.number(max, "expected a CPU")?;
            let start = self.at;
            let last = if self.accept(b"-") {
                self.number(max, "expected a CPU")?
            } else {
                first
            };

            if last < first {
                return Err(Mistake {
                    at: start,
                    what: "the range is empty",
                });
            }
            *range = (first as u32, last as u32 + 1);
            if !self.accept(b",") {
                return Ok(Term::Cpu(ranges));
            }
        }
        Err(self.mistake("too many ranges"))
    }

    fn cgroup(&mut self) -> Result<Term, Mistake> {
        self.blank();
        if self.rest().first() != Some(&b'/') {
            return Ok(Term::Cgroup(
                self.number(u64::MAX, "expected a path or an id")?,
            ));
        }

        let start = self.at;
        let path = self.word();
        let unknown = Mistake {
            at: start,
            what: "no such cgroup",
        };
        let text = core::str::from_utf8(path).map_err(|_| unknown)?;
        // Fails for want of memory, or because of a NUL.
        let path = CString::try_from_fmt(fmt!("{text}")).map_err(|_| unknown)?;
        let mut id = 0;

        // SAFETY: A string, and where to put a number.
        match unsafe { shim::sched_probe_cgroup_by_path(path.as_char_ptr(), &mut id) } {
            0 => Ok(Term::Cgroup(id)),
            _ => Err(unknown),
        }
    }
}
