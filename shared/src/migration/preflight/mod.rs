//! Preflight: everything that stands in a migration's way, told before anyone drives to the site.
//!
//! From what an appliance says of itself ([`Facts`]) and what is taken for granted ([`Assumptions`]) to a
//! [`Report`], by [`report()`]. Nothing is looked at here; the same facts give the same report for ever.

mod assumptions;
mod buy;
mod consent;
mod copies;
mod drive;
mod facts;
mod figures;
mod group;
mod notes;
mod report;
mod room;
mod say;
mod stick;
mod system;
#[cfg(test)]
mod tests;
mod time;
mod vm;
mod words;

pub use self::assumptions::{Assumptions, Layout, LegacyBackups, Moment, Window};
pub use self::buy::{DriveToBuy, STANDARD_SIZES};
pub use self::consent::{Accepted, Consent, ConsentCode};
pub use self::copies::{ONLY_COPY, SecondCopy, SecondCopyBy};
pub use self::drive::DriveRoom;
pub use self::facts::{
    Clock, DiskFacts, DriveFacts, Facts, LeftOut, Measured, PartitionFacts, SystemDisk, VmFacts,
};
pub use self::figures::{Basis, Figure, Figures};
pub use self::group::{GroupRoom, VmExtents};
pub use self::notes::{Blocker, BlockerCode, Warning, WarningCode};
pub use self::report::{Report, report};
pub use self::room::{DriveNeed, VmNeed};
pub use self::stick::{Stick, StickKey, StickKeyIs};
pub use self::time::{BeforePermit, Phase, PhaseKind, TimeOff, VmTime, WindowFit};
