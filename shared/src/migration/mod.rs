//! A migration of one appliance: from 1.x to 2.x, and where that fails, back.
//!
//! Its story is a journal of [`Event`]s on the backup drive. [`Migration`] is what the story comes to:
//! it takes each event only where it may happen, so that a journal which tells what cannot be is found
//! out before anybody acts on it. What is to be done next follows from it and from what is seen:
//! [`next`] on a hypervisor, [`reset`] on the recovery medium. Both are pure; whoever carries them out
//! adds an event before what cannot be undone, and after what is done.
//!
//! What stands between the story and a lost VM: the [`Permit`], bound to one disk by what is in its
//! [`reset block`](reset_block).

pub mod event;
pub mod journey;
pub mod next;
pub mod permit;
pub mod phase;
pub mod plan;
pub mod preflight;
pub mod reset;
pub mod reset_block;
pub mod talk;
pub mod task;
#[cfg(test)]
mod tests;
pub mod vm;

pub use self::event::{Event, Record};
pub use self::journey::Migration;
pub use self::permit::Permit;
pub use self::phase::{End, Phase};
pub use self::plan::Plan;
