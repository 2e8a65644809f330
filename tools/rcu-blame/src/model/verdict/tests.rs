// SPDX-License-Identifier: GPL-2.0

//! A test for each rule: the first line names the cause, and an innocent one is not blamed.

use super::*;
use crate::model::{grace_periods, suspect::confirmed, waiters};
use proptest::prelude::*;

const MS: u64 = 1_000_000;

/// The records, after one of the snapshot, and a normal grace period of 2 s.
fn held(records: &str) -> Held {
    let text = format!("held ns=9 tasks=9 readers=9 threads=9\n{NORMAL}{records}");

    Held::parse(text.as_bytes()).unwrap()
}

const NORMAL: &str = "gp type=normal seq=7 for_ns=2000000000\n";

fn says(records: &str) -> (Rule, String) {
    let verdict = present(&held(records), 100 * MS);

    (verdict.rule, verdict.sentence)
}

const READER: &str = "reader pid=10 comm=reader prio=120 tgid=10 normal_prio=120 nesting=1 \
    special=b state=preempted cpu=1 allowed=1 migration_disabled=0 off_ns=1900000000 \
    by_pid=20 by_comm=hog by_prio=49 on_pid=20 on_comm=hog on_prio=49 on_ns=1900000000 \
    stack=asm_sysvec_reschedule_ipi+0x1/0x2,path_walk+0x1/0x2\n";
const BLOCKED: &str = "reader pid=11 comm=waits prio=120 tgid=11 normal_prio=120 nesting=1 \
    special=b state=blocked cpu=0 allowed=0-3 migration_disabled=0 off_ns=1800000000 \
    owner_pid=10 owner_comm=reader owner_prio=120 owner_cpu=1 owner_on_cpu=0 \
    stack=rt_spin_lock+0x1/0x2,dput+0x1/0x2\n";
const RCUC: &str = "thread pid=30 comm=rcuc/1 prio=98 cpu=1 runnable_ns=1900000000 on_pid=20 \
    on_comm=hog on_prio=49 on_ns=1900000000\n";
const RCUB: &str = "thread pid=17 comm=rcub/0 prio=98 cpu=1 runnable_ns=1400000000 on_pid=20 \
    on_comm=hog on_prio=49 on_ns=1900000000\n";
const HOG: &str = "cpu cpu=1 pid=20 comm=hog prio=49 on_ns=1900000000 watched=1 nesting=0 \
    preempt_count=0 stack=hogs+0x1/0x2\n";

#[test]
fn reader_preempted() {
    let expected = (
        Rule::ReaderPreempted,
        "Reader reader[10] has been off CPU 1 for 1.90 s in path_walk, behind hog[20] \
         (real-time 50); 95 % of normal grace period 7, under way for 2.00 s"
            .to_string(),
    );

    assert_eq!(says(READER), expected);
    assert_eq!(says(&[RCUC, HOG, READER].concat()), expected);
}

#[test]
fn reader_of_a_grace_period_that_has_just_become_long() {
    let rule = |gp_ns: &str| {
        let records = READER.replace("off_ns=1900000000", "off_ns=98000000");
        let text = format!("held ns=9 tasks=9 readers=9 threads=9\n{NORMAL}{records}")
            .replace("for_ns=2000000000", &format!("for_ns={gp_ns}"));

        present(&Held::parse(text.as_bytes()).unwrap(), 100 * MS).rule
    };

    assert_eq!(rule("99000000"), Rule::Nothing);
    assert_eq!(rule("101000000"), Rule::ReaderPreempted);
    // It is to blame for less than half of this one.
    assert_eq!(rule("201000000"), Rule::Unexplained);
}

#[test]
fn reader_whose_boost_is_starved() {
    let (rule, sentence) = says(&[READER, RCUB, RCUC, HOG].concat());

    assert_eq!(rule, Rule::ReaderPreempted);
    assert_eq!(
        sentence,
        "Reader reader[10] has been off CPU 1 for 1.90 s in path_walk, behind hog[20] \
         (real-time 50), not boosted as thread rcub/0[17] waits for CPU 1 behind hog[20] \
         (real-time 50); 95 % of normal grace period 7, under way for 2.00 s"
    );
    // One that has been boosted does not wait for that.
    let boosted = READER.replace(" by_pid", " boosted_ns=5 boosted_to=98 by_pid");

    assert!(!says(&[&boosted, RCUB].concat()).1.contains("rcub"));
}

#[test]
fn lock_owner_off() {
    let (rule, sentence) = says(&[READER, BLOCKED, RCUC, HOG].concat());

    assert_eq!(rule, Rule::LockOwnerOff);
    assert_eq!(
        sentence,
        "Reader waits[11] has waited for 1.80 s in dput for a lock of reader[10] (nice 0), which \
         is off CPU 1 behind hog[20] (real-time 50); 90 % of normal grace period 7, under way for \
         2.00 s"
    );
}

