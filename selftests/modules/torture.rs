// SPDX-License-Identifier: GPL-2.0

//! Guards against grace periods, as rcutorture has it: readers in every way this module is told to,
//! updaters of every kind, from loading to unloading, which prints the statistics.
//!
//! `lose=N`: every Nth section is none, nor are those nested in it; all of them with 1. `keep=1`:
//! other contexts than a task's look at what they have read in a later section, not in the same
//! one. Both are to be caught.

use crate::{
    everywhere::Everywhere,
    rcu_notrace::{
        ReadSide,
        Sched, //
    },
    support::{
        controls::Plain,
        guards::{
            Guard,
            Guards,
            Rcu, //
        },
        kthread::{
            cpus,
            should_stop,
            sleep_us,
            wait_to_be_stopped,
            Kthread,
            ANY_CPU, //
        },
        now_ns, param,
        pipe::{
            self,
            Pipe,
            Seen, //
        },
        tracer::{
            Traced,
            Tracer, //
        },
    },
    tracepoint_glue::{
        events::{
            rcu_future_grace_period,
            rcu_preempt_task,
            rcu_quiescent_state_report,
            rcu_unlock_preempted_task,
            sched_switch,
            sched_wakeup,
            sched_waking, //
        },
        probe_state,
        Any,
        AnyProbe,
        Args,
        Context,
        Counter,
        NoSleep,
        Probe,
        Registry,
        Set, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    processor::cpu_relax,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc, //
    },
};

#[path = "support/everywhere.rs"]
mod everywhere;
#[path = "../../rcu_notrace.rs"]
mod rcu_notrace;
mod support;
#[path = "../../tracepoint_glue.rs"]
mod tracepoint_glue;

module! {
    type: Module,
    name: "rcu_notrace_torture",
    authors: ["The rcu-notrace authors"],
    description: "Test of rcu_notrace: readers against grace periods",
    license: "GPL v2",
    params: {
        normal: u32 {
            default: 0,
            description: "Threads that call synchronize_rcu()",
        },
        expedited: u32 {
            default: 0,
            description: "Threads that call synchronize_rcu_expedited()",
        },
        callbacks: u32 {
            default: 0,
            description: "A storm of call_rcu(), with so many objects",
        },
        readers: u32 {
            default: 1,
            description: "Have a reader for each CPU: 1 bound to it, 2 anywhere; 0 none",
        },
        hold_us: u32 {
            default: 20000,
            description: "The length of the longest sections",
        },
        preempt_us: u32 {
            default: 1500,
            description: "How often a real-time task preempts a reader",
        },
        contexts: u32 {
            default: 0,
            description: "Readers in: 1 hardirqs, 2 softirqs, 4 NMIs, 8 with the rq lock; a sum",
        },
        every_us: u32 {
            default: 500,
            description: "How often there is one of each context",
        },
        regions: u32 {
            default: 0,
            description: "Readers that leave guards in regions: 1 preemption off, 2 interrupts off",
        },
        locks: u32 {
            default: 0,
            description: "Readers in probes with a lock held: 1 rq, 2 pi, 4 rcu_node; a sum",
        },
        probes: u32 {
            default: 0,
            description: "Readers in probes on every tracepoint",
        },
        functions: u32 {
            default: 0,
            description: "Readers in traceable functions: 1 all, 2 *rcu*, 3 nmi_handle()",
        },
        lose: u32 {
            default: 0,
            description: "Every so many sections one is none",
        },
        keep: u32 {
            default: 0,
            description: "Other contexts than a task's keep what they have read for too long",
        },
    },
}

/// How deep sections are nested at most.
const DEPTH: u32 = 8;

/// The state that all readers share.
struct Shared {
    rcu: Rcu,
    pipes: KVec<Pipe>,
    lose: u32,
    sections: Atomic<u32>,
    hold_us: u64,
    began_ns: u64,
    /// Expedited grace periods before it began.
    expedited_before: kernel::ffi::c_ulong,
}

// SAFETY: Atomics, and what never changes.
unsafe impl NoSleep for Shared {}

/// The object that a reader has found in each of the pipes.
type Look = [Option<Seen>; 3];

impl Shared {
    /// Whether the section that comes is to be none, and all that is in it.
    #[inline(always)]
    fn lost(&self) -> bool {
        self.lose != 0 && self.sections.fetch_add(1, Relaxed).checked_rem(self.lose) == Some(0)
    }

