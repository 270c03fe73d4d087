//! `domfleet migrations watch`.

use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::time::sleep;

use super::{path, show};
use crate::client::Client;
use crate::commands::text;
use crate::error::Error;
use crate::output::{self, Format};

/// Somebody waits for it, and for hours.
const PERIOD: Duration = Duration::from_secs(2);

/// What a watch comes to at one look.
#[derive(Debug, PartialEq, Eq)]
enum Look {
    GoesOn,
    /// It is over, and all VMs run.
    Good,
    /// It is over, and was not what was wanted.
    Bad,
    /// A person is needed.
    Hands,
}

pub(super) async fn run(
    client: &mut Client,
    format: Format,
    migration: &str,
    to_the_end: bool,
    timeout: u64,
) -> Result<(), Error> {
    let started = Instant::now();
    let mut last = String::new();
    loop {
        let found = client.get(&path(migration, ""), &[]).await?;
        let line = line(&found);
        if line != last {
            let line = output::visible(&line);
            output::say(&format!("{:>6.1} s  {line}", started.elapsed().as_secs_f64()));
            last = line;
        }
        match look(&found, to_the_end) {
            Look::GoesOn => {}
            Look::Good => return show::show(format, &found),
            Look::Bad | Look::Hands => {
                show::show(format, &found)?;
                let why = show::now(&found).join("; ");
                return Err(Error::Migration { phase: text(&found, "phase").to_owned(), why });
            }
        }
        if started.elapsed() >= Duration::from_secs(timeout) {
            let (id, state) = (migration.to_owned(), text(&found, "phase").to_owned());
            return Err(Error::StillMigrating { id, state, seconds: timeout });
        }
        sleep(PERIOD).await;
    }
}

fn line(found: &Value) -> String {
    let now = show::now(found).join("; ");
    let phase = text(found, "phase");
    if now.is_empty() { phase.to_owned() } else { format!("{phase}  {now}") }
}

fn look(found: &Value, to_the_end: bool) -> Look {
    let waits = found["waits"].as_str().unwrap_or("");
    if !found["ended_at"].is_null() {
        return match text(found, "phase") {
            "succeeded" => Look::Good,
            _ => Look::Bad,
        };
    }
    let needs = text(found, "phase") == "needs_hands"
        || ["drive", "second_drive", "reset", "reset_back", "hands", "proof"].contains(&waits);
    if needs && !to_the_end { Look::Hands } else { Look::GoesOn }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_watch_ends_where_the_migration_does_or_a_person_is_needed() {
        let at = |phase: &str, waits: Value, ended: Value| json!({ "phase": phase, "waits": waits, "ended_at": ended });
        let none = || Value::Null;

        assert_eq!(look(&at("succeeded", none(), json!("now")), false), Look::Good);
        assert_eq!(look(&at("rolled_back", none(), json!("now")), true), Look::Bad);
        assert_eq!(look(&at("permitted", json!("reset"), none()), false), Look::Hands);
        assert_eq!(look(&at("permitted", json!("reset"), none()), true), Look::GoesOn);
        assert_eq!(look(&at("needs_hands", none(), none()), false), Look::Hands);
        assert_eq!(look(&at("backing_up", json!("permit"), none()), false), Look::GoesOn);
    }
}
