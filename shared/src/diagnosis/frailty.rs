//! How much likelier some appliances die than others, whatever they are made of.
//!
//! Appliances are not alike: one has a bad SSD, another much to do. Where that is left out, whatever is done to those
//! that die often looks harmful, and a mitigation is done to just those. So each appliance is given a factor of its
//! own, gamma distributed with mean 1 (a shared frailty; Klein and Moeschberger, 2nd ed., chapter 13), and with it
//! its deaths are a Poisson process whose rate depends on its components and, in steps, on the uptime. The likelihood
//! has a closed form in how many died and how many were to be expected of each appliance; it holds too where what
//! was changed was changed because of earlier deaths, since it is made of what was known before.

use std::collections::BTreeMap;

use nalgebra::{Cholesky, DMatrix, DVector};

use super::factor::Factors;
use super::range::as_f64;
use super::rows::{Row, Rows};

/// The hazard may differ between these uptimes, in days.
const BANDS: [(f64, f64); 4] = [(0.0, 7.0), (7.0, 30.0), (30.0, 100.0), (100.0, f64::INFINITY)];

/// What was watched, for each appliance.
#[derive(Clone)]
pub(super) struct Cells {
    appliances: Vec<Vec<Cell>>,
    /// How many columns there are, and a band each behind them.
    width: usize,
}

/// What was watched of one appliance with the same columns in the same band.
#[derive(Clone)]
struct Cell {
    columns: Vec<usize>,
    days: f64,
    deaths: f64,
}

impl Cells {
    /// Of all rows that can be compared.
    pub(super) fn of(rows: &Rows<'_>, factors: &Factors, is_death: impl Fn(&Row) -> bool) -> Self {
        let width = factors.columns.len();
        let mut appliances = Vec::with_capacity(rows.appliances.len());
        for of_one in rows.all.chunk_by(|a, b| a.appliance == b.appliance) {
            let mut cells: BTreeMap<(usize, usize), (f64, f64)> = BTreeMap::new();
            let first = factors.at_first.get(of_one[0].appliance).map_or(&[][..], Vec::as_slice);
            for row in of_one.iter().filter(|row| factors.codes[row.combination].is_some()) {
                let (entry, exit) = (row.spell.entry(), row.spell.exit());
                for (band, (from, to)) in BANDS.into_iter().enumerate() {
                    let days = exit.min(to) - entry.max(from);
                    if days > 0.0 {
                        let cell = cells.entry((row.combination, band)).or_default();
                        cell.0 += days;
                        cell.1 += f64::from(u8::from(exit <= to && is_death(row)));
                    }
                }
            }
            let cells = cells.into_iter().map(|((combination, band), (days, deaths))| {
                let mut columns = factors.codes[combination].clone().unwrap_or_default();
                columns.extend(first);
                columns.push(width + band);
                Cell { columns, days, deaths }
            });
            appliances.push(cells.collect());
        }
        Self { appliances, width }
    }

    /// The same without one appliance.
    pub(super) fn without(&self, appliance: usize) -> Self {
        let mut others = self.clone();
        if let Some(cells) = others.appliances.get_mut(appliance) {
            cells.clear();
        }
        others
    }

    /// The days of each pair of columns, bands among them: what it is that tells columns apart.
    pub(super) fn overlap(&self) -> DMatrix<f64> {
        let mut days = DMatrix::zeros(self.width + BANDS.len(), self.width + BANDS.len());
        for cell in self.appliances.iter().flatten() {
            for one in &cell.columns {
                for other in &cell.columns {
                    days[(*one, *other)] += cell.days;
                }
            }
        }
        days
    }

    /// Whether nobody died with a column, or nobody without.
    pub(super) fn is_one_sided(&self, column: usize) -> bool {
        let dead = |cell: &&Cell| cell.deaths > 0.0;
        let with = |cell: &Cell| cell.columns.contains(&column);
        let all = || self.appliances.iter().flatten().filter(dead);
        !all().any(with) || all().all(with)
    }

    /// The places of the bands behind the columns.
    pub(super) fn bands(&self) -> std::ops::Range<usize> {
        self.width..self.width + BANDS.len()
    }

