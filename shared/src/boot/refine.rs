//! What others know of how a boot ended: those that stand beside the appliance, and its server.

use super::classify::spell;
use super::{BootEnd, Confidence, Ending};

/// Heartbeats are 30 s apart, and so may be a sign of life and the heartbeat after it.
const HEARD_ON_SECONDS: u64 = 150;

/// What was seen from outside when a boot ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SiteFacts {
    /// How many other appliances of the same site were online shortly before.
    pub others_total: usize,
    /// Of those, how many fell silent within two minutes of it, and came back in another boot. A site that lost
    /// only its line to the world has none.
    pub others_vanished: usize,
    /// Of those, how many fell silent within two minutes of it and have not been heard of since: what became of
    /// them nobody knows yet.
    pub others_silent: usize,
    /// Whether a VM of the appliance was seen to go on without its dom0; nothing where nobody looked.
    pub vm_traffic_went_on: Option<bool>,
    /// For how long the appliance went on saying heartbeats after its last durable sign of life, by its own uptime.
    pub heard_after_seconds: Option<u64>,
}

impl Ending {
    /// Whether there is no record of it, so that what was seen from outside may say otherwise.
    pub fn is_guess(&self) -> bool {
        match self.end {
            BootEnd::Unknown | BootEnd::PowerLoss => true,
            BootEnd::Hang | BootEnd::Watchdog => self.confidence < Confidence::High,
            BootEnd::Clean
            | BootEnd::Upgrade
            | BootEnd::Panic
            | BootEnd::Provoked
            | BootEnd::Lost => false,
        }
    }
}

/// How a boot ended, of which the appliance itself says `told`, in the light of `site`.
///
/// What there is a record of stays. What the appliance could only guess may become something else.
pub fn refine(told: &Ending, site: &SiteFacts) -> Ending {
    if !told.is_guess() {
        return told.clone();
    }
    let with = |end, confidence, sentence: String| {
        let evidence = std::iter::once(sentence).chain(told.evidence.iter().cloned()).collect();
        Ending { end, confidence, evidence }
    };
    let has_symptoms = told.end == BootEnd::Hang && told.confidence == Confidence::Medium;
    let all_vanished =
        site.others_vanished > 0 && site.others_vanished + site.others_silent >= site.others_total;
    if let Some(on) = site.heard_after_seconds.filter(|on| *on >= HEARD_ON_SECONDS) {
        let sentence = format!(
            "it went on saying heartbeats for {} after its last sign of life on disk: its storage hung",
            spell(on)
        );
        return with(BootEnd::Hang, Confidence::Medium, sentence);
    }
    if site.vm_traffic_went_on == Some(true) {
        let sentence = "a VM of it went on when dom0 fell silent: only dom0 froze".to_owned();
        return with(BootEnd::Hang, Confidence::Medium, sentence);
    }
    if all_vanished {
        let sentence = ended_too(site);
        return if has_symptoms {
            with(BootEnd::Hang, Confidence::Low, sentence)
        } else {
            with(BootEnd::PowerLoss, Confidence::Medium, sentence)
        };
    }
    let alone = site.others_total > 0 && site.others_vanished + site.others_silent == 0;
    if alone && matches!(told.end, BootEnd::Unknown | BootEnd::PowerLoss) {
        let others = counted(site.others_total);
        let sentence = format!("{others} of its site went on, so the site had power");
        return with(BootEnd::Hang, Confidence::Low, sentence);
    }
    told.clone()
}

fn ended_too(site: &SiteFacts) -> String {
    let SiteFacts { others_total: total, others_vanished: vanished, .. } = site;
    if vanished < total {
        return format!(
            "{vanished} of the {total} other appliances of its site ended at the same time, and nothing was heard of \
             the rest since"
        );
    }
    format!("{} of its site ended at the same time", counted(*total))
}

