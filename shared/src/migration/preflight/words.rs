//! A report as a text for a terminal.

use std::fmt::{self, Display, Formatter};

use super::figures::{Basis, Figures};
use super::report::Report;
use super::say;
use super::time::{Phase, PhaseKind};

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        head(self, f)?;
        numbered(f, "In the way", &self.blockers, |f, blocker| {
            writeln!(f, "{}\n     {}", blocker.sentence, blocker.what_to_do)
        })?;
        numbered(f, "A person has to say yes to", &self.consents, |f, consent| {
            let state = if consent.is_given { "given" } else { "not given yet" };
            writeln!(f, "{}\n     To be typed: {} ({state})", consent.sentence, consent.typed)
        })?;
        numbered(f, "To be known", &self.warnings, |f, warning| {
            writeln!(f, "{}", warning.sentence)
        })?;
        drive(self, f)?;
        group(self, f)?;
        copies(self, f)?;
        hours(self, f)?;
        figures(&self.figures, f)
    }
}

fn head(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    match report.blockers.len() {
        0 => writeln!(f, "Nothing is in the way of the migration."),
        1 => writeln!(f, "One thing is in the way of the migration."),
        count => writeln!(f, "{count} things are in the way of the migration."),
    }
}

fn numbered<T>(
    f: &mut Formatter<'_>,
    title: &str,
    all: &[T],
    tell: impl Fn(&mut Formatter<'_>, &T) -> fmt::Result,
) -> fmt::Result {
    if !all.is_empty() {
        writeln!(f, "\n{title}:")?;
    }
    for (number, one) in (1..).zip(all) {
        write!(f, "{number:>3}. ")?;
        tell(f, one)?;
    }
    Ok(())
}

fn drive(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let (room, need) = (&report.drive, &report.drive.need);
    writeln!(f, "\nThe backup drive:")?;
    for vm in &need.vms {
        writeln!(
            f,
            "  {}: {} of {} are read, and take at most {}",
            vm.name,
            say::bytes(vm.data_bytes),
            say::bytes(vm.virtual_bytes),
            say::bytes(vm.bytes)
        )?;
    }
    if need.legacy_bytes > 0 {
        writeln!(f, "  backups of the 1.x dashboard: {}", say::bytes(need.legacy_bytes))?;
    }
    if need.parity_bytes > 0 {
        writeln!(f, "  parity: {}", say::bytes(need.parity_bytes))?;
    }
    writeln!(
        f,
        "  in all {}; with a margin {} have to be free",
        say::bytes(need.bytes),
        say::bytes(need.required_bytes)
    )?;
    if let (Some(path), Some(free)) = (&room.path, room.free_bytes) {
        let fits = if room.fits { "it fits" } else { "it does not fit" };
        let once = if room.is_estimated { " once it is prepared" } else { "" };
        writeln!(f, "  {path} has {} free{once}: {fits}", say::bytes(free))?;
    }
    match report.buy.size_bytes {
        Some(size) => writeln!(f, "  The smallest drive to buy: {}", say::bytes(size)),
        None => writeln!(f, "  No drive that is sold as one is large enough."),
    }
}

fn group(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let Some(group) = &report.group else { return Ok(()) };
    writeln!(f, "\nThe volume group of 2.x, in extents of {} bytes:", group.extent_bytes)?;
    for vm in &group.vms {
        writeln!(f, "  {}: {}", vm.name, vm.extents)?;
    }
    writeln!(
        f,
        "  the system {}, snapshots {}, kept free {}: {} in all",
        group.root_extents, group.snapshot_extents, group.spare_extents, group.needed_extents
    )?;
    if group.fits {
        writeln!(f, "  there are {}: it fits", group.extents)
    } else {
        writeln!(f, "  there are {}: {} are missing", group.extents, group.missing_extents)
    }
}

fn copies(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nThe second copy:\n  {}", report.second_copy.sentence)?;
    writeln!(f, "\nThe stick:\n  {}", report.stick.sentence)
}

fn hours(report: &Report, f: &mut Formatter<'_>) -> fmt::Result {
    let time = &report.time;
    let begins = time.window.and_then(|fit| fit.window.begins_minute);
    writeln!(f, "\nHour by hour:")?;
    for phase in &time.phases {
        let at = say::moment(begins, phase.begins_seconds);
        writeln!(f, "  {at:>7}  {} ({})", what(phase), say::long(phase.seconds))?;
    }
    writeln!(f, "\nEach VM's time off:")?;
    for vm in &time.vms {
        let at = say::moment(begins, vm.seconds);
        writeln!(f, "  {}: {}, back at {at}", vm.name, say::long(vm.seconds))?;
    }
    let before = &time.before_permit;
    writeln!(
        f,
        "  {} before the permit, of {} that it may take; {} in all",
        say::long(before.seconds),
        say::long(before.budget_seconds),
        say::long(time.seconds)
    )?;
    if let Some(fit) = &time.window {
        let window = say::long(fit.window.seconds);
        if fit.fits {
            writeln!(f, "  The window is {window} long: it fits.")?;
        } else {
            let missing = say::long(fit.missing_seconds);
            writeln!(f, "  The window is {window} long: {missing} are missing.")?;
        }
    }
    Ok(())
}

fn what(phase: &Phase) -> String {
    let name = phase.name.as_deref().unwrap_or("the VM");
    let bytes = say::bytes(phase.bytes);
    match phase.kind {
        PhaseKind::Stop => "the VMs are shut down".to_owned(),
        PhaseKind::Copy => format!("{name} is copied: {bytes}"),
        PhaseKind::Verify => format!("the set is read back: {bytes}"),
        PhaseKind::Protect => format!("parity is made: {bytes}"),
        PhaseKind::Duplicate => format!("the set is copied to the second drive: {bytes}"),
        PhaseKind::LastLook => format!("the recovery medium reads the set: {bytes}"),
        PhaseKind::Reset => "the appliance is reset, and 2.x starts".to_owned(),
        PhaseKind::Restore => format!("{name} is restored and read back: {bytes}"),
        PhaseKind::Boot => format!("{name} starts"),
    }
}

fn figures(figures: &Figures, f: &mut Formatter<'_>) -> fmt::Result {
    writeln!(f, "\nWhat that is reckoned with:")?;
    for (what, figure, is_rate) in figures.all() {
        let value = if is_rate {
            format!("{}/s", say::bytes(figure.value))
        } else {
            say::long(figure.value)
        };
        let basis = match figure.basis {
            Basis::Measured => "measured",
            Basis::Assumed => "assumed",
        };
        writeln!(f, "  {what}: {value}, {basis}: {}", figure.from)?;
    }
    Ok(())
}
