//! Bundles on their way here, by the tus protocol 1.0, whoever sends them: appliances over their own
//! identity (`agents::uploads`), operators by hand (`http::uploads`).
//!
//! Parts are files on this machine. An offset is only answered once what lies before it is on disk.
//! The whole is believed when its length and its hash are right, and counts as here once it is in the
//! object store: until then whoever sent it is told that it is not complete.

mod announce;
mod checksum;
mod parts;
mod receive;
mod refused;
mod settle;
pub mod tus;

pub use self::announce::{Sender, Wanted, announce};
pub use self::parts::Uploads;
pub use self::receive::receive;
pub use self::refused::Refused;
pub use self::settle::{Standing, discard, give_up, standing, store_later, terminate};