    /// The same with these columns only, in this order, and the bands behind them.
    fn only(&self, columns: &[usize]) -> Self {
        let mut places = vec![None; self.width + BANDS.len()];
        for (place, column) in columns.iter().copied().chain(self.bands()).enumerate() {
            places[column] = Some(place);
        }
        let of = |cell: &Cell| Cell {
            columns: cell.columns.iter().filter_map(|column| places[*column]).collect(),
            ..*cell
        };
        let appliances = self.appliances.iter().map(|cells| cells.iter().map(of).collect());
        Self { appliances: appliances.collect(), width: columns.len() }
    }
}

/// The likeliest model of some columns. What it says of bands stands behind them.
pub(super) struct Fit {
    columns: Vec<usize>,
    /// How much likelier death is with each of them, as a logarithm.
    pub(super) coefficients: DVector<f64>,
    /// The covariance of that, were appliances as the model has them.
    pub(super) plain: DMatrix<f64>,
    /// The covariance of that, whatever appliances are like, as long as they are independent of each other.
    pub(super) robust: DMatrix<f64>,
    /// The variance of the appliances' factors; near 0 where all are alike.
    pub(super) variance: f64,
    pub(super) log_likelihood: f64,
}

impl Fit {
    /// The same model in the words of other columns, of which these are sums, as they are sums of these.
    pub(super) fn in_terms_of(&self, columns: &[usize], cells: &Cells) -> Option<Self> {
        let overlap = cells.overlap();
        let watched = |at: &usize| overlap[(*at, *at)] > 0.0;
        let columns: Vec<usize> =
            columns.iter().copied().chain(cells.bands().filter(watched)).collect();
        let own = overlap.select_rows(&columns).select_columns(&columns);
        let shared = overlap.select_rows(&columns).select_columns(&self.columns);
        let sums = Cholesky::new(own)?.solve(&shared);
        Some(Self {
            coefficients: &sums * &self.coefficients,
            plain: &sums * &self.plain * sums.transpose(),
            robust: &sums * &self.robust * sums.transpose(),
            columns,
            ..*self
        })
    }
}

/// How far a coefficient is likely to be from 0, so that one of which nothing is known stays there.
const PRIOR_PRECISION: f64 = 0.01;

/// Fits the model. Nothing where nobody died.
pub(super) fn fit(all: &Cells, columns: &[usize]) -> Option<Fit> {
    let cells = all.only(columns);
    let each = || cells.appliances.iter().flatten();
    let deaths: f64 = each().map(|cell| cell.deaths).sum();
    let days: f64 = each().map(|cell| cell.days).sum();
    if deaths <= 0.0 {
        return None;
    }
    let mut beta = DVector::zeros(columns.len() + BANDS.len());
    beta.rows_mut(columns.len(), BANDS.len()).fill((deaths / days).ln());
    let mut variance = 0.0;
    for _ in 0..20 {
        settle(&cells.appliances, variance, &mut beta);
        let sums: Vec<(usize, f64)> = cells.appliances.iter().map(|of| sums(of, &beta)).collect();
        let better = most_likely(&sums);
        let is_settled = (better - variance).abs() <= 1e-3 * variance + 1e-6;
        variance = better;
        if is_settled {
            break;
        }
    }
    settle(&cells.appliances, variance, &mut beta);
    let here = Slope::at(&cells.appliances, variance, &beta);
    let plain = Cholesky::new(here.information)?.inverse();
    let robust = &plain * here.pulls * &plain;
    let sums: Vec<(usize, f64)> = cells.appliances.iter().map(|of| sums(of, &beta)).collect();
    // The slope's own is without what does not depend on the coefficients.
    let rising: f64 = sums.iter().map(|(deaths, _)| rising(*deaths, variance)).sum();
    Some(Fit {
        columns: columns.iter().copied().chain(all.bands()).collect(),
        coefficients: beta,
        plain,
        robust,
        variance,
        log_likelihood: here.log + rising,
    })
}

fn eta(cell: &Cell, beta: &DVector<f64>) -> f64 {
    cell.columns.iter().map(|at| beta[*at]).sum()
}

/// How many of an appliance died, and how many were to be expected.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of ones")]
fn sums(cells: &[Cell], beta: &DVector<f64>) -> (usize, f64) {
    let deaths: f64 = cells.iter().map(|cell| cell.deaths).sum();
    (deaths as usize, cells.iter().map(|cell| cell.days * eta(cell, beta).exp()).sum())
}

