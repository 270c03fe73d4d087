//! `domfleet-agent backup compare`.

use anyhow::Context as _;
use domfleet_agent::backup::compare::compare;
use domfleet_agent::backup::files::DiskFiles;
use domfleet_agent::backup::list;
use domfleet_agent::backup::medium::Medium;
use domfleet_agent::backup::restore::Sealed;
use domfleet_shared::id::SetId;
use domfleet_shared::set_answers::{ComparedDisk, Found};
use serde_json::json;

use super::{Answer, Work};

/// How it ends where a disk is not what is in the set.
const DIFFERENT: u8 = 1;

impl<M: Medium> Work<'_, M> {
    pub(super) fn compare(&self, set: Option<SetId>) -> anyhow::Result<Answer> {
        let sets = list::list(self.tools.medium)?;
        let newest = sets
            .iter()
            .rev()
            .find(|listed| listed.manifest.is_some() && set.is_none_or(|set| set == listed.set));
        let newest =
            newest.with_context(|| format!("no such finished backup set is in {}", self.place))?;
        let sealed = Sealed::open(self.tools, newest.set)?;
        let compared = compare(&sealed, None, &DiskFiles)?;
        let is_same = compared.same;
        let mut text = vec![newest.set.to_string()];
        text.extend(compared.disks.iter().map(describe));
        let mended = sealed.mended.places();
        text.extend(mended.iter().map(|place| format!("  mended: {place}")));
        let said = json!({
            "set": compared.set,
            "created_at": newest.plan.created_at,
            "verified_at": newest.verified,
            "same": is_same,
            "disks": compared.disks,
            "mended": mended,
            "seconds": self.with.bar.seconds(),
        });
        let answer = Answer::good(said, text.join("\n"));
        Ok(if is_same { answer } else { Answer { code: DIFFERENT.into(), ..answer } })
    }
}

fn describe(disk: &ComparedDisk) -> String {
    let found = match &disk.found {
        Found::Same => "same".to_owned(),
        Found::Missing => "MISSING".to_owned(),
        Found::Unreadable { why } => format!("CANNOT BE READ: {why}"),
        Found::Differs { virtual_bytes, bytes, ranges } => {
            let size = virtual_bytes.map(|now| format!(", of {now} bytes now")).unwrap_or_default();
            let ranges =
                ranges.iter().map(|range| format!("\n      {}-{}", range.start, range.end));
            format!("DIFFERS in {bytes} bytes{size}{}", ranges.collect::<String>())
        }
    };
    format!("  {}  {}  {}  {found}", disk.name, disk.vdev, disk.path)
}
