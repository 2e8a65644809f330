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

/// The longest text of a filter.
pub(super) const FILTER_MAX: usize = 255;

/// A text of bounded length, that anybody may have written.
#[derive(Clone, Copy)]
pub(super) struct Text {
    bytes: [u8; FILTER_MAX],
    len: usize,
}

impl Text {
    fn new(text: &[u8]) -> Self {
        let mut bytes = [0; FILTER_MAX];
        let len = text.len().min(FILTER_MAX);

        for (to, from) in bytes.iter_mut().zip(text) {
            *to = *from;
        }
        Self { bytes, len }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&[])
    }
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

/// Under the mutex.
pub(super) struct Control {
    pub(super) enabled: bool,
    pub(super) wanted: [bool; EVENTS.len()],
    sets: [Option<Set<Arc<Shared>>>; EVENTS.len()],
    pub(super) filter: Text,
    /// The last filter that was refused, since one was not.
    pub(super) refused: Option<(Text, Mistake)>,
}

/// The scheduler probe: what is attached, and the files by which it is told what to do.
#[pin_data]
pub(crate) struct SchedProbe {
    // Dropped in this order. Who is in a file uses all of the rest; the sets, in `control`, want
    // the registry.
    #[pin]
    debugfs: Debugfs,
    #[pin]
    sysfs: Sysfs,
    #[pin]
    control: Mutex<Control>,
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
            control <- new_mutex!(settings.control(&registry, shared)?),
            sysfs <- Sysfs::new(this),
            debugfs <- Debugfs::new(this),
        }? Error)
    }

    /// What has been asked for.
    pub(super) fn control(&self) -> MutexGuard<'_, Control> {
        self.control.lock()
    }

    /// The counts of its guards, to be printed when it is gone.
    #[allow(dead_code)] // Test modules do not print them.
    pub(crate) fn guard_events(&self) -> GuardEvents {
        GuardEvents(self.shared.clone())
    }

    /// Attaches what is wanted, or detaches all. Process context; sleeps for grace periods.
    pub(super) fn enable(&self, enable: bool) -> Result {
        let mut control = self.control.lock();

        control.apply(&self.registry, &self.shared, enable, None)
    }

    /// `+name` and `-name`, any number of them; all or none.
    pub(super) fn choose(&self, text: &[u8]) -> Result {
        let mut control = self.control.lock();
        let wanted = choice(control.wanted, text)?;
        let enable = control.enabled;

        control.apply(&self.registry, &self.shared, enable, Some(wanted))
    }

    /// A new filter, or why it is none.
    pub(super) fn set_filter(&self, text: &[u8]) -> Result {
        let text = trim(text);
        let mut control = self.control.lock();

        if text.len() > FILTER_MAX {
            control.refused = Some((
                Text::new(text),
                Mistake {
                    at: FILTER_MAX,
                    what: "too long",
                },
            ));
            return Err(EINVAL);
        }
        match Filter::parse(text) {
            Ok(filter) => {
                self.shared.filter.replace(filter, GFP_KERNEL)?;
                self.shared.new_epoch();
                control.filter = Text::new(text);
                control.refused = None;
                Ok(())
            }
            Err(mistake) => {
                control.refused = Some((Text::new(text), mistake));
                Err(EINVAL)
            }
        }
    }

    /// Starts all numbers anew. Process context; sleeps for a grace period.
    pub(super) fn reset(&self) -> Result {
        // One at a time: there are never more than two.
        let _control = self.control.lock();
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
    pub(super) fn is_attached(&self, event: usize) -> bool {
        matches!(self.sets.get(event), Some(Some(_)))
    }

    /// Attaches and detaches, so that what is wanted is attached if this is enabled, and nothing
    /// else is. Where something cannot be attached nothing is changed.
    fn apply(
        &mut self,
        registry: &Registry,
        shared: &Arc<Shared>,
        enable: bool,
        wanted: Option<[bool; EVENTS.len()]>,
    ) -> Result {
        let wanted = wanted.unwrap_or(self.wanted);
        let mut new = [const { None }; EVENTS.len()];

        // First, as this may fail.
        for (i, (_, attach)) in EVENTS.iter().enumerate() {
            if enable && wanted[i] && self.sets[i].is_none() {
                new[i] = Some(attach(registry, shared)?);
            }
        }
        for (i, set) in self.sets.iter_mut().enumerate() {
            if let Some(new) = new[i].take() {
                *set = Some(new);
            } else if !(enable && wanted[i]) {
                *set = None;
            }
        }
        shared.new_epoch();
        self.enabled = enable;
        self.wanted = wanted;
        Ok(())
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

    fn control(&self, registry: &Registry, shared: &Arc<Shared>) -> Result<Control> {
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
        let mut control = Control {
            enabled: false,
            wanted,
            sets: [const { None }; EVENTS.len()],
            filter: Text::new(filter_param()),
            refused: None,
        };

        control.apply(registry, shared, self.enable != 0, None)?;
        Ok(control)
    }
}