    /// The guard, but for a section that is `lost`.
    #[inline(always)]
    fn read_lock(&self, lost: bool) -> Option<Guard<'_>> {
        (!lost).then(|| self.rcu.read_lock())
    }

    #[inline(always)]
    fn read(&self) -> Look {
        let mut look = [None; 3];

        for (seen, pipe) in look.iter_mut().zip(&self.pipes) {
            *seen = Some(pipe.read());
        }
        look
    }

    #[inline(always)]
    fn check(&self, look: &Look) {
        for (seen, pipe) in look.iter().zip(&self.pipes) {
            if let Some(seen) = seen {
                pipe.check(*seen);
            }
        }
    }

    /// A short reader: two sections, one in the other.
    #[inline(always)]
    fn glance(&self) {
        let lost = self.lost();
        let _outer = self.read_lock(lost);
        let look = self.read();

        {
            let _inner = self.read_lock(lost);

            self.check(&self.read());
        }
        self.check(&look);
    }
}

/// A sequence that looks random enough.
struct Random(u32);

impl Random {
    fn below(&mut self, n: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        self.0 % n
    }
}

/// Spins, preemptible if the caller is.
fn spin(us: u64) {
    let start = now_ns();

    while now_ns().wrapping_sub(start) < us * 1000 {
        cpu_relax();
    }
}

/// Leaves a section in one of the ways that Documentation/contract.rst tells apart; where a report
/// has to wait there is some time for others to find that it does.
fn leave<G>(guard: G, random: &mut Random) {
    let wait_us = random.below(30).into();

    // SAFETY: Each is paired, in this order; the caller is a task with interrupts on.
    unsafe {
        match random.below(8) {
            0 => {
                support::test_preempt_disable();
                drop(guard);
                spin(wait_us);
                support::test_preempt_enable();
            }
            1 => {
                support::test_local_irq_disable();
                drop(guard);
                spin(wait_us);
                support::test_local_irq_enable();
            }
            2 => {
                support::test_preempt_disable();
                drop(guard);
                spin(wait_us);
                support::test_local_irq_disable();
                support::test_preempt_enable();
                support::test_local_irq_enable();
            }
            _ => drop(guard),
        }
    }
}

/// The content of a section: a look, and others that are shorter, or some time.
fn inside(shared: &Shared, random: &mut Random, depth: u32, long: bool, lost: bool) {
    let look = shared.read();

    if depth != 0 {
        nest(shared, random, depth - 1, long, lost);
    } else if long && random.below(200) == 0 {
        spin(shared.hold_us);
    } else if long && random.below(20) == 0 {
        spin(shared.hold_us / 10);
    } else {
        spin(random.below(50).into());
    }
    shared.check(&look);
}

/// A section, of whatever kind; `depth` more are nested in it. If it is not `long`, preemption is
/// off. If it is `lost` there is none, and of the other kinds there must be none either.
fn nest(shared: &Shared, random: &mut Random, depth: u32, long: bool, lost: bool) {
    match if lost { 9 } else { random.below(10) } {
        0 => {
            let guard = Plain.read_lock();

            inside(shared, random, depth, long, lost);
            drop(guard);
        }
        1 => {
            let guard = Sched.read_lock();

            inside(shared, random, depth, false, lost);
            drop(guard);
        }
        // One that begins in another and outlives it.
        2 => {
            let first = shared.read_lock(lost);
            let look = shared.read();
            let second = shared.read_lock(lost);

            leave(first, random);
            inside(shared, random, depth, long, lost);
            shared.check(&look);
            leave(second, random);
        }
        _ => {
            let guard = shared.read_lock(lost);

            inside(shared, random, depth, long, lost);
            leave(guard, random);
        }
    }
}

fn reader(shared: &Shared, seed: u32) {
    let mut random = Random(seed);

    while !should_stop() {
        let depth = random.below(DEPTH);

        nest(shared, &mut random, depth, true, shared.lost());
        if random.below(4) == 0 {
            sleep_us(50);
        }
    }
}

/// How many regions there were in which a guard was left with something pending.
static OWING: Atomic<u64> = Atomic::new(0);

