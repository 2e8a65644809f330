// SPDX-License-Identifier: GPL-2.0
// expect: cannot move out of dereference

//! State that is taken out of its set, to be freed while probes use it.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { hits: Counter } }

impl Probe<sched_switch> for State {
    fn hit(&self, _: &Context<'_, sched_switch>, _: Args<'_, sched_switch>) {
        self.hits.inc();
    }
}

fn free(set: Set<State>) {
    #[cfg(mistake)]
    drop::<State>(*set);
    #[cfg(not(mistake))]
    drop::<Set<State>>(set);
}
