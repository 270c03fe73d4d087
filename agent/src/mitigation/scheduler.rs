//! What the kernel says of the I/O schedulers of a disk: `noop deadline [cfq]` or, of a disk with many
//! queues (blk-mq), `[mq-deadline] kyber bfq none`.

/// Names of devices that are no disks of their own, or hold another one.
const NO_DISKS: [&str; 8] = ["loop", "dm-", "zram", "ram", "md", "nbd", "sr", "fd"];

/// A disk, and between what it has to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Disk {
    pub(super) name: String,
    /// The one in force.
    pub(super) chosen: String,
    pub(super) choices: Vec<String>,
}

/// Whether it is a disk whose scheduler counts.
pub(super) fn is_disk(name: &str) -> bool {
    !NO_DISKS.iter().any(|kind| name.starts_with(kind))
}

impl Disk {
    /// By what the kernel says of it; nothing where it says nothing.
    pub(super) fn read(name: &str, text: &str) -> Option<Self> {
        let mut chosen = None;
        let choices: Vec<String> = text
            .split_whitespace()
            .map(|word| {
                let inner = word.strip_prefix('[').and_then(|word| word.strip_suffix(']'));
                chosen = inner.or(chosen);
                inner.unwrap_or(word).to_owned()
            })
            .collect();
        // A disk that has no choice names the only one without brackets.
        let chosen = chosen.map(str::to_owned).or_else(|| choices.first().cloned())?;
        Some(Self { name: name.to_owned(), chosen, choices })
    }

    /// Whether it is one with many queues, which the kernel's command line cannot give a scheduler.
    pub(super) fn has_many_queues(&self) -> bool {
        self.choices.iter().any(|choice| choice == "none")
    }

    /// The one that leaves the order to the disk.
    pub(super) fn wanted(&self) -> &'static str {
        if self.has_many_queues() { "none" } else { "noop" }
    }

    pub(super) fn is_as_wanted(&self) -> bool {
        self.chosen == self.wanted()
    }

    pub(super) fn can_be_as_wanted(&self) -> bool {
        self.choices.iter().any(|choice| choice == self.wanted())
    }
}

/// Whether the kernel has had no other disks than those with many queues, whatever is on its command
/// line: since 5.0.
pub(super) fn has_only_many_queues(kernel: &str) -> bool {
    let major = kernel.split('.').next().and_then(|major| major.parse::<u32>().ok());
    major.is_some_and(|major| major >= 5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_disk_has_its_own_word_for_leaving_the_order_alone() {
        for (text, chosen, wanted, is_as_wanted) in [
            ("noop deadline [cfq] \n", "cfq", "noop", false),
            ("[noop] deadline cfq\n", "noop", "noop", true),
            ("[mq-deadline] kyber bfq none\n", "mq-deadline", "none", false),
            ("[none] mq-deadline\n", "none", "none", true),
            ("none\n", "none", "none", true),
        ] {
            let disk = Disk::read("sda", text).unwrap();

            assert_eq!(disk.chosen, chosen);
            assert_eq!(disk.wanted(), wanted);
            assert_eq!(disk.is_as_wanted(), is_as_wanted);
        }
        assert_eq!(Disk::read("sda", "\n"), None);
    }

    #[test]
    fn devices_that_are_none_of_their_own_are_passed_over() {
        for name in ["loop0", "dm-3", "zram0", "ram1", "md0", "nbd0", "sr0", "fd0"] {
            assert!(!is_disk(name), "{name}");
        }
        assert!(["sda", "vda", "nvme0n1", "xvda", "hda", "mmcblk0"].into_iter().all(is_disk));
        assert!(has_only_many_queues("6.1.0-18-amd64") && !has_only_many_queues("4.4.45-0-grsec"));
    }
}
