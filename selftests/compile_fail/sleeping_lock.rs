// SPDX-License-Identifier: GPL-2.0
// expect: cannot be part of a probe.s state: it may sleep

//! A lock that sleeps, in the state of a probe.

#![allow(dead_code, unused_imports)]

include!("root.rs");

#[cfg(mistake)]
type Last = kernel::sync::SpinLock<u64>;
#[cfg(not(mistake))]
type Last = kernel::sync::atomic::Atomic<u64>;

probe_state! {
    struct State {
        hits: Counter,
        last: Last,
    }
}
