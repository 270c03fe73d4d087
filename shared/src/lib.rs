//! The contract between server, agent and client.
//!
//! Everything here is data or a pure function of data: what is said on the wire, what an
//! operation is and how it may move, what an appliance reports of itself. It depends on nothing
//! of ours, and nothing in it does I/O.
#![warn(missing_docs)]

pub mod backup_key;
pub mod backup_set;
pub mod boot;
pub mod component;
pub mod content;
#[cfg(feature = "survival")]
pub mod diagnosis;
pub mod enrolment;
pub mod hash;
pub mod id;
pub mod image;
pub mod inventory;
pub mod migration;
pub mod mitigation;
pub mod operation;
pub mod protocol;
#[cfg(feature = "signatures")]
pub mod scan_input;
pub mod set_answers;
pub mod severity;
#[cfg(feature = "signatures")]
pub mod signatures;
#[cfg(feature = "survival")]
pub mod survival;
pub mod taint;
pub mod timestamp;
pub mod usb;
pub mod xl_config;

pub use timestamp::Timestamp;
