// SPDX-License-Identifier: GPL-2.0

//! A tracefs instance of its own, with the events of the module: no other tracing is disturbed.

use super::{live::lockdown, Error};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The instances of tracefs.
const INSTANCES: &str = "sys/kernel/tracing/instances";

/// The beginning of their names; the id of the process follows.
const NAME: &str = "rcu_blame_";

/// The switch of an event that has no fact of its own.
const SLICES: &str = "events/rcu_blame/reader_slice/enable";

/// An instance. It is removed when it is dropped.
pub struct Instance {
    path: PathBuf,
}

impl Instance {
    /// An instance in which the events of `rcu_blame` are enabled. `root` is `/` but for tests.
    /// Instances of processes that were killed are removed.
    ///
    /// # Errors
    ///
    /// tracefs is not there, or the module's events are not.
    pub fn create(root: &Path) -> Result<Self, Error> {
        remove_dead(root);

        let path = root
            .join(INSTANCES)
            .join(format!("{NAME}{}", std::process::id()));

        fs::create_dir(&path).map_err(|error| match (error.kind(), lockdown(root)) {
            (io::ErrorKind::NotFound, _) => Error::NoTracefs,
            // LOCKDOWN_TRACEFS in include/linux/security.h; mkdir() fails with EINVAL then.
            (_, Some(lockdown)) if lockdown == "confidentiality" => Error::NoTracing(lockdown),
            (io::ErrorKind::PermissionDenied, _) => Error::NotRoot(root.join(INSTANCES)),
            _ => Error::Io {
                path: path.clone(),
                error,
            },
        })?;

        let instance = Self { path };

        instance.write("trace_clock", "mono")?;
        instance.write("events/rcu_blame/enable", "1")?;
        // It repeats the others for Perfetto's own recorder. A module may have none.
        if instance.path.join(SLICES).exists() {
            instance.write(SLICES, "0")?;
        }
        Ok(instance)
    }

    /// The folder of the instance.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file of the instance.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, file: &str, text: &str) -> Result<(), Error> {
        let path = self.path.join(file);

        fs::write(&path, text).map_err(|error| Error::Io { path, error })
    }

    /// Stops tracing, and saves the trace.
    ///
    /// # Errors
    ///
    /// A file cannot be read or written.
    pub fn save(&self, to: &Path) -> Result<(), Error> {
        self.write("tracing_on", "0")?;

        let from = self.path.join("trace");
        let trace = fs::read(&from).map_err(|error| Error::Io { path: from, error })?;

        fs::write(to, trace).map_err(|error| Error::Io {
            path: to.into(),
            error,
        })?;
        self.write("tracing_on", "1")
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.path);
    }
}

/// Removes the instances of processes that are not there any more.
fn remove_dead(root: &Path) {
    let instances = fs::read_dir(root.join(INSTANCES));

    for entry in instances.into_iter().flatten().flatten() {
        let name = entry.file_name();
        let pid = name
            .to_str()
            .and_then(|name| name.strip_prefix(NAME)?.parse::<u32>().ok());

        if pid.is_some_and(|pid| !root.join(format!("proc/{pid}")).exists()) {
            let _ = fs::remove_dir(entry.path());
        }
    }
}
