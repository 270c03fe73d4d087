//! Why a session ends.

use domfleet_shared::protocol::{ToAgent, refusal};

/// Why the server does not go on talking to an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub code: &'static str,
    pub message: &'static str,
    pub retry_after_seconds: Option<u32>,
}

impl Refusal {
    const fn new(code: &'static str, message: &'static str) -> Self {
        Self { code, message, retry_after_seconds: None }
    }

    const fn after(mut self, seconds: u32) -> Self {
        self.retry_after_seconds = Some(seconds);
        self
    }

    pub fn protocol(message: &'static str) -> Self {
        Self::new(refusal::PROTOCOL, message)
    }

    pub fn out_of_order() -> Self {
        Self::new(refusal::OUT_OF_ORDER, "frames must be numbered one after the other, from 1")
    }

    pub fn too_many() -> Self {
        Self::new(refusal::TOO_MANY, "more frames than an agent has reason to send").after(60)
    }

    pub fn version() -> Self {
        Self::new(
            refusal::VERSION,
            "there is no version of the protocol that both speak: update the agent",
        )
    }

    pub fn old_incarnation() -> Self {
        Self::new(
            refusal::OLD_INCARNATION,
            "the agent has seen a later server than this one: this is an old copy of it",
        )
    }

    pub fn unknown_key() -> Self {
        Self::new(refusal::UNKNOWN_KEY, "no appliance has this key: let it join again")
    }

    pub fn revoked() -> Self {
        Self::new(refusal::REVOKED, "the certificate was revoked: let the appliance join again")
    }

    pub fn not_admitted() -> Self {
        Self::new(refusal::NOT_ADMITTED, "the appliance was rejected or decommissioned")
            .after(60 * 60)
    }

    pub fn read_only() -> Self {
        Self::new(
            refusal::NOT_ADMITTED,
            "there may be two of this appliance: no certificate until an operator has looked",
        )
        .after(60 * 60)
    }

    /// While there are two of an appliance they take each other's place: not too often.
    pub fn replaced() -> Self {
        Self::new(refusal::REPLACED, "a newer session of the same appliance took its place")
            .after(60)
    }

    pub fn going_down() -> Self {
        Self::new(refusal::GOING_DOWN, "the server is going down; it will be back")
    }

    /// Its connection is most likely dead, and then nobody hears this.
    pub fn silent() -> Self {
        Self::new(refusal::PROTOCOL, "nothing was heard for minutes: come again").after(1)
    }

    /// Something changed that a welcome says: the next one says it.
    pub fn changed() -> Self {
        Self::new(refusal::REPLACED, "the terms of the session have changed: come again").after(1)
    }

    pub fn busy() -> Self {
        Self::new(refusal::BUSY, "the server cannot admit anyone just now").after(15)
    }
}

impl From<Refusal> for ToAgent {
    fn from(refusal: Refusal) -> Self {
        Self::Refused {
            code: refusal.code.into(),
            message: refusal.message.into(),
            retry_after_seconds: refusal.retry_after_seconds,
        }
    }
}
