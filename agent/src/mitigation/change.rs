//! Carrying changes out: files whole or not at all, then the kernel.

use super::error::{MitigationError, of};
use super::force::Act;
use super::host::Host;
use super::system::System;

/// A change of one file.
pub(super) struct FileStep {
    pub(super) path: String,
    pub(super) from: Option<Vec<u8>>,
    pub(super) to: Option<Vec<u8>>,
    pub(super) is_program: bool,
}

impl FileStep {
    /// Writes it, unless the file is not what it was when that was decided.
    pub(super) fn carry_out(
        &self,
        system: &impl System,
        host: &Host,
    ) -> Result<(), MitigationError> {
        if self.from == self.to {
            return Ok(());
        }
        if system.read(&self.path).map_err(of(&self.path))? != self.from {
            let why = format!("{} is being changed by somebody else: ask again", self.path);
            return Err(MitigationError::Refused(why));
        }
        let mount =
            host.mount_of(&self.path).filter(|mount| mount.is_read_only && system.is_live());
        let remount = |how: &str| {
            mount.map_or(Ok(()), |mount| {
                let options = format!("remount,{how}");
                system.run("mount", &["-o", &options, &mount.at])
            })
        };
        remount("rw").map_err(|error| MitigationError::Refused(error.to_string()))?;
        let written = system.replace(&self.path, self.to.as_deref(), self.is_program);
        if let Err(error) = remount("ro") {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(
                error,
                path = self.path,
                "a file system can be written to that could not be"
            );
        }
        written.map_err(of(&self.path))
    }
}

/// Does all of it to the kernel that runs; gives what did not work.
pub(super) fn act(system: &impl System, acts: &[Act]) -> Vec<String> {
    let mut failed = Vec::new();
    for act in acts {
        let done = match act {
            Act::Run(words) => {
                let words: Vec<&str> = words.iter().map(String::as_str).collect();
                let Some((program, arguments)) = words.split_first() else { continue };
                system.run(program, arguments).map_err(|error| error.to_string())
            }
            Act::Set { path, value } => {
                let done = system.set(path, value);
                done.map_err(|error| format!("{path} cannot be set to {value}: {error}"))
            }
        };
        failed.extend(done.err());
    }
    failed
}

/// Has a system that runs from memory keep its files over a reboot.
pub(super) fn commit(system: &impl System, host: &Host) -> Result<(), MitigationError> {
    if !host.is_diskless() || !system.is_live() {
        return Ok(());
    }
    let done = system.run("lbu", &["commit"]);
    done.map_err(|error| MitigationError::NotKept(error.to_string()))
}
