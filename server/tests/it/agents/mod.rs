//! What agents meet: the port's faces, joining, sessions, uploads.

mod client;
mod clones;
mod endings;
mod frames;
mod freezes;
mod harness;
mod intake;
mod joining;
mod migrations;
mod operations;
mod outsiders;
mod port;
mod presence;
mod restored;
mod standing;
mod uploads;
