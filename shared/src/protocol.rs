//! What server and agent say to each other over the websocket.
//!
//! Text frames of JSON, one [`Frame`] each, numbered from 1 in each direction and session. The
//! agent speaks first ([`ToServer::Hello`]), the server answers [`ToAgent::Welcome`] or
//! [`ToAgent::Refused`]; after that either may speak at any time.
//!
//! A new message, field or operation needs no new version: what a build does not know it receives
//! as `Unknown`, and answers `Unsupported`. Fields are only ever added, and are optional.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::{ApplianceId, BootId, InstanceId, OperationId};
use crate::inventory::{Content, Digests, Fingerprint, Section};
use crate::migration::talk::{Heard, Intent, Told};
use crate::operation::{Operation, Priority, Report};

/// A version of the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Version(pub u16);

/// The versions that a build speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The oldest.
    pub oldest: Version,
    /// The newest.
    pub newest: Version,
}

impl Versions {
    /// What this build speaks.
    pub const OURS: Self = Self { oldest: Version(1), newest: Version(1) };

    /// The newest version that both sides speak.
    pub fn common(self, theirs: Self) -> Option<Version> {
        let newest = self.newest.min(theirs.newest);
        (newest >= self.oldest.max(theirs.oldest)).then_some(newest)
    }
}

/// The largest frame that either side accepts, in bytes.
pub const MAX_FRAME_BYTES: usize = 1024 * 1024;

/// A message with its place in the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Frame<M> {
    /// Counts this side's frames from 1.
    pub seq: u64,
    /// The message.
    pub message: M,
}

/// What an agent says to the server.
///
/// Who it is comes from its certificate, not from here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToServer {
    /// The first message.
    Hello(Box<Hello>),
    /// A sign of life, and whether anything changed.
    Heartbeat {
        /// How long dom0 has been up, in seconds.
        uptime_seconds: u64,
        /// Digests of the sections that changed since they were last named.
        #[serde(default, skip_serializing_if = "Digests::is_empty")]
        digests: Digests,
    },
    /// A section that the server asked for.
    Inventory {
        /// What it holds.
        #[serde(flatten)]
        content: Content,
    },
    /// Where an operation is. Said again in each session until it is acknowledged.
    Report(Box<Report>),
    /// Asks for a new certificate for the same key.
    Renew {
        /// PKCS #10.
        csr_pem: String,
    },
    /// The server's frame `seq` meant nothing to this build.
    Unsupported {
        /// The server's number.
        seq: u64,
    },
    /// What happened in a migration.
    Migration(Box<Told>),
    /// dom0 is going down in order; silence is expected from here on.
    Goodbye {
        /// Whether it is coming back: a reboot, not a power-off.
        returning: bool,
    },
    /// A message that this build does not know. Received, never sent.
    #[serde(other)]
    Unknown,
}

/// How an agent introduces itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// What it speaks.
    pub versions: Versions,
    /// The agent's own version.
    pub agent_version: String,
    /// The epoch that it was enrolled in.
    pub epoch: u32,
    /// This run of the agent's process.
    pub instance: InstanceId,
    /// The number that the last welcome gave and that is on disk; 0 before the first.
    pub session: u64,
    /// The highest incarnation of the server that is on disk; 0 before the first.
    pub incarnation: u64,
    /// What the hardware is known by.
    pub fingerprint: Fingerprint,
    /// This run of dom0.
    pub boot_id: BootId,
    /// How long it has been up, in seconds.
    pub uptime_seconds: u64,
    /// The agent's clock.
    pub now: Timestamp,
    /// What the inventory is now.
    pub digests: Digests,
    /// Every operation on disk that the server has not finished acknowledging.
    #[serde(default)]
    pub journal: Vec<Report>,
}

/// What the server says to an agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ToAgent {
    /// The agent is admitted.
    Welcome(Welcome),
    /// The agent is not admitted, or no longer. The connection ends here.
    Refused {
        /// A word for programs; see [`refusal`].
        code: String,
        /// A sentence for people.
        message: String,
        /// When to come again; nothing where it is the agent's to decide.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after_seconds: Option<u32>,
    },
    /// Send these sections.
    Want {
        /// Which.
        sections: Vec<Section>,
    },
    /// Do this. Sent again in each session until the agent has reported it.
    Offer(Offer),
    /// Do not do this, if it is not accepted. The id is remembered: should the offer come later,
    /// it is not accepted.
    Withdraw {
        /// The operation.
        id: OperationId,
    },
    /// The report is stored. After an end, the agent may forget the operation.
    Acknowledge {
        /// The operation.
        id: OperationId,
        /// [`Report::report`].
        report: u64,
    },
    /// The certificate that was asked for.
    Renewed {
        /// The new certificate.
        certificate_pem: String,
        /// The CA certificates to trust from now on.
        trust_bundle_pem: String,
    },
    /// What is wanted of a migration. Sent in each session, until it has ended and all of it was heard.
    Migrate(Box<Intent>),
    /// What was told of a migration is stored.
    Heard(Heard),
    /// The agent's frame `seq` meant nothing to this build.
    Unsupported {
        /// The agent's number.
        seq: u64,
    },
    /// A message that this build does not know. Received, never sent.
    #[serde(other)]
    Unknown,
}

