// SPDX-License-Identifier: GPL-2.0

//! Which tasks are looked at.
//!
//! ```text
//! filter: all { "||" all }
//! all:    term { "&&" term }
//! term:   "comm" "==" name, "*" in it stands for anything
//!         "pid" "==" number, of a thread
//!         "tgid" "==" number, of a process
//!         "prio" "<" number
//!         "cpu" "==" list, as 2-3 or 0,4-7
//!         "cgroup" "==" id, or path from the root of the default hierarchy, "/" and all
//! ```
//!
//! In names and paths a backslash and three octal digits are a byte that stands for itself, as
//! [`Field`](super::text::Field) writes it.
//!
//! A filter is a fixed-size object. It is made in process context, where there is time to look for
//! mistakes, and read by the probes under a guard.

use super::{
    faults::Poison,
    task::{
        self,
        Comm, //
    },
};
use crate::{
    rcu_blame::helpers,
    rcu_notrace::RcuReader,
    tracepoint_glue::{
        args::Task,
        NoSleep, //
    },
};
use kernel::prelude::*;

const MAX_TERMS: usize = 8;
const MAX_RANGES: usize = 8;
/// The longest name that a task can have, and one.
const COMM_LEN: usize = size_of::<Comm>();

#[derive(Clone, Copy)]
enum Term {
    /// A name, or how it begins.
    Comm(Beginning),
    CommLike(Pattern),
    Pid(i32),
    Tgid(i32),
    PrioBelow(i32),
    Cpu(Cpus),
    Cgroup(u64),
}

/// The first bytes of a name, in the two words of [`task::comm()`].
#[derive(Clone, Copy)]
struct Beginning {
    words: [u64; 2],
    /// The bits that are compared.
    mask: [u64; 2],
}

impl Beginning {
    #[inline(always)]
    fn is_of(&self, comm: [u64; 2]) -> bool {
        let differ = |i: usize| (comm[i] ^ self.words[i]) & self.mask[i];

        differ(0) | differ(1) == 0
    }
}

#[derive(Clone, Copy)]
struct Cpus {
    /// A bit for each of the first that is one of them.
    first: u64,
    /// From the first number of each, up to the second.
    ranges: [(u32, u32); MAX_RANGES],
}

impl Cpus {
    fn new(ranges: [(u32, u32); MAX_RANGES]) -> Self {
        let mut cpus = Self { first: 0, ranges };

        for cpu in 0..u64::BITS {
            cpus.first |= u64::from(cpus.are_in_range(cpu)) << cpu;
        }
        cpus
    }

    #[inline(always)]
    fn are_in_range(&self, cpu: u32) -> bool {
        self.ranges.iter().any(|r| r.0 <= cpu && cpu < r.1)
    }

    #[inline(always)]
    fn contain(&self, cpu: u32) -> bool {
        if cpu < u64::BITS {
            self.first >> cpu & 1 != 0
        } else {
            self.are_in_range(cpu)
        }
    }
}

/// A name to be compared with.
#[derive(Clone, Copy)]
struct Pattern {
    bytes: Comm,
    len: usize,
    /// A bit for each byte: whether it is a star that stands for anything.
    stars: u16,
}

impl Pattern {
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn is_like(&self, comm: [u64; 2]) -> bool {
        matches(self, &task::comm_bytes(comm))
    }

    /// With a star at the end, or without, two words are compared.
    fn term(self) -> Term {
        let compared = if self.stars == 0 {
            // The NUL as well.
            self.len + 1
        } else if self.stars.count_ones() == 1 && self.stars.ilog2() as usize == self.len - 1 {
            self.len - 1
        } else {
            return Term::CommLike(self);
        };
        let mut mask = [0; COMM_LEN];

        mask[..compared].fill(u8::MAX);
        Term::Comm(Beginning {
            words: task::comm_words(self.bytes),
            mask: task::comm_words(mask),
        })
    }
}

/// How a task is looked at.
enum Test {
    /// There are no terms.
    None,
    /// There is one, which needs no call.
    Pid(i32),
    /// The same: a bit for each of the first CPUs. Others are looked at as in `Term`.
    Cpus(u64),
    /// There is one, of another kind.
    Term,
    /// There are several.
    Terms,
}

