// SPDX-License-Identifier: GPL-2.0

//! Attaches to all typed tracepoints of sched and the others, in as many rounds as asked for, takes
//! a guard at each hit, and checks what is promised of the place: that it is atomic, and that the
//! state is alive.
//!
//! With `fail=N` the Nth allocation or registration fails. `how` is how the sets are given up:
//! dropped (0), leaked (1), or made in `init` that fails afterwards (2); or how they cannot be had:
//! asking for a tracepoint twice (3), for one that is not there (4), keeping the registry on the
//! heap (5), asking for one that is there, but could not be checked (6).

use crate::{
    rcu_notrace::{
        Rcu, //
        ReadSide,
    },
    tracepoint_glue::{
        events::*,
        faults,
        irq_work::{
            Handler,
            IrqWork, //
        },
        probe_state,
        tracepoints,
        Args,
        AtomicSite,
        Context,
        Counter,
        NoSleep,
        PerCpu,
        Pinned,
        Probe,
        Registry,
        Set,
        Tracepoint,
        Wanted, //
    },
};
use kernel::{
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Glue,
    name: "rcu_notrace_glue",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: typed tracepoint probes",
    license: "GPL v2",
    params: {
        rounds: u32 {
            default: 1,
            description: "How often to attach; detached after each time but the last",
        },
        delay_us: u32 {
            default: 0,
            description: "How long a probe on rcu_notrace_source_tp sleeps",
        },
        fail: u32 {
            default: 0,
            description: "Which allocation or registration fails",
        },
        how: u32 {
            default: 0,
            description: "How the sets are given up; see the source",
        },
    },
}

tracepoints! {
    in crate::support::tracepoints;

    rcu_notrace_source_tp(n: u32);
    rcu_notrace_nowhere_tp(n: u32) if CONFIG_RCU_NOTRACE_NOWHERE;
}

/// One that is there, where its header is not said to declare it.
mod unchecked {
    crate::tracepoint_glue::tracepoints! {
        in crate::support::tracepoints;

        rcu_notrace_source_tp(n: u64) if CONFIG_RCU_NOTRACE_NOWHERE;
    }
}

/// Hits that found the state dropped.
static DEAD: Atomic<u64> = Atomic::new(0);
/// How often what probes left behind has been waited for.
static QUIESCED: Atomic<u64> = Atomic::new(0);
const ALIVE: u64 = 0x616c_6976_6521;

probe_state! {
    /// The state that all probes share.
    struct Common {
        rcu: Arc<Rcu>,
        alive: Atomic<u64>,
        hits: Counter,
        not_atomic: Counter,
        delay_us: u32,
    }
}

impl Common {
    fn new(rcu: &Arc<Rcu>, delay_us: u32) -> Result<Self> {
        Ok(Self {
            rcu: rcu.clone(),
            alive: Atomic::new(ALIVE),
            hits: Counter::new()?,
            not_atomic: Counter::new()?,
            delay_us,
        })
    }

    /// False if there is no state any more.
    #[inline(always)]
    fn hit(&self) -> bool {
        let guard = self.rcu.read_lock();

        self.hits.inc();
        // SAFETY: No requirements.
        if !unsafe { tracepoint_glue::helpers::tracepoint_glue_atomic() } {
            self.not_atomic.inc();
        }
        drop(guard);
        // Not what a probe should do; but SRCU lets it, and in a control it is to be found at it.
        if self.delay_us != 0 {
            support::kthread::sleep_us(self.delay_us);
        }
        if self.alive.load(Relaxed) != ALIVE {
            DEAD.add(1, Relaxed);
            return false;
        }
        true
    }
}

impl Drop for Common {
    fn drop(&mut self) {
        self.alive.store(0, Relaxed);
    }
}

probe_state! {
    /// On tracepoints that say they are atomic.
    struct Claimed {
        common: Common,
        here: PerCpu<Atomic<u64>>,
    }
}

impl<T: Tracepoint + AtomicSite> Probe<T> for Claimed {
    #[inline(always)]
    fn hit(&self, context: &Context<'_, T>, _args: Args<'_, T>) {
        if self.common.hit() {
            // This CPU's own, by the promise.
            count_here(&self.here, context);
        }
    }
}

#[inline(always)]
fn count_here(here: &PerCpu<Atomic<u64>>, pinned: &impl Pinned) {
    here.get(pinned).add(1, Relaxed);
}

/// Runs in a hard interrupt, by a probe's wish.
struct Deferred(Counter);

