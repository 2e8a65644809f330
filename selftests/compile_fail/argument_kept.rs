// SPDX-License-Identifier: GPL-2.0
// expect: lifetime may not live long enough\|borrowed data escapes

//! A probe that keeps a reference beyond the call.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { pid: kernel::sync::atomic::Atomic<i32> } }

fn keep(_: &'static kernel::task::Task) {}
fn look(_: &kernel::task::Task) {}

impl Probe<sched_waking> for State {
    fn hit(&self, _: &Context<'_, sched_waking>, args: Args<'_, sched_waking>) {
        #[cfg(mistake)]
        keep(args.p);
        look(args.p);
    }
}
