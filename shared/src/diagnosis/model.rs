//! All components at once: how many times likelier death is with each value, whatever the other components are.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF as _, Normal};
use utoipa::ToSchema;

use super::cox::hazard_ratios;
use super::factor::Factors;
use super::fit::{Effect, Found, Question};
use super::frailty::Cells;
use super::holm::holm;
use super::range::Range;
use super::rows::{Rows, by_combination};
use crate::component::Component;
use crate::survival::{Estimate, Rate};

/// What a model of all components says, in which each appliance has a factor of its own and the hazard may differ
/// from one stretch of uptime to the next. Of two errors, the model's own and the one that holds whatever
/// appliances are like, each number has the larger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Model {
    /// What it says of each component, the most improbable by chance first.
    pub tests: Vec<ComponentTest>,
    /// How much appliances differ whatever they are made of: the variance of how many times likelier each is to
    /// die than the average.
    pub frailty: f64,
    /// How long the appliances in it were watched.
    pub appliance_days: f64,
    /// How many died.
    pub deaths: usize,
    /// What was left out, because something in it was too rare to be compared.
    pub left_out_days: f64,
}

/// What the model says of one component, or of several that cannot be told apart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComponentTest {
    /// Which.
    pub components: Vec<Component>,
    /// Those from which some of its values, though not all, cannot be told apart.
    pub partly_like: Vec<Component>,
    /// How far all its hazard ratios together are from 1.
    pub chi2: f64,
    /// Degrees of freedom.
    pub df: usize,
    /// How probable chance alone makes as much.
    pub p: f64,
    /// The same, after all components were asked about (Holm).
    pub p_adjusted: f64,
    /// The same as `p`, were all ends that nobody knows of deaths.
    pub p_with_unknown: f64,
    /// A hazard ratio as large as this would have been found, four times in five; null where nothing would.
    pub detectable_ratio: Option<f64>,
    /// Each value beside the one that was watched longest.
    pub values: Vec<Hazard>,
}

/// One value of a component beside another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Hazard {
    /// The component.
    pub component: Component,
    /// The value. Where VMs of one appliance differ, all that there are, with ` + ` between.
    pub value: String,
    /// The value with which it is compared.
    pub reference: String,
    /// How long appliances with the value were watched.
    pub appliance_days: f64,
    /// How many of them died.
    pub deaths: usize,
    /// The same of the other value.
    pub reference_appliance_days: f64,
    /// How many died with that.
    pub reference_deaths: usize,
    /// How many times likelier death is, all other components being the same. Null where `why_not` says why.
    pub hazard_ratio: Option<Range>,
    /// The same by Cox's model (Efron's ties, errors by appliance), which does not know that some appliances die
    /// more often than others: where it differs, appliances differed already. Null where it has no number.
    pub cox_hazard_ratio: Option<Range>,
    /// How probable chance alone makes as much.
    pub p: Option<f64>,
    /// Whether nobody died with the value, or nobody without: then no number is small or large enough.
    pub is_one_sided: bool,
    /// Why there is no number.
    pub why_not: Option<String>,
}

/// A model, with what is needed to ask it more.
pub(super) struct Fitted<'r> {
    pub(super) model: Model,
    /// The factors of each of its tests.
    pub(super) factors: Vec<Vec<usize>>,
    pub(super) question: Question<'r>,
    /// Each set of factors of which something cannot be told apart: those of which nothing is left beside the
    /// others, and the others.
    pub(super) aliases: Vec<(Vec<Component>, Vec<Component>)>,
    /// Settings that no appliance changed.
    pub(super) unchanged: Vec<Component>,
}

/// What is sure to be found in four of five cases is so many standard errors away.
const FOUND: f64 = DEVIATE + 0.841_621_233_572_914;

/// What leaves 2.5 % on either side.
const DEVIATE: f64 = 1.959_963_984_540_054;

