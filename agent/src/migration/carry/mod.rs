//! Carrying a migration out on a hypervisor: on 1.x up to the permit, on 2.x (and, on the way back, on 1.x
//! again) from adoption to the end.

pub mod turn;
pub mod wanted;

pub use self::turn::{Again, Turn};
pub use self::wanted::{Home, Wanted};
