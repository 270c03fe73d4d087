//! Carrying a migration out on a hypervisor: on 1.x up to the permit, on 2.x (and, on the way back, on 1.x
//! again) from adoption to the end.
//!
//! [`turn()`] does one step, and [`host::Host`] is all that it needs of the appliance. Why it is so:
//! `docs/decisions/0027-carrying-a-migration-out.md`.

mod after;
mod before;
mod decisions;
mod error;
mod give_back;
pub mod host;
mod ledger;
mod permits;
mod placing;
mod rejoin;
mod run;
mod saving;
mod scene;
mod shelf;
mod spent;
pub mod turn;
pub mod wanted;
pub mod watch;

pub use self::run::turn;
pub use self::turn::{Again, Turn};
pub use self::wanted::{Home, Wanted};
