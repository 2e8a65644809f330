// SPDX-License-Identifier: GPL-2.0
// expect: mismatched types

//! A CPU that the kernel may pass as -1, for none, taken for one.

#![allow(dead_code, unused_imports)]

include!("root.rs");

probe_state! { struct State { cpu: kernel::sync::atomic::Atomic<i32> } }

fn index(_: kernel::cpu::CpuId) {}

impl Probe<sched_compute_energy_tp> for State {
    fn hit(
        &self,
        _: &Context<'_, sched_compute_energy_tp>,
        args: Args<'_, sched_compute_energy_tp>,
    ) {
        #[cfg(mistake)]
        index(args.dst_cpu);
        if let Some(cpu) = args.dst_cpu {
            index(cpu);
        }
    }
}
