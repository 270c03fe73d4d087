#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bench;
mod changed_since;
mod disk;
mod guard;
mod kinds_of_system;
mod whole;
