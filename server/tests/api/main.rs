//! The API, from requests to rows, on both databases.

mod client;
mod database;
mod fleet;
mod openapi;
mod session;
