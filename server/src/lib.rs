//! The central server: truth, API, dashboard, and the agents' gateway.

pub mod accept;
pub mod agents;
pub mod app;
pub mod auth;
pub mod backup;
pub mod bulk;
pub mod bus;
pub mod clock;
pub mod config;
pub mod console;
pub mod dashboard;
pub mod db;
pub mod domain;
pub mod http;
pub mod memory;
pub mod objects;
pub mod pki;
pub mod reckoning;
pub mod restore;
pub mod run;
pub mod schedule;
pub mod setup;
pub mod tasks;
pub mod telemetry;
pub mod tls;
