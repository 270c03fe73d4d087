//! The API, from requests to rows, on both databases.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::many_single_char_names,
    reason = "a test stops where something is wrong, and counts what it starts at once"
)]

mod backup;
mod bulks;
mod bundles;
mod client;
mod database;
mod ended_boots;
mod events;
mod fleet;
mod links;
mod list;
mod migration_lost;
mod migration_starts;
mod migrations;
mod openapi;
mod operations;
mod references;
mod releases;
mod reliability;
mod route_table;
mod routes;
mod s3;
mod schedules;
mod session;
mod signatures;
#[path = "../support/story.rs"]
mod story;
mod taken_back;
mod texts;
mod uploads;
