// SPDX-License-Identifier: GPL-2.0

//! The table of tasks: as a map from tasks to rows, and a list of the slots.

use crate::{
    rcu_blame::{
        number::Number,
        tasks::{
            Record,
            Row,
            Since,
            Tasks, //
        },
    },
    sync::rcu,
    tracepoint_glue::args::Task,
};
use proptest::{
    prelude::*,
    test_runner::TestCaseResult, //
};
use std::{
    cell::OnceCell,
    collections::{
        HashMap,
        VecDeque, //
    },
};

/// How many places of the index a task has to choose from.
const WINDOW: usize = 32;
/// The sizes of tables: 1 to 128.
const SIZES: usize = 8;
const ADDRESSES: usize = 1024;

thread_local! {
    /// The addresses at which tasks live, one after the other.
    static ARENA: Vec<Task> = (0..ADDRESSES).map(|_| Task::default()).collect();
    /// The place of the index that each address leads to.
    static HOMES: [OnceCell<Vec<usize>>; SIZES] = const { [const { OnceCell::new() }; SIZES] };
}

fn homes(arena: &[Task], size: usize) -> Vec<usize> {
    HOMES.with(|homes| {
        homes[size.ilog2() as usize]
            .get_or_init(|| {
                let table = Tasks::new(size).unwrap();

                arena
                    .iter()
                    .map(|task| table.home(task.as_ptr() as u64))
                    .collect()
            })
            .clone()
    })
}

/// Events, each of the task at one of the addresses.
#[derive(Clone, Copy, Debug)]
enum Op {
    /// The probe wants a record. A task is born if none lives there.
    Get(usize),
    /// The probe wants a record if there is one.
    Of(usize),
    /// The probe notes something.
    Write(usize, u64),
    /// The last switch.
    Dies(usize),
    /// The last switch, when no probe is attached.
    Vanishes(usize),
    /// `execve()`, which may make the task as old as so many permille of its age.
    Exec(usize, u64),
}

fn op() -> impl Strategy<Value = Op> {
    let at = || prop_oneof![0..4usize, 0..ADDRESSES];

    prop_oneof![
        6 => at().prop_map(Op::Get),
        1 => at().prop_map(Op::Of),
        2 => (at(), 1..u64::MAX).prop_map(|(at, value)| Op::Write(at, value)),
        2 => at().prop_map(Op::Dies),
        1 => at().prop_map(Op::Vanishes),
        1 => (at(), 0..=1000u64).prop_map(|(at, age)| Op::Exec(at, age)),
    ]
}

/// A task that lives.
#[derive(Clone, Copy)]
struct Life {
    /// Its number, which no other task has.
    id: u64,
    started: u64,
}

/// The row that a task has got.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    slot: usize,
    /// Its place in the index.
    place: usize,
    address: usize,
    /// When its task was started, as the slot was taken.
    started: u64,
    pid: u64,
    value: u64,
    dead: bool,
}

struct Model {
    size: usize,
    homes: Vec<usize>,
    lives: HashMap<usize, Life>,
    /// The rows, by the number of the task.
    entries: HashMap<u64, Entry>,
    /// The tasks that have died, in that order.
    dead: VecDeque<u64>,
    taken: usize,
    evicted: u64,
    /// Counts tasks, and is the time at which they are started.
    clock: u64,
}

impl Model {
    /// The places of the index that a task at an address may be at.
    fn window(&self, address: usize) -> impl Iterator<Item = usize> + use<> {
        let (home, places) = (self.homes[address], 2 * self.size);

        (0..WINDOW).map(move |i| (home + i) % places)
    }