#[test]
fn reader_blocked() {
    let running = BLOCKED.replace("owner_on_cpu=0", "owner_on_cpu=1");

    assert_eq!(says(&running).0, Rule::ReaderBlocked);
    assert_eq!(says(&[&running, READER].concat()).0, Rule::ReaderPreempted);
}

#[test]
fn reader_runs() {
    let reads = HOG.replace("nesting=0", "nesting=1");
    let (rule, sentence) = says(&[&reads, RCUC].concat());

    assert_eq!(rule, Rule::ReaderRuns);
    assert_eq!(
        sentence,
        "Reader hog[20] (real-time 50) has CPU 1 in its section: no switch for 1.90 s in hogs; \
         95 % of normal grace period 7, under way for 2.00 s"
    );
}

const SECTION: &str = "cpu cpu=1 pid=10 comm=reader prio=120 on_ns=3000000 watched=1 \
    section_ns=1980000000 nesting=1 preempt_count=0 stack=path_walk+0x1/0x2\n";

#[test]
fn reader_runs_with_interruptions() {
    let expected = (
        Rule::ReaderRuns,
        "Reader reader[10] (nice 0) has been in its section for 1.98 s in path_walk on CPU 1; 99 % \
         of normal grace period 7, under way for 2.00 s"
            .to_string(),
    );
    let short_absence = READER
        .replace("off_ns=1900000000", "off_ns=2000000 section_ns=1980000000")
        .replace("asm_sysvec_reschedule_ipi+0x1/0x2,", "");

    assert_eq!(says(SECTION), expected);
    assert_eq!(says(&short_absence), expected);
    assert_eq!(says(READER).0, Rule::ReaderPreempted);

    // In one snapshot it runs, in the other it does not.
    for (first, later) in [(SECTION, &short_absence[..]), (&short_absence[..], SECTION)] {
        let held = confirmed(&held(first), held(later));

        assert_eq!(present(&held, 100 * MS).rule, Rule::ReaderRuns);
    }
}

#[test]
fn booster_waits_for_the_reader() {
    let rcub = HOG
        .replace("pid=20 comm=hog", "pid=17 comm=rcub/0")
        .replace("on_ns=1900000000", "on_ns=2000000000 section_ns=1995000000")
        .replace("nesting=0", "nesting=1");
    let (rule, sentence) = says(&[&rcub, SECTION].concat());

    assert_eq!(rule, Rule::ReaderRuns);
    assert!(sentence.starts_with("Reader reader[10] "));
    assert_eq!(says(&rcub).0, Rule::Unexplained);
}

#[test]
fn preemption_off() {
    let off = HOG.replace("preempt_count=0", "preempt_count=1");
    let (rule, sentence) = says(&[&off, RCUC].concat());

    assert_eq!(rule, Rule::PreemptionOff);
    assert!(sentence.starts_with(
        "Task hog[20] (real-time 50) has CPU 1 with preemption off: no switch for 1.90 s in hogs"
    ));
}

#[test]
fn irqs_off() {
    let off = HOG.replace("preempt_count=0", "unanswered_ns=20000000");
    let (rule, sentence) = says(&[&off, RCUC, READER].concat());

    assert_eq!(rule, Rule::IrqsOff);
    assert!(sentence
        .starts_with("Task hog[20] (real-time 50) has CPU 1 with interrupts off: no switch for"));
}

#[test]
fn cpu_thread_starved() {
    let (rule, sentence) = says(&[RCUC, HOG].concat());

    assert_eq!(rule, Rule::CpuThreadStarved);
    assert_eq!(
        sentence,
        "Thread rcuc/1[30] (real-time 1) has waited for CPU 1 for 1.90 s behind hog[20] \
         (real-time 50), which has had it for 1.90 s; 95 % of normal grace period 7, under way \
         for 2.00 s"
    );
}

#[test]
fn gp_thread_starved() {
    let normal = RCUC.replace("rcuc/1", "rcu_preempt");
    let (rule, sentence) = says(&[RCUC, &normal].concat());

    assert_eq!(rule, Rule::GpThreadStarved);
    assert!(sentence.starts_with("Thread rcu_preempt[30]"));

    // The thread of expedited ones does not delay a normal one.
    let expedited = RCUC.replace("rcuc/1", "rcu_exp_gp_kthr");
    let (rule, sentence) = says(&[RCUC, &expedited].concat());

    assert_eq!(rule, Rule::GpThreadStarved);
    assert!(sentence.ends_with("; no grace period is under way for that long yet"));
}

