//! `domfleet-agent backup restore`.

use std::path::Path;

use anyhow::Context as _;
use domfleet_agent::backup::documents::SavedVm;
use domfleet_agent::backup::identity::{Identity, Others};
use domfleet_agent::backup::list;
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::restore::Sealed;
use domfleet_agent::backup::to_folder::{self, Restored};
use domfleet_agent::backup::to_volumes;
use domfleet_agent::backup::volumes::{self, Group, Run};
use domfleet_shared::id::SetId;
use domfleet_shared::image::Format;
use serde_json::json;

use super::{Answer, Work};

/// Where a VM is restored to.
pub(super) enum Destination<'d> {
    Folder(&'d Path, Option<Format>),
    Group(&'d str, &'d Path),
}

impl<'d> Destination<'d> {
    /// A name alone, of no folder that is there, is that of a volume group if there is one.
    pub(super) fn of(
        to: &'d Path,
        configs: &'d Path,
        format: Option<Format>,
    ) -> anyhow::Result<Self> {
        let group = to.to_str().filter(|name| !name.contains('/') && !to.exists());
        let is_group = |name: &&str| {
            with_programs(|run| Ok(Group::open(name, run).is_ok())).is_ok_and(|is| is)
        };
        let Some(group) = group.filter(is_group) else { return Ok(Self::Folder(to, format)) };
        if format.is_some_and(|format| format != Format::Raw) {
            anyhow::bail!("a volume holds a disk as it is: leave --format out");
        }
        Ok(Self::Group(group, configs))
    }

    /// Where there may be configurations of other VMs.
    pub(super) fn others(&self, configs: &Path) -> Others {
        let mut others = Others::default();
        others.add_folder(configs);
        if let Self::Folder(folder, _) = self {
            others.add_folder(folder);
        }
        // Where there is no xl, no VM runs.
        if let Ok(listed) = with_programs(|run| Ok(run("xl", &["list", "-v"])?)) {
            others.add_domains(&String::from_utf8_lossy(&listed));
        }
        others
    }

    fn restore<M: Medium>(
        &self,
        sealed: &Sealed<'_, M>,
        vm: &SavedVm,
        identity: &Identity,
    ) -> anyhow::Result<Restored> {
        match self {
            Self::Folder(folder, format) => {
                std::fs::create_dir_all(folder)
                    .with_context(|| format!("{} cannot be made as a folder", folder.display()))?;
                Ok(to_folder::restore(sealed, vm, folder, *format, identity)?)
            }
            Self::Group(name, configs) => with_programs(|run| {
                let group = Group::open(name, run)?;
                Ok(to_volumes::restore(sealed, vm, &group, configs, identity)?)
            }),
        }
    }
}

/// Has something run programs, LVM's or xl, each to its end.
pub(super) fn with_programs<T>(
    work: impl FnOnce(Run<'_>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    work(&|program, arguments| runtime.block_on(volumes::run(program, arguments)))
}

impl<M: Medium> Work<'_, M> {
    pub(super) fn restore(
        &self,
        (vm, set): (&str, Option<SetId>),
        to: &Destination<'_>,
        other: Option<(&str, &Others)>,
    ) -> anyhow::Result<Answer> {
        let sets = list::list(self.tools.medium)?;
        let is_it = |saved: &&SavedVm| saved.name == vm || saved.uuid.to_string() == vm;
        let newest = sets.iter().rev().find(|listed| {
            let mut vms = listed.manifest.iter().flat_map(|manifest| &manifest.vms);
            set.is_none_or(|set| set == listed.set) && vms.any(|saved| is_it(&saved))
        });
        let newest = newest
            .with_context(|| format!("no finished backup set in {} holds a VM {vm}", self.place))?;
        let sealed = Sealed::open(self.tools, newest.set)?;
        let mut found = sealed.manifest.vms.iter().filter(is_it);
        let saved = found.next().context("the set has changed meanwhile")?;
        if found.next().is_some() {
            anyhow::bail!("the set {} holds two VMs {vm}: say the UUID of one", newest.set);
        }
        let identity = match other {
            None => Identity::own(saved),
            Some((name, others)) => Identity::another(saved, name, others)?,
        };
        let restored = to.restore(&sealed, saved, &identity)?;
        let disks = restored.disks.iter().map(|disk| format!("\n  {}", disk.display()));
        let text = format!(
            "{vm} of set {}{}, as it was backed up at {}:\n  {}{}",
            newest.set,
            other.map(|(name, _)| format!(" as {name}")).unwrap_or_default(),
            newest.plan.created_at,
            restored.config.display(),
            disks.collect::<String>()
        );
        let mended = sealed.mended.places();
        let text = mended.iter().fold(text, |text, place| format!("{text}\n  mended: {place}"));
        let said = json!({
            "set": newest.set,
            "vm": saved.uuid,
            "name": saved.name,
            "as": { "vm": identity.uuid, "name": identity.name },
            "config": restored.config,
            "disks": restored.disks,
            "mended": mended,
            "seconds": self.with.bar.seconds(),
        });
        Ok(Answer::good(said, text))
    }
}