/// A section that goes on as a region, with preemption or interrupts off: what is read in the
/// section is there until the region ends, whatever the drop in the region, or an interrupt or an
/// NMI in the rest of it, tells RCU.
///
/// In a region with preemption off `sleeper` is woken, and RCU asked for a grace period, for probes
/// with locks held.
fn region(shared: &Shared, irqs_off: bool, sleeper: &Kthread) {
    let guard = shared.rcu.read_lock();
    let look = shared.read();
    let start = now_ns();

    // Until RCU asks for the end of the section: an expedited grace period finds it.
    while !support::pending() && now_ns().wrapping_sub(start) < 2_000_000 {
        cpu_relax();
    }
    if !support::pending() {
        return;
    }
    // SAFETY: Each is paired, in this order; the caller is a task with interrupts on.
    unsafe {
        if irqs_off {
            support::test_local_irq_disable();
        } else {
            support::test_preempt_disable();
        }
        drop(guard);
        if !irqs_off {
            sleeper.wake();
            bindings::start_poll_synchronize_rcu();
        }
        spin(500);
        shared.check(&look);
        if irqs_off {
            support::test_local_irq_enable();
        } else {
            support::test_preempt_enable();
        }
    }
    OWING.add(1, Relaxed);
}

fn regions(shared: &Shared, irqs_off: bool, sleeper: &Kthread) {
    while !should_stop() {
        region(shared, irqs_off, sleeper);
        report_first(shared);
        sleep_us(50);
    }
}

/// Says so when the first reader has gone wrong.
fn report_first(shared: &Shared) {
    static REPORTED: Atomic<i32> = Atomic::new(0);

    if errors() != 0 && REPORTED.xchg(1, Relaxed) == 0 {
        pr_info!(
            "torture first_error_ms={}\n",
            now_ns().wrapping_sub(shared.began_ns) / 1_000_000
        );
    }
}

fn updater(shared: &Shared, pipe: usize, own: bool, synchronize: unsafe extern "C" fn()) {
    while !should_stop() {
        if own {
            shared.pipes[pipe].update(synchronize);
            report_first(shared);
        } else {
            // SAFETY: Process context.
            unsafe { synchronize() };
        }
    }
}

fn storm(shared: &Shared, pipe: usize) {
    while !should_stop() {
        // SAFETY: Callbacks are waited for before the pipes go: `Running::drop()`.
        while unsafe { shared.pipes[pipe].update_later() } {}
        sleep_us(1000);
    }
}

/// Sections of which at least one object was seen too late.
fn errors() -> u64 {
    pipe::READER_PIPE.bad() + pipe::READER_BATCH.bad()
}

/// The source of the other contexts' guards; null but while there is an [`Everywhere`].
static SHARED: Atomic<*mut Shared> = Atomic::new(core::ptr::null_mut());
/// How many sections there were.
static TAKEN: [Atomic<u64>; support::TEST_NR_CONTEXTS as usize] =
    [const { Atomic::new(0) }; support::TEST_NR_CONTEXTS as usize];
/// With `keep`, what the last of them has read: an object of the first pipe, and one.
static KEPT: [Atomic<u64>; support::TEST_NR_CONTEXTS as usize] =
    [const { Atomic::new(0) }; support::TEST_NR_CONTEXTS as usize];
static CONTEXTS: Atomic<u32> = Atomic::new(0);
static KEEP: Atomic<u32> = Atomic::new(0);

/// A section in another context.
///
/// # Safety
///
/// If [`SHARED`] points to something, that exists until this has returned.
#[link_section = ".kprobes.text"]
unsafe extern "C" fn section(context: support::test_context) {
    // SAFETY: Null, or what `Running` holds for as long as this may be called.
    let Some(shared) = (unsafe { SHARED.load(Relaxed).as_ref() }) else {
        return;
    };

    if CONTEXTS.load(Relaxed) & 1 << context == 0 {
        return;
    }
    let taken = TAKEN
        .get(context as usize)
        .map_or(0, |taken| taken.fetch_add(1, Relaxed));

    if KEEP.load(Relaxed) == 0 {
        shared.glance();
    } else if let (Some(pipe), Some(kept)) = (shared.pipes.first(), KEPT.get(context as usize)) {
        // For long enough that there is a grace period.
        if taken % 32 == 0 {
            let _guard = shared.read_lock(shared.lost());
            let before = kept.xchg(pipe.read().pack(), Relaxed);

            if before != 0 {
                pipe.check(Seen::unpack(before));
            }
        }
    }
}

probe_state! {
    /// Readers that hold the scheduler's and RCU's own locks.
    struct Locks {
        shared: Arc<Shared>,
        rq: Counter,
        pi: Counter,
        node: Counter,
    }
}

impl Probe<sched_switch> for Locks {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_switch>, _args: Args<'_, sched_switch>) {
        self.shared.glance();
        self.rq.inc();
    }
}

/// With the rq lock held, but for a task that wakes itself.
impl Probe<sched_wakeup> for Locks {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_wakeup>, _args: Args<'_, sched_wakeup>) {
        self.shared.glance();
    }
}