/// The terms of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that is spoken from here on.
    pub version: Version,
    /// Whom the server takes the agent for.
    pub appliance: ApplianceId,
    /// The server's clock. The agent keeps the latest one on disk.
    pub now: Timestamp,
    /// Seconds between heartbeats, give or take a fifth.
    pub heartbeat_seconds: u32,
    /// Counts the restores of the server's database. An agent refuses a lower one than it has seen.
    pub incarnation: u64,
    /// The number of this session, to be made durable and shown in the next hello.
    pub session: u64,
    /// Whether an operator has accepted the appliance. Until then nothing is asked of it.
    pub accepted: bool,
    /// Why nothing that changes anything is asked of it, and its certificate not renewed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_only: Option<String>,
    /// The CA certificates to trust from now on.
    pub trust_bundle_pem: String,
}

/// An operation for the agent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// Its id: the idempotency key.
    pub id: OperationId,
    /// The epoch that it is meant for. In another it is rejected.
    pub epoch: u32,
    /// What to do.
    pub operation: Operation,
    /// It must have begun within so many seconds of this session's welcome. Relative, because an
    /// appliance's clock may be wrong by years.
    pub start_before_seconds: u64,
    /// What of it that waits is begun first.
    #[serde(default, skip_serializing_if = "Priority::is_usual")]
    pub priority: Priority,
    /// The keys of encrypted backup sets that it may need, as text. To be made durable before it is
    /// accepted: what is done after a power cut needs them too, and the server may be away then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

/// Words of [`ToAgent::Refused`].
pub mod refusal {
    /// The certificate is revoked.
    pub const REVOKED: &str = "revoked";
    /// The CA does not know this key.
    pub const UNKNOWN_KEY: &str = "unknown_key";
    /// The appliance was rejected or decommissioned.
    pub const NOT_ADMITTED: &str = "not_admitted";
    /// There is no version that both speak.
    pub const VERSION: &str = "version";
    /// Not a frame, or not one that may come here.
    pub const PROTOCOL: &str = "protocol";
    /// A frame's number is not the next one.
    pub const OUT_OF_ORDER: &str = "out_of_order";
    /// More frames in a minute than an agent has reason to send.
    pub const TOO_MANY: &str = "too_many";
    /// A newer session of the same appliance took its place.
    pub const REPLACED: &str = "replaced";
    /// The server is going down; come back.
    pub const GOING_DOWN: &str = "going_down";
    /// The agent has seen a later incarnation of the server: an old copy must not command it.
    pub const OLD_INCARNATION: &str = "old_incarnation";
    /// The server has no room.
    pub const BUSY: &str = "busy";
}

/// Why bytes are not a frame.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// Longer than [`MAX_FRAME_BYTES`].
    #[error("a frame of {0} bytes is longer than the {MAX_FRAME_BYTES} allowed")]
    TooLong(usize),
    /// Not JSON, or not of a frame's shape.
    #[error("not a frame")]
    Malformed(#[source] serde_json::Error),
}

/// A frame as text.
pub fn encode<M: Serialize>(frame: &Frame<M>) -> Result<String, FrameError> {
    let text = serde_json::to_string(frame).map_err(FrameError::Malformed)?;
    if text.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(text.len()));
    }
    Ok(text)
}

/// The frame that `text` holds.
pub fn decode<M: DeserializeOwned>(text: &str) -> Result<Frame<M>, FrameError> {
    if text.len() > MAX_FRAME_BYTES {
        return Err(FrameError::TooLong(text.len()));
    }
    serde_json::from_str(text).map_err(FrameError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn versions(oldest: u16, newest: u16) -> Versions {
        Versions { oldest: Version(oldest), newest: Version(newest) }
    }

    #[test]
    fn the_newest_version_that_both_speak_is_spoken() {
        assert_eq!(versions(1, 3).common(versions(2, 5)), Some(Version(3)));
        assert_eq!(versions(1, 1).common(versions(2, 5)), None);
        assert_eq!(versions(4, 5).common(versions(1, 2)), None);
    }

    #[test]
    fn a_message_of_tomorrow_is_unknown_not_an_error() {
        let text = r#"{"seq":7,"message":{"type":"dance","steps":[1,2]}}"#;

        assert_eq!(decode::<ToAgent>(text).unwrap().message, ToAgent::Unknown);
        assert_eq!(decode::<ToServer>(text).unwrap().message, ToServer::Unknown);
    }

    #[test]
    fn a_field_of_tomorrow_is_passed_over() {
        let text = r#"{"seq":1,"message":{"type":"heartbeat","uptime_seconds":5,"mood":"fine"}}"#;

        let frame = decode::<ToServer>(text).unwrap();

        assert_eq!(
            frame.message,
            ToServer::Heartbeat { uptime_seconds: 5, digests: Digests::new() }
        );
    }

    #[test]
    fn an_inventory_survives_the_wire() {
        let message = ToServer::Inventory { content: Content::Vms(Vec::new()) };

        let text = encode(&Frame { seq: 2, message: message.clone() }).unwrap();

        assert_eq!(decode::<ToServer>(&text).unwrap().message, message);
    }

    #[test]
    fn what_is_too_long_is_refused_both_ways() {
        let csr_pem = "x".repeat(MAX_FRAME_BYTES);
        let frame = Frame { seq: 1, message: ToServer::Renew { csr_pem } };

        assert!(matches!(encode(&frame), Err(FrameError::TooLong(_))));
        let text = serde_json::to_string(&frame).unwrap();
        assert!(matches!(decode::<ToServer>(&text), Err(FrameError::TooLong(_))));
    }
}
