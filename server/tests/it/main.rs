//! The server as a whole, over real sockets and a real database.
//!
//! On SQLite, and on PostgreSQL where `DOMFLEET_TEST_POSTGRES` has the URL of a server on which
//! databases may be made.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, and so do the functions that tests share"
)]

mod agents;
#[path = "../support/story.rs"]
mod story;
