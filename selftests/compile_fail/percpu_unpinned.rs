// SPDX-License-Identifier: GPL-2.0
// expect: does not pin

//! Per-CPU state, in a probe that may be migrated.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { here: PerCpu<kernel::sync::atomic::Atomic<u64>> } }

impl Probe<sched_process_fork> for State {
    fn hit(&self, context: &Context<'_, sched_process_fork>, _: Args<'_, sched_process_fork>) {
        #[cfg(mistake)]
        self.here.get(context).add(1, kernel::sync::atomic::Relaxed);
        #[cfg(not(mistake))]
        self.here
            .get(&context.pin())
            .add(1, kernel::sync::atomic::Relaxed);
    }
}
