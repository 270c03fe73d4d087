//! Passwords: argon2id, off the event loop, a few at a time.

use std::sync::Arc;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// How many are hashed at once: each takes 19 MiB and a core.
const AT_ONCE: usize = 2;

/// How many may wait for that; more are turned away at once.
const WAITING: usize = 64;

/// Hashes passwords.
#[derive(Debug)]
pub struct Hasher {
    waiting: Semaphore,
    working: Semaphore,
    /// What a password is compared with where there is no operator, so that it takes as long.
    nobody: String,
}

/// Why a password was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// Too many others wait.
    #[error("too many logins at once")]
    Busy,
    /// The hash could not be made.
    #[error("the password could not be hashed")]
    Failed(#[source] anyhow::Error),
}

impl Hasher {
    /// A hasher of its own queue.
    pub fn new() -> anyhow::Result<Self> {
        Ok(Self {
            waiting: Semaphore::new(WAITING),
            working: Semaphore::new(AT_ONCE),
            nobody: hash(&hex::encode(rand::random::<[u8; 16]>()))?,
        })
    }

    /// The hash of `password`, as it is stored.
    pub async fn hash(self: &Arc<Self>, password: String) -> Result<String, HashError> {
        self.work(move || hash(&password)).await
    }

    /// Whether `password` is the one of `stored`; never, where there is none, after as long.
    pub async fn verify(
        self: &Arc<Self>,
        password: String,
        stored: Option<String>,
    ) -> Result<bool, HashError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.nobody.clone());
        let same = self
            .work(move || {
                let stored = PasswordHash::new(&stored)
                    .map_err(|error| anyhow::anyhow!("a stored hash is damaged: {error}"))?;
                Ok(Argon2::default().verify_password(password.as_bytes(), &stored).is_ok())
            })
            .await?;
        Ok(known && same)
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
    ) -> Result<T, HashError> {
        let _place = self.waiting.try_acquire().map_err(|_| HashError::Busy)?;
        let _core = self.working.acquire().await.map_err(|_| HashError::Busy)?;
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| HashError::Failed(error.into()))?
            .map_err(HashError::Failed)
    }
}

fn hash(password: &str) -> anyhow::Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| anyhow::anyhow!("argon2 failed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_is_right_and_nobody_has_one() {
        let hasher = Arc::new(Hasher::new().unwrap());
        let stored = hasher.hash("correct horse".into()).await.unwrap();

        assert!(stored.starts_with("$argon2id$"));
        assert!(hasher.verify("correct horse".into(), Some(stored.clone())).await.unwrap());
        assert!(!hasher.verify("battery".into(), Some(stored)).await.unwrap());
        assert!(!hasher.verify("correct horse".into(), None).await.unwrap());
    }
}
