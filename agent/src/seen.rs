//! What the agent has seen of its server, on disk: the highest session, incarnation and time.

use domfleet_shared::Timestamp;
use domfleet_shared::protocol::Welcome;
use serde::{Deserialize, Serialize};

use crate::storage::Files;
use crate::storage::record::{self, RecordError};

/// Its file.
pub const SEEN: &str = "session.json";

/// What a clone or an old copy of the server gives itself away by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The number of the last session.
    pub session: u64,
    /// The highest incarnation of the server.
    pub incarnation: u64,
    /// The latest time that the server said.
    pub server_time: Option<Timestamp>,
}

impl Seen {
    /// What is on disk.
    pub async fn load(files: &impl Files) -> Result<Self, RecordError> {
        Ok(record::load(files, SEEN).await?.unwrap_or_default())
    }

    /// Makes this durable.
    pub async fn store(&self, files: &impl Files) -> Result<(), RecordError> {
        record::store(files, SEEN, self).await
    }

    /// After `welcome`; nothing where it is from an older incarnation than one seen before, which
    /// must not command this appliance.
    pub fn after(self, welcome: &Welcome) -> Option<Self> {
        (welcome.incarnation >= self.incarnation).then(|| Self {
            session: welcome.session,
            incarnation: welcome.incarnation,
            server_time: self.server_time.max(Some(welcome.now)),
        })
    }
}

#[cfg(test)]
mod tests {
    use domfleet_shared::id::ApplianceId;
    use domfleet_shared::protocol::Version;

    use super::*;

    fn welcome(incarnation: u64, session: u64) -> Welcome {
        Welcome {
            version: Version(1),
            appliance: ApplianceId::new(),
            now: Timestamp::from_millis(5_000),
            heartbeat_seconds: 30,
            incarnation,
            session,
            accepted: true,
            read_only: None,
            trust_bundle_pem: String::new(),
        }
    }

    #[test]
    fn an_older_incarnation_of_the_server_is_not_obeyed() {
        let seen = Seen { session: 7, incarnation: 2, server_time: None };

        assert_eq!(seen.after(&welcome(1, 8)), None);
        assert_eq!(seen.after(&welcome(2, 8)).unwrap().session, 8);
        assert_eq!(seen.after(&welcome(3, 1)).unwrap().incarnation, 3);
    }

    #[test]
    fn the_server_s_time_on_disk_never_goes_back() {
        let later = Some(Timestamp::from_millis(9_000));
        let seen = Seen { server_time: later, ..Seen::default() };

        assert_eq!(seen.after(&welcome(0, 1)).unwrap().server_time, later);
    }
}
