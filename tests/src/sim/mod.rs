//! A simulated appliance: real agent code over a simulated dom0, disk, network and clock.
//!
//! Everything follows from a seed. [`host::Host`] counts what was really done, so that tests can
//! show that nothing destructive is done twice.

pub mod belongings;
pub mod boot;
pub mod collect;
pub mod dice;
mod dom0;
pub mod effect;
pub mod files;
pub mod hardware;
pub mod host;
pub mod machine;
pub mod network;
mod preflight;
pub mod release;
mod steps;
mod system;
mod watchdog;
pub mod weather;
mod works;

pub use boot::Happening;
pub use collect::PASSWORD;
pub use dice::Dice;
pub use dom0::SimDom0;
pub use effect::{Effect, Fault};
pub use files::{Death, SimFiles};
pub use host::Host;
pub use machine::{Machine, Status};
pub use network::{Route, SimNetwork};
pub use release::Release;
pub use weather::Weather;
pub use works::SimDrive;
