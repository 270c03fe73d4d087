//! What is to be done next on a hypervisor: on the one that is to go ([`before`]), and on the one that VMs are
//! given back on ([`after`]).
//!
//! Neither remembers anything: the same story and the same sight give the same step, so that whoever is cut
//! off in the middle asks again and goes on.

pub mod after;
pub mod before;