impl Probe<sched_waking> for Locks {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, sched_waking>, args: Args<'_, sched_waking>) {
        self.shared.glance();
        // Not by one that wakes itself.
        //
        // SAFETY: A task that exists.
        if unsafe { support::test_pi_locked(args.p.as_ptr()) } {
            self.pi.inc();
        }
    }
}

macro_rules! node_locked {
    ($($tracepoint:ident)*) => { $(
        impl Probe<$tracepoint> for Locks {
            #[inline(always)]
            fn hit(&self, _context: &Context<'_, $tracepoint>, _args: Args<'_, $tracepoint>) {
                self.shared.glance();
                self.node.inc();
            }
        }
    )* };
}

node_locked!(rcu_preempt_task rcu_unlock_preempted_task rcu_quiescent_state_report
    rcu_future_grace_period);

probe_state! {
    /// Readers on every tracepoint, or in every function.
    struct All {
        shared: Arc<Shared>,
        hits: Counter,
    }
}

impl AnyProbe for All {
    #[inline(always)]
    fn hit(&self, _context: &Context<'_, Any>) {
        if !support::near_checked_boost_mtx() {
            self.shared.glance();
        }
        self.hits.inc();
    }
}

impl Traced for All {
    #[inline(always)]
    fn hit(&self) {
        if !support::near_checked_boost_mtx() {
            self.shared.glance();
        }
        self.hits.inc();
    }
}

/// All that runs until the module is unloaded.
struct Running {
    threads: KVec<Kthread>,
    everywhere: Option<Everywhere>,
    tracer: Option<Tracer<All>>,
    probes: Option<Set<All>>,
    locks: Option<Set<Locks>>,
    shared: Arc<Shared>,
    guards: Guards,
}

impl Running {
    fn new(registry: &Registry) -> Result<Self> {
        let normal = param(module_parameters::normal.value());
        let expedited = param(module_parameters::expedited.value());
        let callbacks = param(module_parameters::callbacks.value());
        let readers = param(module_parameters::readers.value());
        let mut pipes = KVec::new();

        for objects in [
            if normal != 0 { 16 } else { 0 },
            if expedited != 0 { 16 } else { 0 },
            callbacks,
        ] {
            if objects != 0 {
                pipes.push(Pipe::new(objects as usize)?, GFP_KERNEL)?;
            }
        }

        let mut running = Self {
            threads: KVec::new(),
            everywhere: None,
            tracer: None,
            probes: None,
            locks: None,
            guards: Guards::new()?,
            shared: Arc::new(
                Shared {
                    rcu: Rcu::new(),
                    pipes,
                    lose: param(module_parameters::lose.value()),
                    sections: Atomic::new(0),
                    hold_us: param(module_parameters::hold_us.value()).into(),
                    began_ns: now_ns(),
                    // SAFETY: Any context.
                    expedited_before: unsafe { support::test_expedited_gps() },
                },
                GFP_KERNEL,
            )?,
        };

        running.probe(registry)?;
        let mut pipe = 0;

        for (threads, synchronize) in [
            (normal, bindings::synchronize_rcu as unsafe extern "C" fn()),
            (expedited, bindings::synchronize_rcu_expedited),
        ] {
            for n in 0..threads {
                running.thread(ANY_CPU, c"rcu_notrace_gp", move |shared| {
                    updater(shared, pipe, n == 0, synchronize)
                })?;
            }
            pipe += usize::from(threads != 0);
        }
        if callbacks != 0 {
            running.thread(ANY_CPU, c"rcu_notrace_cb", move |shared| {
                storm(shared, pipe)
            })?;
        }
        let regions_with = param(module_parameters::regions.value());

        for cpu in cpus() {
            if regions_with != 0 {
                let sleeper = Kthread::run(cpu, false, c"rcu_notrace_sleep", wait_to_be_stopped)?;

                running.thread(cpu, c"rcu_notrace_region", move |shared| {
                    regions(shared, regions_with == 2, &sleeper)
                })?;
            }
            if readers != 0 {
                let on = if readers == 1 { cpu } else { ANY_CPU };

                running.thread(on, c"rcu_notrace_read", move |shared| {
                    reader(shared, cpu + 1)
                })?;
                let preempt_us = param(module_parameters::preempt_us.value());

                // Preempts it.
                running.threads.push(
                    Kthread::run(on, true, c"rcu_notrace_fifo", move || {
                        while !should_stop() {
                            spin(20);
                            sleep_us(preempt_us);
                        }
                    })?,
                    GFP_KERNEL,
                )?;
            }
        }
        Ok(running)
    }

