//! Signs of known faults, and finding them in logs.
//!
//! A [`Catalogue`] is data: ids, patterns, what they mean, how grave that is and what to do. A [`Scanner`] looks
//! through logs line by line, a [`Scan`] through files of any kind that hold logs. What is found is told once for each
//! signature and first function of its call trace, with a count. Neither memory nor the number of findings grows
//! with what is fed: a line is kept up to a bound, and what is beyond the bounds is counted.

mod catalogue;
mod error;
mod finding;
mod lines;
mod log_time;
mod prefix;
mod scan;
mod scanner;
mod signature;
mod trace;

pub use catalogue::Catalogue;
pub use error::CatalogueError;
pub use finding::Finding;
pub use log_time::LogTime;
pub use scan::{Report, Scan};
pub use scanner::{Scanned, Scanner};
pub use signature::{Signature, Variant};

#[cfg(test)]
mod tests;
