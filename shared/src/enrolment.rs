//! How an appliance gets in: the join token, and what is said over HTTP before there is a session.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::ApplianceId;
use crate::inventory::Fingerprint;

/// ALPN of an agent's session: client certificate required, HTTP/1.1, the agent's routes only.
pub const ALPN_AGENT: &[u8] = b"domfleet-agent/1";

/// ALPN of enrolment: no client certificate, the private CA's server certificate, and only
/// `/agent/v1/join` and `/agent/v1/renew` (`docs/decisions/0004-three-faces-of-one-port.md`).
pub const ALPN_ENROL: &[u8] = b"domfleet-enrol/1";

/// The name that the private CA's server certificate always has beside its public ones.
///
/// Agents check this name whatever address they dial, so that a server may move without a
/// certificate or an appliance noticing.
pub const SERVER_NAME: &str = "server.domfleet.internal";

/// Where agents connect.
pub const SOCKET_PATH: &str = "/agent/v1/socket";
/// Where they send debug bundles (tus 1.0).
pub const BUNDLES_PATH: &str = "/agent/v1/bundles";
/// Where they join.
pub const JOIN_PATH: &str = "/agent/v1/join";
/// Where they renew an expired certificate.
pub const RENEW_PATH: &str = "/agent/v1/renew";

/// What a new appliance is given to join with.
///
/// Text: `domfleet1.` and base64url of JSON. It carries a hash of the CA's certificate, so that
/// the agent knows its server before it says anything to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinToken {
    /// `https://host:port` of the server.
    pub server: String,
    /// SHA-256 of the CA certificate's DER, in hexadecimal.
    pub ca_sha256: String,
    /// What the server knows the token by; a secret.
    pub secret: String,
}

const PREFIX: &str = "domfleet1.";

/// Why a text is not a join token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another text altogether.
    #[error("a join token begins with \"{PREFIX}\"; copy it whole, as the server printed it")]
    NotAToken,
    /// The beginning of one.
    #[error("the join token is damaged; copy it whole, as the server printed it")]
    Damaged,
}

impl JoinToken {
    /// As it is handed out.
    pub fn encode(&self) -> String {
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(json))
    }

    /// Reads what [`Self::encode`] wrote; blanks around it do not matter.
    pub fn decode(text: &str) -> Result<Self, TokenError> {
        let body = text.trim().strip_prefix(PREFIX).ok_or(TokenError::NotAToken)?;
        let json = URL_SAFE_NO_PAD.decode(body).map_err(|_| TokenError::Damaged)?;
        serde_json::from_slice(&json).map_err(|_| TokenError::Damaged)
    }
}

/// `POST /agent/v1/join`.
///
/// The same key with the same token gets the same answer again: the first may have been lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// [`JoinToken::secret`].
    pub secret: String,
    /// PKCS #10 for the agent's key, which never leaves the appliance.
    pub csr_pem: String,
    /// What its hardware is known by: a known appliance comes back under its old id, in a new
    /// epoch.
    pub fingerprint: Fingerprint,
    /// dom0's own name, a first name for the appliance.
    pub hostname: String,
}

/// The answer to [`JoinRequest`] and [`RenewRequest`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrolled {
    /// The appliance.
    pub appliance: ApplianceId,
    /// Its epoch.
    pub epoch: u32,
    /// The agent's certificate.
    pub certificate_pem: String,
    /// The CA certificates that it trusts from now on.
    pub trust_bundle_pem: String,
    /// The server's clock.
    pub now: Timestamp,
}

/// `POST /agent/v1/renew`: for an appliance whose certificate has expired.
///
/// The CSR is for the appliance's current key, and its own signature proves that the key is there.
/// Whoever sends it again gets a certificate for a key that only the appliance has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RenewRequest {
    /// PKCS #10 for the current key.
    pub csr_pem: String,
}

/// What an agent's route answers when it refuses, as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub title: String,
    /// What to do about it.
    pub what_to_do: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token() -> JoinToken {
        JoinToken {
            server: "https://fleet.example:8443".into(),
            ca_sha256: "ab".repeat(32),
            secret: "s3".into(),
        }
    }

    #[test]
    fn a_token_is_read_as_it_was_written_blanks_or_not() {
        let text = format!("  {}\n", token().encode());

        assert_eq!(JoinToken::decode(&text), Ok(token()));
    }

    #[test]
    fn a_token_cut_short_is_damaged_and_another_text_is_none() {
        let whole = token().encode();

        assert_eq!(JoinToken::decode(&whole[..whole.len() - 3]), Err(TokenError::Damaged));
        assert_eq!(JoinToken::decode("hello"), Err(TokenError::NotAToken));
    }
}
