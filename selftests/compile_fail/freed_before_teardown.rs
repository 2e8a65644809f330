// SPDX-License-Identifier: GPL-2.0
// expect: cannot move out of `set` because it is borrowed

//! State that is used after its set has been detached.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { hits: Counter } }

impl Probe<sched_switch> for State {
    fn hit(&self, _: &Context<'_, sched_switch>, _: Args<'_, sched_switch>) {
        self.hits.inc();
    }
}

fn sum(set: Set<State>) -> u64 {
    let hits = &set.hits;

    #[cfg(mistake)]
    drop(set);
    hits.sum()
}
