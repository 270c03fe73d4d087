//! The central server: truth, API, dashboard, and the agents' gateway.

pub mod app;
pub mod bus;
pub mod clock;
pub mod config;
pub mod db;
pub mod objects;
