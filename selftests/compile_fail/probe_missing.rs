// SPDX-License-Identifier: GPL-2.0
// expect: has no probe for this tracepoint

//! State attached to a tracepoint that it has no probe for.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { hits: Counter } }

impl Probe<sched_switch> for State {
    fn hit(&self, _: &Context<'_, sched_switch>, _: Args<'_, sched_switch>) {}
}

fn wanted(wanted: &mut Wanted<State>) -> Result {
    #[cfg(mistake)]
    wanted.require::<sched_waking>()?;
    wanted.require::<sched_switch>()
}