    fn thread(
        &mut self,
        cpu: u32,
        name: &'static CStr,
        body: impl FnOnce(&Shared) + Send + 'static,
    ) -> Result {
        let shared = self.shared.clone();

        Ok(self.threads.push(
            Kthread::run(cpu, false, name, move || body(&shared))?,
            GFP_KERNEL,
        )?)
    }

    /// Attaches what takes guards elsewhere than in a thread.
    fn probe(&mut self, registry: &Registry) -> Result {
        let contexts = param(module_parameters::contexts.value());

        if contexts != 0 {
            SHARED.store((&raw const *self.shared).cast_mut(), Relaxed);
            CONTEXTS.store(contexts, Relaxed);
            KEEP.store(param(module_parameters::keep.value()), Relaxed);
            // SAFETY: `section()` may be called anywhere; only this module has a `Running`.
            self.everywhere = Some(unsafe {
                Everywhere::new(section, param(module_parameters::every_us.value()))
            }?);
        }
        let locks = param(module_parameters::locks.value());

        if locks != 0 {
            self.locks = Some(registry.attach(
                Locks {
                    shared: self.shared.clone(),
                    rq: Counter::new()?,
                    pi: Counter::new()?,
                    node: Counter::new()?,
                },
                |wanted| {
                    if locks & 1 != 0 {
                        wanted.require::<sched_switch>()?;
                        wanted.require::<sched_wakeup>()?;
                    }
                    if locks & 2 != 0 {
                        wanted.require::<sched_waking>()?;
                    }
                    if locks & 4 != 0 {
                        wanted.follow::<rcu_preempt_task>()?;
                        wanted.follow::<rcu_unlock_preempted_task>()?;
                        wanted.follow::<rcu_quiescent_state_report>()?;
                        wanted.follow::<rcu_future_grace_period>()?;
                    }
                    Ok(())
                },
            )?);
        }
        if param(module_parameters::probes.value()) != 0 {
            self.probes = Some(registry.attach(self.all()?, |wanted| wanted.every())?);
        }
        self.tracer = match param(module_parameters::functions.value()) {
            0 => None,
            1 => Some(Tracer::new(self.all()?)?),
            2 => Some(Tracer::on(c"*rcu*", self.all()?)?),
            _ => Some(Tracer::on(c"nmi_handle*", self.all()?)?),
        };
        Ok(())
    }

    fn all(&self) -> Result<All> {
        Ok(All {
            shared: self.shared.clone(),
            hits: Counter::new()?,
        })
    }

    fn print(&self) {
        let shared = &self.shared;

        pr_info!(
            "torture errors={} seconds={}\n",
            errors(),
            now_ns().wrapping_sub(shared.began_ns) / 1_000_000_000
        );
        pr_info!("torture Reader Pipe: {}\n", pipe::READER_PIPE);
        pr_info!("torture Reader Batch: {}\n", pipe::READER_BATCH);
        pr_info!("torture Free-Block Circulation: {}\n", pipe::CIRCULATION);
        for pipe in &shared.pipes {
            pr_info!("torture grace_periods={}\n", pipe.grace_periods());
        }
        pr_info!(
            "torture expedited={}\n",
            // SAFETY: Any context.
            unsafe { support::test_expedited_gps() }.wrapping_sub(shared.expedited_before)
        );
        for (taken, context) in TAKEN.iter().zip(["hardirq", "softirq", "nmi", "rq_lock"]) {
            pr_info!("torture taken={} in={context}\n", taken.load(Relaxed));
        }
        if let Some(locks) = &self.locks {
            pr_info!(
                "torture rq_lock={} pi_lock={} rcu_node_lock={}\n",
                locks.rq.sum(),
                locks.pi.sum(),
                locks.node.sum()
            );
        }
        pr_info!("torture regions={}\n", OWING.load(Relaxed));
        pr_info!(
            "torture probes={} functions={}\n",
            self.probes.as_ref().map_or(0, |all| all.hits.sum()),
            self.tracer.as_ref().map_or(0, |all| all.hits.sum())
        );
        pr_info!("torture {}\n", self.guards.events());
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.threads.clear();
        self.everywhere = None;
        SHARED.store(core::ptr::null_mut(), Relaxed);
        pipe::end();
        self.print();
    }
}

#[pin_data]
struct Module {
    running: Running,
    #[pin]
    registry: Registry,
}

impl kernel::InPlaceModule for Module {
    fn init(_module: &'static ThisModule) -> impl PinInit<Self, Error> {
        try_pin_init!(Self {
            registry <- Registry::new(),
            running: Running::new(&registry)?,
        }? Error)
    }
}