#[test]
fn thread_starved() {
    let timers = RCUC.replace("rcuc", "ktimers");

    assert_eq!(says(&[&timers, HOG].concat()).0, Rule::ThreadStarved);
    // Without a grace period it delays none.
    let text = format!("held ns=9 tasks=9 readers=0 threads=1\n{timers}");
    let held = Held::parse(text.as_bytes()).unwrap();

    assert_eq!(present(&held, 100 * MS).rule, Rule::Nothing);
}

#[test]
fn innocent() {
    // A hog alone: a tick reports its quiescent state. So does one in user mode.
    assert_eq!(says(HOG).0, Rule::Unexplained);
    assert_eq!(
        says(&HOG.replace("watched=1 nesting=0 preempt_count=0", "watched=0 nesting=1")).0,
        Rule::Unexplained
    );
    // A reader that was preempted for a moment, beside a thread that waits for long.
    let short = READER.replace("off_ns=1900000000", "off_ns=120000000");

    assert_eq!(says(&[&short, RCUC].concat()).0, Rule::CpuThreadStarved);
}

#[test]
fn nothing() {
    let text = "held ns=9 tasks=9 readers=0 threads=0\ngp type=normal seq=7 for_ns=90000000\n";
    let held = Held::parse(text.as_bytes()).unwrap();
    let verdict = present(&held, 100 * MS);

    assert!(!verdict.held);
    assert!(verdict.sentence.starts_with("Nothing is held: "));
    assert!(present(&held, 80 * MS).held);
}

#[test]
fn by_chance() {
    // In a short section the first time, and in none the second: it is in none.
    let first = held(&HOG.replace("nesting=0", "nesting=1"));
    let later = held(&HOG.replace("on_ns=1900000000", "on_ns=1920000000"));

    assert_eq!(confirmed(&first, later.clone()), later);
    let other = held(&HOG.replace("pid=20", "pid=21"));

    assert_eq!(confirmed(&later, other).cpus, []);
    // A reader that is back, and off again.
    let back = held(&READER.replace("off_ns=1900000000", "off_ns=10000000"));

    assert_eq!(confirmed(&held(READER), back).readers, []);
}

const GPS: &str = "gp type=normal seq=5 begin_ns=1000 duration_ns=2000000000 causes=2 \
    unexplained_ns=0\n";
const WAIT: &str = "wait function=synchronize_rcu pid=40 comm=runc prio=120 begin_ns=1000 \
    duration_ns=2100000000 gp_type=normal gp_seq=5\n";
const CAUSE: &str = "pid=10 comm=a prio=120 cpu=1 begin_ns=9 duration_ns=1900000000 \
    overlap_ns=1900000000";
const MOST: &str = "by_pid=20 by_comm=hog by_prio=49 most_pid=20 most_comm=hog most_prio=49 \
    most_ns=1900000000";

fn said(causes: &[String]) -> (Rule, String) {
    let gps = grace_periods::parse([GPS, &causes.concat()].concat().as_bytes()).unwrap();
    let verdict = last(&waiters::parse(WAIT.as_bytes()).unwrap(), &gps).unwrap();

    (verdict.rule, verdict.sentence)
}

fn cpu(ticks: &str) -> String {
    format!("cause kind=cpu {CAUSE} {ticks}\n")
}

fn rcuc(prio: i32) -> String {
    let thread = CAUSE.replace("comm=a prio=120", &format!("comm=rcuc/1 prio={prio}"));

    format!("cause kind=thread {thread} {MOST}\n")
}

#[test]
fn past_reader() {
    let reader = format!("cause kind=reader {CAUSE} {MOST} stack=path_walk+0x1/0x2\n");
    let (rule, sentence) = said(&[rcuc(98), reader.clone()]);

    assert_eq!(rule, Rule::ReaderPreempted);
    assert_eq!(
        sentence,
        "synchronize_rcu() of runc[40] waited 2.10 s: Reader a[10] was off CPU 1 for 1.90 s in \
         path_walk, behind hog[20] (real-time 50); 95 % of normal grace period 5, which took \
         2.00 s"
    );
    // No task had its CPU for long.
    let off = reader.replace("most_ns=1900000000", "most_ns=90000000");

    assert_eq!(said(&[off]).0, Rule::ReaderOff);
}

#[test]
fn past_cpu() {
    // Ticks in the kernel, and a thread that the scheduler prefers.
    let system = cpu("user_ns=0 system_ns=500000000");

    assert_eq!(said(&[system.clone(), rcuc(98)]).0, Rule::PreemptionOff);
    assert_eq!(said(&[system.clone()]).0, Rule::CpuBusy);
    // It prefers the hog to the thread.
    let hog = system.replace("prio=120", "prio=49");

    assert_eq!(said(&[hog, rcuc(98)]).0, Rule::CpuThreadStarved);
    // No ticks.
    let none = cpu("user_ns=0 system_ns=0");

    assert_eq!(said(&[none, rcuc(98)]).0, Rule::IrqsOff);
    // Ticks in user mode: innocent.
    let user = cpu("user_ns=500000000 system_ns=0");

    assert_eq!(said(&[user]).0, Rule::Unexplained);
}