    /// A task has died, as is known now.
    fn died(&mut self, id: u64) {
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.dead = true;
            self.dead.push_back(id);
        }
    }

    /// The task at an address, born just now if need be.
    fn life(&mut self, address: usize, task: &Task) -> Life {
        if let Some(life) = self.lives.get(&address) {
            return *life;
        }
        self.clock += 1000;

        let life = Life {
            id: self.clock,
            started: self.clock,
        };

        task.change(|task| {
            task.pid = life.id as i32;
            task.start_time = life.started;
        });
        self.lives.insert(address, life);
        life
    }

    /// The task at an address wants a row, and has none. Returns the slot that it gets.
    fn get(&mut self, address: usize, life: Life) -> Option<usize> {
        // One that was here before is dead, whether that was seen or not.
        let before = self
            .entries
            .iter()
            .find(|(_, entry)| entry.address == address && !entry.dead);

        if let Some(id) = before.map(|(id, _)| *id) {
            self.died(id);
        }

        let place = self.window(address).find(|place| {
            !self
                .entries
                .values()
                .any(|entry| !entry.dead && entry.place == *place)
        })?;
        let slot = if self.taken < self.size {
            self.taken += 1;
            self.taken - 1
        } else {
            let id = self.dead.pop_front()?;

            self.evicted += 1;
            self.entries.remove(&id)?.slot
        };

        self.entries.insert(
            life.id,
            Entry {
                slot,
                place,
                address,
                started: life.started,
                pid: life.id,
                value: 0,
                dead: false,
            },
        );
        Some(slot)
    }

    /// The table has the rows of the model, and counts what it counts.
    fn compare(&self, table: &Tasks) -> TestCaseResult {
        prop_assert_eq!(table.rows(), self.taken);
        prop_assert_eq!(table.evicted.get(), self.evicted);
        prop_assert_eq!(self.entries.len(), self.taken);
        for (id, entry) in &self.entries {
            let Some(row) = row(table, entry.slot) else {
                return Err(TestCaseError::fail(format!("no row {entry:?}")));
            };

            prop_assert_eq!(
                (row.sections, row.pid, row.boosts, row.dead),
                (*id, entry.pid, entry.value, entry.dead.into()),
                "{:?}",
                entry
            );
        }
        Ok(())
    }
}

/// A new record has nothing of the task that had its slot before.
fn is_clear(record: &Record) -> bool {
    let lasting = record.lasting.read();
    let passing = &record.passing;

    [
        lasting.sections,
        lasting.boosts,
        lasting.dead,
        lasting.off_ns,
    ] == [0; 4]
        && [&passing.off, &passing.woken, &passing.boosted]
            .iter()
            .all(|since| since.get(0).is_none())
}

fn row(table: &Tasks, at: usize) -> Option<Row> {
    table.row(at, &rcu::Guard, |_| true)
}

fn run(arena: &[Task], size: usize, clustered: bool, ops: &[Op]) -> TestCaseResult {
    let homes = homes(arena, size);
    // All addresses, or those that lead to the same few places.
    let beside_first = |place: usize| (place + 2 * size - homes[0]) % (2 * size) < 8;
    let addresses: Vec<_> = (0..ADDRESSES)
        .filter(|address| !clustered || beside_first(homes[*address]))
        .collect();
    let table = Tasks::new(size).unwrap();
    let mut model = Model {
        size,
        homes,
        lives: HashMap::new(),
        entries: HashMap::new(),
        dead: VecDeque::new(),
        taken: 0,
        evicted: 0,
        clock: 0,
    };

    for op in ops {
        let (Op::Get(at)
        | Op::Of(at)
        | Op::Write(at, _)
        | Op::Dies(at)
        | Op::Vanishes(at)
        | Op::Exec(at, _)) = *op;
        let address = addresses[at % addresses.len()];
        let task = &arena[address];
        let life = match op {
            Op::Get(_) => Some(model.life(address, task)),
            _ => model.lives.get(&address).copied(),
        };
        // The others have no events without a task.
        let Some(life) = life else { continue };
        let entry = model.entries.get(&life.id).cloned();

        match *op {
            Op::Get(_) => {
                let (lost, before) = (Number::new(0), table.rows());
                let record = table.get(task, &(), &lost);

                prop_assert_eq!(record.is_none(), lost.get() == 1);
                prop_assert!(table.rows() - before <= 1);
                if entry.is_none() {
                    prop_assert_eq!(model.get(address, life).is_some(), record.is_some());
                    if let Some(record) = record {
                        prop_assert!(is_clear(record), "a record of another task");
                        record.lasting.sections.set(life.id);
                    }
                } else {
                    prop_assert_eq!(record.map(|r| r.lasting.sections.get()), Some(life.id));
                }
            }
            Op::Of(_) => {
                prop_assert_eq!(
                    table.of(task).map(|r| r.lasting.sections.get()),
                    entry.map(|_| life.id)
                );
            }
            Op::Write(_, value) => {
                if let Some(record) = table.of(task) {
                    record.lasting.boosts.set(value);
                    record.lasting.off_ns.set(value);
                    record.passing.off.begin(value, 0);
                    record.passing.woken.begin(value, 0);
                    record.passing.boosted.begin(value, 0);
                }
                if let Some(entry) = model.entries.get_mut(&life.id) {
                    entry.value = value;
                }
            }
            Op::Dies(_) => {
                table.dies(task, &());
                model.lives.remove(&address);
                model.died(life.id);
            }
            Op::Vanishes(_) => {
                model.lives.remove(&address);
            }
            Op::Exec(_, age) => {
                let mut started = (life.started / 1000 * age).clamp(1, life.started);

                // A task that was in no table before its execve() is one with the task that has
                // vanished there, if it is as old: nothing tells them apart.
                if entry.is_none() {
                    let before = model
                        .entries
                        .values()
                        .filter(|e| e.address == address && !e.dead);

                    started = started.max(before.map(|e| e.started + 1).max().unwrap_or(1));
                }
                task.change(|task| task.start_time = started);
                model.lives.insert(address, Life { started, ..life });
            }
        }
        model.compare(&table)?;
    }
    Ok(())
}

