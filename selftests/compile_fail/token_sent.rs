// SPDX-License-Identifier: GPL-2.0
// expect: cannot be \(sent\|shared\) between threads safely

//! A token that goes to another thread.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { hits: Counter } }

impl Probe<sched_switch> for State {
    fn hit(&self, _: &Context<'_, sched_switch>, _: Args<'_, sched_switch>) {
        self.hits.inc();
    }
}

fn elsewhere(_: impl FnOnce() + Send) {}

fn hit<T>(context: &Context<'_, T>, hits: &Counter) {
    elsewhere(|| {
        #[cfg(mistake)]
        let _pin = context.pin();
        hits.inc();
    });
}