#[test]
fn past_wait() {
    let wait = waiters::parse(WAIT.as_bytes()).unwrap();

    assert_eq!(last(&[], &[]), None);
    assert!(last(&wait, &[])
        .unwrap()
        .sentence
        .ends_with("and no grace period was slow meanwhile: one began late, or several followed"));
    // A grace period that was slow later, and that nobody waited for.
    let later = GPS.replace("seq=5 begin_ns=1000", "seq=9 begin_ns=3000000000");
    let gps = grace_periods::parse([GPS, &later].concat().as_bytes()).unwrap();

    assert_eq!(last(&wait, &gps).unwrap().gp.unwrap().seq, 5);
    assert_eq!(last(&[], &gps).unwrap().gp.unwrap().seq, 9);
    let wait = waiters::parse(WAIT.replace(" gp_type=normal gp_seq=5", "").as_bytes()).unwrap();

    assert_eq!(last(&wait, &gps).unwrap().gp.unwrap().seq, 9);
}

#[test]
fn past_wait_without_a_grace_period() {
    let says = |causes: &[String]| {
        let wait = WAIT.replace(" gp_type=normal gp_seq=5", "");
        let verdict = last(
            &waiters::parse([wait, causes.concat()].concat().as_bytes()).unwrap(),
            &[],
        );

        verdict.map(|verdict| (verdict.rule, verdict.sentence))
    };
    let thread = rcuc(98).replace("pid=10 comm=rcuc/1", "pid=16 comm=rcu_preempt");
    let hog = cpu("user_ns=0 system_ns=500000000").replace("comm=a prio=120", "comm=hog prio=49");

    assert_eq!(
        says(&[hog.clone(), rcuc(98), thread.clone()]).unwrap(),
        (
            Rule::GpThreadStarved,
            "synchronize_rcu() of runc[40] waited 2.10 s: Thread rcu_preempt[16] (real-time 1) \
             waited for CPU 1 for 1.90 s behind hog[20] (real-time 50), which had it for 1.90 s, \
             so that no grace period began"
                .to_string()
        )
    );
    // All others delay grace periods that have begun.
    assert_eq!(says(&[hog, rcuc(98)]).unwrap().0, Rule::Unexplained);
    // For a small part of the wait.
    let short = thread.replace("overlap_ns=1900000000", "overlap_ns=1000000000");

    assert_eq!(says(&[short]).unwrap().0, Rule::Unexplained);
    // A grace period was slow in the rest of it.
    let wait = waiters::parse([WAIT, &thread].concat().as_bytes()).unwrap();
    let gps = grace_periods::parse(GPS.as_bytes()).unwrap();

    assert_eq!(last(&wait, &gps).unwrap().rule, Rule::GpThreadStarved);
}

/// A table of records, each of them damaged somewhere.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let records = [READER, BLOCKED, RCUC, RCUB, HOG, NORMAL, GPS, WAIT];
    let record = (0..records.len(), any::<Option<(u16, u8)>>()).prop_map(move |(at, damage)| {
        let mut record = records[at].as_bytes().to_vec();

        if let Some((place, byte)) = damage {
            let place = usize::from(place) % record.len();

            record[place] = byte;
        }
        record
    });

    proptest::collection::vec(record, 0..6).prop_map(|records| records.concat())
}

proptest! {
    #[test]
    fn any_table(table in damaged()) {
        let table = [&b"held ns=9 tasks=9 readers=9 threads=9\n"[..], &table].concat();

        if let Ok(held) = Held::parse(&table) {
            let verdict = present(&held, 100 * MS);

            prop_assert!(verdict.sentence.bytes().all(|c| (b' '..0x7f).contains(&c)));
            prop_assert!(verdict.share.is_none_or(|share| (0.0..=1.0).contains(&share)));
            prop_assert!(confirmed(&held, held.clone()).cpus.len() <= held.cpus.len());
        }
        let waits = waiters::parse(&table).unwrap_or_default();
        let gps = grace_periods::parse(&table).unwrap_or_default();

        if let Some(verdict) = last(&waits, &gps) {
            prop_assert!(verdict.sentence.bytes().all(|c| (b' '..0x7f).contains(&c)));
        }
    }

    #[test]
    fn the_most_urgent_rule_decides(
        texts in Just([READER, BLOCKED, RCUC, RCUB, HOG]).prop_shuffle(),
        n in 1usize..5,
    ) {
        let verdict = present(&held(&texts[..n].concat()), 100 * MS);
        let least = suspect::present(&held(&texts[..n].concat()))
            .iter()
            .filter_map(Rule::of)
            .min();

        prop_assert_eq!(verdict.rule, least.unwrap_or(Rule::Unexplained));
    }
}