impl<'r> Fitted<'r> {
    /// Nothing where nobody died.
    pub(super) fn of(rows: &Rows<'_>, factors: &'r Factors) -> Option<Self> {
        let cells = |with_unknown: bool| {
            Cells::of(rows, factors, move |row| {
                row.spell.is_event() || (with_unknown && row.end.is_unknown())
            })
        };
        let question = Question { factors, cells: cells(false) };
        let answer = question.ask()?;
        let with_unknown = Question { factors, cells: cells(true) }.ask()?;
        let watched = by_combination(rows);
        let by_cox = hazard_ratios(rows, factors);
        let by_cox = by_cox.unwrap_or_else(|_| vec![None; factors.columns.len()]);
        let tested = answer.found.iter().zip(&with_unknown.found);
        let tested: Vec<_> =
            tested.filter_map(|(found, also)| Some((found, found.joint?, also.joint?))).collect();
        let adjusted = holm(&tested.iter().map(|(_, joint, _)| joint.p).collect::<Vec<_>>());
        let of = |these: &mut dyn Iterator<Item = usize>| {
            these.flat_map(|at| factors.all[at].components.clone()).collect()
        };
        let tests = tested.iter().zip(adjusted).map(|((found, joint, also), p_adjusted)| {
            let test = ComponentTest {
                components: of(&mut found.factors.iter().copied()),
                partly_like: of(&mut found.like.iter().copied()),
                chi2: joint.chi2,
                df: joint.df,
                p: joint.p,
                p_adjusted,
                p_with_unknown: also.p,
                detectable_ratio: detectable(found),
                values: hazards(rows, factors, (&watched, &by_cox), found),
            };
            (test, found.factors.clone())
        });
        let mut tests: Vec<(ComponentTest, Vec<usize>)> = tests.collect();
        tests.sort_by(|(a, of_a), (b, of_b)| {
            // A set comes after what can be told apart. Where chance has no number any more, that which is
            // further away comes first.
            let by_kind = (of_a.len() > 1).cmp(&(of_b.len() > 1));
            by_kind.then(a.p.total_cmp(&b.p)).then(b.chi2.total_cmp(&a.chi2))
        });
        let (tests, of_tests) = tests.into_iter().unzip();
        let counted = watched.iter().zip(&factors.codes).filter(|(_, code)| code.is_some());
        let (days, deaths) = counted.fold((0.0, 0), |(days, deaths), (rate, _)| {
            (days + rate.exposure, deaths + rate.events)
        });
        let model = Model {
            tests,
            frailty: answer.variance,
            appliance_days: days,
            deaths,
            left_out_days: (rows.rate().exposure - days).max(0.0),
        };
        let is_unchanged = |found: &&Found| found.joint.is_none() && found.like.is_empty();
        Some(Self {
            model,
            factors: of_tests,
            aliases: aliases(&answer.found, factors),
            unchanged: answer
                .found
                .iter()
                .filter(is_unchanged)
                .flat_map(|found| factors.all[found.factors[0]].components.clone())
                .collect(),
            question,
        })
    }
}

fn aliases(found: &[Found], factors: &Factors) -> Vec<(Vec<Component>, Vec<Component>)> {
    let of =
        |these: &[usize]| these.iter().flat_map(|at| factors.all[*at].components.clone()).collect();
    let sets = found.iter().filter(|found| found.factors.len() > 1);
    sets.map(|set| {
        let is_lost =
            |at: &usize| found.iter().any(|one| one.factors == [*at] && one.joint.is_none());
        let (lost, others): (Vec<usize>, Vec<usize>) =
            set.factors.iter().partition(|at| is_lost(at));
        (of(&lost), of(&others))
    })
    .collect()
}

fn detectable(found: &Found) -> Option<f64> {
    let errors = found.effects.iter().filter_map(|(_, effect)| match effect {
        Effect::Estimated { error, .. } => Some(*error),
        _ => None,
    });
    errors.min_by(f64::total_cmp).map(|error| (FOUND * error).exp())
}

fn hazards(
    rows: &Rows<'_>,
    factors: &Factors,
    (watched, by_cox): (&[Rate], &[Option<Range>]),
    found: &Found,
) -> Vec<Hazard> {
    let sum = |holds: &dyn Fn(usize) -> bool| {
        let those = (0..watched.len()).filter(|at| factors.codes[*at].is_some() && holds(*at));
        those.fold((0.0, 0), |(days, deaths), at| {
            (days + watched[at].exposure, deaths + watched[at].events)
        })
    };
    let mut hazards = Vec::new();
    let mut effects = found.effects.iter();
    for factor in found.factors.iter().map(|at| &factors.all[*at]) {
        let component = factor.components[0];
        let of = |at: usize| rows.combinations[at].get(&component);
        let (reference_appliance_days, reference_deaths) =
            sum(&|at| of(at) == Some(&factor.reference));
        for (value, (column, effect)) in factor.values.iter().zip(&mut effects) {
            let (appliance_days, deaths) = sum(&|at| of(at) == Some(value));
            let (hazard_ratio, p, why_not) = told(effect, factors);
            hazards.push(Hazard {
                component,
                value: value.clone(),
                reference: factor.reference.clone(),
                appliance_days,
                deaths,
                reference_appliance_days,
                reference_deaths,
                hazard_ratio,
                cox_hazard_ratio: by_cox[*column],
                p,
                is_one_sided: matches!(effect, Effect::Infinite { .. }),
                why_not,
            });
        }
    }
    hazards
}

fn told(effect: &Effect, factors: &Factors) -> (Option<Range>, Option<f64>, Option<String>) {
    match effect {
        Effect::Estimated { coefficient, error } => {
            let ratio = |deviates: f64| (coefficient + deviates * error).exp();
            let range = Estimate { value: ratio(0.0), low: ratio(-DEVIATE), high: ratio(DEVIATE) };
            let p = 2.0 * Normal::standard().sf((coefficient / error).abs());
            (Some(range.into()), Some(p), None)
        }
        Effect::Infinite { is_harmful } => {
            let which = if *is_harmful { "without" } else { "with" };
            (None, None, Some(format!("nobody died {which} it: there is no number for that")))
        }
        Effect::Aliased { with } if with.is_empty() => {
            (None, None, Some("it is never another one".to_owned()))
        }
        Effect::Aliased { with } => {
            let names: Vec<&str> =
                with.iter().map(|column| factors.columns[*column].name.as_str()).collect();
            (None, None, Some(format!("it always changes together with {}", names.join(", "))))
        }
    }
}
