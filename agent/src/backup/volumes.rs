//! What a restore needs of a volume manager, and LVM2 as that.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domfleet_shared::inventory::Storage;

use super::direct::DirectFile;
use super::target::Device;
use crate::dom0::Dom0Error;
use crate::dom0::step::MANAGED_TAG;
use crate::dom0::xen::command;
use crate::dom0::xen::lvm;

const STATE_RESTORING: &str = "domfleet.state.restoring";
pub(crate) const STATE_VERIFIED: &str = "domfleet.state.verified";

/// The volumes of one group.
pub trait Volumes {
    /// One of them, open.
    type Device: Device;

    /// The tags of a volume, nothing where there is none of that name.
    fn tags(&self, name: &str) -> Result<Option<BTreeSet<String>>, VolumeError>;

    /// Bytes that new volumes of these sizes take together, and bytes that are free.
    fn room_for(&self, sizes: &[u64]) -> Result<(u64, u64), VolumeError>;

    /// Makes a volume of at least so many bytes, tagged as ours, as being restored, and with `tag`.
    /// What it holds is not defined. Gives its block device.
    fn create(&self, name: &str, bytes: u64, tag: &str) -> Result<PathBuf, VolumeError>;

    /// Removes a volume that carries `tag`, and none else.
    fn remove(&self, name: &str, tag: &str) -> Result<(), VolumeError>;

    /// Removes a volume that carries `tag`, also one that was verified: what it holds is wanted no more.
    fn discard(&self, name: &str, tag: &str) -> Result<(), VolumeError>;

    /// Opens what [`Self::create`] gave, to be written. Fails where somebody uses it.
    fn open(&self, path: &Path) -> io::Result<Self::Device>;

    /// Tags a volume as verified, and gives it its name.
    fn publish(&self, draft: &str, name: &str) -> Result<(), VolumeError>;

    /// Where a volume is, once it is there.
    fn path(&self, name: &str) -> PathBuf;
}

/// Why a volume cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VolumeError {
    /// LVM.
    #[error(transparent)]
    Lvm(#[from] Dom0Error),
    /// It said what nobody can read.
    #[error("LVM's answer cannot be understood")]
    Answer(#[from] serde_json::Error),
    /// There is no such group.
    #[error("there is no volume group {0}")]
    NoGroup(String),
    /// It was done, and is not so.
    #[error("LVM said that it was done, and it is not: {0}")]
    NotSo(String),
}

/// Runs one of LVM's programs to its end; gives its output, if it said that it did what it should.
pub type Run<'r> = &'r (dyn Fn(&str, &[&str]) -> Result<Vec<u8>, Dom0Error> + Sync);

/// Runs one of LVM's programs on this machine.
pub async fn run(program: &str, arguments: &[&str]) -> Result<Vec<u8>, Dom0Error> {
    Ok(command::run(program, arguments, WITHIN).await?.success(program)?.stdout)
}

/// LVM waits for its own lock, and for disks that spin up.
const WITHIN: Duration = Duration::from_mins(2);

/// A volume group of LVM2.
pub struct Group<'r> {
    name: String,
    run: Run<'r>,
    /// How new volumes are activated; the tests, which have no device-mapper, cannot.
    pub(super) activation: &'static str,
}

impl<'r> Group<'r> {
    /// The group of that name, if there is one.
    pub fn open(name: &str, run: Run<'r>) -> Result<Self, VolumeError> {
        let group = Self { name: name.to_owned(), run, activation: "-ay" };
        group.room_for(&[])?;
        Ok(group)
    }

    fn ask(&self) -> Result<Storage, VolumeError> {
        let volumes = (self.run)("lvs", &lvm::volumes_query())?;
        let groups = (self.run)("vgs", &lvm::groups_query())?;
        Ok(lvm::storage(&volumes, &groups)?)
    }

    fn change(&self, program: &str, arguments: &[&str]) -> Result<(), VolumeError> {
        (self.run)(program, arguments).map(drop).map_err(VolumeError::from)
    }

    fn full_name(&self, name: &str) -> String {
        format!("{}/{name}", self.name)
    }
}

impl Volumes for Group<'_> {
    type Device = DirectFile;

    fn tags(&self, name: &str) -> Result<Option<BTreeSet<String>>, VolumeError> {
        let volumes = self.ask()?.volumes.into_iter();
        let mut ours = volumes.filter(|volume| volume.volume_group == self.name);
        Ok(ours.find(|volume| volume.name == name).map(|volume| volume.tags))
    }

    fn room_for(&self, sizes: &[u64]) -> Result<(u64, u64), VolumeError> {
        let groups = self.ask()?.volume_groups;
        let group = groups.into_iter().find(|group| group.name == self.name);
        let group = group.ok_or_else(|| VolumeError::NoGroup(self.name.clone()))?;
        let extent = group.extent_bytes.max(1);
        let needed = sizes.iter().map(|bytes| bytes.div_ceil(extent).max(1).saturating_mul(extent));
        Ok((needed.fold(0, u64::saturating_add), group.free_bytes))
    }

    fn create(&self, name: &str, bytes: u64, tag: &str) -> Result<PathBuf, VolumeError> {
        let (bytes, _) = self.room_for(&[bytes])?;
        let size = format!("{bytes}b");
        // `-Wn`: wiping signatures may prompt. `-Zn`: all of it is written anyway.
        let how = ["-y", self.activation, "-Wn", "-Zn", "-L", &size, "-n", name];
        let tags = ["--addtag", MANAGED_TAG, "--addtag", STATE_RESTORING, "--addtag", tag];
        self.change("lvcreate", &[how.as_slice(), &tags, &[self.name.as_str()]].concat())?;
        match self.tags(name)? {
            Some(tags) if tags.contains(tag) => Ok(self.path(name)),
            _ => Err(VolumeError::NotSo(format!("there is no volume {}", self.full_name(name)))),
        }
    }

    fn remove(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        match self.tags(name)? {
            Some(tags) if tags.contains(tag) && tags.contains(STATE_RESTORING) => {
                self.change("lvremove", &["-y", &self.full_name(name)])
            }
            Some(_) => Err(VolumeError::NotSo(format!("{} is ours", self.full_name(name)))),
            None => Ok(()),
        }
    }

    fn discard(&self, name: &str, tag: &str) -> Result<(), VolumeError> {
        match self.tags(name)? {
            Some(tags) if tags.contains(tag) && tags.contains(MANAGED_TAG) => {
                self.change("lvremove", &["-y", &self.full_name(name)])
            }
            Some(_) => Err(VolumeError::NotSo(format!("{} is ours", self.full_name(name)))),
            None => Ok(()),
        }
    }

    fn open(&self, path: &Path) -> io::Result<DirectFile> {
        DirectFile::open_block_device(path)
    }

    fn publish(&self, draft: &str, name: &str) -> Result<(), VolumeError> {
        let tags = ["--deltag", STATE_RESTORING, "--addtag", STATE_VERIFIED];
        self.change("lvchange", &[tags.as_slice(), &[self.full_name(draft).as_str()]].concat())?;
        self.change("lvrename", &[self.name.as_str(), draft, name])?;
        match self.tags(name)? {
            Some(tags) if tags.contains(STATE_VERIFIED) => Ok(()),
            _ => Err(VolumeError::NotSo(format!("{} has that name", self.full_name(name)))),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        PathBuf::from("/dev").join(&self.name).join(name)
    }
}