/// The part of the logarithm of the likelihood that the variance is in.
fn log_likelihood(sums: &[(usize, f64)], variance: f64) -> f64 {
    let of = |(deaths, expected): &(usize, f64)| {
        rising(*deaths, variance)
            - (1.0 / variance + as_f64(*deaths)) * (variance * expected).ln_1p()
    };
    sums.iter().map(of).sum()
}

/// What each death makes the next one likelier.
fn rising(deaths: usize, variance: f64) -> f64 {
    (0..deaths).map(|at| (variance * as_f64(at)).ln_1p()).sum()
}

/// The variance that makes what was seen the most likely, by a search for the top between two bounds.
fn most_likely(sums: &[(usize, f64)]) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_895;
    let (mut low, mut high) = (1e-4_f64.ln(), 20_f64.ln());
    let at = |place: f64| log_likelihood(sums, place.exp());
    let (mut left, mut right) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
    let (mut of_left, mut of_right) = (at(left), at(right));
    while high - low > 1e-3 {
        if of_left < of_right {
            (low, left, of_left) = (left, right, of_right);
            right = low + GOLDEN * (high - low);
            of_right = at(right);
        } else {
            (high, right, of_right) = (right, left, of_left);
            left = high - GOLDEN * (high - low);
            of_left = at(left);
        }
    }
    f64::midpoint(low, high).exp()
}

/// Newton's method for the coefficients, where a step that makes it worse is halved.
fn settle(appliances: &[Vec<Cell>], variance: f64, beta: &mut DVector<f64>) {
    let mut here = Slope::at(appliances, variance, beta);
    for _ in 0..50 {
        let Some(information) = Cholesky::new(here.information.clone()) else { return };
        let mut step = information.solve(&here.score);
        let gain = step.dot(&here.score);
        for _ in 0..30 {
            let there = &*beta + &step;
            let slope = Slope::at(appliances, variance, &there);
            if slope.log >= here.log - 1e-9 {
                *beta = there;
                here = slope;
                break;
            }
            step /= 2.0;
        }
        if gain < 1e-6 {
            return;
        }
    }
}

/// The logarithm of the likelihood at a place, its slope and its curvature.
struct Slope {
    log: f64,
    score: DVector<f64>,
    information: DMatrix<f64>,
    /// Each appliance's own slope, squared, in sum.
    pulls: DMatrix<f64>,
}

impl Slope {
    fn at(appliances: &[Vec<Cell>], variance: f64, beta: &DVector<f64>) -> Self {
        let width = beta.len();
        let bands = width - BANDS.len();
        let mut score = DVector::zeros(width);
        let mut information = DMatrix::zeros(width, width);
        let mut log = 0.0;
        for at in 0..width {
            // A band in which nothing was watched would have no bottom.
            let precision = if at < bands { PRIOR_PRECISION } else { 1e-9 };
            score[at] -= precision * beta[at];
            information[(at, at)] += precision;
            log -= precision * beta[at].powi(2) / 2.0;
        }
        let mut pulls = DMatrix::zeros(width, width);
        let mut expects = DVector::zeros(width);
        let mut pull = DVector::zeros(width);
        for cells in appliances {
            let (deaths, expected) = sums(cells, beta);
            let weight = (1.0 + variance * as_f64(deaths)) / (1.0 + variance * expected);
            expects.fill(0.0);
            pull.fill(0.0);
            for cell in cells {
                let eta = eta(cell, beta);
                let expected = cell.days * eta.exp();
                log += cell.deaths * eta;
                for (nth, at) in cell.columns.iter().enumerate() {
                    pull[*at] += cell.deaths - weight * expected;
                    expects[*at] += expected;
                    for other in &cell.columns[..=nth] {
                        information[(*at, *other)] += weight * expected;
                        if at != other {
                            information[(*other, *at)] += weight * expected;
                        }
                    }
                }
            }
            log -= if variance > 0.0 {
                (1.0 / variance + as_f64(deaths)) * (variance * expected).ln_1p()
            } else {
                expected
            };
            let learnt = variance * weight / (1.0 + variance * expected);
            information.ger(-learnt, &expects, &expects, 1.0);
            score += &pull;
            pulls.ger(1.0, &pull, &pull, 1.0);
        }
        Self { log, score, information, pulls }
    }
}
