//! The API, from requests to rows, on both databases.

mod backup;
mod client;
mod database;
mod events;
mod fleet;
mod list;
mod openapi;
mod operations;
mod routes;
mod session;
