//! Whether groups differ, each event weighed the same.

use nalgebra::{DMatrix, DVector};
use statrs::distribution::{ChiSquared, ContinuousCDF as _};

use super::curve::as_f64;
use super::spell::{AtRisk, Spell, event_times};

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRank {
    /// How many events each group had.
    pub observed: Vec<usize>,
    /// How many it would have had, were all alike.
    pub expected: Vec<f64>,
    /// How far the two are apart.
    pub chi2: f64,
    /// How many comparisons are in it.
    pub freedom: usize,
    /// How probable it is that chance alone puts them so far apart; nothing where nothing can be compared.
    pub p: Option<f64>,
}

/// Compares the groups. A spell counts as watched from its entry on, so that it holds with left
/// truncation too, where it is the score test of a Cox model without ties.
pub fn log_rank(groups: &[Vec<Spell>]) -> LogRank {
    let count = groups.len();
    let mut at_risk: Vec<AtRisk> = groups.iter().map(|group| AtRisk::of(group.iter())).collect();
    let mut events: Vec<_> =
        groups.iter().map(|group| event_times(group.iter()).into_iter().peekable()).collect();
    let mut expected = vec![0.0; count];
    let mut variance = DMatrix::zeros(count, count);
    for (time, _) in event_times(groups.iter().flatten()) {
        let watched: Vec<f64> = at_risk.iter_mut().map(|group| as_f64(group.at(time))).collect();
        let died: f64 = events
            .iter_mut()
            // Each group's are among these, in order: no later is the same.
            .filter_map(|group| group.next_if(|(at, _)| *at <= time))
            .map(|(_, died)| as_f64(died))
            .sum();
        let all: f64 = watched.iter().sum();
        // Of one alone, it is certain who.
        let spread = if all > 1.0 { died * (all - died) / (all - 1.0) } else { 0.0 };
        for (g, here) in watched.iter().enumerate() {
            let share = here / all;
            expected[g] += died * share;
            for (h, there) in watched.iter().enumerate() {
                let same = if g == h { 1.0 } else { 0.0 };
                variance[(g, h)] += spread * share * (same - there / all);
            }
        }
    }
    let observed: Vec<usize> =
        groups.iter().map(|group| group.iter().filter(|spell| spell.is_event()).count()).collect();
    let differences = observed.iter().zip(&expected).map(|(o, e)| as_f64(*o) - e);
    let differences = DVector::from_iterator(count, differences);
    let (chi2, freedom) = distance(&differences, variance);
    let p = ChiSquared::new(as_f64(freedom)).ok().map(|distribution| distribution.sf(chi2));
    LogRank { observed, expected, chi2, freedom, p }
}

/// The length of `differences` in units of their own spread, and how many directions there are in it: the
/// differences add up to nothing, and a group that was never watched beside another has none.
pub(super) fn distance(differences: &DVector<f64>, variance: DMatrix<f64>) -> (f64, usize) {
    if variance.is_empty() {
        return (0.0, 0);
    }
    let eigen = variance.symmetric_eigen();
    let largest = eigen.eigenvalues.iter().copied().fold(0.0, f64::max);
    let mut sum = 0.0;
    let mut freedom = 0;
    for (value, vector) in eigen.eigenvalues.iter().zip(eigen.eigenvectors.column_iter()) {
        if *value > largest * 1e-10 {
            sum += vector.dot(differences).powi(2) / value;
            freedom += 1;
        }
    }
    (sum, freedom)
}