impl Test {
    fn of(terms: &[Option<Term>]) -> Self {
        match terms {
            [Some(Term::Pid(pid)), None, ..] => Self::Pid(*pid),
            [Some(Term::Cpu(cpus)), None, ..] => Self::Cpus(cpus.first),
            [Some(_), None, ..] => Self::Term,
            [Some(_), ..] => Self::Terms,
            _ => Self::None,
        }
    }
}

/// A disjunction of conjunctions; without terms it is true of all tasks.
pub(super) struct Filter {
    test: Test,
    /// Those from the first that is `None` on are.
    terms: [Option<Term>; MAX_TERMS],
    /// A bit for each term: whether a conjunction begins with it that is not the first.
    begins: u16,
    poison: Poison,
}

// SAFETY: Plain data.
unsafe impl NoSleep for Filter {}

/// A mistake in the text of a filter.
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
            test: Test::None,
            terms: [None; MAX_TERMS],
            begins: 0,
            poison: Poison::new(),
        }
    }

    /// Process context; looks up cgroups.
    pub(super) fn parse(text: &[u8]) -> Result<Self, Mistake> {
        let mut filter = Self::all();
        let mut parser = Parser { text, at: 0 };

        if parser.blank() {
            return Ok(filter);
        }
        for (i, term) in filter.terms.iter_mut().enumerate() {
            *term = Some(parser.term()?);
            if parser.blank() {
                filter.test = Test::of(&filter.terms);
                return Ok(filter);
            }
            if parser.accept(b"||") {
                filter.begins |= 2 << i;
            } else {
                parser.token(b"&&", "expected &&, || or the end")?;
            }
        }
        Err(parser.mistake("too many terms"))
    }

    /// Whether an event of `task` on `cpu` is looked at.
    #[inline(always)]
    pub(super) fn admits(&self, task: &Task, cpu: u32, guard: &impl RcuReader) -> bool {
        self.poison.check();
        match self.test {
            Test::None => true,
            Test::Pid(pid) => task::pid(task) == pid,
            Test::Cpus(cpus) if cpu < u64::BITS => cpus >> cpu & 1 != 0,
            Test::Terms => self.terms_hold(task, cpu, guard),
            _ => self.term_holds(task, cpu, guard),
        }
    }

    /// The only term. Those that need no call, and are commoner, have no frame on the stack here.
    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn term_holds(&self, task: &Task, cpu: u32, guard: &impl RcuReader) -> bool {
        match &self.terms[0] {
            Some(Term::Comm(name)) => name.is_of(task::comm(task)),
            Some(Term::PrioBelow(prio)) => task::prio(task) < *prio,
            Some(Term::Tgid(tgid)) => task::tgid(task) == *tgid,
            Some(Term::Cgroup(id)) => task::is_in_cgroup(task, *id, guard),
            _ => self.terms_hold(task, cpu, guard),
        }
    }

    #[inline(never)]
    #[link_section = ".kprobes.text"]
    fn terms_hold(&self, task: &Task, cpu: u32, guard: &impl RcuReader) -> bool {
        // Of this conjunction so far; those before it are false.
        let mut all = true;
        let mut begins = self.begins;

        for term in &self.terms {
            let Some(term) = term else { break };

            if begins & 1 != 0 {
                if all {
                    return true;
                }
                all = true;
            }
            begins >>= 1;
            all = all && term.holds(task, cpu, guard);
        }
        all
    }
}

impl Term {
    #[inline(always)]
    fn holds(&self, task: &Task, cpu: u32, guard: &impl RcuReader) -> bool {
        match self {
            Self::Comm(name) => name.is_of(task::comm(task)),
            Self::CommLike(pattern) => pattern.is_like(task::comm(task)),
            Self::Pid(pid) => task::pid(task) == *pid,
            Self::Tgid(tgid) => task::tgid(task) == *tgid,
            Self::PrioBelow(prio) => task::prio(task) < *prio,
            Self::Cpu(cpus) => cpus.contain(cpu),
            Self::Cgroup(id) => task::is_in_cgroup(task, *id, guard),
        }
    }
}

