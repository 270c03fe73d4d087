//! The agent: the daemon in dom0.
//!
//! It reports what the appliance holds, carries out operations and keeps what it must not forget
//! on disk. [`agent::run`] is the whole of it; its world is passed in: [`dom0::Dom0`] is the host,
//! [`storage::Files`] its own folder, [`dial::Dialer`] the network, [`clock::Clock`] the time of
//! day. Nothing in it spawns a task, so dropping the future is what killing the process is.

pub mod address;
pub mod agent;
pub mod alive;
pub mod backup;
pub mod boots;
pub mod bundle;
pub mod clock;
pub mod coming_back;
pub mod config;
mod connection;
mod console;
pub mod dial;
pub mod dom0;
mod execute;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod http;
pub mod identity;
pub mod image;
pub mod install;
mod inventory;
pub mod join;
pub mod journal;
pub mod kernel_log;
mod keys;
pub mod log_ring;
mod merging;
pub mod meter;
pub mod migration;
pub mod mitigation;
pub mod network;
pub mod on_site;
mod operations;
mod outcome;
mod plan;
pub mod preflight;
mod reconnect;
pub mod recover;
pub mod seen;
mod session;
mod snapshots;
pub mod status;
pub mod storage;
pub mod stress;
#[cfg(test)]
mod testing;
mod tls;
pub mod usb;
mod verdict;
pub mod watchdog;
mod working;
pub mod works;
