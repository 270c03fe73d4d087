//! The agent: the daemon in dom0.
//!
//! It reports what the appliance holds, carries out operations and keeps what it must not forget
//! on disk. [`agent::run`] is the whole of it; its world is passed in: [`dom0::Dom0`] is the host,
//! [`storage::Files`] its own folder, [`dial::Dialer`] the network, [`clock::Clock`] the time of
//! day. Nothing in it spawns a task or a thread, so dropping the future is what killing the
//! process is.

pub mod clock;
pub mod dial;
pub mod dom0;
pub mod storage;
