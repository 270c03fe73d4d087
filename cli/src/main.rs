//! `domfleet`: what an operator does in the dashboard, from a shell.
//!
//! Data goes to standard output, everything else to standard error. How a command ended is its
//! exit code: see [`error::Error::exit_code`].

mod args;
mod client;
mod commands;
mod error;
mod output;
mod profile;

use std::process::ExitCode;

use clap::Parser as _;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let args = args::Args::parse();
    match commands::run(args).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            output::complain(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
