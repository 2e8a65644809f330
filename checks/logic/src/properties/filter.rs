// SPDX-License-Identifier: GPL-2.0

//! The filter: as a naive evaluation of the expression from which its text was written.

use crate::{
    cpu::nr_cpu_ids,
    rcu_blame::{
        filter::{
            Filter,
            Mistake, //
        },
        text::Field, //
    },
    stand_in::helpers::cgroup_of,
    tracepoint_glue::args::Task,
};
use proptest::prelude::*;

/// A byte of a pattern.
#[derive(Clone, Copy, Debug)]
enum Piece {
    Anything,
    /// And whether it is escaped even if it need not be.
    Byte(u8, bool),
}

#[derive(Clone, Debug)]
enum Term {
    Comm(Vec<Piece>),
    Pid(i32),
    Tgid(i32),
    PrioBelow(i32),
    Cpu(Vec<(u32, u32)>),
    Cgroup(u64),
    Path(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    And,
    Or,
}

/// Terms, each but the first with the operator before it.
#[derive(Clone, Debug)]
struct Expression {
    first: Term,
    rest: Vec<(Operator, Term)>,
}

#[derive(Clone, Debug)]
struct Subject {
    name: Vec<u8>,
    /// Bytes after the NUL of the name.
    garbage: u8,
    pid: i32,
    tgid: i32,
    prio: i32,
    cpu: u32,
    cgroup: u64,
}

const PATHS: [&[u8]; 3] = [b"/", b"/a b", b"/a/*&&=\xff"];

fn piece() -> impl Strategy<Value = Piece> {
    let byte = prop_oneof![
        4 => prop::sample::select(&b"ab"[..]),
        1 => prop::sample::select(&b"*\\=&| \n/-0\x7f\x80\xff"[..]),
    ];

    prop_oneof![
        1 => Just(Piece::Anything),
        2 => (byte, any::<bool>()).prop_map(|(byte, escaped)| Piece::Byte(byte, escaped)),
    ]
}

/// A number of a few, or an edge.
fn number() -> impl Strategy<Value = i32> {
    prop_oneof![6 => 0..4i32, 1 => 0..=i32::MAX, 1 => Just(i32::MAX)]
}

/// A CPU of a few, or any.
fn cpu() -> impl Strategy<Value = u32> {
    prop_oneof![3 => 0..6u32, 1 => 0..nr_cpu_ids(), 1 => Just(nr_cpu_ids() - 1)]
}

fn range() -> impl Strategy<Value = (u32, u32)> {
    (cpu(), cpu()).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn cgroup() -> impl Strategy<Value = u64> {
    prop_oneof![
        0..3u64,
        Just(u64::MAX),
        prop::sample::select(&PATHS[..]).prop_map(cgroup_of),
    ]
}

fn term() -> impl Strategy<Value = Term> {
    prop_oneof![
        6 => prop_oneof![
            2 => prop::collection::vec(piece(), 0..6),
            1 => prop::collection::vec(piece(), 0..=15),
        ]
        .prop_map(Term::Comm),
        1 => number().prop_map(Term::Pid),
        1 => number().prop_map(Term::Tgid),
        1 => number().prop_map(Term::PrioBelow),
        3 => prop::collection::vec(range(), 1..=8).prop_map(Term::Cpu),
        1 => cgroup().prop_map(Term::Cgroup),
        1 => prop::sample::select(&PATHS[..]).prop_map(|path| Term::Path(path.to_vec())),
    ]
}

fn expression(terms: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Expression> {
    let operator = prop_oneof![Just(Operator::And), Just(Operator::Or)];

    (
        term(),
        prop::collection::vec((operator, term()), terms.start() - 1..=terms.end() - 1),
    )
        .prop_map(|(first, rest)| Expression { first, rest })
}

fn subject() -> impl Strategy<Value = Subject> {
    (
        super::name(),
        any::<u8>(),
        number(),
        number(),
        prop_oneof![3 => -1..4i32, 1 => Just(i32::MAX)],
        cpu(),
        cgroup(),
    )
        .prop_map(|(name, garbage, pid, tgid, prio, cpu, cgroup)| Subject {
            name,
            garbage,
            pid,
            tgid,
            prio,
            cpu,
            cgroup,
        })
}

impl Subject {
    fn task(&self) -> Task {
        let task = Task::default();

        task.change(|task| {
            task.comm = [self.garbage; 16];
            task.comm[15] = 0;
            task.comm[..self.name.len()].copy_from_slice(&self.name);
            task.comm[self.name.len()] = 0;
            task.pid = self.pid;
            task.tgid = self.tgid;
            task.prio = self.prio;
            task.cgroup = self.cgroup;
        });
        task
    }

    fn is_admitted(&self, filter: &Filter) -> bool {
        filter.admits(&self.task(), self.cpu, &())
    }
}

fn escaped(byte: u8) -> Vec<u8> {
    format!("\\{byte:03o}").into_bytes()
}

impl Piece {
    fn text(self) -> Vec<u8> {
        match self {
            Self::Anything => b"*".to_vec(),
            // Those that would be something else, and all that cannot be seen.
            Self::Byte(byte, escape)
                if escape || b"\\*&|".contains(&byte) || !(b'!'..=b'~').contains(&byte) =>
            {
                escaped(byte)
            }
            Self::Byte(byte, _) => vec![byte],
        }
    }
}

impl Term {
    /// The name, the operator and the value.
    fn text(&self) -> [Vec<u8>; 3] {
        let (name, operator, value) = match self {
            Self::Comm(pieces) if pieces.is_empty() => ("comm", "==", escaped(0)),
            Self::Comm(pieces) => (
                "comm",
                "==",
                pieces.iter().flat_map(|piece| piece.text()).collect(),
            ),
            Self::Pid(pid) => ("pid", "==", pid.to_string().into()),
            Self::Tgid(tgid) => ("tgid", "==", tgid.to_string().into()),
            Self::PrioBelow(prio) => ("prio", "<", prio.to_string().into()),
            Self::Cpu(ranges) => {
                let ranges: Vec<_> = ranges
                    .iter()
                    .map(|(first, last)| {
                        if first == last {
                            first.to_string()
                        } else {
                            format!("{first}-{last}")
                        }
                    })
                    .collect();

                ("cpu", "==", ranges.join(",").into())
            }
            Self::Cgroup(id) => ("cgroup", "==", id.to_string().into()),
            Self::Path(path) => ("cgroup", "==", Field(path).to_string().into()),
        };

        [name.into(), operator.into(), value]
    }

    fn is_true_of(&self, subject: &Subject) -> bool {
        match self {
            Self::Comm(pieces) => is_like(pieces, &subject.name),
            Self::Pid(pid) => subject.pid == *pid,
            Self::Tgid(tgid) => subject.tgid == *tgid,
            Self::PrioBelow(prio) => subject.prio < *prio,
            Self::Cpu(ranges) => ranges
                .iter()
                .flat_map(|(first, last)| (*first..=*last).collect::<Vec<_>>())
                .any(|cpu| cpu == subject.cpu),
            Self::Cgroup(id) => subject.cgroup == *id,
            Self::Path(path) => subject.cgroup == cgroup_of(path),
        }
    }
}

/// Whether a pattern matches, by the set of all positions of the name that it can have come to.
fn is_like(pattern: &[Piece], name: &[u8]) -> bool {
    let mut positions = vec![false; name.len() + 1];

    positions[0] = true;
    for piece in pattern {
        positions = match piece {
            Piece::Anything => (0..=name.len())
                .map(|to| positions[..=to].contains(&true))
                .collect(),
            Piece::Byte(byte, _) => (0..=name.len())
                .map(|to| to > 0 && positions[to - 1] && name[to - 1] == *byte)
                .collect(),
        };
    }
    positions[name.len()]
}

impl Expression {
    fn terms(&self) -> impl Iterator<Item = &Term> {
        std::iter::once(&self.first).chain(self.rest.iter().map(|(_, term)| term))
    }

    /// The text, with one of some blanks in each place that may have one.
    fn text(&self, blanks: &[&str]) -> Vec<u8> {
        let mut blanks = blanks.iter().cycle();
        let mut text = Vec::new();
        let operators = self.rest.iter().map(|(operator, _)| match operator {
            Operator::And => "&&",
            Operator::Or => "||",
        });

        for (operator, term) in std::iter::once("").chain(operators).zip(self.terms()) {
            for token in std::iter::once(operator.into()).chain(term.text()) {
                text.extend(blanks.next().unwrap().bytes());
                text.extend::<Vec<u8>>(token);
            }
        }
        text.extend(blanks.next().unwrap().bytes());
        text
    }

    /// The value, by writing the values of the terms down and taking them together: first those
    /// with an "and" between them, from the right, then the others.
    fn is_true_of(&self, subject: &Subject) -> bool {
        let mut values: Vec<_> = self.terms().map(|term| term.is_true_of(subject)).collect();
        let mut operators: Vec<_> = self.rest.iter().map(|(operator, _)| *operator).collect();

        while let Some(i) = operators.iter().rposition(|o| *o == Operator::And) {
            operators.remove(i);

            let right = values.remove(i + 1);

            values[i] = values[i] && right;
        }
        values.contains(&true)
    }
}

fn blanks() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::vec(prop::sample::select(&["", "", " ", "\t", " \n"][..]), 1..8)
}

/// The filter of a text that has no mistake.
fn parse(text: &[u8]) -> Filter {
    Filter::parse(text).unwrap_or_else(|Mistake { at, what }| {
        panic!("{} of {:?}: {what}", at, String::from_utf8_lossy(text))
    })
}

/// The mistake in a text.
fn mistake(text: &[u8]) -> Result<Mistake, TestCaseError> {
    match Filter::parse(text) {
        Err(mistake) => Ok(mistake),
        Ok(_) => Err(TestCaseError::fail(format!(
            "parsed: {:?}",
            String::from_utf8_lossy(text)
        ))),
    }
}

/// The filter admits the tasks of which that is true, and no other.
fn admits_those(
    filter: &Filter,
    subjects: &[Subject],
    is_true_of: impl Fn(&Subject) -> bool,
) -> Result<(), TestCaseError> {
    for subject in subjects {
        prop_assert_eq!(
            subject.is_admitted(filter),
            is_true_of(subject),
            "{:?}",
            subject
        );
    }
    Ok(())
}

/// Bytes, or parts of filters in any order.
fn any_bytes() -> impl Strategy<Value = Vec<u8>> {
    const TOKENS: [&[u8]; 26] = [
        b"comm",
        b"pid",
        b"tgid",
        b"prio",
        b"cpu",
        b"cgroup",
        b"==",
        b"=",
        b"<",
        b"&&",
        b"||",
        b"&",
        b"-",
        b",",
        b"0",
        b"7",
        b"69",
        b"70",
        b"2147483647",
        b"18446744073709551615",
        b"18446744073709551616",
        b"99999999999999999999999",
        b" ",
        b"*",
        b"\\0",
        b"\\040",
    ];
    let tokens = prop_oneof![
        12 => prop::sample::select(&TOKENS[..]).prop_map(|token| token.to_vec()),
        1 => prop::collection::vec(any::<u8>(), 1..3),
    ];

    prop_oneof![
        1 => any::<Vec<u8>>(),
        3 => prop::collection::vec(tokens, 0..20).prop_map(|tokens| tokens.concat()),
        1 => (expression(1..=3), any::<prop::sample::Index>()).prop_map(|(expression, cut)| {
            let mut text = expression.text(&[" "]);

            text.truncate(cut.index(text.len()));
            text
        }),
    ]
}

/// The text of a term.
fn alone(term: Term) -> Vec<u8> {
    Expression {
        first: term,
        rest: vec![],
    }
    .text(&[""])
}

proptest! {
    #![proptest_config(super::config())]

    /// Any bytes are a filter, or have a mistake inside or at the end.
    #[test]
    fn any_text(text in any_bytes(), subject in subject()) {
        match Filter::parse(&text) {
            Ok(filter) => {
                subject.is_admitted(&filter);
            }
            Err(Mistake { at, what }) => {
                prop_assert!(at <= text.len());
                prop_assert!(!what.is_empty());
            }
        }
    }

    /// An expression admits the tasks of which it is true.
    #[test]
    fn expressions(
        expression in expression(1..=8),
        blanks in blanks(),
        subjects in prop::collection::vec(subject(), 1..8),
    ) {
        let filter = parse(&expression.text(&blanks));

        admits_those(&filter, &subjects, |subject| expression.is_true_of(subject))?;
    }

    /// An expression of one term, which is looked at in a way of its own, admits the tasks of which
    /// the term is true.
    #[test]
    fn one_term(term in term(), subjects in prop::collection::vec(subject(), 1..8)) {
        let filter = parse(&alone(term.clone()));

        admits_those(&filter, &subjects, |subject| term.is_true_of(subject))?;
    }

    /// A pattern matches the names that it can be read as.
    #[test]
    fn patterns(
        pattern in prop::collection::vec(piece(), 0..=15),
        seed in subject(),
        fill in super::name(),
    ) {
        let filter = parse(&alone(Term::Comm(pattern.clone())));
        // A name that is made from the pattern, and one that may be anything.
        let made = pattern.iter().flat_map(|piece| match piece {
            Piece::Anything => fill.clone(),
            Piece::Byte(byte, _) => vec![*byte],
        });
        let made = made.take(15).collect();

        for name in [made, seed.name.clone()] {
            let expected = is_like(&pattern, &name);
            let subject = Subject { name, ..seed.clone() };

            prop_assert_eq!(subject.is_admitted(&filter), expected, "{:?}", subject);
        }
    }

    /// A filter without terms admits all tasks.
    #[test]
    fn blank(blanks in blanks(), subject in subject()) {
        prop_assert!(subject.is_admitted(&parse(blanks.concat().as_bytes())));
        prop_assert!(subject.is_admitted(&Filter::all()));
    }

    /// More than eight terms are a mistake: the ninth.
    #[test]
    fn too_many_terms(expression in expression(9..=12), blanks in blanks()) {
        let eight = Expression { rest: expression.rest[..7].to_vec(), ..expression.clone() };
        let text = expression.text(&blanks);
        let mistake = mistake(&text)?;

        prop_assert_eq!(mistake.what, "too many terms");
        // After the eighth term, its operator and the blanks between them.
        prop_assert!(text[..mistake.at].ends_with(b"&&") || text[..mistake.at].ends_with(b"||"));
        prop_assert!(Filter::parse(&text[..mistake.at - 2]).is_ok());
        prop_assert!(mistake.at >= eight.text(&[""]).len());
    }

    /// More than eight ranges are a mistake, as is an empty one, or a CPU that cannot be.
    #[test]
    fn bad_ranges(
        ranges in prop::collection::vec(range(), 9..12),
        cpu in cpu(),
        over in 0..100u32,
    ) {
        let text = |ranges: &[(u32, u32)]| alone(Term::Cpu(ranges.to_vec()));

        prop_assert_eq!(mistake(&text(&ranges))?.what, "too many ranges");
        prop_assert_eq!(mistake(&text(&[(cpu + 1, cpu)]))?.what, match cpu + 1 {
            first if first == nr_cpu_ids() => "number too large",
            _ => "the range is empty",
        });
        prop_assert_eq!(
            mistake(&text(&[(cpu, nr_cpu_ids() + over)]))?.what,
            "number too large"
        );
    }

    /// A number has the value that it has in decimal, or is too large.
    #[test]
    fn numbers(
        number in (any::<u128>(), 0..128u32).prop_map(|(number, shift)| number >> shift),
        zeros in 0..3usize,
    ) {
        let text = |name| format!("{name}=={}{number}", "0".repeat(zeros)).into_bytes();

        match u64::try_from(number) {
            Ok(id) => {
                let subject = Subject { cgroup: id, ..plain() };

                prop_assert!(subject.is_admitted(&parse(&text("cgroup"))));
                prop_assert!(!plain().is_admitted(&parse(&text("cgroup"))) || id == 0);
            }
            Err(_) => prop_assert_eq!(mistake(&text("cgroup"))?.what, "number too large"),
        }
        match i32::try_from(number) {
            Ok(pid) => {
                let subject = Subject { pid, ..plain() };

                prop_assert!(subject.is_admitted(&parse(&text("pid"))));
            }
            Err(_) => prop_assert_eq!(mistake(&text("pid"))?.what, "number too large"),
        }
    }

    /// A byte that may stand nowhere is found in its place, or in the token that it is in.
    #[test]
    fn damage(
        expression in expression(1..=8),
        place in any::<prop::sample::Index>(),
        byte in prop::sample::select(&b"\x01\x7f\x80\xff"[..]),
    ) {
        let mut text = expression.text(&[" ", ""]);
        let place = place.index(text.len());

        text.insert(place, byte);

        let at = mistake(&text)?.at;

        prop_assert!(at <= place);
        prop_assert!(place - at <= "cgroup".len());
        prop_assert!(!text[at..place].contains(&b' '));
    }

    /// A name that is printed as a field matches that name, and no other.
    #[test]
    fn field(subject in subject(), other in super::name()) {
        let name = subject.name.clone();
        let filter = parse(format!("comm=={}", Field(&name)).as_bytes());
        let others = (0..name.len()).flat_map(|i| {
            let (mut shorter, mut changed) = (name.clone(), name.clone());

            shorter.remove(i);
            changed[i] = changed[i] % 255 + 1;
            [shorter, changed]
        });

        prop_assert!(subject.is_admitted(&filter));
        for other in others.chain([other]) {
            let is_same = other == name;
            let other = Subject { name: other, ..subject.clone() };

            prop_assert_eq!(other.is_admitted(&filter), is_same, "{:?}", other);
        }
    }

    /// A path that is printed as a field is looked up as it is.
    #[test]
    fn path(bytes in prop::collection::vec(prop::sample::select(&b"a&|*\\= /\xff"[..]), 0..20)) {
        let path = [b"/", &bytes[..]].concat();
        let filter = parse(format!("cgroup=={}", Field(&path)).as_bytes());
        let inside = Subject { cgroup: cgroup_of(&path), ..plain() };

        prop_assert!(inside.is_admitted(&filter));
        prop_assert!(!plain().is_admitted(&filter));
    }
}

/// A task to change.
fn plain() -> Subject {
    Subject {
        name: b"a".to_vec(),
        garbage: 0,
        pid: 1,
        tgid: 1,
        prio: 0,
        cpu: 0,
        cgroup: 0,
    }
}
