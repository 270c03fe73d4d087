//! The words for what VMs are kept on: disk images, USB drives, backup sets.

use clap::{Args as ClapArgs, Subcommand};

use super::{Selection, Waiting};

#[derive(Debug, Subcommand)]
pub(crate) enum Images {
    /// Say whether what an image holds can be trusted, and whether it may be converted as it is.
    Check(OneImage),
    /// Say everything that can be said of an image without looking at what its guest keeps in it.
    Inspect(OneImage),
    /// Repair a copy of an image; the image itself is not touched.
    Repair {
        #[command(flatten)]
        image: OneImage,
        /// The new file, by its absolute path.
        #[arg(long)]
        to: String,
        /// Copy what can be read of a corrupt image.
        #[arg(long)]
        salvage: bool,
    },
    /// Convert an image into a new file or onto a volume, and read it back. Its VM must be off.
    Convert {
        #[command(flatten)]
        image: OneImage,
        /// What it becomes: raw, qcow2 or qcow.
        #[arg(long)]
        into: String,
        #[command(flatten)]
        target: ConvertTarget,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneImage {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// A file or device by its absolute path, or a volume's name or `lv_uuid`.
    pub(crate) image: String,
    /// What the VM's configuration calls its format, such as qcow2; otherwise its first bytes tell.
    #[arg(long)]
    pub(crate) format: Option<String>,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false, id = "target")]
pub(crate) struct ConvertTarget {
    /// A new file, by its absolute path.
    #[arg(long, group = "target")]
    pub(crate) to: Option<String>,
    /// A managed volume that no VM uses: its name or `lv_uuid`. Everything on it is lost.
    #[arg(long, group = "target", requires = "confirm")]
    pub(crate) onto: Option<String>,
    /// The name of that volume again.
    #[arg(long, requires = "onto")]
    pub(crate) confirm: Option<String>,
    /// A new volume: `GROUP/NAME`.
    #[arg(long, group = "target", requires = "size")]
    pub(crate) volume: Option<String>,
    /// The new volume's size, in bytes: at least that of the disk as its guest sees it.
    #[arg(long, requires = "volume")]
    pub(crate) size: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Usb {
    /// List the USB drives that are plugged into an appliance.
    List {
        appliance: String,
        /// Have it look again first, and wait for that.
        #[arg(long)]
        again: bool,
        /// Wait at most so many seconds.
        #[arg(long, default_value_t = 60)]
        timeout: u64,
    },
    /// List the USB drives of all appliances, as these last told of them.
    All(Selection),
    /// Find out what a drive really holds, and how fast it is, by writing to it.
    Qualify {
        #[command(flatten)]
        drive: OneDrive,
        /// Every block, which takes hours, instead of some all over it.
        #[arg(long)]
        full: bool,
        /// Erase all that is on it: its serial number, or its device where it has none.
        #[arg(long)]
        erase: Option<String>,
    },
    /// Make a drive ours: one partition, ext4. What is on it is lost.
    Prepare {
        #[command(flatten)]
        drive: OneDrive,
        /// Its serial number, or its device where it has none.
        #[arg(long)]
        confirm: String,
    },
}

#[derive(Debug, ClapArgs)]
pub(crate) struct OneDrive {
    /// Name, id, or the beginning of an id.
    pub(crate) appliance: String,
    /// The drive's device, its serial number, or the id of a drive of ours.
    pub(crate) drive: String,
    #[command(flatten)]
    pub(crate) waiting: Waiting,
}

/// Which sets of a drive stay once a backup is verified; all where nothing is said.
#[derive(Clone, Copy, Debug, ClapArgs)]
pub(crate) struct Keep {
    /// Once it is verified, keep the newest sets, and remove what nothing else keeps.
    #[arg(long = "keep-last", value_name = "N")]
    pub(crate) last: Option<u32>,
    /// Keep the newest set of each of so many days, of those that have one.
    #[arg(long = "keep-daily", value_name = "N")]
    pub(crate) daily: Option<u32>,
    /// The same of weeks.
    #[arg(long = "keep-weekly", value_name = "N")]
    pub(crate) weekly: Option<u32>,
    /// The same of months.
    #[arg(long = "keep-monthly", value_name = "N")]
    pub(crate) monthly: Option<u32>,
}

impl Keep {
    /// As the API takes it; nothing where nothing was said.
    pub(crate) fn json(self) -> Option<serde_json::Value> {
        let Self { last, daily, weekly, monthly } = self;
        let said = [("last", last), ("daily", daily), ("weekly", weekly), ("monthly", monthly)];
        let said: serde_json::Map<_, _> = said
            .into_iter()
            .filter_map(|(name, count)| Some((name.to_owned(), count?.into())))
            .collect();
        (!said.is_empty()).then(|| said.into())
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Backups {
    /// List backup sets, by what their appliances last told of them.
    List(Selection),
    /// Have an appliance look which sets are on a drive.
    Look(OneDrive),
    /// Back VMs up, and read every byte back.
    Create {
        #[command(flatten)]
        drive: OneDrive,
        /// A VM's name or UUID; all of the appliance's where none is named. May be said several times.
        #[arg(long)]
        vm: Vec<String>,
        /// Shut down those that run, and start them again afterwards.
        #[arg(long)]
        shut_down: bool,
        /// Encrypt the set, with a key that the server keeps. Otherwise whoever has the drive can read it.
        #[arg(long)]
        encrypted: bool,
        /// Make parity of the set, a tenth of its size, from which a drive that loses sectors is mended.
        #[arg(long)]
        parity: bool,
        /// Let those that run go on, and copy snapshots of their disks, which must be logical volumes. What
        /// is restored from them is as after a loss of power.
        #[arg(long, conflicts_with = "shut_down")]
        snapshot: bool,
        #[command(flatten)]
        keep: Keep,
    },
    /// Print the key of an encrypted set, as the file that `domfleet-agent backup --key FILE` takes. It is put on
    /// record that you asked.
    Key {
        /// The set's id.
        set: String,
    },
    /// Read every byte of the sets on a drive back.
    Verify {
        #[command(flatten)]
        drive: OneDrive,
        /// One set, instead of all.
        #[arg(long)]
        set: Option<String>,
    },
    /// Restore a VM into new files or onto new volumes. It is not started.
    Restore {
        #[command(flatten)]
        drive: OneDrive,
        /// The VM's UUID, or its name in the newest set that holds it.
        #[arg(long)]
        vm: String,
        /// The folder for its files, by its absolute path.
        #[arg(long, required_unless_present = "group", conflicts_with = "group")]
        to: Option<String>,
        /// What the files become: raw or qcow2. They stay what they were where it is not said.
        #[arg(long, requires = "to")]
        format: Option<String>,
        /// The volume group for its volumes.
        #[arg(long)]
        group: Option<String>,
        /// A set other than the newest that holds the VM.
        #[arg(long)]
        set: Option<String>,
        /// As a VM of another name, which has a new UUID and new addresses and can run beside it.
        #[arg(long = "as", value_name = "NAME")]
        as_name: Option<String>,
    },
    /// Hold a set against the disks that it was made of, where they are now. The VMs must be off.
    ///
    /// With --wait it ends with 0 only where every disk is there and the same, every byte of it.
    Compare {
        #[command(flatten)]
        drive: OneDrive,
        /// A set other than the newest.
        #[arg(long)]
        set: Option<String>,
        /// The disks of one VM alone: its UUID, or its name in the newest set that holds it.
        #[arg(long)]
        vm: Option<String>,
    },
    /// Make room: remove the sets of a drive that need not be kept, each whole or not at all. The newest
    /// verified set that holds a VM is kept whatever is said.
    Prune {
        #[command(flatten)]
        drive: OneDrive,
        #[command(flatten)]
        keep: KeepArguments,
        /// Only say what would be removed.
        #[arg(long, required_unless_present = "confirm", conflicts_with = "confirm")]
        dry_run: bool,
        /// The drive's serial number, or its device where it has none.
        #[arg(long)]
        confirm: Option<String>,
    },
    /// Take over a backup that another program has made: a folder of disk images, and of the xl
    /// configurations of their VMs.
    Import {
        #[command(flatten)]
        drive: OneDrive,
        /// The folder in dom0, by its absolute path.
        from: String,
        /// Encrypt the set, with a key that the server keeps.
        #[arg(long)]
        encrypted: bool,
    },
}

/// How many sets of the same VMs are kept.
#[derive(Clone, Copy, Debug, ClapArgs)]
#[group(required = true, multiple = true)]
pub(crate) struct KeepArguments {
    /// The newest sets.
    #[arg(long = "keep-last", value_name = "N")]
    pub(crate) last: Option<u32>,
    /// The newest set of each of so many days, of those that have one.
    #[arg(long = "keep-daily", value_name = "N")]
    pub(crate) daily: Option<u32>,
    /// The same of weeks.
    #[arg(long = "keep-weekly", value_name = "N")]
    pub(crate) weekly: Option<u32>,
    /// The same of months.
    #[arg(long = "keep-monthly", value_name = "N")]
    pub(crate) monthly: Option<u32>,
}