/// Whether `pattern` matches `name`, up to its NUL.
///
/// A star takes as little as will do, and one byte more each time what follows it does not match:
/// the pattern's length times that of the name at most.
#[inline(always)]
fn matches(pattern: &Pattern, name: &Comm) -> bool {
    let at = |text: &Comm, i: usize| text.get(i).copied().unwrap_or(0);
    let (mut p, mut n) = (0, 0);
    let len = pattern.len;
    // The position of the last star in the pattern, and the end of its match in the name.
    let mut star = None;

    // Enough for the worst of patterns; a bound that does not depend on what follows.
    for _ in 0..(COMM_LEN + 1) * (COMM_LEN + 1) {
        let c = at(name, n);

        if p < len && pattern.stars.wrapping_shr(p as u32) & 1 != 0 {
            star = Some((p, n));
            p = p.wrapping_add(1);
        } else if c == 0 && p >= len {
            return true;
        } else if c != 0 && p < len && at(&pattern.bytes, p) == c {
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

struct Byte {
    byte: u8,
    escaped: bool,
    len: usize,
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

    /// The next byte of a word, and whether it is escaped; `None` at white space, or what joins
    /// terms, or the end. Not skipped yet, but for `len` bytes of text.
    fn peek(&self) -> Result<Option<Byte>, Mistake> {
        Ok(match self.rest() {
            [] | [b'&', b'&', ..] | [b'|', b'|', ..] => None,
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', ..] => Some(Byte {
                byte: ((a - b'0') << 6) | ((b - b'0') << 3) | (c - b'0'),
                escaped: true,
                len: 4,
            }),
            [b'\\', ..] => return Err(self.mistake("expected three octal digits, as \\040")),
            [c, ..] if c.is_ascii_whitespace() => None,
            [c, ..] if c.is_ascii_graphic() => Some(Byte {
                byte: *c,
                escaped: false,
                len: 1,
            }),
            _ => return Err(self.mistake("to be escaped, as \\040")),
        })
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
        } else if self.accept(b"tgid") {
            self.token(b"==", EQUALS)?;
            self.blank();
            let tgid = self.number(i32::MAX as u64, "expected a tgid")?;
            Ok(Term::Tgid(tgid as i32))
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
            Err(self.mistake("expected comm, pid, tgid, prio, cpu or cgroup"))
        }
    }

    fn comm(&mut self) -> Result<Term, Mistake> {
        let mut pattern = Pattern {
            bytes: [0; COMM_LEN],
            len: 0,
            stars: 0,
        };

        self.blank();
        // The empty name is written as its end.
        if self.accept(b"\\000") {
            return match self.peek()? {
                None => Ok(pattern.term()),
                Some(_) => Err(self.mistake("not part of a name")),
            };
        }
        while let Some(Byte { byte, escaped, len }) = self.peek()? {
            // The last byte of a name is NUL.
            let Some(to) = pattern.bytes[..COMM_LEN - 1].get_mut(pattern.len) else {
                return Err(self.mistake("name too long"));
            };

            if byte == 0 {
                return Err(self.mistake("not part of a name"));
            }
            if byte == b'*' && !escaped {
                pattern.stars |= 1 << pattern.len;
            }
            *to = byte;
            pattern.len += 1;
            self.at += len;
        }
        if pattern.len == 0 {
            return Err(self.mistake("expected a name"));
        }
        Ok(pattern.term())
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
                return Ok(Term::Cpu(Cpus::new(ranges)));
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
        let mut path = KVec::new();
        let mut push = |byte, at| {
            path.push(byte, GFP_KERNEL).map_err(|_| Mistake {
                at,
                what: "no memory",
            })
        };

        while let Some(Byte { byte, len, .. }) = self.peek()? {
            if byte == 0 {
                return Err(self.mistake("not part of a path"));
            }
            push(byte, self.at)?;
            self.at += len;
        }
        push(0, self.at)?;

        let mut id = 0;

        // SAFETY: A string, and where to put a number.
        match unsafe { helpers::rcu_blame_cgroup_by_path(path.as_ptr().cast(), &mut id) } {
            0 => Ok(Term::Cgroup(id)),
            _ => Err(Mistake {
                at: start,
                what: "no such cgroup",
            }),
        }
    }
}
