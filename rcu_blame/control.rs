// SPDX-License-Identifier: GPL-2.0

//! The settings of the user: which events are attached, which tasks are looked at.

use super::{
    absent::Watching,
    debugfs::Debugfs,
    filter::{
        Filter,
        Mistake, //
    },
    sysfs::Sysfs,
    Numbers,
    Shared, //
};
use crate::{
    rcu_blame::{
        function_helpers as functions,
        helpers, //
    },
    rcu_notrace::{
        Rcu,
        Replaced, //
    },
    tracepoint_glue::{
        events::*,
        Accounting,
        Probe,
        Registry,
        RunNested,
        Set,
        Tracepoint, //
    },
};
use kernel::{
    error::to_result,
    new_mutex,
    prelude::*,
    str::{
        CStr,
        CStrExt, //
    },
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Arc,
        Mutex,
        MutexGuard, //
    },
};

type Attach = fn(&Registry, &Arc<Shared>) -> Result<Set<Arc<Shared>>>;

/// Declares the events: the name of each here, and its tracepoint.
macro_rules! events {
    ($($(#[$meta:meta])* $event:ident: $tracepoint:ident,)*) => {
        /// The events.
        #[derive(Clone, Copy)]
        pub(super) enum Event {
            $($(#[$meta])* $event,)*
        }

        /// Their names, and how to attach to them, in the order of the enum.
        pub(super) const EVENTS: &[(&str, Attach)] =
            &[$((stringify!($tracepoint), attach::<$tracepoint>),)*];

        /// An account of the hits of each, by [`Event`].
        pub(super) type Accounts = [Accounting<RunNested>; [$(stringify!($event),)*].len()];

        /// New ones. Process context; `ENOMEM`.
        pub(super) fn accounts() -> Result<Accounts> {
            Ok([$({ let _ = Event::$event; Accounting::new()? },)*])
        }
    };
}

events! {
    /// Before `sched_switch`, which goes by what this has noted.
    Entry: sched_entry_tp,
    Switch: sched_switch,
    Waking: sched_waking,
    Wakeup: sched_wakeup,
    WakeupNew: sched_wakeup_new,
    Migrate: sched_migrate_task,
    Prio: sched_pi_setprio,
    Fork: sched_process_fork,
    Exec: sched_process_exec,
    Exit: sched_process_exit,
}

fn attach<T: Tracepoint>(registry: &Registry, shared: &Arc<Shared>) -> Result<Set<Arc<Shared>>>
where
    Arc<Shared>: Probe<T>,
{
    registry.attach(shared.clone(), |wanted| wanted.require::<T>())
}

/// The longest text of a filter: that of a write.
const FILTER_MAX: usize = helpers::RCU_BLAME_WRITE_MAX as usize;

fn copy(text: &[u8]) -> Result<KVec<u8>> {
    let mut copy = KVec::new();

    copy.extend_from_slice(text, GFP_KERNEL)?;
    Ok(copy)
}

/// A good filter with its white space as blanks.
fn one_line(mut text: KVec<u8>) -> KVec<u8> {
    for c in text.iter_mut().filter(|c| c.is_ascii_whitespace()) {
        *c = b' ';
    }
    text
}

/// How the module starts: its parameters, but for the texts, which are taken from the C side.
pub(crate) struct Settings {
    pub(crate) enable: u32,
    pub(crate) tasks: u32,
    pub(crate) threshold_us: u32,
    pub(crate) gp_threshold_us: u32,
    pub(crate) stop: u32,
}

/// A text parameter.
fn text(param: *const kernel::ffi::c_char) -> &'static [u8] {
    if param.is_null() {
        return &[];
    }
    // SAFETY: Not null, so a string, that is not written after the module's parameters have been
    // read: it cannot be through sysfs.
    unsafe { CStr::from_char_ptr(param) }.to_bytes()
}

fn filter_param() -> &'static [u8] {
    // SAFETY: No requirements.
    trim(text(unsafe { helpers::rcu_blame_param_filter() }))
}

fn events_param() -> &'static [u8] {
    // SAFETY: No requirements.
    text(unsafe { helpers::rcu_blame_param_events() })
}

/// The settings, as they are shown.
///
/// Its mutex is never held over a wait: not for a grace period, nor for memory.
pub(super) struct Control {
    pub(super) enabled: bool,
    pub(super) wanted: [bool; EVENTS.len()],
    pub(super) attached: [bool; EVENTS.len()],
    pub(super) filter: KVec<u8>,
    /// The last filter that was refused, since one was not.
    pub(super) refused: Option<(KVec<u8>, Mistake)>,
}

/// The sets that are attached, by [`Event`]. The task that has the [`Turn`] changes it; its mutex
/// is held over grace periods.
struct Sets([Option<Set<Arc<Shared>>>; EVENTS.len()]);

/// The right to change something: one task has it.
///
/// It is held over grace periods, so that others wait, and can be killed meanwhile; whoever only
/// reads does without.
struct Turn(());

impl Turn {
    /// Process context; sleeps. `EINTR`: the task has been killed.
    fn wait() -> Result<Self> {
        // SAFETY: Process context; ended by the drop.
        to_result(unsafe { helpers::rcu_blame_turn_begin() }).map(|()| Self(()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: This task has begun it: a `Turn` is never passed on.
        unsafe { helpers::rcu_blame_turn_end() };
    }
}

/// The scheduler probe: what is attached, and the files by which it is told what to do.
#[pin_data]
pub(crate) struct RcuBlame {
    // Dropped in this order: the files use all of the rest, the sets want the registry.
    #[pin]
    debugfs: Debugfs,
    #[pin]
    sysfs: Sysfs,
    #[pin]
    control: Mutex<Control>,
    #[pin]
    sets: Mutex<Sets>,
    functions: Functions,
    /// The numbers of before the last reset, if its task was killed.
    #[pin]
    replaced: Mutex<Option<Replaced<Numbers>>>,
    #[pin]
    watching: Watching,
    pub(super) shared: Arc<Shared>,
    #[pin]
    registry: Registry,
}

/// Complains about a parameter.
fn bad(name: &str, what: &str) -> Error {
    pr_err!("parameter {name}: {what}\n");
    EINVAL
}

const LEAST_TASKS: u32 = 64;
const MOST_TASKS: u32 = 1 << 18;

impl RcuBlame {
    /// Makes it, in the module's own memory: see [`Registry`]. Process context. `EINVAL`: a setting
    /// is not one, and the log says which; otherwise what attaching fails with, `ENOMEM`, or what
    /// sysfs or debugfs says.
    pub(crate) fn new(settings: Settings) -> impl PinInit<Self, Error> {
        try_pin_init!(&this in Self {
            registry <- Registry::new(),
            shared: settings.shared()?,
            functions: Functions::new(shared.clone()),
            sets <- new_mutex!(Sets([const { None }; EVENTS.len()]), "rcu_blame::sets"),
            replaced <- new_mutex!(None, "rcu_blame::replaced"),
            watching <- Watching::new(shared.clone()),
            control <- new_mutex!(settings.control()?, "rcu_blame::control"),
            _: {
                let enable = settings.enable != 0;
                let wanted = control.lock().wanted;
                let attached = sets.lock().apply(&registry, shared, enable, &wanted)?;

                functions.probe(enable);
                control.lock().set(enable, wanted, attached);
                watching.update(|| control.lock().is_attached(Event::Switch));
            },
            sysfs <- Sysfs::new(this),
            debugfs <- Debugfs::new(this),
        }? Error)
    }

    /// The settings. Process context.
    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock()
    }

    /// Attaches what is wanted, or detaches all. Process context; sleeps for grace periods.
    /// `EINTR`: killed while another task had its turn; what attaching fails with.
    pub(super) fn enable(&self, enable: bool) -> Result {
        let turn = Turn::wait()?;
        let wanted = self.control().wanted;

        self.apply(&turn, enable, wanted)
    }

    /// `+name` and `-name`, any number of them; all or none. As [`enable()`](Self::enable);
    /// `EINVAL`: a word is neither.
    pub(super) fn choose(&self, text: &[u8]) -> Result {
        let turn = Turn::wait()?;
        let (wanted, enable) = {
            let control = self.control();

            (control.wanted, control.enabled)
        };

        self.apply(&turn, enable, choice(wanted, text)?)
    }

    fn apply(&self, _turn: &Turn, enable: bool, wanted: [bool; EVENTS.len()]) -> Result {
        let attached = self
            .sets
            .lock()
            .apply(&self.registry, &self.shared, enable, &wanted)?;

        self.functions.probe(enable);
        self.control().set(enable, wanted, attached);
        self.update_watching();
        Ok(())
    }

    fn update_watching(&self) {
        self.watching
            .update(|| self.control().is_attached(Event::Switch));
    }

    /// A new threshold, in nanoseconds; 0 for none. Process context.
    pub(super) fn set_threshold_ns(&self, threshold_ns: u64) {
        self.shared.threshold_ns.set(threshold_ns);
        self.update_watching();
    }

    /// A new filter. Process context; sleeps. `EINVAL`: it is none, and `control` says why; `EINTR`
    /// as of [`enable()`](Self::enable), `ENOMEM`.
    pub(super) fn set_filter(&self, text: &[u8]) -> Result {
        let text = trim(text);
        let _turn = Turn::wait()?;
        let copy = copy(text)?;

        match Filter::parse(text) {
            Ok(filter) => {
                self.shared.filter.replace(filter, GFP_KERNEL)?;

                let mut control = self.control();

                control.filter = one_line(copy);
                control.refused = None;
                Ok(())
            }
            Err(mistake) => {
                self.control().refused = Some((copy, mistake));
                Err(EINVAL)
            }
        }
    }

    /// Starts all numbers anew. Process context; sleeps for a grace period. `EINTR`: killed, while
    /// another task had its turn or while this one waited; in that case the numbers are new, and
    /// the old ones are freed by the next reset. `ENOMEM`.
    pub(super) fn reset(&self) -> Result {
        // One at a time: there are never more than two.
        let _turn = Turn::wait()?;

        self.free_replaced()?;
        *self.replaced.lock() = Some(
            self.shared
                .numbers
                .replace_expedited(Numbers::new(self.shared.tasks)?)?,
        );
        self.free_replaced()
    }

    /// Waits for the readers of the numbers that have been replaced, and frees them. In its turn.
    fn free_replaced(&self) -> Result {
        let Some(replaced) = self.replaced.lock().take() else {
            return Ok(());
        };

        while !replaced.is_over() {
            // SAFETY: Process context.
            if !unsafe { helpers::rcu_blame_sleep() } {
                *self.replaced.lock() = Some(replaced);
                return Err(EINTR);
            }
        }
        Ok(())
    }
}

/// Without white space around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// The wanted events, after `+name` and `-name` have been applied. `EINVAL`: a word is neither.
fn choice(mut wanted: [bool; EVENTS.len()], text: &[u8]) -> Result<[bool; EVENTS.len()]> {
    for word in text
        .split(|c| c.is_ascii_whitespace())
        .filter(|word| !word.is_empty())
    {
        let (on, name) = match word {
            [b'+', name @ ..] => (true, name),
            [b'-', name @ ..] => (false, name),
            _ => return Err(EINVAL),
        };
        let event = EVENTS
            .iter()
            .position(|event| event.0.as_bytes() == name)
            .ok_or(EINVAL)?;

        wanted[event] = on;
    }
    Ok(wanted)
}

impl Control {
    fn set(&mut self, enabled: bool, wanted: [bool; EVENTS.len()], attached: [bool; EVENTS.len()]) {
        self.enabled = enabled;
        self.wanted = wanted;
        self.attached = attached;
    }

    fn is_attached(&self, event: Event) -> bool {
        self.attached.get(event as usize) == Some(&true)
    }
}

impl Sets {
    /// Attaches and detaches, so that what is wanted is attached if this is enabled, and nothing
    /// else is; returns what is. If something cannot be attached nothing is changed.
    fn apply(
        &mut self,
        registry: &Registry,
        shared: &Arc<Shared>,
        enable: bool,
        wanted: &[bool; EVENTS.len()],
    ) -> Result<[bool; EVENTS.len()]> {
        let attached = wanted.map(|wanted| enable && wanted);
        let mut new = Sets([const { None }; EVENTS.len()]);

        // First, as this may fail.
        for (i, (_, attach)) in EVENTS.iter().enumerate() {
            if attached[i] && self.0[i].is_none() {
                new.0[i] = Some(attach(registry, shared)?);
            }
        }
        for (set, new) in self.0.iter_mut().zip(&mut new.0) {
            if new.is_some() {
                *set = new.take();
            }
        }
        // In one go, so that `sched_switch` is never attached without `sched_entry_tp`.
        let mut old = Sets([const { None }; EVENTS.len()]);

        for (i, set) in self.0.iter_mut().enumerate().filter(|(i, _)| !attached[*i]) {
            old.0[i] = set.take();
        }
        drop(old);
        if attached.get(Event::Switch as usize) != Some(&true) {
            shared.forget_current();
        }
        Ok(attached)
    }
}

impl Drop for Sets {
    /// Detaches them, the last one first: `sched_switch` goes before `sched_entry_tp`, by which it
    /// goes.
    fn drop(&mut self) {
        Set::detach(&mut self.0);
    }
}

impl Settings {
    fn shared(&self) -> Result<Arc<Shared>> {
        if self.stop > 1 {
            return Err(bad("stop", "0 or 1"));
        }
        if !(LEAST_TASKS..=MOST_TASKS).contains(&self.tasks) || !self.tasks.is_power_of_two() {
            return Err(bad("tasks", "a power of two from 64 to 262144"));
        }

        let filter = Filter::parse(filter_param()).map_err(|mistake| {
            pr_err!(
                "parameter filter: {} at character {}\n",
                mistake.what,
                mistake.at + 1
            );
            EINVAL
        })?;
        let shared = Shared::new(Rcu::new(), filter, self.tasks as usize)?;

        shared.threshold_ns.set(u64::from(self.threshold_us) * 1000);
        shared
            .grace_periods
            .set_threshold_ns(u64::from(self.gp_threshold_us) * 1000);
        shared.stop.set(self.stop.into());
        Ok(shared)
    }

    fn control(&self) -> Result<Control> {
        if self.enable > 1 {
            return Err(bad("enable", "0 or 1"));
        }
        if filter_param().len() > FILTER_MAX {
            return Err(bad("filter", "too long"));
        }

        let wanted = choice([true; EVENTS.len()], events_param()).map_err(|_| {
            bad(
                "events",
                "+name or -name of an event that /sys/kernel/rcu_blame/events lists",
            )
        })?;
        Ok(Control {
            enabled: false,
            wanted,
            attached: [false; EVENTS.len()],
            filter: one_line(copy(filter_param())?),
            refused: None,
        })
    }
}

/// The probes on functions of RCU's.
struct Functions {
    shared: Arc<Shared>,
    /// Changed by the task that has the [`Turn`].
    probed: Atomic<bool>,
}

impl Functions {
    fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            probed: Atomic::new(false),
        }
    }

    /// Probes them, or does not any more. Process context; sleeps for a grace period. A function
    /// that cannot be probed is named in the log.
    fn probe(&self, probe: bool) {
        if self.probed.xchg(probe, Relaxed) == probe {
            return;
        }
        // SAFETY: Process context. `Shared` is there until the drop. One at a time.
        unsafe {
            if probe {
                functions::rcu_blame_functions_probe(Arc::as_ptr(&self.shared).cast());
            } else {
                functions::rcu_blame_functions_unprobe();
                self.shared.grace_periods.forget();
            }
        }
    }
}

impl Drop for Functions {
    fn drop(&mut self) {
        self.probe(false);
    }
}
