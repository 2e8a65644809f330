// SPDX-License-Identifier: GPL-2.0

//! Signals that end the program: a loop looks whether there was one, and ends in order.

use signal_hook::{
    consts::{SIGHUP, SIGINT, SIGTERM},
    flag,
};
use std::{
    io,
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc,
    },
};

/// A flag that is set by a signal that ends the program.
#[derive(Clone)]
pub struct Ending(Arc<AtomicBool>);

impl Ending {
    /// Installs the handlers.
    ///
    /// # Errors
    ///
    /// The kernel refuses a handler.
    pub fn watch() -> io::Result<Self> {
        let ending = Arc::new(AtomicBool::new(false));

        for signal in [SIGINT, SIGTERM, SIGHUP] {
            flag::register(signal, ending.clone())?;
        }
        Ok(Self(ending))
    }

    /// Whether there was such a signal.
    pub fn is_near(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
