//! Which columns can be told apart from others, and which say only what those say.

use nalgebra::{Cholesky, DMatrix, DVector};

use super::column::Column;
use super::cox::Effect;

/// The columns, in two parts.
pub(super) struct Apart {
    /// Those that can be told apart from those before them.
    pub(super) kept: Vec<usize>,
    /// For each column that cannot, why not.
    pub(super) aliased: Vec<Option<Effect>>,
}

/// The share of a column's information below which what is left of it is rounding.
const SAME: f64 = 1e-9;

impl Apart {
    /// Columns say the same where some sum of them is the same for all that were at risk together, which the
    /// information at no effect sees.
    pub(super) fn of(information: &DMatrix<f64>, columns: &[Column]) -> Self {
        let mut kept: Vec<usize> = Vec::new();
        let mut aliased = vec![None; columns.len()];
        for column in 0..columns.len() {
            let own = information[(column, column)];
            let before = information.select_rows(&kept).select_columns(&kept);
            let shared = kept.iter().map(|at| information[(*at, column)]);
            let shared = DVector::from_iterator(kept.len(), shared);
            let by_others = Cholesky::new(before)
                .map_or_else(|| DVector::zeros(kept.len()), |before| before.solve(&shared));
            let left = own - shared.dot(&by_others);
            if own > 0.0 && left > own * SAME {
                kept.push(column);
                continue;
            }
            let with = kept
                .iter()
                .zip(&by_others)
                .filter(|(at, by)| by.abs() * information[(**at, **at)].sqrt() > own.sqrt() * 1e-4);
            let with = with.map(|(at, _)| columns[*at].name.clone()).collect();
            aliased[column] = Some(Effect::Aliased { with });
        }
        Self { kept, aliased }
    }
}
