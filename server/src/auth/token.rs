//! What a login is shown by: access tokens (JWT, minutes), refresh tokens, CSRF tokens.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domfleet_shared::Timestamp;
use domfleet_shared::id::OperatorId;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::keys::Keys;

/// How long an access token is good for.
pub const ACCESS_LIFE: Duration = Duration::from_mins(10);

/// How long a login is good for without being used.
pub const SESSION_LIFE: Duration = Duration::from_hours(30 * 24);

const ISSUER: &str = "domfleet";

/// What an access token says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Access {
    /// Who.
    pub operator: OperatorId,
    /// By which login.
    pub session: Uuid,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: Uuid,
    sid: Uuid,
    iat: i64,
    exp: i64,
}

impl Keys {
    /// An access token, and when it ends.
    pub fn access(
        &self,
        access: Access,
        now: Timestamp,
    ) -> Result<(String, Timestamp), jsonwebtoken::errors::Error> {
        let ends = now + ACCESS_LIFE;
        let claims = Claims {
            iss: ISSUER.to_owned(),
            sub: access.operator.0,
            sid: access.session,
            iat: now.as_millis() / 1000,
            exp: ends.as_millis() / 1000,
        };
        let token = jsonwebtoken::encode(&Header::new(Algorithm::EdDSA), &claims, &self.sign)?;
        Ok((token, ends))
    }

    /// What an access token says, where it is ours and has not ended.
    pub fn read_access(&self, token: &str, now: Timestamp) -> Option<Access> {
        let mut validation = Validation::new(Algorithm::EdDSA);
        validation.set_issuer(&[ISSUER]);
        // Compared with the server's own clock, below.
        validation.validate_exp = false;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.verify, &validation).ok()?.claims;
        (now.as_millis() / 1000 < claims.exp)
            .then_some(Access { operator: OperatorId(claims.sub), session: claims.sid })
    }

    /// The refresh token of a session that has been refreshed `counter` times.
    pub fn refresh(&self, session: Uuid, counter: i64) -> String {
        let mac = self.mac(&format!("refresh {session} {counter}"));
        format!("{session}.{counter}.{mac}")
    }

    /// The session and counter of a refresh token, where it is ours.
    pub fn read_refresh(&self, token: &str) -> Option<(Uuid, i64)> {
        let mut parts = token.splitn(3, '.');
        let session: Uuid = parts.next()?.parse().ok()?;
        let counter: i64 = parts.next()?.parse().ok()?;
        let mac = self.mac(&format!("refresh {session} {counter}"));
        same(parts.next()?, &mac).then_some((session, counter))
    }

    /// What a page shows to prove that it can read the cookies of the session.
    pub fn csrf(&self, session: Uuid) -> String {
        self.mac(&format!("csrf {session}"))
    }

    fn mac(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(blake3::keyed_hash(&self.session, text.as_bytes()).as_bytes())
    }
}

/// Whether two texts are the same, in a time that does not tell where they differ.
pub fn same(a: &str, b: &str) -> bool {
    // blake3's comparison is constant-time, and a hash hides the length too.
    blake3::hash(a.as_bytes()) == blake3::hash(b.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> (tempfile::TempDir, Keys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        (dir, keys)
    }

    fn someone() -> Access {
        Access { operator: OperatorId::new(), session: Uuid::new_v4() }
    }

    #[test]
    fn an_access_token_is_good_for_its_time_and_no_longer() {
        let (_dir, keys) = keys();
        let (now, who) = (Timestamp::from_millis(1_700_000_000_000), someone());

        let (token, ends) = keys.access(who, now).unwrap();

        assert_eq!(keys.read_access(&token, now), Some(who));
        assert_eq!(keys.read_access(&token, ends), None);
    }

    #[test]
    fn a_token_of_another_server_or_another_algorithm_is_none() {
        let ((_a, ours), (_b, theirs)) = (keys(), keys());
        let now = Timestamp::from_millis(1_700_000_000_000);

        let (token, _) = theirs.access(someone(), now).unwrap();
        assert_eq!(ours.read_access(&token, now), None);

        let unsigned = format!(
            "{}.{}.",
            URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#),
            token.split('.').nth(1).unwrap()
        );
        assert_eq!(theirs.read_access(&unsigned, now), None);
    }

    #[test]
    fn keys_outlive_a_restart() {
        let (dir, keys) = keys();
        let now = Timestamp::from_millis(1_700_000_000_000);
        let (token, _) = keys.access(someone(), now).unwrap();

        let again = Keys::open(dir.path()).unwrap();

        assert!(again.read_access(&token, now).is_some());
    }

    #[test]
    fn a_refresh_token_cannot_be_made_up() {
        let (_dir, keys) = keys();
        let session = Uuid::new_v4();
        let token = keys.refresh(session, 7);

        assert_eq!(keys.read_refresh(&token), Some((session, 7)));
        assert_eq!(keys.read_refresh(&token.replacen(".7.", ".8.", 1)), None);
        assert_eq!(keys.read_refresh("x"), None);
    }
}
