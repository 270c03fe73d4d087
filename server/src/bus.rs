//! Wake-ups: that there is something to do, never what. The database says what.
//!
//! Each wake-up may be lost; whoever waits for one also looks by itself from time to time.

use std::sync::Arc;

use tokio::sync::{Notify, watch};

/// Wakes one task. Twice before it looks is once.
#[derive(Clone, Debug, Default)]
pub struct Wake(Arc<Notify>);

impl Wake {
    /// There may be something to do.
    pub fn wake(&self) {
        self.0.notify_one();
    }

    /// Waits until someone says so.
    pub async fn woken(&self) {
        self.0.notified().await;
    }
}

/// All the wake-ups of a server.
#[derive(Clone, Debug)]
pub struct Bus {
    /// An operation was queued or withdrawn.
    pub dispatcher: Wake,
    /// An agent came, or said goodbye.
    pub presence: Wake,
    /// An appliance told of its boots.
    pub endings: Wake,
    /// Something is wanted of a migration, or an agent came.
    pub migrations: Wake,
    /// Something else that tasks look after changed.
    pub tasks: Wake,
    events: watch::Sender<u64>,
}

impl Default for Bus {
    fn default() -> Self {
        Self {
            dispatcher: Wake::default(),
            presence: Wake::default(),
            endings: Wake::default(),
            migrations: Wake::default(),
            tasks: Wake::default(),
            events: watch::Sender::new(0),
        }
    }
}

impl Bus {
    /// Events were committed: whoever follows them should look.
    pub fn events_appended(&self) {
        self.events.send_modify(|times| *times = times.wrapping_add(1));
    }

    /// Changes whenever events were committed.
    pub fn events(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }
}
