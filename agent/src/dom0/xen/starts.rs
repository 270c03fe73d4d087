//! When VMs were last started. libxl writes it to `/vm/UUID/start_time` in xenstore, in seconds since 1970, when it
//! has built a domain (`libxl__build_post`); `xl uptime` reads it there.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use domfleet_shared::Timestamp;
use domfleet_shared::id::VmId;

use super::{QUERY_WITHIN, command};
use crate::dom0::Domain;

/// The last start of each VM that the agent has seen: a domain takes its own along when it goes.
#[derive(Debug, Default)]
pub(super) struct Starts(Mutex<HashMap<VmId, (u32, Timestamp)>>);

impl Starts {
    /// When that domain was created. xenstore is asked until it has answered.
    pub(super) async fn at(&self, domain: &Domain) -> Option<Timestamp> {
        if let Some((domid, at)) = self.known(domain.uuid)
            && domid == domain.domid
        {
            return Some(at);
        }
        let key = format!("/vm/{}/start_time", domain.uuid);
        let said = command::run("xenstore-read", &[&key], QUERY_WITHIN).await.ok()?;
        let at = parsed(&said.success("xenstore-read").ok()?.text())?;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(domain.uuid, (domain.domid, at));
        Some(at)
    }

    /// The last start that was seen of a VM that is off.
    pub(super) fn last(&self, vm: VmId) -> Option<Timestamp> {
        self.known(vm).map(|(_, at)| at)
    }

    fn known(&self, vm: VmId) -> Option<(u32, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&vm).copied()
    }
}

/// Seconds, and hundredths behind a dot.
fn parsed(text: &str) -> Option<Timestamp> {
    let (seconds, hundredths) = text.trim().split_once('.').unwrap_or((text.trim(), "0"));
    let (seconds, hundredths) = (seconds.parse::<i64>().ok()?, hundredths.parse::<i64>().ok()?);
    Some(Timestamp::from_millis(seconds.checked_mul(1000)?.checked_add(hundredths.min(99) * 10)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libxl_wrote_is_a_moment_and_anything_else_is_none() {
        let at = |text: &str| parsed(text).map(Timestamp::as_millis);

        assert_eq!(at("1700000000.07\n"), Some(1_700_000_000_070));
        assert_eq!(at("1700000000"), Some(1_700_000_000_000));
        assert_eq!(at("soon"), None);
        assert_eq!(at(""), None);
    }
}
