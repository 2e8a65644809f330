// SPDX-License-Identifier: GPL-2.0

//! The paths of cgroups, by their ids: the id of a cgroup is the inode of its folder.

use crate::model::escape::Name;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::{ffi::OsStrExt, fs::MetadataExt},
    path::{Path, PathBuf},
};

/// The mount points of the default hierarchy.
const MOUNTS: [&str; 2] = ["sys/fs/cgroup", "sys/fs/cgroup/unified"];

/// The most folders that are looked at for one answer.
const MAX: usize = 100_000;

/// The folder of the root cgroup below `root`, which is `/` but for tests.
pub fn mount(root: &Path) -> Option<PathBuf> {
    MOUNTS
        .iter()
        .map(|mount| root.join(mount))
        .find(|mount| mount.join("cgroup.procs").exists())
}

/// The paths that are known.
pub struct Paths {
    mount: Option<PathBuf>,
    known: BTreeMap<u64, String>,
}

impl Paths {
    /// The paths below `root`, which is `/` but for tests.
    pub fn new(root: &Path) -> Self {
        Self {
            mount: mount(root),
            known: BTreeMap::new(),
        }
    }

    /// Looks for these ids, if one of them is not known yet. An id without a path stays an id.
    pub fn learn(&mut self, ids: impl Iterator<Item = u64>) {
        let unknown: Vec<u64> = ids.filter(|id| !self.known.contains_key(id)).collect();

        if unknown.is_empty() {
            return;
        }
        self.walk();
        for id in unknown {
            self.known.entry(id).or_insert_with(|| id.to_string());
        }
    }

    /// The path of a cgroup, escaped as in the kernel's files; its id if it has none.
    pub fn name(&self, id: u64) -> String {
        self.known
            .get(&id)
            .cloned()
            .unwrap_or_else(|| id.to_string())
    }

    fn walk(&mut self) {
        let Some(mount) = &self.mount else { return };
        let mut folders = vec![mount.clone()];
        let mut looked_at = 0;

        while let Some(folder) = folders.pop() {
            looked_at += 1;
            if looked_at > MAX {
                return;
            }
            if let Ok(about) = fs::symlink_metadata(&folder) {
                let path = folder.strip_prefix(mount).unwrap_or(&folder);
                let path = [b"/", path.as_os_str().as_bytes()].concat();

                self.known.insert(about.ino(), Name::new(path).to_string());
            }
            let entries = fs::read_dir(&folder).into_iter().flatten().flatten();

            folders.extend(
                entries
                    .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                    .map(|entry| entry.path()),
            );
        }
    }
}
