//! A report on a terminal.

use domfleet_shared::survival::{
    CoefficientReport, CoxReport, Ends, Estimate, GroupReport, Report,
};

use crate::output;

/// Prints the groups, whether they differ, and the model.
pub(super) fn show(report: &Report) {
    let groups = report.groups.iter().map(group);
    output::cells(
        &["GROUP", "ROWS", "EVENTS", "EXPOSURE", "PER 1000", "95 %", "MEDIAN", "LEFT AT THE END"],
        groups,
    );
    let test = &report.log_rank;
    let verdict = match test.p {
        Some(p) => format!("chi2 {:.4}, df {}, p {}", test.chi2, test.df, probability(p)),
        None => "no two groups with events were watched at the same age: they cannot be compared"
            .to_owned(),
    };
    output::text(&format!("\nlog-rank: {verdict}\n"));
    if let Some(cox) = &report.cox {
        model(cox);
    }
}

fn group(group: &GroupReport) -> Vec<String> {
    let rate = group.rate_per_1000;
    let last = group.curve.last();
    vec![
        group.name.clone(),
        group.n.to_string(),
        group.events.to_string(),
        significant(group.exposure),
        rate.map_or_else(nothing, |rate| significant(rate.value)),
        rate.map_or_else(nothing, interval),
        group.median.map_or_else(nothing, significant),
        last.map_or_else(nothing, |last| format!("{:.3}", last.survival)),
    ]
}

fn model(cox: &CoxReport) {
    let [null, fitted] = cox.log_likelihood;
    let ratio = 2.0 * (fitted - null);
    output::text(&format!(
        "\nCox model, ties by Efron, log-likelihood {null:.4} → {fitted:.4} (ratio {ratio:.4}):\n"
    ));
    let titles = ["COLUMN", "HAZARD RATIO", "95 %", "COEF", "SE", "ROBUST SE", "P"];
    output::cells(&titles, cox.coefficients.iter().map(coefficient));
    for one in &cox.coefficients {
        let by_likelihood = one.hazard_ratio_by_likelihood.map(ends);
        for said in one.why_not.iter().chain(&by_likelihood) {
            output::text(&format!("{}: {said}\n", one.name));
        }
    }
}

/// What is said besides where events are few.
fn ends(ends: Ends) -> String {
    let interval = match (ends.low, ends.high) {
        (Some(low), Some(high)) => format!("{} – {}", significant(low), significant(high)),
        (Some(low), None) => format!("at least {}", significant(low)),
        (None, Some(high)) => format!("at most {}", significant(high)),
        (None, None) => "anything".to_owned(),
    };
    format!("by the likelihood, which holds where events are few, the ratio is {interval}")
}

fn coefficient(one: &CoefficientReport) -> Vec<String> {
    let number = |number: Option<f64>| number.map_or_else(nothing, |number| format!("{number:.4}"));
    vec![
        one.name.clone(),
        one.hazard_ratio.map_or_else(nothing, |ratio| significant(ratio.value)),
        one.hazard_ratio.map_or_else(nothing, interval),
        number(one.coef),
        number(one.se),
        number(one.robust_se),
        one.p.map_or_else(nothing, probability),
    ]
}

fn nothing() -> String {
    "-".to_owned()
}

fn interval(estimate: Estimate) -> String {
    format!("{} – {}", significant(estimate.low), significant(estimate.high))
}

/// Four digits, and no more than a person reads.
fn significant(number: f64) -> String {
    let size = number.abs();
    match size {
        0.0 => "0".to_owned(),
        1000.0.. => format!("{number:.0}"),
        100.0.. => format!("{number:.1}"),
        10.0.. => format!("{number:.2}"),
        1.0.. => format!("{number:.3}"),
        _ => format!("{number:.3e}"),
    }
}

fn probability(p: f64) -> String {
    if p < 0.0001 { format!("{p:.2e}") } else { format!("{p:.4}") }
}