/// An interval's history.
#[derive(Clone, Copy, Debug)]
enum Event {
    Begin(u64, u64),
    Clear,
    Take(u64),
    Get(u64),
}

fn event() -> impl Strategy<Value = Event> {
    let switches = || prop_oneof![3 => 0..3u64, 1 => Just(u64::MAX)];

    prop_oneof![
        2 => (1..=u64::MAX, switches()).prop_map(|(now, switches)| Event::Begin(now, switches)),
        1 => Just(Event::Clear),
        2 => switches().prop_map(Event::Take),
        2 => switches().prop_map(Event::Get),
    ]
}

proptest! {
    #![proptest_config(super::config())]

    /// The table has the rows that a map of the tasks has: each task has one row of its own, for
    /// as long as it lives, and a dead one until another task needs it.
    #[test]
    fn table(
        exponent in 0..SIZES,
        clustered: bool,
        ops in prop::collection::vec(op(), 0..200),
    ) {
        ARENA.with(|arena| run(arena, 1 << exponent, clustered, &ops))?;
    }

    /// Tasks get slots until all are taken, or the places of the index that they may have. One more
    /// gets none, and takes nothing from the others.
    #[test]
    fn full(exponent in 0..SIZES, extra in 1..20usize) {
        let ops: Vec<_> = (0..WINDOW + 8 + extra).map(Op::Get).collect();

        ARENA.with(|arena| run(arena, 1 << exponent, true, &ops))?;
    }

    /// Idle tasks have no row.
    #[test]
    fn idle(started: u64) {
        let (table, task) = (Tasks::new(4).unwrap(), Task::default());

        task.change(|task| task.start_time = started);
        prop_assert!(table.get(&task, &(), &Number::new(0)).is_none());
        prop_assert!(table.of(&task).is_none());
        table.dies(&task, &());
        prop_assert_eq!(table.rows(), 0);
    }

    /// A table has a power of two of slots.
    #[test]
    fn size(size in 0..1025usize) {
        prop_assert_eq!(Tasks::new(size).is_ok(), (0..11).any(|bit| size == 1 << bit));
    }

    /// An interval is one that began last, if the task has not been switched out since and it was
    /// not ended.
    #[test]
    fn since(events in prop::collection::vec(event(), 0..20)) {
        // A table is where an interval is.
        let (table, task) = (Tasks::new(1).unwrap(), Task::default());

        task.change(|task| task.pid = 1);

        let since: &Since = &table.get(&task, &(), &Number::new(0)).unwrap().passing.off;

        for (i, event) in events.iter().enumerate() {
            // The last event that changes it, read backwards.
            let last = events[..i].iter().rev().find(|event| !matches!(event, Event::Get(_)));
            let expected = |switches| match last {
                Some(Event::Begin(at, when)) if *when == switches => Some(*at),
                _ => None,
            };

            match *event {
                Event::Begin(now, switches) => since.begin(now, switches),
                Event::Clear => since.clear(),
                Event::Take(switches) => prop_assert_eq!(since.take(switches), expected(switches)),
                Event::Get(switches) => prop_assert_eq!(since.get(switches), expected(switches)),
            }
        }
    }
}
