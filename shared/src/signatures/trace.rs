//! Call traces: what tells one fault from another that has the same first line.

use std::sync::LazyLock;

use regex::bytes::Regex;

/// As many tell traces apart; below them is how the kernel was entered.
pub(super) const FRAMES: usize = 3;

/// ` ? gntdev_put_map+0x42/0xb0 [xen_gntdev]`, ` [<ffffffff8113b7e2>] schedule+0x2e/0x70`, and of Xen
/// `(XEN)    [<ffff82d0402a1b2c>] R domain.c#vcpu_runstate+0x1c/0x80`.
static FRAME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?-u)^\s*(?:\(XEN\)\s*(?:\[[^\]<]+\]\s*)?)?(?:\[<[0-9a-f]+>\]\s*)?(?:(?P<doubt>\?|[SF])\s+|R\s+)?(?P<name>[A-Za-z_][\w.#$]*)\+0x[0-9a-f]+/0x[0-9a-f]+(?:\s+\[(?P<module>\w+)[^\]]*\])?",
    )
    .ok()
});

/// How a task was stopped or a trace was printed: they stand above what happened and say nothing of it.
const SAY_NOTHING: [&str; 24] = [
    "__schedule",
    "schedule",
    "schedule_timeout",
    "schedule_preempt_disabled",
    "io_schedule",
    "io_schedule_timeout",
    "preempt_schedule_common",
    "_cond_resched",
    "__cond_resched",
    "dump_stack",
    "dump_stack_lvl",
    "__dump_stack",
    "show_stack",
    "show_regs",
    "__warn",
    "report_bug",
    "handle_bug",
    "warn_slowpath_common",
    "warn_slowpath_null",
    "warn_slowpath_fmt",
    "__die",
    "__die_body",
    "die",
    "panic",
];

/// The top of a call trace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    frames: Vec<Frame>,
    /// What was found on the stack and may be left from an earlier call.
    doubtful: Vec<Frame>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Frame {
    function: String,
    module: Option<String>,
}

/// What a line is to a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Line {
    /// The line above one.
    Head,
    /// Part of one.
    Within,
    /// Not part of one.
    Other,
}

impl Trace {
    /// What `text` is, without looking closer.
    pub(super) fn judge(text: &[u8]) -> Line {
        let is_head = |head: &[u8]| text.windows(head.len()).any(|part| part == head);
        let trimmed = text.trim_ascii();
        if trimmed.len() < 200 && (is_head(b"Call Trace:") || is_head(b"Xen call trace:")) {
            Line::Head
        } else if is_bracket(trimmed) || FRAME.as_ref().is_some_and(|frame| frame.is_match(text)) {
            Line::Within
        } else {
            Line::Other
        }
    }

    /// Takes a line of the trace.
    pub(super) fn take(&mut self, text: &[u8]) {
        let Some(found) = FRAME.as_ref().and_then(|frame| frame.captures(text)) else { return };
        let part = |name| found.name(name).map(|part| String::from_utf8_lossy(part.as_bytes()));
        let Some(name) = part("name") else { return };
        let function = normal(&name);
        if SAY_NOTHING.contains(&function.as_str()) {
            return;
        }
        let frame = Frame { function, module: part("module").map(std::borrow::Cow::into_owned) };
        let list =
            if found.name("doubt").is_some() { &mut self.doubtful } else { &mut self.frames };
        if list.len() < FRAMES {
            list.push(frame);
        }
    }

    /// Whether more lines change nothing.
    pub(super) fn is_full(&self) -> bool {
        self.frames.len() == FRAMES
    }

    /// The uppermost functions that say something.
    pub(super) fn functions(&self) -> Vec<String> {
        self.told().iter().map(|frame| frame.function.clone()).collect()
    }

    /// The module that the uppermost of them is in, of those that are in one.
    pub(super) fn module(&self) -> Option<String> {
        self.told().iter().find_map(|frame| frame.module.clone())
    }

    fn told(&self) -> &[Frame] {
        if self.frames.is_empty() { &self.doubtful } else { &self.frames }
    }
}

/// `<TASK>`, `</IRQ>` and the like.
fn is_bracket(text: &[u8]) -> bool {
    text.len() < 20 && text.starts_with(b"<") && text.ends_with(b">")
}

/// What compilers add differs from build to build.
fn normal(name: &str) -> String {
    let name = name.rsplit_once('#').map_or(name, |(_, name)| name);
    name.split('.').next().unwrap_or(name).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Trace {
        let mut trace = Trace::default();
        for line in lines {
            assert_ne!(Trace::judge(line.as_bytes()), Line::Other, "{line}");
            trace.take(line.as_bytes());
        }
        trace
    }

    #[test]
    fn the_first_functions_that_say_something_are_told_without_what_a_build_adds() {
        let trace = of(&[
            "Call Trace:",
            " <TASK>",
            " __schedule+0x2eb/0x8d0",
            " schedule+0x5b/0xd0",
            " ? update_load_avg+0x7e/0x740",
            " jbd2_journal_commit_transaction.isra.0+0x2a1/0x1b20 [jbd2]",
            " kjournald2+0xab/0x270 [jbd2]",
            " kthread+0xe9/0x110",
            " ret_from_fork+0x22/0x30",
        ]);

        assert_eq!(trace.functions(), ["jbd2_journal_commit_transaction", "kjournald2", "kthread"]);
        assert_eq!(trace.module().as_deref(), Some("jbd2"));
        assert!(trace.is_full());
    }

    #[test]
    fn old_kernels_print_addresses_and_xen_prints_files() {
        let old = of(&[" [<ffffffff8113b7e2>] gntdev_put_map+0x42/0xb0 [xen_gntdev]"]);
        let xen = of(&[
            "(XEN) Xen call trace:",
            "(XEN)    [<ffff82d0402a1b2c>] R domain.c#vcpu_run+0x1c/0x80",
        ]);

        assert_eq!(old.functions(), ["gntdev_put_map"]);
        assert_eq!(old.module().as_deref(), Some("xen_gntdev"));
        assert_eq!(xen.functions(), ["vcpu_run"]);
    }

    #[test]
    fn doubtful_frames_count_only_where_there_are_no_others() {
        let doubt = of(&[" ? one+0x1/0x2", " ? two+0x1/0x2"]);
        let both = of(&[" ? one+0x1/0x2", " sure+0x1/0x2"]);

        assert_eq!(doubt.functions(), ["one", "two"]);
        assert_eq!(both.functions(), ["sure"]);
    }

    #[test]
    fn what_is_no_trace_ends_one() {
        for line in ["Code: 48 8b 05 <0f> 0b", "RIP: 0033:0x7f12", "---[ end trace 1b2c3d ]---", ""]
        {
            assert_eq!(Trace::judge(line.as_bytes()), Line::Other, "{line}");
        }
    }
}