// SAFETY: Has a counter.
unsafe impl NoSleep for Deferred {
    fn quiesce(&self) {
        QUIESCED.add(1, Relaxed);
    }
}

impl Handler for Deferred {
    fn run(&self) {
        self.0.inc();
    }
}

probe_state! {
    /// On the others.
    #[pin_data]
    struct Unclaimed {
        common: Common,
        #[pin]
        work: IrqWork<Deferred>,
    }
}

impl<T: Tracepoint> Probe<T> for Unclaimed {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, T>, _args: Args<'_, T>) {
        if self.common.hit() {
            self.work.queue();
        }
    }
}

probe_state! {
    /// On a tracepoint that has a CPU, or none.
    struct Energy {
        cpus: Counter,
        none: Counter,
    }
}

impl Probe<sched_compute_energy_tp> for Energy {
    #[inline(always)]
    fn hit(
        &self,
        _context: &Context<'_, sched_compute_energy_tp>,
        args: Args<'_, sched_compute_energy_tp>,
    ) {
        match args.dst_cpu {
            Some(_) => self.cpus.inc(),
            None => self.none.inc(),
        }
    }
}

macro_rules! wanted {
    ($wanted:ident: $($call:ident($($name:ident)*))*) => {
        $($($wanted.$call::<$name>()?;)*)*
    };
}

fn claimed(wanted: &mut Wanted<Claimed>) -> Result {
    wanted!(wanted:
        require(sched_switch sched_waking sched_wakeup sched_wakeup_new sched_migrate_task
            sched_pi_setprio sched_wait_task sched_stat_runtime
            sched_entry_tp sched_exit_tp sched_update_nr_running_tp
            sched_util_est_cfs_tp sched_util_est_se_tp
            sched_dl_throttle_tp sched_dl_replenish_tp sched_dl_update_tp
            sched_dl_server_start_tp sched_dl_server_stop_tp
            pelt_cfs_tp pelt_rt_tp pelt_dl_tp pelt_hw_tp pelt_irq_tp pelt_se_tp
            irq_handler_entry irq_handler_exit softirq_raise
            workqueue_queue_work workqueue_activate_work)
        follow(sched_stat_wait sched_stat_sleep sched_stat_iowait sched_stat_blocked));
    Ok(())
}

fn unclaimed(wanted: &mut Wanted<Unclaimed>) -> Result {
    wanted!(wanted:
        require(sched_process_fork sched_prepare_exec sched_process_exec sched_process_exit
            sched_process_wait sched_process_free
            sched_kthread_stop sched_kthread_stop_ret sched_kthread_work_queue_work
            sched_kthread_work_execute_start sched_kthread_work_execute_end
            sched_set_state_tp sched_set_need_resched_tp sched_wake_idle_without_ipi
            sched_cpu_capacity_tp sched_overutilized_tp
            softirq_entry softirq_exit ipi_send_cpu ipi_send_cpumask
            rcu_utilization rcu_stall_warning
            workqueue_execute_start workqueue_execute_end)
        follow(sched_process_hang
            sched_move_numa sched_stick_numa sched_swap_numa sched_skip_vma_numa
            sched_skip_cpuset_numa
            rcu_grace_period rcu_exp_grace_period rcu_preempt_task rcu_unlock_preempted_task
            rcu_quiescent_state_report rcu_future_grace_period
            rcu_notrace_nowhere_tp));
    Ok(())
}

fn source(wanted: &mut Wanted<Unclaimed>) -> Result {
    wanted.follow::<rcu_notrace_source_tp>()
}

struct Sets {
    claimed: Set<Claimed>,
    unclaimed: Set<Unclaimed>,
    source: Set<Unclaimed>,
    energy: Set<Energy>,
}

impl Sets {
    fn new(registry: &Registry, rcu: &Arc<Rcu>, delay_us: u32) -> Result<Self> {
        let unclaimed_state = |delay_us| {
            try_pin_init!(Unclaimed {
                common: Common::new(rcu, delay_us)?,
                work <- IrqWork::new(Deferred(Counter::new()?)),
            }? Error)
        };

        Ok(Self {
            claimed: registry.attach(
                Claimed {
                    common: Common::new(rcu, 0)?,
                    here: PerCpu::new(|_| Atomic::new(0))?,
                },
                claimed,
            )?,
            unclaimed: registry.attach(unclaimed_state(0), unclaimed)?,
            source: registry.attach(unclaimed_state(delay_us), source)?,
            energy: registry.attach(
                Energy {
                    cpus: Counter::new()?,
                    none: Counter::new()?,
                },
                |wanted| wanted.require::<sched_compute_energy_tp>(),
            )?,
        })
    }

