//! Fleet tests: a real server, real agents over real TLS, simulated appliances. One binary, because
//! linking is what costs.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod absence;
mod backups;
mod boots;
mod bundles;
mod copies;
mod images;
mod joining;
mod mitigations;
mod operations;
mod preflight;
mod recovery;
mod sets;
mod stress;
mod trouble;
mod uploads;
mod vms;
mod volumes;
