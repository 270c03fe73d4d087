//! Fleet tests: a real server, real agents over real TLS, simulated appliances.

pub mod fleet;
pub mod link;
pub mod sim;
pub mod swarm;
