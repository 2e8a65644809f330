// SPDX-License-Identifier: GPL-2.0

//! Verdicts on tables that a kernel had while a cause was planted: `checks/capture` wrote these.

use insta::assert_snapshot;
use rcu_blame::{
    model::{
        grace_periods,
        held::Held,
        suspect::confirmed,
        verdict::{self, Verdict},
        waiters,
    },
    view::text,
};
use std::{fs, path::Path};

const MS: u64 = 1_000_000;

fn table(cause: &str, name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden")
        .join(cause)
        .join(name);

    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn held(cause: &str) -> Held {
    confirmed(
        &Held::parse(&table(cause, "held")).unwrap(),
        Held::parse(&table(cause, "held.later")).unwrap(),
    )
}

fn now(cause: &str) -> Verdict {
    verdict::present(&held(cause), 100 * MS)
}

/// Of the wait of the planted task, which is the last one.
fn last(cause: &str) -> Verdict {
    verdict::last(
        &waiters::parse(&table(cause, "waiters")).unwrap(),
        &grace_periods::parse(&table(cause, "grace_periods")).unwrap(),
    )
    .unwrap()
}

#[test]
fn boosted() {
    assert_eq!(
        now("boosted").sentence,
        "Reader cause_reader[314] has been off CPU 1 for 1.59 s in cause_reads, behind \
        cause_hog[317] (real-time 50); 93 % of normal grace period 1399, under way for \
        1.71 s"
    );
    assert_eq!(
        last("boosted").sentence,
        "synchronize_rcu() of cause_waiter[315] waited 4.16 s: Reader cause_reader[314] was \
        off CPU 1 for 4.00 s in cause_reads, behind cause_hog[317] (real-time 50); 97 % of \
        normal grace period 1399, which took 4.12 s"
    );
}

#[test]
fn exp_thread() {
    assert_eq!(
        now("exp_thread").sentence,
        "Thread rcu_exp_gp_kthr[20] (nice 0) has waited for CPU 1 for 896 ms behind \
        cause_hog[522] (real-time 50), which has had it for 908 ms; 100 % of expedited \
        grace period 33, under way for 896 ms"
    );
    assert_eq!(
        last("exp_thread").sentence,
        "synchronize_rcu_expedited() of cause_waiter[523] waited 4.23 s: Thread \
        rcu_exp_gp_kthr[20] (nice 0) waited for CPU 1 for 4.12 s behind cause_hog[522] \
        (real-time 50), which had it for 3.29 s; 98 % of expedited grace period 33, which \
        took 4.22 s"
    );
}

#[test]
fn gp_thread() {
    assert_eq!(
        now("gp_thread").sentence,
        "Thread rcu_preempt[16] (real-time 1) has waited for CPU 1 for 928 ms behind \
        cause_hog[492] (real-time 50), which has had it for 939 ms; no grace period is \
        under way for that long yet"
    );
    assert_eq!(
        last("gp_thread").sentence,
        "synchronize_rcu() of cause_waiter[493] waited 4.01 s, and no grace period was slow \
        meanwhile: one began late, or several followed"
    );
}

#[test]
fn irqs_off() {
    assert_eq!(
        now("irqs_off").sentence,
        "Task cause_loop[446] (nice 0) has CPU 1 with interrupts off: no switch for 2.06 s; \
        100 % of normal grace period 2372, under way for 2.03 s"
    );
    assert_eq!(
        last("irqs_off").sentence,
        "synchronize_rcu() of cause_waiter[447] waited 3.99 s: Task cause_loop[446] (nice \
        0) had CPU 1 without a tick: no switch for 4.02 s; 100 % of normal grace period \
        2372, which took 4.00 s"
    );
}

#[test]
fn lock() {
    assert_eq!(
        now("lock").sentence,
        "Reader cause_reader[371] has waited for 951 ms in cause_waits_for_lock for a lock \
        of cause_owner[369] (real-time 1), which is off CPU 1 behind cause_hog[370] \
        (real-time 50); 99 % of normal grace period 1756, under way for 964 ms"
    );
    assert_eq!(
        last("lock").sentence,
        "synchronize_rcu() of kworker/0:0[9] waited 4.03 s: Reader cause_owner[369] was off \
        CPU 1 for 4.00 s in cause_owns_lock, behind cause_hog[370] (real-time 50); 100 % \
        of normal grace period 1756, which took 4.00 s"
    );
}

#[test]
fn none() {
    assert_eq!(
        now("none").sentence,
        "Nothing is held: no grace period, reader or thread of RCU's has waited for longer \
        than 100 ms"
    );
    assert_eq!(
        last("none").sentence,
        "Task capture[577] (nice 0) had CPU 0 without a tick: no switch for 177 ms; 95 % of \
        normal grace period 3731, which took 187 ms"
    );
}

#[test]
fn pinned() {
    assert_eq!(
        now("pinned").sentence,
        "Reader cause_reader[283] has been off CPU 1 for 914 ms in cause_reads, behind \
        cause_hog[284] (real-time 50); 100 % of normal grace period 1246, under way for \
        917 ms"
    );
    assert_eq!(
        last("pinned").sentence,
        "synchronize_rcu() of kworker/0:0[9] waited 4.02 s: Reader cause_reader[283] was \
        off CPU 1 for 4.00 s in cause_reads, behind cause_hog[284] (real-time 50); 100 % \
        of normal grace period 1246, which took 4.01 s"
    );
}

#[test]
fn preempt_off() {
    assert_eq!(
        now("preempt_off").sentence,
        "Task cause_loop[421] (nice 0) has CPU 1 with preemption off: no switch for 895 ms \
        in cause_has_preemption_off; 100 % of normal grace period 2180, under way for 895 \
        ms"
    );
    assert_eq!(
        last("preempt_off").sentence,
        "synchronize_rcu() of cause_waiter[422] waited 4.02 s: Task cause_loop[421] (nice \
        0) had CPU 1 with preemption off: no switch for 4.01 s; 100 % of normal grace \
        period 2180, which took 4.01 s"
    );
}

#[test]
fn rcub() {
    assert_eq!(
        now("rcub").sentence,
        "Reader cause_reader[550] has been off CPU 1 for 1.67 s in cause_reads, behind \
        cause_hog[553] (real-time 50), not boosted as thread rcub/0[17] waits for CPU 1 \
        behind cause_hog[553] (real-time 50); 94 % of normal grace period 3412, under way \
        for 1.78 s"
    );
    assert_eq!(
        last("rcub").sentence,
        "synchronize_rcu() of cause_waiter[551] waited 4.14 s: Reader cause_reader[550] was \
        off CPU 1 for 3.99 s in cause_reads, behind cause_hog[553] (real-time 50), not \
        boosted as thread rcub/0[17] waited for CPU 1 behind cause_hog[553] (real-time \
        50); 97 % of normal grace period 3412, which took 4.11 s"
    );
}

#[test]
fn rcuc() {
    assert_eq!(
        now("rcuc").sentence,
        "Thread rcuc/1[31] (real-time 1) has waited for CPU 1 for 914 ms behind \
        cause_hog[394] (real-time 50), which has had it for 914 ms; 100 % of normal grace \
        period 2018, under way for 917 ms"
    );
    assert_eq!(
        last("rcuc").sentence,
        "synchronize_rcu() of cause_waiter[395] waited 4.01 s: Thread rcuc/1[31] (real-time \
        1) waited for CPU 1 for 4.00 s behind cause_hog[394] (real-time 50), which had it \
        for 3.34 s; 100 % of normal grace period 2018, which took 4.00 s"
    );
}

#[test]
fn running() {
    assert_eq!(
        now("running").sentence,
        "Reader cause_reader[467] (real-time 99) has CPU 1 in its section: no switch for \
        942 ms in cause_reads; 100 % of normal grace period 2592, under way for 941 ms"
    );
    assert_eq!(
        last("running").sentence,
        "synchronize_rcu() of cause_waiter[468] waited 4.03 s: Thread rcuc/1[31] (real-time \
        1) waited for CPU 1 for 4.00 s behind cause_reader[467] (real-time 99), which had \
        it for 3.72 s; 99 % of normal grace period 2592, which took 4.02 s"
    );
}

#[test]
fn softirq() {
    assert_eq!(
        now("softirq").sentence,
        "Reader ktimers/1[32] has been off CPU 1 for 905 ms in cause_timer, behind \
        cause_hog[342] (real-time 50); 100 % of normal grace period 1580, under way for \
        909 ms"
    );
    assert_eq!(
        last("softirq").sentence,
        "synchronize_rcu_expedited() of cause_waiter[343] waited 4.00 s: Reader \
        ktimers/1[32] was off CPU 1 for 4.00 s in cause_timer, behind cause_hog[342] \
        (real-time 50); 100 % of normal grace period 1580, which took 4.01 s"
    );
}

/// Lines are cut.
fn cut(text: &str) -> String {
    text.lines()
        .map(|line| line.get(..84).unwrap_or(line).trim_end())
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn chain() {
    assert_snapshot!(cut(&text::verdict(&now("lock"))), @r"
    Reader cause_reader[371] has waited for 951 ms in cause_waits_for_lock for a lock of
      normal grace period 1756, under way for 964 ms
      <- reader cause_reader[371] (real-time 1), off CPU 0 for 951 ms, 99 % of that
           cause_waits_for_lock+0x52/0x80[rcu_notrace_cause]
           blocked_fn+0x9/0x30[rcu_notrace_cause]
           kthread+0xe5/0x120
           ret_from_fork+0x2bc/0x350
           ret_from_fork_asm+0x1a/0x30
      <- owner of the lock cause_owner[369] (real-time 1), off CPU 1
      <- task cause_hog[370] (real-time 50), has CPU 1 for 960 ms
      also: Reader cause_owner[369] has been off CPU 1 for 960 ms in cause_owns_lock, be
      also: Thread rcuc/1[31] (real-time 1) has waited for CPU 1 for 955 ms behind cause
      also: Thread ksoftirqd/1[33] (nice 0) has waited for CPU 1 for 907 ms behind cause
      also: Thread ktimers/1[32] (real-time 1) has waited for CPU 1 for 856 ms behind ca
    ");
}

#[test]
fn table_of_held() {
    assert_snapshot!(text::held(&held("exp_thread")), @r"
    normal grace period 3106, for 907 ms
    expedited grace period 33, for 896 ms
    KIND    TASK                 PRIO          CPU     FOR  BECAUSE
    thread  rcuc/1[31]           real-time 1     1  900 ms  behind cause_hog[522] (real-time 50)
    thread  ksoftirqd/1[33]      nice 0          1  900 ms  behind cause_hog[522] (real-time 50)
    thread  rcu_exp_gp_kthr[20]  nice 0          1  896 ms  behind cause_hog[522] (real-time 50)
    thread  ktimers/1[32]        real-time 1     1  524 ms  behind cause_hog[522] (real-time 50)
    cpu     cause_hog[522]       real-time 50    1  908 ms  no switch, not to blame, in cause_hogs
    ");
}

#[test]
fn json() {
    let text = rcu_blame::view::json::text(&now("lock")).unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();

    assert_eq!(value["rule"], "lock_owner_off");
    assert_eq!(value["held"], true);
    assert_eq!(value["gp"]["type"], "normal");
    assert_eq!(value["chain"][2]["task"]["comm"], "cause_owner");
}
