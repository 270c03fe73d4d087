//! Lines of a log by which a dying system is known, as Linux and Xen write them.
//!
//! Few and coarse: they say how a boot ended. What a line means to a person is the catalogue's to say.

/// What a line is a sign of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sign {
    /// dom0's kernel or Xen has given up.
    Panic,
    /// A watchdog ends the machine.
    Watchdog,
    /// The kernel met its own error and went on.
    Oops,
    /// A page of memory is not as it must be.
    BadPage,
    /// A CPU hangs with interrupts off.
    HardLockup,
    /// A CPU hangs in the kernel.
    SoftLockup,
    /// A CPU does not come to rest, or is not given time.
    RcuStall,
    /// A task waits for the disk, or for a lock, and does not get it.
    HungTask,
    /// A disk does not do what it is told.
    IoError,
}

impl Sign {
    /// All of them, the gravest first.
    pub const ALL: [Self; 9] = [
        Self::Panic,
        Self::Watchdog,
        Self::Oops,
        Self::BadPage,
        Self::HardLockup,
        Self::SoftLockup,
        Self::RcuStall,
        Self::HungTask,
        Self::IoError,
    ];

    /// The gravest that a line is a sign of.
    pub fn of(line: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sign| sign.is_in(line))
    }

    /// As it is written in records.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Panic => "panic",
            Self::Watchdog => "watchdog",
            Self::Oops => "oops",
            Self::BadPage => "bad_page",
            Self::HardLockup => "hard_lockup",
            Self::SoftLockup => "soft_lockup",
            Self::RcuStall => "rcu_stall",
            Self::HungTask => "hung_task",
            Self::IoError => "io_error",
        }
    }

    /// Whether a kernel that said so is not to be trusted any more, though it may go on for days.
    pub fn is_fatal(self) -> bool {
        self <= Self::SoftLockup
    }

    fn is_in(self, line: &str) -> bool {
        let has = |any: &[&str]| any.iter().any(|words| line.contains(words));
        let of_xen = line.contains("(XEN)");
        match self {
            Self::Panic => {
                let xen = ["Panic on CPU", "Dom0 crashed", "Domain 0 crashed"];
                line.contains("Kernel panic - not syncing") || (of_xen && has(&xen))
            }
            Self::Watchdog => {
                let fired = line.contains("Watchdog timer") && line.contains("fired for");
                let said = ["shutdown: watchdog reboot", "Watchdog timer detects that CPU"];
                of_xen && (fired || has(&said))
            }
            Self::Oops => {
                const SAID: [&str; 9] = [
                    "Oops: ",
                    "kernel BUG at",
                    "BUG: unable to handle",
                    "BUG: kernel NULL pointer",
                    "general protection fault",
                    "divide error: ",
                    "invalid opcode: ",
                    "double fault: ",
                    "stack segment: ",
                ];
                // A program's own fault is told in nearly the same words.
                has(&SAID) && !line.contains("traps: ")
            }
            Self::BadPage => has(&["BUG: Bad page", "BUG: Bad rss-counter"]),
            Self::HardLockup => has(&["hard LOCKUP"]),
            Self::SoftLockup => has(&["BUG: soft lockup"]),
            Self::RcuStall => {
                let stalls =
                    ["self-detected stall", "detected stalls", "detected expedited stalls"];
                line.contains("rcu_") && (has(&stalls) || has(&["kthread starved for"]))
            }
            Self::HungTask => has(&["blocked for more than", "blocked in I/O wait for more than"]),
            Self::IoError => has(&[
                "I/O error",
                "critical medium error",
                "critical target error",
                "EXT4-fs error",
                "Remounting filesystem read-only",
                "exception Emask",
            ]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_what_it_says_and_the_gravest_counts() {
        for (line, expected) in [
            ("Kernel panic - not syncing: Fatal exception in interrupt", Some(Sign::Panic)),
            ("(XEN) Hardware Dom0 crashed: rebooting machine in 5 seconds.", Some(Sign::Panic)),
            ("(XEN) [2024-03-01 10:00:00] Panic on CPU 0:", Some(Sign::Panic)),
            ("(XEN) Watchdog timer fired for domain 0", Some(Sign::Watchdog)),
            ("(XEN) Watchdog timer 0 fired for d0", Some(Sign::Watchdog)),
            ("(XEN) Hardware Dom0 shutdown: watchdog rebooting machine", Some(Sign::Watchdog)),
            ("(XEN) Hardware Dom0 shutdown: rebooting machine", None),
            ("Oops: 0002 [#1] SMP", Some(Sign::Oops)),
            ("kernel BUG at fs/buffer.c:1270!", Some(Sign::Oops)),
            ("general protection fault: 0000 [#1] SMP", Some(Sign::Oops)),
            ("traps: qemu[12] general protection fault ip:7f sp:7f error:0", None),
            ("BUG: Bad page state in process qemu-system-i38  pfn:3f2a1", Some(Sign::BadPage)),
            ("NMI watchdog: Watchdog detected hard LOCKUP on cpu 1", Some(Sign::HardLockup)),
            ("BUG: soft lockup - CPU#1 stuck for 22s! [x:1]", Some(Sign::SoftLockup)),
            ("INFO: rcu_sched self-detected stall on CPU", Some(Sign::RcuStall)),
            ("INFO: task jbd2/sda2-8:311 blocked for more than 120 seconds.", Some(Sign::HungTask)),
            ("print_req_error: I/O error, dev sda, sector 7", Some(Sign::IoError)),
            ("usb 1-1: reset high-speed USB device number 2", None),
            ("Warning: this kernel panics on oops", None),
        ] {
            assert_eq!(Sign::of(line), expected, "{line}");
        }
    }

    #[test]
    fn what_only_slows_a_system_down_is_not_fatal() {
        let fatal = Sign::ALL.into_iter().filter(|sign| sign.is_fatal()).count();

        assert_eq!(fatal, 6);
        assert!(!Sign::HungTask.is_fatal() && !Sign::IoError.is_fatal());
    }
}
