// SPDX-License-Identifier: GPL-2.0

//! What the user has asked for: which events are attached, which tasks are looked at.

use super::{
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
    rcu_notrace::Rcu,
    shim::sched as shim,
    tracepoint_glue::{
        events::*,
        Probe,
        Registry,
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
        Arc,
        Mutex,
        MutexGuard, //
    },
};

/// The events, in the order of [`EVENTS`].
#[derive(Clone, Copy)]
pub(super) enum Event {
    Entry,
    Switch,
    Waking,
    Wakeup,
    WakeupNew,
    Migrate,
    Prio,
    Fork,
    Exec,
    Exit,
}

type Attach = fn(&Registry, &Arc<Shared>) -> Result<Set<Arc<Shared>>>;

/// Their names, and how to attach to them.
pub(super) const EVENTS: [(&str, Attach); 10] = [
    // Before `sched_switch`, which goes by what this has noted.
    ("sched_entry_tp", attach::<sched_entry_tp>),
    ("sched_switch", attach::<sched_switch>),
    ("sched_waking", attach::<sched_waking>),
    ("sched_wakeup", attach::<sched_wakeup>),
    ("sched_wakeup_new", attach::<sched_wakeup_new>),
    ("sched_migrate_task", attach::<sched_migrate_task>),
    ("sched_pi_setprio", attach::<sched_pi_setprio>),
    ("sched_process_fork", attach::<sched_process_fork>),
    ("sched_process_exec", attach::<sched_process_exec>),
    ("sched_process_exit", attach::<sched_process_exit>),
];

fn attach<T: Tracepoint>(registry: &Registry, shared: &Arc<Shared>) -> Result<Set<Arc<Shared>>>
where
    Arc<Shared>: Probe<T>,
{
    registry.attach(shared.clone(), |wanted| wanted.require::<T>())
}

/// The longest text of a filter: that of a write.
const FILTER_MAX: usize = shim::SCHED_PROBE_WRITE_MAX as usize;

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
    trim(text(unsafe { shim::sched_probe_param_filter() }))
}

fn events_param() -> &'static [u8] {
    // SAFETY: No requirements.
    text(unsafe { shim::sched_probe_param_events() })
}

/// What has been asked for, as it is shown.
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

/// What is attached, by [`Event`]. It is changed by whoever has the [`Turn`], and its mutex is held
/// over grace periods.
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
        to_result(unsafe { shim::sched_probe_turn_begin() }).map(|()| Self(()))
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // SAFETY: This task has begun it: a `Turn` is never passed on.
        unsafe { shim::sched_probe_turn_end() };
    }
}

/// The scheduler probe: what is attached, and the files by which it is told what to do.
#[pin_data]
pub(crate) struct SchedProbe {
    // Dropped in this order. Who is in a file uses all of the rest; the sets want the registry.
    #[pin]
    debugfs: Debugfs,
    #[pin]
    sysfs: Sysfs,
    #[pin]
    control: Mutex<Control>,
    #[pin]
    sets: Mutex<Sets>,
    pub(super) shared: Arc<Shared>,
    #[pin]
    registry: Registry,
}

/// How often guards have left the fast path: prints that when it is dropped, which is to be after
/// the [`SchedProbe`], when no probe is left that takes a guard.
pub(crate) struct GuardEvents(Arc<Shared>);

impl Drop for GuardEvents {
    fn drop(&mut self) {
        pr_info!("unloading; {}\n", self.0.rcu.events());
    }
}

/// Complains about a parameter.
fn bad(name: &str, what: &str) -> Error {
    pr_err!("parameter {name}: {what}\n");
    EINVAL
}

const LEAST_TASKS: u32 = 64;
const MOST_TASKS: u32 = 1 << 18;

impl SchedProbe {
    /// Makes it, in the module's own memory: see [`Registry`]. Process context. `EINVAL`: a setting
    /// is not one, and the log says which; otherwise what attaching fails with, `ENOMEM`, or what
    /// sysfs or debugfs says.
    pub(crate) fn new(settings: Settings) -> impl PinInit<Self, Error> {
        try_pin_init!(&this in Self {
            registry <- Registry::new(),
            shared: settings.shared()?,
            sets <- new_mutex!(Sets([const { None }; EVENTS.len()]), "sched_probe::sets"),
            control <- new_mutex!(settings.control()?, "sched_probe::control"),
            _: {
                let enable = settings.enable != 0;
                let wanted = control.lock().wanted;
                let attached = sets.lock().apply(&registry, shared, enable, &wanted)?;

                control.lock().set(enable, wanted, attached);
            },
            sysfs <- Sysfs::new(this),
            debugfs <- Debugfs::new(this),
        }? Error)
    }

    /// What has been asked for. Process context.
    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock()
    }

    /// The counts of its guards, to be printed when it is gone.
    #[allow(dead_code)] // Test modules do not print them.
    pub(crate) fn guard_events(&self) -> GuardEvents {
        GuardEvents(self.shared.clone())
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

        self.control().set(enable, wanted, attached);
        Ok(())
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

    /// Starts all numbers anew. Process context; sleeps for a grace period. `EINTR` as of
    /// [`enable()`](Self::enable), `ENOMEM`.
    pub(super) fn reset(&self) -> Result {
        // One at a time: there are never more than two.
        let _turn = Turn::wait()?;
        let numbers = Numbers::new(self.shared.tasks)?;

        drop(self.shared.numbers.replace_expedited(numbers)?);
        Ok(())
    }
}

/// Without white space around it.
pub(super) fn trim(text: &[u8]) -> &[u8] {
    text.trim_ascii()
}

/// What is wanted after `+name` and `-name` have been applied. `EINVAL`: a word is neither.
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
}

impl Sets {
    /// Attaches and detaches, so that what is wanted is attached if this is enabled, and nothing
    /// else is; returns what is. Where something cannot be attached nothing is changed.
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
        let shared = Shared::new(Rcu::new()?, filter, self.tasks as usize)?;

        shared.threshold_ns.set(u64::from(self.threshold_us) * 1000);
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
                "+name or -name of an event that /sys/kernel/rcu_notrace/events lists",
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
