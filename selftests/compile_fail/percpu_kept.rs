// SPDX-License-Identifier: GPL-2.0
// expect: temporary value dropped while borrowed

//! Per-CPU state that is kept when the pin is gone.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { here: PerCpu<kernel::sync::atomic::Atomic<u64>> } }

impl Probe<sched_process_fork> for State {
    fn hit(&self, context: &Context<'_, sched_process_fork>, _: Args<'_, sched_process_fork>) {
        #[cfg(mistake)]
        let here = self.here.get(&context.pin());
        #[cfg(not(mistake))]
        let pin = context.pin();
        #[cfg(not(mistake))]
        let here = self.here.get(&pin);

        here.add(1, kernel::sync::atomic::Relaxed);
    }
}