fn counted(others: usize) -> String {
    match others {
        1 => "the other appliance".to_owned(),
        many => format!("all {many} other appliances"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ending(end: BootEnd, confidence: Confidence) -> Ending {
        Ending { end, confidence, evidence: vec!["it ended without a word".into()] }
    }

    const VANISHED: SiteFacts = SiteFacts {
        others_total: 3,
        others_vanished: 3,
        others_silent: 0,
        vm_traffic_went_on: None,
        heard_after_seconds: None,
    };
    const WENT_ON: SiteFacts = SiteFacts { others_vanished: 0, ..VANISHED };

    #[test]
    fn a_record_stays_whatever_was_seen_from_outside() {
        use BootEnd::{Clean, Lost, Panic, Provoked, Upgrade, Watchdog};
        let facts = [VANISHED, WENT_ON, SiteFacts { vm_traffic_went_on: Some(true), ..WENT_ON }];
        for end in [Clean, Upgrade, Panic, Watchdog, Provoked, Lost] {
            for site in &facts {
                let told = ending(end, Confidence::High);
                assert_eq!(refine(&told, site), told);
            }
        }
    }

    #[test]
    fn a_site_that_ended_as_a_whole_lost_its_power() {
        for end in [BootEnd::Unknown, BootEnd::PowerLoss] {
            let refined = refine(&ending(end, Confidence::Low), &VANISHED);

            assert_eq!((refined.end, refined.confidence), (BootEnd::PowerLoss, Confidence::Medium));
            assert_eq!(
                refined.evidence[0],
                "all 3 other appliances of its site ended at the same time"
            );
            assert_eq!(refined.evidence.len(), 2);
        }
        let some = SiteFacts { others_vanished: 2, ..VANISHED };
        let told = ending(BootEnd::Unknown, Confidence::Low);
        assert_eq!(refine(&told, &some), told);
    }

    #[test]
    fn of_those_who_have_not_come_back_nothing_is_known() {
        let told = ending(BootEnd::Unknown, Confidence::Low);
        let silent = SiteFacts { others_silent: 1, ..WENT_ON };
        assert_eq!(refine(&told, &silent), told);

        let refined =
            refine(&told, &SiteFacts { others_vanished: 2, others_silent: 1, ..VANISHED });
        assert_eq!((refined.end, refined.confidence), (BootEnd::PowerLoss, Confidence::Medium));
        assert!(refined.evidence[0].contains("2 of the 3"), "{refined:?}");
    }

    #[test]
    fn symptoms_before_the_power_went_are_only_doubted() {
        let refined = refine(&ending(BootEnd::Hang, Confidence::Medium), &VANISHED);

        assert_eq!((refined.end, refined.confidence), (BootEnd::Hang, Confidence::Low));
    }

    #[test]
    fn one_that_ended_alone_at_its_site_froze_most_likely_also_if_its_power_was_cycled() {
        for end in [BootEnd::Unknown, BootEnd::PowerLoss] {
            let refined = refine(&ending(end, Confidence::Low), &WENT_ON);

            assert_eq!((refined.end, refined.confidence), (BootEnd::Hang, Confidence::Low));
        }
    }

    #[test]
    fn one_that_stands_alone_has_nobody_to_be_compared_with() {
        let told = ending(BootEnd::Unknown, Confidence::Low);

        assert_eq!(refine(&told, &SiteFacts::default()), told);
    }

    #[test]
    fn heartbeats_without_signs_on_disk_and_vms_without_dom0_are_a_freeze() {
        let told = ending(BootEnd::Unknown, Confidence::Low);
        let heard = |on| SiteFacts { heard_after_seconds: Some(on), ..VANISHED };

        assert_eq!(refine(&told, &heard(600)).end, BootEnd::Hang);
        assert_eq!(refine(&told, &heard(90)).end, BootEnd::PowerLoss);
        let traffic = SiteFacts { vm_traffic_went_on: Some(true), ..VANISHED };
        assert_eq!(refine(&told, &traffic).confidence, Confidence::Medium);
    }
}
