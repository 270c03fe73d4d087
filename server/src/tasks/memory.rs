//! Gives memory back that is no longer used (`docs/decisions/0008-memory-goes-back.md`).

use std::time::Duration;

use super::Task;
use crate::memory;

pub struct Memory;

impl Task for Memory {
    const NAME: &'static str = "memory";
    const PERIOD: Duration = Duration::from_mins(1);
    type Report = ();

    async fn run(&mut self) -> anyhow::Result<()> {
        // Milliseconds, where there is much to look through: not in the way of anyone else.
        Ok(tokio::task::spawn_blocking(memory::give_back).await?)
    }
}
