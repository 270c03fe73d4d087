//! Who may wait until its connection opens, and whose turn it is.
//!
//! Until its `ClientHello` is there a connection costs a few kilobytes and no more, and very many
//! may be in that state. From then on it costs computing and more memory, so few are let through at
//! once: others until the handshake is done, agents until they have been welcomed. And one address,
//! however many connections it opens and however slowly it goes on with them, takes up no more than
//! a quarter of those places.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many there may be.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections that wait or open.
    pub waiting: usize,
    /// The same, from one address. A site's or a reseller's appliances may share one.
    pub waiting_per_address: usize,
    /// Connections that open: from the computing of the handshake on.
    pub opening: usize,
    /// The same, from one address.
    pub opening_per_address: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { waiting: 4096, waiting_per_address: 2048, opening: 256, opening_per_address: 64 }
    }
}

/// Keeps count.
#[derive(Debug)]
pub struct Gates {
    limits: Limits,
    waiting: Arc<Semaphore>,
    opening: Arc<Semaphore>,
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
}

#[derive(Debug)]
struct Address {
    waiting: usize,
    opening: Arc<Semaphore>,
}

/// A place among those who wait; given back when it is dropped.
#[derive(Debug)]
pub struct Waiting {
    address: IpAddr,
    addresses: Arc<Mutex<HashMap<IpAddr, Address>>>,
    own: Arc<Semaphore>,
    all: Arc<Semaphore>,
    _place: OwnedSemaphorePermit,
    turn: Option<[OwnedSemaphorePermit; 2]>,
}

impl Gates {
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            waiting: Arc::new(Semaphore::new(limits.waiting)),
            opening: Arc::new(Semaphore::new(limits.opening)),
            addresses: Arc::default(),
        }
    }

    /// A place for a connection from `address`; nothing where there is none, and the connection is
    /// to be dropped.
    pub fn enter(&self, address: IpAddr) -> Option<Waiting> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().ok()?;
        let address = network(address);
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        let entry = addresses.entry(address).or_insert_with(|| Address {
            waiting: 0,
            opening: Arc::new(Semaphore::new(self.limits.opening_per_address)),
        });
        if entry.waiting >= self.limits.waiting_per_address {
            return None;
        }
        entry.waiting += 1;
        Some(Waiting {
            address,
            addresses: Arc::clone(&self.addresses),
            own: Arc::clone(&entry.opening),
            all: Arc::clone(&self.opening),
            _place: place,
            turn: None,
        })
    }
}

impl Waiting {
    /// Waits until the connection may open. Its address's turn first: those who wait for
    /// that hold no place that others could use.
    pub async fn turn(&mut self) {
        let own = Arc::clone(&self.own).acquire_owned().await;
        let all = Arc::clone(&self.all).acquire_owned().await;
        // Neither is ever closed.
        self.turn = own.ok().zip(all.ok()).map(|(own, all)| [own, all]);
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut addresses = self.addresses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = addresses.get_mut(&self.address) {
            entry.waiting -= 1;
            if entry.waiting == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: in IPv6 a customer has a whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6) & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn gates() -> Gates {
        Gates::new(Limits {
            waiting: 10,
            waiting_per_address: 5,
            opening: 4,
            opening_per_address: 2,
        })
    }

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_cannot_take_all_places_and_gives_back_its_own() {
        let gates = gates();
        let mut held: Vec<_> = (0..5).map(|_| gates.enter(address("192.0.2.1"))).collect();

        assert!(held.iter().all(Option::is_some));
        assert!(gates.enter(address("192.0.2.1")).is_none());
        assert!(gates.enter(address("192.0.2.2")).is_some());
        held.pop();
        assert!(gates.enter(address("192.0.2.1")).is_some());
        drop(held);
        assert!(gates.addresses.lock().unwrap().is_empty());
    }

    #[test]
    fn neighbours_in_ipv6_are_one_address_and_an_embedded_one_is_itself() {
        assert_eq!(network(address("2001:db8:1:2:3::4")), network(address("2001:db8:1:2::9")));
        assert_ne!(network(address("2001:db8:1:2::9")), network(address("2001:db8:1:3::9")));
        assert_eq!(network(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[test]
    fn an_address_whose_handshakes_hang_is_in_nobody_else_s_way() {
        let gates = gates();
        let mut slow: Vec<_> = (0..4).map(|_| gates.enter(address("192.0.2.1")).unwrap()).collect();

        let through = slow.iter_mut().filter_map(|w| w.turn().now_or_never()).count();
        let mut other = gates.enter(address("192.0.2.2")).unwrap();

        assert_eq!(through, 2);
        assert!(other.turn().now_or_never().is_some());
    }

    #[test]
    fn a_place_that_is_given_back_is_the_next_one_s_turn() {
        let gates = gates();
        let mut held: Vec<_> = (0..3).map(|_| gates.enter(address("192.0.2.1")).unwrap()).collect();
        let mut last = held.pop().unwrap();
        assert_eq!(held.iter_mut().filter_map(|w| w.turn().now_or_never()).count(), 2);
        assert!(last.turn().now_or_never().is_none());

        held.pop();

        assert!(last.turn().now_or_never().is_some());
    }
}
