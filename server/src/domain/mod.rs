//! Deciding: facts in, decisions out. Nothing here waits, reads a clock or a database, or logs.

pub mod admission;
pub mod alarm;
pub mod appliance;
pub mod backup_set;
pub mod bulk;
pub mod bundle;
pub mod cursor;
pub mod dispatch;
pub mod filter;
pub mod history;
pub mod mitigations;
pub mod neighbours;
pub mod operation;
pub mod people;
pub mod pools;
pub mod presence;
pub mod release;
pub mod reliability;
pub mod schedule;
pub mod session;
pub mod set_keys;
pub mod signature;
pub mod standing;
pub mod usb_drive;
pub mod version;
pub mod zone;
