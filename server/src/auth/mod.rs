//! Who someone is, and what they may see.

pub mod caller;
pub mod keys;
pub mod limit;
pub mod password;
pub mod permit_keys;
pub mod scope;
pub mod token;

pub use caller::Caller;
pub use scope::Scope;

use std::sync::Arc;
use std::time::Duration;

use self::keys::Keys;
use self::limit::Limiter;
use self::password::Hasher;

/// How often a wrong password may be given for one e-mail address, and from one network address
/// (a whole office may be behind it).
const WRONG_PER_EMAIL: u32 = 10;
const WRONG_PER_ADDRESS: u32 = 60;
/// The same of links for people on site, which nobody types: a page that was left open asks again by itself.
const WRONG_LINKS: u32 = 60;
const WRONG_WITHIN: Duration = Duration::from_mins(5);

/// What logging in needs.
#[derive(Debug)]
pub struct Auth {
    /// Signs what logins are shown by.
    pub keys: Keys,
    /// Hashes passwords, a few at a time.
    pub hasher: Arc<Hasher>,
    /// Wrong passwords, by e-mail address.
    pub by_email: Limiter,
    /// Wrong passwords, by network address.
    pub by_address: Limiter,
    /// Links that open nothing, by network address.
    pub links: Limiter,
}

impl Auth {
    /// With the keys in `dir`, which are made where there are none.
    pub fn open(dir: &std::path::Path) -> anyhow::Result<Self> {
        Ok(Self {
            keys: Keys::open(dir)?,
            hasher: Arc::new(Hasher::new()?),
            by_email: Limiter::new(WRONG_PER_EMAIL, WRONG_WITHIN),
            by_address: Limiter::new(WRONG_PER_ADDRESS, WRONG_WITHIN),
            links: Limiter::new(WRONG_LINKS, WRONG_WITHIN),
        })
    }
}
