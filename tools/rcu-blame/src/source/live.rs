// SPDX-License-Identifier: GPL-2.0

//! The kernel that runs: tables in debugfs, control files in sysfs.

use super::{Error, Facts, Table};
use crate::model::{held::Held, suspect::confirmed};
use std::{
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

/// The mount point of debugfs.
const DEBUGFS: &str = "sys/kernel/debug";

/// The control files.
const CONTROL: &str = "sys/kernel/rcu_blame";

/// The time between two looks.
const APART: Duration = Duration::from_millis(20);

/// The kernel that runs.
pub struct Live {
    root: PathBuf,
}

impl Live {
    /// The kernel of which the files are below `root`, which is `/` but for tests.
    ///
    /// # Errors
    ///
    /// The module is not loaded, or its tables cannot be read.
    pub fn open(root: &Path) -> Result<Self, Error> {
        let live = Self { root: root.into() };

        live.check()?;
        Ok(live)
    }

    /// The folder of the control files.
    pub fn control(&self) -> PathBuf {
        self.root.join(CONTROL)
    }

    /// The folder of the tables.
    fn tables(&self) -> PathBuf {
        self.root.join(DEBUGFS).join("rcu_blame")
    }

    /// The first reason for which a table cannot be read.
    fn check(&self) -> Result<(), Error> {
        let control = self.control();

        if !control.is_dir() {
            return Err(Error::NoModule);
        }
        match fs::metadata(self.tables()) {
            Ok(_) => (),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                return Err(Error::NotRoot(self.root.join(DEBUGFS)));
            }
            Err(_) if self.is_empty_debugfs() => return Err(Error::NoDebugfs),
            Err(_) => return Err(Error::OtherVersion("rcu_blame in debugfs".into())),
        }
        self.read(Table::Held).map(|_| ())
    }

    /// The mount point is a folder of sysfs, in which there is nothing.
    fn is_empty_debugfs(&self) -> bool {
        fs::read_dir(self.root.join(DEBUGFS)).map_or(true, |mut dir| dir.next().is_none())
    }

    fn read(&self, table: Table) -> Result<Vec<u8>, Error> {
        let path = self.tables().join(table.to_string());

        fs::read(&path).map_err(|error| match (error.kind(), lockdown(&self.root)) {
            (io::ErrorKind::NotFound, _) => Error::OtherVersion(table.to_string()),
            (io::ErrorKind::PermissionDenied, Some(lockdown)) => Error::Lockdown(lockdown),
            (io::ErrorKind::PermissionDenied, None) => Error::NotRoot(path),
            _ => Error::Io { path, error },
        })
    }
}

/// The kernel's lockdown, if there is one.
pub(super) fn lockdown(root: &Path) -> Option<String> {
    let text = fs::read_to_string(root.join("sys/kernel/security/lockdown")).ok()?;
    let (_, chosen) = text.split_once('[')?;
    let (chosen, _) = chosen.split_once(']')?;

    (chosen != "none").then(|| chosen.to_string())
}

impl Facts for Live {
    fn table(&mut self, table: Table) -> Result<Vec<u8>, Error> {
        self.read(table)
    }

    fn held_for_certain(&mut self) -> Result<Held, Error> {
        let first = self.held()?;

        // The second look takes away only. Each costs time for all tasks of the system.
        if first.readers.is_empty() && first.threads.is_empty() && first.cpus.is_empty() {
            return Ok(first);
        }
        thread::sleep(APART);
        Ok(confirmed(&first, self.held()?))
    }
}
