//! What the agent has applied, durably: which files it changed and what they were before.
//!
//! Contents are kept under their hash. They may hold credentials of network file systems, and so are
//! for nobody else to read.

use std::collections::BTreeMap;
use std::io;

use domfleet_shared::Timestamp;
use domfleet_shared::mitigation::Mitigation;
use serde::{Deserialize, Serialize};

use super::edits::Kind;
use super::error::{MitigationError, of};
use super::system::System;

const RECORD: &str = "record.json";

/// All that was applied and not reverted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    pub(super) applied: BTreeMap<Mitigation, Applied>,
}

/// One mitigation that was applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Applied {
    /// When, the last time.
    pub(super) at: Timestamp,
    /// In which boot: in the next one it must be in force.
    pub(super) boot_id: String,
    /// Whether it was in force at once.
    #[serde(default)]
    pub(super) was_in_force: bool,
    pub(super) files: Vec<Changed>,
    /// What the kernel said before the first time.
    pub(super) settings: Vec<Setting>,
    /// Whether there was swap before the first time.
    pub(super) had_swap: bool,
    /// Whether a system that runs from memory has yet to write it back.
    #[serde(default)]
    pub(super) owes_commit: bool,
}

/// A file that was changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Changed {
    pub(super) kind: Kind,
    pub(super) path: String,
    /// The hash of what it was, under which that is kept; nothing where there was no file.
    pub(super) before: Option<String>,
    /// The hash of what we made of it.
    pub(super) after: String,
}

/// A value of the kernel's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Setting {
    pub(super) path: String,
    pub(super) value: String,
}

/// What contents are known by.
pub(super) fn hash(content: &[u8]) -> String {
    blake3::hash(content).to_hex().to_string()
}

impl Record {
    pub(super) fn load(system: &impl System) -> Result<Self, MitigationError> {
        let Some(bytes) = system.kept(RECORD).map_err(of(RECORD))? else {
            return Ok(Self::default());
        };
        serde_json::from_slice(&bytes).map_err(|error| of(RECORD)(error.into()))
    }

    /// Makes it durable, and then forgets contents that nobody needs any more.
    pub(super) fn store(&self, system: &impl System) -> Result<(), MitigationError> {
        let bytes = serde_json::to_vec(self).map_err(|error| of(RECORD)(error.into()))?;
        system.keep(RECORD, &bytes).map_err(of(RECORD))?;
        let needed: Vec<&String> = self
            .applied
            .values()
            .flat_map(|one| &one.files)
            .filter_map(|f| f.before.as_ref())
            .collect();
        for name in system.kept_names() {
            if name != RECORD && !needed.contains(&&name) {
                system.forget(&name).map_err(of(&name))?;
            }
        }
        Ok(())
    }
}

impl Changed {
    /// What the file was before; nothing where there was none.
    pub(super) fn original(
        &self,
        system: &impl System,
    ) -> Result<Option<Vec<u8>>, MitigationError> {
        let Some(name) = &self.before else { return Ok(None) };
        let damaged = |why: &str| {
            let source = io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
            of(&format!("the copy that was kept of {}", self.path))(source)
        };
        let content = system.kept(name).map_err(of(&self.path))?;
        let content = content.ok_or_else(|| damaged("it is not there any more"))?;
        if hash(&content) == *name { Ok(Some(content)) } else { Err(damaged("it is damaged")) }
    }
}
