//! When to connect again: full jitter, so that a fleet does not come back in one wave.

use std::time::Duration;

use rand::{Rng, RngExt as _};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use crate::address::{Address, AddressError};
use crate::agent::{Agent, locked};
use crate::connection::{ConnectError, says_expired, secure};
use crate::dial::Dialer;
use crate::dom0::Dom0;
use crate::identity::IdentityError;
use crate::join::{self, JoinError};
use crate::session::{self, SessionError};
use crate::status;
use crate::storage::Files;
use crate::storage::record::RecordError;
use crate::tls;

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_mins(5);
/// A session that lasted this long says that the trouble before it is over.
const STABLE: Duration = Duration::from_mins(10);

/// How often it has failed in a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The wait after a connection that lasted `lasted`, none where there was none.
    ///
    /// What the server asked for in `retry_after` is the least; a fifth on top spreads those that
    /// were all asked for the same.
    pub(crate) fn wait(
        &mut self,
        lasted: Duration,
        retry_after: Option<Duration>,
        rng: &mut impl Rng,
    ) -> Duration {
        if lasted >= STABLE {
            self.failures = 0;
        }
        let ceiling = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        match retry_after {
            Some(asked) => asked + asked.mul_f64(rng.random_range(0.0..0.2)),
            None => ceiling.mul_f64(rng.random_range(0.0..1.0)),
        }
    }
}

/// Why there is no session, or no longer.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error(transparent)]
    Address(#[from] AddressError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Session(#[from] SessionError),
    #[error("the agent's certificate could not be renewed")]
    Renewal(#[from] JoinError),
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Trouble {
    /// When to come again, where the server has said so or will not change its mind soon.
    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Session(SessionError::Refused { code, retry_after, .. }) => {
                retry_after.or(session::is_lasting(code).then_some(LONGEST))
            }
            Self::Session(SessionError::OldIncarnation) => Some(LONGEST),
            _ => None,
        }
    }
}

/// Has a session with the server whenever there can be one, until `stop`.
pub(crate) async fn stay_connected<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    stop: &CancellationToken,
) {
    let mut backoff = Backoff::default();
    while !stop.is_cancelled() {
        let mut began = None;
        let ended = Box::pin(have_session(agent, stop, &mut began)).await;
        agent.connected.send_replace(false);
        if stop.is_cancelled() {
            return;
        }
        let lasted = began.map_or(Duration::ZERO, |began: Instant| began.elapsed());
        let retry_after = ended.as_ref().err().and_then(Trouble::retry_after);
        let wait = backoff.wait(lasted, retry_after, &mut rand::rng());
        if let Err(trouble) = &ended {
            let why = status::whole(trouble);
            tracing::warn!(why, wait_milliseconds = wait.as_millis(), "no session with the server");
            agent.trouble.send_if_modified(|before| {
                let is_news = before.as_ref() != Some(&why);
                *before = Some(why);
                is_news
            });
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = sleep(wait) => {}
        }
    }
}

async fn have_session<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    stop: &CancellationToken,
    began: &mut Option<Instant>,
) -> Result<(), Trouble> {
    let time = agent.judged_time();
    if agent.identity().validity()?.is_over(time.now()) {
        renew(agent, stop).await?;
    }
    let identity = agent.identity();
    let address: Address = identity.server.parse()?;
    let config = tls::mutual(&identity, &agent.key, time).map_err(ConnectError::from)?;
    let talk = async {
        let stream = secure(&agent.world.dialer, &address, config).await?;
        *began = Some(Instant::now());
        session::talk(agent, stream, stop).await.map_err(Trouble::from)
    };
    // The session itself ends in order; what comes before it is simply dropped.
    let ended = tokio::select! {
        ended = talk => ended,
        () = stopped_before_session(agent, stop) => return Ok(()),
    };
    match ended {
        Err(trouble) if says_expired(&trouble) => {
            renew(agent, stop).await?;
            Ok(())
        }
        ended => ended,
    }
}

async fn stopped_before_session<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    stop: &CancellationToken,
) {
    stop.cancelled().await;
    if *agent.connected.borrow() {
        std::future::pending::<()>().await;
    }
}

/// Gets a new certificate for the key that the agent has, for the old one is no longer good.
async fn renew<D: Dom0, F: Files, N: Dialer>(
    agent: &Agent<D, F, N>,
    stop: &CancellationToken,
) -> Result<(), Trouble> {
    let identity = agent.identity();
    let time = agent.judged_time();
    let renewal = join::renew(&agent.world.dialer, &identity, &agent.key, time);
    let (renewed, server_time) = tokio::select! {
        renewal = renewal => renewal?,
        () = stop.cancelled() => return Ok(()),
    };
    renewed.store(&agent.world.files).await?;
    *locked(&agent.identity) = renewed;
    let mut seen = agent.seen();
    seen.server_time = seen.server_time.max(Some(server_time));
    seen.store(&agent.world.files).await?;
    *locked(&agent.seen) = seen;
    tracing::info!("the certificate had expired and is renewed");
    Ok(())
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;
    use rand::rngs::SmallRng;

    use super::*;

    #[test]
    fn waits_grow_to_five_minutes_and_no_further() {
        let mut rng = SmallRng::seed_from_u64(1);
        for _ in 0..200 {
            let mut backoff = Backoff::default();
            for failure in 0..40 {
                let wait = backoff.wait(Duration::ZERO, None, &mut rng);
                let ceiling = FIRST * 2_u32.pow(failure.min(12));
                assert!(wait <= ceiling.min(LONGEST), "{failure}: {wait:?}");
            }
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_span() {
        let mut rng = SmallRng::seed_from_u64(2);
        let mut backoff = Backoff { failures: 20 };

        let waits: Vec<_> =
            (0..1000).map(|_| backoff.wait(Duration::ZERO, None, &mut rng)).collect();

        assert!(waits.iter().any(|wait| *wait < LONGEST / 10));
        assert!(waits.iter().any(|wait| *wait > LONGEST / 10 * 9));
    }

    #[test]
    fn a_stable_session_ends_the_trouble_and_a_short_one_does_not() {
        let mut rng = SmallRng::seed_from_u64(3);
        let mut backoff = Backoff { failures: 20 };

        backoff.wait(STABLE.saturating_sub(Duration::from_secs(1)), None, &mut rng);
        assert_eq!(backoff.failures, 21);
        let wait = backoff.wait(STABLE, None, &mut rng);

        assert_eq!(backoff.failures, 1);
        assert!(wait <= FIRST);
    }

    #[test]
    fn what_the_server_asks_for_is_the_least() {
        let mut rng = SmallRng::seed_from_u64(4);
        let asked = Duration::from_secs(100);

        for _ in 0..100 {
            let wait = Backoff::default().wait(Duration::ZERO, Some(asked), &mut rng);
            assert!(wait >= asked && wait <= asked + asked / 5);
        }
    }
}
