//! Evidence in sentences.

use super::apart::Separation;
use super::model::{ComponentTest, Hazard};
use super::range::{Range, as_f64};
use super::verdict::OneAppliance;
use crate::component::Component;

/// What speaks for a suspect, a sentence each.
pub(super) fn evidence(
    test: &ComponentTest,
    separations: &[Separation],
    worst: Option<&OneAppliance>,
    appliances: usize,
) -> Vec<String> {
    let mut sentences = Vec::new();
    if test.components.len() > 1 {
        sentences.push(format!(
            "{} cannot be told apart: whenever one changed, so did the others. What follows may be due to any of them.",
            list(&test.components)
        ));
    }
    for hazard in &test.values {
        sentences.push(rates(hazard));
        sentences.extend(ratio(hazard));
    }
    sentences.push(format!(
        "Were it all chance, as much would be seen with a probability of {} (all {} values together; Holm's \
         correction over all components).",
        probability(test.p_adjusted),
        test.values.len() + 1
    ));
    sentences.push(format!(
        "Were all ends that nobody knows of deaths, it would be {} before that correction.",
        probability(test.p_with_unknown)
    ));
    if !test.partly_like.is_empty() {
        sentences.push(format!(
            "Some of its values cannot be told apart from {}; what is said here is of the others.",
            list(&test.partly_like)
        ));
    }
    sentences.extend(separations.iter().map(|one| apart(one, &test.components)));
    sentences.extend(worst.map(|worst| shares(worst, appliances)));
    sentences
}

fn rates(hazard: &Hazard) -> String {
    let Hazard { component, value, reference, .. } = hazard;
    format!(
        "Where {component} was {value}, {}; where it was {reference}, {}.",
        rate(hazard.deaths, hazard.appliance_days),
        rate(hazard.reference_deaths, hazard.reference_appliance_days),
        component = component.as_str(),
    )
}

fn rate(deaths: usize, days: f64) -> String {
    let per_1000 = 1000.0 * as_f64(deaths) / days.max(f64::MIN_POSITIVE);
    format!("{deaths} died in {days:.0} appliance-days ({per_1000:.2} in 1000)")
}

fn ratio(hazard: &Hazard) -> Option<String> {
    let Range { value, low, high } = hazard.hazard_ratio?;
    let high = high.map_or_else(|| "any".to_owned(), |high| format!("{high:.2}"));
    Some(format!(
        "All other components being the same, and whatever else appliances are like, death is {:.2} times as likely \
         with {} as with {} (95 %: {low:.2} to {high}).",
        value?, hazard.value, hazard.reference
    ))
}

fn apart(separation: &Separation, components: &[Component]) -> String {
    let Separation { component, from, appliance_days, deaths, share } = *separation;
    let other = if components.contains(&component) { from } else { component };
    format!(
        "It is told apart from {} by {appliance_days:.0} appliance-days ({:.1} % of all), in which {deaths} died.",
        other.as_str(),
        100.0 * share
    )
}

fn shares(worst: &OneAppliance, appliances: usize) -> String {
    let OneAppliance { appliance, value, deaths, of, p_without, .. } = worst;
    let left = p_without.map_or("nothing could be said".to_owned(), |p| {
        format!("the probability of chance before correction would be {}", probability(p))
    });
    format!(
        "Of {appliances} appliances, {appliance} has the most of its deaths with {value}: {deaths} of {of}; without it {left}."
    )
}

fn probability(p: f64) -> String {
    if p < 1e-6 {
        "less than one in a million".to_owned()
    } else if p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.4}")
    }
}

pub(super) fn list(components: &[Component]) -> String {
    let names: Vec<&str> = components.iter().map(|component| component.as_str()).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
