//! The rows of a model, laid out in the order in which a walk through the times takes them.

use std::iter::once;
use std::ops::Range;

use nalgebra::DVector;

use super::column::Column;
use super::curve::as_f64;
use super::spell::{Spell, event_times};

/// The walk goes from step to step, the latest first. A step is a time at which there were events; a row that
/// was at risk at none of them changes nothing, and is left out.
pub(super) struct Design {
    pub(super) steps: Vec<Step>,
    /// In the order in which they join.
    pub(super) rows: Vec<Row>,
    pub(super) joining: Values,
    /// The same in the order in which they leave: read from where they joined, most would be waited for.
    pub(super) leaving: Values,
    /// By what each column was divided.
    pub(super) spreads: Vec<f64>,
}

/// What changes at a step.
pub(super) struct Step {
    /// The rows that are at risk from here on: they ended at this time, or before the time of the last step.
    pub(super) joining: Range<usize>,
    /// Those of them whose event is here.
    pub(super) dying: Range<usize>,
    /// The rows, in the order in which they leave, that had not begun yet.
    pub(super) leaving: Range<usize>,
}

/// A row that is at risk at some step.
pub(super) struct Row {
    /// Which of the spells that were given.
    pub(super) given: usize,
    /// The steps at which it is.
    pub(super) steps: Range<usize>,
    /// Whether its event is at the first of them.
    pub(super) is_event: bool,
}

impl Design {
    pub(super) fn new(spells: &[Spell], columns: &[Column]) -> Self {
        let mut times: Vec<f64> =
            event_times(spells.iter()).iter().map(|(time, _)| *time).collect();
        times.reverse();
        let first_not_after = |time: f64| times.partition_point(|step| *step > time);
        let rows = spells.iter().enumerate().map(|(given, spell)| Row {
            given,
            steps: first_not_after(spell.exit())..first_not_after(spell.entry()),
            is_event: spell.is_event(),
        });
        let mut rows: Vec<Row> = rows.filter(|row| !row.steps.is_empty()).collect();
        rows.sort_unstable_by_key(|row| (row.steps.start, !row.is_event, row.given));
        let mut leaving: Vec<usize> = (0..rows.len()).collect();
        leaving.sort_by_key(|row| rows[*row].steps.end);

        let (mut joined, mut gone) = (0, 0);
        let steps = (0..times.len()).map(|step| {
            let joining = rows[joined..].iter().take_while(|row| row.steps.start == step);
            let dying = joining.clone().take_while(|row| row.is_event);
            let left = leaving[gone..].iter().take_while(|row| rows[**row].steps.end == step);
            let step = Step {
                dying: joined..joined + dying.count(),
                joining: joined..joined + joining.count(),
                leaving: gone..gone + left.count(),
            };
            (joined, gone) = (step.joining.end, step.leaving.end);
            step
        });
        let steps = steps.collect();
        let scales: Vec<Scale> = columns.iter().map(Scale::of).collect();
        let joining = Values::of(&rows, columns, &scales);
        let leaving = joining.in_order(&leaving);
        let spreads = scales.iter().map(|scale| scale.spread).collect();
        Self { steps, rows, joining, leaving, spreads }
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.joining.width
    }

    /// Leaves only these columns.
    pub(super) fn keep(&mut self, columns: &[usize]) {
        self.joining.keep(columns);
        self.leaving.keep(columns);
        self.spreads = columns.iter().map(|column| self.spreads[*column]).collect();
    }
}

/// What rows have, row after row: 1, and then a value of each column.
pub(super) struct Values {
    width: usize,
    values: Vec<f64>,
}

impl Values {
    fn of(rows: &[Row], columns: &[Column], scales: &[Scale]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * (columns.len() + 1));
        for row in rows {
            let own = columns.iter().zip(scales);
            values.push(1.0);
            values.extend(own.map(|(column, by)| (column.values[row.given] - by.mean) / by.spread));
        }
        Self { width: columns.len(), values }
    }

    fn in_order(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(self.values.len());
        for row in rows {
            values.extend_from_slice(self.row(*row));
        }
        Self { width: self.width, values }
    }

    fn keep(&mut self, columns: &[usize]) {
        let rows = self.values.chunks_exact(self.width + 1);
        let kept = rows.flat_map(|row| once(row[0]).chain(columns.iter().map(|at| row[at + 1])));
        self.values = kept.collect();
        self.width = columns.len();
    }

    /// A row's.
    pub(super) fn row(&self, row: usize) -> &[f64] {
        let length = self.width + 1;
        &self.values[row * length..][..length]
    }

    /// The logarithm of how much likelier an event is for a row than where all columns are at their mean.
    pub(super) fn risk(&self, row: usize, beta: &DVector<f64>) -> f64 {
        self.row(row)[1..].iter().zip(beta).map(|(x, b)| x * b).sum()
    }

    /// How much likelier.
    pub(super) fn weight(&self, row: usize, beta: &DVector<f64>) -> f64 {
        self.risk(row, beta).exp()
    }
}

/// How a column is moved and stretched, so that all are alike in size.
struct Scale {
    mean: f64,
    spread: f64,
}

impl Scale {
    fn of(column: &Column) -> Self {
        let count = as_f64(column.values.len().max(1));
        let mean = column.values.iter().sum::<f64>() / count;
        let squares = column.values.iter().map(|value| (value - mean).powi(2)).sum::<f64>();
        let spread = (squares / count).sqrt();
        // What differs by no more than rounding does not differ.
        let differs = spread > mean.abs() * 1e-12;
        Self { mean, spread: if differs { spread } else { f64::INFINITY } }
    }
}