    fn hits(&self) -> u64 {
        self.claimed.common.hits.sum()
            + self.unclaimed.common.hits.sum()
            + self.source.common.hits.sum()
    }
}

/// Attaches once more, in the way that `how` says.
fn last(registry: &Registry, rcu: &Arc<Rcu>) -> Result<Option<Sets>> {
    let delay_us = support::param(module_parameters::delay_us.value());

    match support::param(module_parameters::how.value()) {
        3 => {
            let twice = registry.attach(
                Claimed {
                    common: Common::new(rcu, 0)?,
                    here: PerCpu::new(|_| Atomic::new(0))?,
                },
                |wanted| {
                    wanted.require::<sched_switch>()?;
                    wanted.require::<sched_switch>()
                },
            );
            drop(twice?);
        }
        how @ (4 | 6) => {
            let nowhere = registry.attach(
                try_pin_init!(Unclaimed {
                    common: Common::new(rcu, delay_us)?,
                    work <- IrqWork::new(Deferred(Counter::new()?)),
                }? Error),
                |wanted| {
                    wanted.require::<sched_switch>()?;
                    if how == 6 {
                        return wanted.require::<unchecked::rcu_notrace_source_tp>();
                    }
                    wanted.require::<rcu_notrace_nowhere_tp>()
                },
            );
            drop(nowhere?);
        }
        _ => (),
    }

    let sets = Sets::new(registry, rcu, delay_us)?;

    match support::param(module_parameters::how.value()) {
        1 => {
            let sets = KBox::leak(KBox::new(sets, GFP_KERNEL)?);

            // SAFETY: It looks for what is at that address, which is there for ever.
            unsafe { support::test_leaked(core::ptr::from_mut(sets).cast()) };
            Ok(None)
        }
        2 => Err(EDOM),
        5 => KBox::pin_init(Registry::new(), GFP_KERNEL).map(|_| Some(sets)),
        _ => Ok(Some(sets)),
    }
}

#[pin_data(PinnedDrop)]
struct Glue {
    sets: Option<Sets>,
    // All that have been, in rounds that are over.
    hits: u64,
    #[pin]
    registry: Registry,
    report: Report,
}

impl kernel::InPlaceModule for Glue {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        faults::fail(support::param(module_parameters::fail.value()));

        let mut hits = 0;

        try_pin_init!(Self {
            registry <- Registry::new(),
            sets: {
                let rcu = Arc::new(Rcu::new(), GFP_KERNEL)?;

                for _ in 1..support::param(module_parameters::rounds.value()) {
                    let delay_us = support::param(module_parameters::delay_us.value());
                    let sets = Sets::new(&registry, &rcu, delay_us)?;

                    // For as long as a probe sleeps, so that one is at it.
                    support::kthread::sleep_us(delay_us.wrapping_add(200));
                    hits += sets.hits();
                }
                last(&registry, &rcu)?
            },
            hits,
            report: Report,
        }? Error)
    }
}

/// Dropped last, says how that went.
struct Report;

impl Drop for Report {
    fn drop(&mut self) {
        if cfg!(rcu_notrace_no_wait) {
            // So that the module itself does not go too early as well.
            support::kthread::sleep_us(1_000_000);
        }
        pr_info!(
            "glue dead={} quiesced={}\n",
            DEAD.load(Relaxed),
            QUIESCED.load(Relaxed)
        );
    }
}

#[pinned_drop]
impl PinnedDrop for Glue {
    fn drop(self: Pin<&mut Self>) {
        if let Some(sets) = &self.sets {
            pr_info!(
                "glue attached={} hits={} claimed={} not_atomic={} \
                 others={} others_not_atomic={} here={} irq_work={} cpus={} no_cpus={}\n",
                sets.claimed.attached()
                    + sets.unclaimed.attached()
                    + sets.source.attached()
                    + sets.energy.attached(),
                self.hits + sets.hits(),
                sets.claimed.common.hits.sum(),
                sets.claimed.common.not_atomic.sum(),
                sets.unclaimed.common.hits.sum(),
                sets.unclaimed.common.not_atomic.sum(),
                sets.claimed
                    .here
                    .iter()
                    .map(|n| n.load(Relaxed))
                    .sum::<u64>(),
                sets.unclaimed.work.0.sum(),
                sets.energy.cpus.sum(),
                sets.energy.none.sum(),
            );
        }
    }
}
