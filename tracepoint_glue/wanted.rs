// SPDX-License-Identifier: GPL-2.0

//! The list of tracepoints that a set of probes is to be attached to.

use super::{
    any::{
        self,
        AnyProbe, //
    },
    faults,
    probes::{
        refused,
        Registered, //
    },
    Probe,
    Tracepoint, //
};
use core::marker::PhantomData;
use kernel::{
    ffi::c_void,
    prelude::*, //
};

/// The tracepoints that the probes of an `S` are to be attached to.
pub(crate) struct Wanted<S> {
    pub(super) probes: KVec<Registered>,
    pub(super) every: Option<*mut c_void>,
    _state: PhantomData<fn(S)>,
}

impl<S> Wanted<S> {
    pub(super) fn new() -> Self {
        Self {
            probes: KVec::new(),
            every: None,
            _state: PhantomData,
        }
    }

    fn push<T: Tracepoint>(&mut self, func: *mut c_void, required: bool) -> Result {
        let name = T::NAME;
        let probe = Registered {
            name,
            func,
            required,
            checked: T::CHECKED,
            of_every: false,
            tracepoint: core::ptr::null_mut(),
        };

        if self.probes.iter().any(|p| p.name == name && p.func == func) {
            return Err(refused(name, EEXIST));
        }
        faults::allocation()?;
        Ok(self.probes.push(probe, GFP_KERNEL)?)
    }

    /// The tracepoint `T`, which has to be there now: `ENOENT`.
    ///
    /// If it is a module's, the probe follows it as below.
    pub(crate) fn require<T: Tracepoint>(&mut self) -> Result
    where
        S: Probe<T>,
    {
        self.push::<T>(T::probe::<S>(), true)
    }

    /// The tracepoint `T` when and while it is there: with the module that defines it, which is not
    /// kept from going.
    pub(crate) fn follow<T: Tracepoint>(&mut self) -> Result
    where
        S: Probe<T>,
    {
        self.push::<T>(T::probe::<S>(), false)
    }

    /// Every tracepoint there is, and those of modules as they come.
    ///
    /// `EOPNOTSUPP` where a probe of unknown prototype is not sound. A tracepoint that refuses is
    /// left out, and the kernel log says why.
    pub(crate) fn every(&mut self) -> Result
    where
        S: AnyProbe,
    {
        self.every = Some(any::probe::<S>()?);
        Ok(())
    }
}
