//! What whoever carries a migration out is told by the agent.

use domfleet_shared::Timestamp;
use domfleet_shared::migration::talk::Intent;

use crate::migration::permit::Trusted;

/// What is wanted, and what the agent knows that is neither on the drive nor on this machine's disks.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// What the server wants. Nothing where it has said nothing: then what is on the drive goes on as far as
    /// that leads by itself.
    pub intent: Option<Intent>,
    /// The keys whose permits count.
    pub trusted: Trusted,
    /// How the server is reached, which goes onto the drive for the system that comes after this one. Nothing
    /// where the agent has not joined: then no permit is asked for.
    pub home: Option<Home>,
}

/// The server, as the agent that is to come has to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// `https://host:port` of the server.
    pub server: String,
    /// The CA certificates that it is known by.
    pub trust_bundle_pem: String,
    /// What its clock said last.
    pub server_time: Option<Timestamp>,
}
