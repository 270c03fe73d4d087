//! What is told to programs on the host, such as the vendor's own tools.

use domfleet_shared::id::{OperationId, VmId};
use serde::Serialize;

/// What happened to a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// It was made.
    VmCreated,
    /// It was taken under management: it is started from another file.
    VmMoved,
    /// Its memory, CPUs, disks or network cards were changed.
    VmChanged,
    /// It has another name.
    VmRenamed,
    /// It was removed.
    VmRemoved,
}

/// Something that happened to a VM.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct News {
    /// What.
    pub event: Happened,
    /// To which.
    pub vm: VmId,
    /// Its name, where it is known.
    pub name: Option<String>,
    /// The file that it is started from, where there is one.
    pub config_path: Option<String>,
    /// Whose doing it was.
    pub operation: OperationId,
}
