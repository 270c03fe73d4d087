//! What a preflight comes to.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::assumptions::Assumptions;
use super::buy::{self, DriveToBuy};
use super::consent::{Asking, Consent, ConsentCode};
use super::copies::{self, SecondCopy, SecondCopyBy};
use super::drive::{self, DriveRoom};
use super::facts::{DriveFacts, Facts, VmFacts};
use super::figures::Figures;
use super::group::{self, GroupRoom};
use super::notes::{About, Blocker, Notes, Warning, WarningCode};
use super::room::DriveNeed;
use super::stick::{self, StickKey};
use super::time::{self, TimeOff};
use super::{system, vm};
use crate::usb::Usage;

/// Everything that can be said of a migration before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// What is in the way.
    pub blockers: Vec<Blocker>,
    /// What should be known.
    pub warnings: Vec<Warning>,
    /// What a person has to say yes to, and whether one has.
    pub consents: Vec<Consent>,
    /// The backup drive.
    pub drive: DriveRoom,
    /// The volume group of 2.x; nothing where the system disk is not known.
    pub group: Option<GroupRoom>,
    /// How long each VM is off.
    pub time: TimeOff,
    /// The rates and times that follow from what was measured and what is assumed.
    pub figures: Figures,
    /// The drive to buy.
    pub buy: DriveToBuy,
    /// The second copy.
    pub second_copy: SecondCopy,
    /// The stick's permit key.
    pub stick: StickKey,
    /// What the appliance says of itself.
    pub facts: Facts,
    /// What was taken for granted.
    pub assumptions: Assumptions,
}

impl Report {
    /// Whether nothing is in the way.
    pub fn is_clear(&self) -> bool {
        self.blockers.is_empty()
    }

    /// Whether everything is on record, too, that a permit needs a person's word for.
    pub fn is_consented(&self) -> bool {
        self.consents.iter().all(|consent| consent.is_given)
    }
}

/// What follows from `facts` and `assumptions`.
pub fn report(facts: &Facts, assumptions: &Assumptions) -> Report {
    let mut notes = Notes::default();
    let mut asking = Asking { accepted: &assumptions.accepted, consents: Vec::new() };
    let (excluded, moved): (Vec<&VmFacts>, Vec<&VmFacts>) =
        facts.vms.iter().partition(|vm| assumptions.excluded.contains(&vm.vm));
    if moved.is_empty() {
        let sentence = "There is no VM to be moved.";
        notes.warn(WarningCode::NoVms, About::default(), sentence);
    }
    for vm in excluded {
        let about = About { vm: Some(vm.vm), disk: None };
        let sentence = format!(
            "{} is left out: what it has on the system disk is gone after the reset.",
            vm.name
        );
        let texts = [sentence, vm.name.clone(), String::new()];
        asking.ask(&mut notes, ConsentCode::VmExcluded, about, texts);
    }
    let layout = &assumptions.layout;
    for vm in &moved {
        vm::judge(vm, assumptions.moment, layout, &mut asking, &mut notes);
    }
    let group = system::judge(facts, layout, &moved, &mut notes);
    if let Some(group) = &group {
        group::judge(group, &mut asking, &mut notes);
    }
    let bare = DriveNeed::of(&moved, assumptions.legacy, false);
    let is_second = |drive: &&DriveFacts| {
        matches!((&drive.usage, assumptions.second_drive),
            (Usage::Ours { drive }, Some(second)) if *drive == second)
    };
    let (second, drives): (Vec<_>, Vec<_>) = facts.drives.iter().partition(is_second);
    let second = second.first().copied();
    let chosen = drive::choose(&drives, &bare);
    let second_copy = copies::find(&moved, assumptions.second_drive.is_some());
    let needs_parity = second_copy.by == SecondCopyBy::OneDrive;
    let need = DriveNeed::of(&moved, assumptions.legacy, needs_parity);
    let buy = buy::choose(need.required_bytes);
    if let Some(wanted) = assumptions.second_drive {
        drive::judge_second((wanted, second), &need, &mut notes);
    }
    let drive = drive::judge(&drives, chosen, need, &mut notes);
    copies::judge(&second_copy, &mut asking, &mut notes);
    let figures = assumptions.figures.with(&facts.measured, chosen);
    let of_second = assumptions.figures.with(&facts.measured, second);
    let rates = (&figures, &of_second);
    let time = time::foretell(&drive.need, &moved, &second_copy.by, rates, assumptions);
    time::judge(&time, &mut notes);
    let stick = stick::judge(&assumptions.stick, &assumptions.permit_keys, &mut notes);
    let Notes { blockers, warnings } = notes;
    Report {
        blockers,
        warnings,
        consents: asking.consents,
        drive,
        group,
        time,
        figures,
        buy,
        second_copy,
        stick,
        facts: facts.clone(),
        assumptions: assumptions.clone(),
    }
}
