// SPDX-License-Identifier: GPL-2.0
// expect: mismatched types

//! A probe that takes an argument for something else.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { last: kernel::sync::atomic::Atomic<u64> } }

impl Probe<sched_migrate_task> for State {
    fn hit(&self, _: &Context<'_, sched_migrate_task>, args: Args<'_, sched_migrate_task>) {
        #[cfg(mistake)]
        let cpu: u32 = args.dest_cpu;
        #[cfg(not(mistake))]
        let cpu: u32 = args.dest_cpu.as_u32();

        self.last.store(cpu.into(), kernel::sync::atomic::Relaxed);
    }
}
