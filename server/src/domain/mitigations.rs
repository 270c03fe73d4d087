//! Mitigations that were in force and are not any more: somebody should apply them again, or the
//! appliance freezes as it did before.

use domfleet_shared::mitigation::{Mitigation, MitigationStanding, MitigationStatus};

/// Those of which somebody must hear, and what they hear.
pub fn drifts(standings: &[MitigationStanding]) -> Vec<(Mitigation, String)> {
    let drifted = standings.iter().filter(|one| one.status == MitigationStatus::Drifted);
    drifted
        .map(|one| {
            let what = if one.ours { "was applied" } else { "is part of the release" };
            let (which, why) = (one.which, one.reasons.join("; "));
            (which, format!("the mitigation {which} {what} and is not in force any more: {why}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_in_force_and_is_no_more_is_heard_of_and_why() {
        let standing = |which, status, ours| MitigationStanding {
            which,
            status,
            ours,
            reasons: vec!["sda has scheduler cfq".into()],
            runtime: Vec::new(),
        };
        let standings = [
            standing(Mitigation::Swap, MitigationStatus::NotApplied, false),
            standing(Mitigation::Scheduler, MitigationStatus::Drifted, true),
            standing(Mitigation::Overcommit, MitigationStatus::PendingReboot, true),
        ];

        let heard = drifts(&standings);

        assert_eq!(heard.len(), 1);
        assert_eq!(heard[0].0, Mitigation::Scheduler);
        assert!(heard[0].1.contains("was applied") && heard[0].1.contains("cfq"), "{}", heard[0].1);
    }
}
