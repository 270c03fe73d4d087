//! Runs of a simulated dom0: what happens to it, and how the next one begins.

use std::time::Duration;

use domfleet_agent::dom0::{Kept, KeptLog, KernelMessage};
use domfleet_shared::Timestamp;
use domfleet_shared::id::BootId;
use tokio::time::Instant;

use super::dice::Dice;

/// Something that happens to the whole appliance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Happening {
    /// The agent's process is killed, and started anew by its supervisor.
    AgentKilled,
    /// Somebody, or the agent itself, restarts dom0 in order.
    Restart,
    /// The power goes and comes back.
    PowerCut,
    /// The kernel panics; the platform keeps its last words.
    Panic,
    /// The watchdog resets the machine.
    Watchdog,
    /// It stands still, connections open, until somebody cycles its power.
    Freeze {
        /// When somebody does; nothing where only the test does.
        cycled_after: Option<Duration>,
    },
    /// Somebody cycles the power of a frozen one.
    PowerCycle,
}

/// One run of dom0.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) boot_id: BootId,
    began: Instant,
    uptime_then: Duration,
    /// When it booted, by this machine's clock.
    pub(super) booted_at: Timestamp,
    pub(super) taint: u64,
    pub(super) log: Vec<KernelMessage>,
    next_sequence: u64,
    next_domid: u32,
    /// Set once it is going down in order.
    pub(super) is_going_down: bool,
}

/// A kernel's ring buffer forgets its oldest lines.
const LOG_LINES: usize = 200;

impl Run {
    pub(super) fn begin(dice: &mut Dice, uptime: Duration, greeting: &str) -> Self {
        let mut run = Self {
            boot_id: BootId(dice.uuid()),
            began: Instant::now(),
            uptime_then: uptime,
            booted_at: Timestamp::now() - uptime,
            taint: 0,
            log: Vec::new(),
            next_sequence: 0,
            next_domid: 1,
            is_going_down: false,
        };
        run.say(5, greeting);
        run.say(6, "xen: --> Booting paravirtualized kernel on Xen");
        run
    }

    pub(super) fn uptime(&self) -> Duration {
        self.uptime_then.saturating_add(self.began.elapsed())
    }

    pub(super) fn domid(&mut self) -> u32 {
        let domid = self.next_domid;
        self.next_domid += 1;
        domid
    }

    pub(super) fn say(&mut self, level: u8, text: &str) {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.log.push(KernelMessage { sequence, level, at: self.uptime(), text: text.to_owned() });
        if self.log.len() > LOG_LINES {
            self.log.remove(0);
        }
    }
}

/// What a kernel says before it stands still.
pub(super) fn precursors(dice: &mut Dice) -> [String; 2] {
    let victim = *dice.pick(&["jbd2/sda2-8:311", "qemu-system-i38:2817", "kworker/0:1:44"]);
    [
        format!("INFO: task {victim} blocked for more than 120 seconds."),
        "BUG: soft lockup - CPU#1 stuck for 22s! [qemu-system-i38:2817]".to_owned(),
    ]
}

/// What the platform keeps of a panic.
pub(super) fn panic_log(dice: &mut Dice) -> Kept {
    let address = dice.roll() & 0xffff;
    let text = format!(
        "Panic#1 Part1\n\
         <4>[ 8123.412004] Modules linked in: xen_blkback xen_netback tun loop\n\
         <1>[ 8123.412017] BUG: unable to handle kernel NULL pointer dereference at 000000000000{address:04x}\n\
         <4>[ 8123.412031] Call Trace:\n\
         <4>[ 8123.412040]  [<ffffffff8113b7e2>] ? gntdev_put_map+0x42/0xb0\n\
         <0>[ 8123.412055] Kernel panic - not syncing: Fatal exception in interrupt\n"
    );
    let name = format!("dmesg-efi-{}", 165_467_916_801_000 + dice.below(1000));
    Kept { logs: vec![KeptLog { name, bytes: text.into_bytes() }], ..Kept::default() }
}
