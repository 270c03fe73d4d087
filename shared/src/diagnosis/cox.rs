//! The same comparison by Cox's model: the hazard may be any at each uptime, and nothing is said of how appliances
//! differ but that the errors hold where boots of one are alike.

use super::factor::Factors;
use super::range::Range;
use super::rows::{Row, Rows};
use crate::survival::{Column, CoxError, Effect, Spell, cox};

/// For each column, the hazard ratio where there is one.
pub(super) fn hazard_ratios(
    rows: &Rows<'_>,
    factors: &Factors,
) -> Result<Vec<Option<Range>>, CoxError> {
    let code = |row: &Row| factors.codes[row.combination].as_deref();
    let counted: Vec<(&Row, &[usize])> =
        rows.all.iter().filter_map(|row| Some((row, code(row)?))).collect();
    let spells: Vec<Spell> = counted.iter().map(|(row, _)| row.spell).collect();
    let appliances: Vec<usize> = counted.iter().map(|(row, _)| row.appliance).collect();
    let asked = factors.columns.iter().enumerate().filter(|(_, column)| !column.is_at_first);
    let asked: Vec<usize> = asked.map(|(at, _)| at).collect();
    let indicator = |at: &usize| Column {
        name: factors.columns[*at].name.clone(),
        values: counted.iter().map(|(_, code)| f64::from(u8::from(code.contains(at)))).collect(),
    };
    let columns: Vec<Column> = asked.iter().map(indicator).collect();
    let model = cox(&spells, &columns, Some(&appliances))?;
    let mut ratios = vec![None; factors.columns.len()];
    for (at, one) in asked.into_iter().zip(model.coefficients) {
        if let Effect::Estimated { ratio, .. } = one.estimate {
            ratios[at] = Some(ratio.into());
        }
    }
    Ok(ratios)
}
