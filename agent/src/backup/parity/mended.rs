//! What a restore had from parity or from a copy, because the drive does not give it any more.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// So many places are told, and the rest is counted.
const MOST: usize = 100;

/// Counts them by place.
#[derive(Debug, Default)]
pub struct Mended(Mutex<BTreeMap<String, u64>>);

impl Mended {
    pub(in crate::backup) fn add(&self, place: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default() += 1;
    }

    /// Each place, with how many pieces of it were mended where they were several.
    pub fn places(&self) -> Vec<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut places: Vec<String> = all
            .iter()
            .take(MOST)
            .map(|(place, count)| match count {
                1 => place.clone(),
                count => format!("{place} ({count} frames)"),
            })
            .collect();
        if all.len() > MOST {
            places.push(format!("and {} more", all.len() - MOST));
        }
        places
    }
}
