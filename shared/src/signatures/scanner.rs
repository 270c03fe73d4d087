//! Looks through logs.

use std::collections::HashMap;
use std::io::{self, Read};

use super::catalogue::{Catalogue, Hit};
use super::finding::{Finding, fingerprint, shown};
use super::lines::Lines;
use super::log_time::LogTime;
use super::prefix::Prefix;
use super::trace::{Line, Trace};
use crate::severity::Severity;

/// Hits of one signature so soon after another are the same event.
const EVENT_MILLISECONDS: u64 = 10 * 60 * 1000;
/// Lines between what a kernel complains of and the trace: registers, modules, other processors' stacks.
const TRACE_WITHIN: u32 = 150;
const AFTER: usize = 6;
const CONTEXT_BYTES: usize = 300;
const TEXT_BYTES: usize = 2048;
const LINES_TOLD: usize = 20;
/// Different traces of one signature in one file. Who looks at more?
const TOLD_OF_ONE: usize = 32;
/// Of each severity, so that what is good to know does not take the place of what is fatal.
const TOLD_OF_SEVERITY: usize = 500;

/// Looks through logs, one after another.
pub struct Scanner<'c> {
    catalogue: &'c Catalogue,
    findings: Vec<Finding>,
    of_severity: HashMap<Severity, usize>,
    lines: u64,
    bytes: u64,
    left_out: u64,
}

/// What was found in all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scanned {
    /// What was found, by file and line.
    pub findings: Vec<Finding>,
    /// How many lines were looked at.
    pub lines: u64,
    /// How many bytes.
    pub bytes: u64,
    /// How many hits are in no finding, because there are too many different ones.
    pub left_out: u64,
}

/// What is told apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    signature: usize,
    severity: Severity,
    function: Option<String>,
}

/// What is known of the file that is looked through.
#[derive(Default)]
struct State {
    /// Where among the findings each is.
    told: HashMap<Key, usize>,
    /// How many of each signature are told.
    of_one: HashMap<usize, usize>,
    /// Those whose trace or next lines are still to come. One of a signature and severity at most.
    open: Vec<Open>,
    /// When each signature's last event began, where the log says so.
    began: HashMap<usize, Option<LogTime>>,
}

/// A finding that is not whole yet.
struct Open {
    signature: usize,
    finding: Finding,
    trace: Trace,
    waits: Waits,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waits {
    /// For a trace, so many lines yet.
    ForTrace(u32),
    /// The trace goes on.
    InTrace,
    /// For nothing but context.
    No,
}

impl<'c> Scanner<'c> {
    /// For what `catalogue` holds.
    pub fn new(catalogue: &'c Catalogue) -> Self {
        let of_severity = HashMap::new();
        Self { catalogue, findings: Vec::new(), of_severity, lines: 0, bytes: 0, left_out: 0 }
    }

    /// Looks through a log, which is called `file`. What was found before reading fails stays.
    pub fn scan(&mut self, file: &str, log: impl Read) -> io::Result<()> {
        let first = self.findings.len();
        let mut lines = Lines::of(log);
        let mut state = State::default();
        let ended = loop {
            match lines.advance() {
                Ok(true) => self.line(file, &lines, &mut state),
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        for open in std::mem::take(&mut state.open) {
            self.close(open, &mut state);
        }
        self.lines += lines.number();
        self.bytes += lines.bytes();
        if let Some(these) = self.findings.get_mut(first..) {
            these.sort_by(|a, b| (a.line, &a.signature).cmp(&(b.line, &b.signature)));
        }
        ended
    }

    /// All of it.
    pub fn finish(self) -> Scanned {
        let Self { findings, lines, bytes, left_out, .. } = self;
        Scanned { findings, lines, bytes, left_out }
    }

    fn line(&mut self, file: &str, lines: &Lines<impl Read>, state: &mut State) {
        let prefix = Prefix::of(lines.line());
        if !state.open.is_empty() {
            self.go_on(lines.line(), prefix.text, state);
        }
        for hit in self.catalogue.hits(prefix.text) {
            if !is_echo(&prefix) {
                self.hit(&hit, file, lines, &prefix, state);
            }
        }
    }

    /// Gives the line to what waits for it, and closes what waits for no more.
    fn go_on(&mut self, line: &[u8], text: &[u8], state: &mut State) {
        let kind = Trace::judge(text);
        for open in &mut state.open {
            if open.finding.after.len() < AFTER {
                open.finding.after.push(shown(line, CONTEXT_BYTES));
            }
            open.waits = match (open.waits, kind) {
                (Waits::ForTrace(_), Line::Head) => Waits::InTrace,
                (Waits::ForTrace(0) | Waits::No, _) | (Waits::InTrace, Line::Other) => Waits::No,
                (Waits::ForTrace(left), _) => Waits::ForTrace(left - 1),
                (Waits::InTrace, _) => {
                    open.trace.take(text);
                    if open.trace.is_full() { Waits::No } else { Waits::InTrace }
                }
            };
        }
        let is_whole = |open: &Open| open.waits == Waits::No && open.finding.after.len() == AFTER;
        while let Some(at) = state.open.iter().position(is_whole) {
            let open = state.open.remove(at);
            self.close(open, state);
        }
    }

    fn hit(
        &mut self,
        hit: &Hit<'_>,
        file: &str,
        lines: &Lines<impl Read>,
        prefix: &Prefix<'_>,
        state: &mut State,
    ) {
        let events = u64::from(state.is_event(hit.number, prefix.at));
        let is_same =
            |open: &Open| open.signature == hit.number && open.finding.severity == hit.severity;
        let open = state.open.iter().position(is_same);
        if !hit.signature.has_trace {
            let (signature, severity) = (hit.number, hit.severity);
            let told = state.told.get(&Key { signature, severity, function: None });
            let told = told.and_then(|at| self.findings.get_mut(*at));
            let open = open.and_then(|at| state.open.get_mut(at)).map(|open| &mut open.finding);
            if let Some(finding) = told.or(open) {
                finding.add(1, events, &[lines.number()], prefix.at);
                return;
            }
        } else if let Some(at) = open {
            // Its trace never came.
            let open = state.open.remove(at);
            self.close(open, state);
        }
        state.open.push(Open {
            signature: hit.number,
            finding: begin(hit, file, lines, prefix, events),
            trace: Trace::default(),
            waits: if hit.signature.has_trace { Waits::ForTrace(TRACE_WITHIN) } else { Waits::No },
        });
    }

    /// Puts what is whole now to those that are told, or with one of them.
    fn close(&mut self, open: Open, state: &mut State) {
        let Open { signature, mut finding, trace, .. } = open;
        let functions = trace.functions();
        let function = functions.first().cloned();
        let key = Key { signature, severity: finding.severity, function };
        if let Some(same) = state.told.get(&key).and_then(|at| self.findings.get_mut(*at)) {
            same.add(finding.count, finding.events, &finding.lines, finding.last_at);
            return;
        }
        let of_one = state.of_one.entry(signature).or_default();
        let of_severity = self.of_severity.entry(finding.severity).or_default();
        if *of_one >= TOLD_OF_ONE || *of_severity >= TOLD_OF_SEVERITY {
            self.left_out += finding.count;
            return;
        }
        *of_one += 1;
        *of_severity += 1;
        finding.module = trace.module();
        finding.fingerprint =
            fingerprint(&finding.signature, &functions, finding.module.as_deref());
        finding.functions = functions;
        state.told.insert(key, self.findings.len());
        self.findings.push(finding);
    }
}

impl State {
    /// Whether a hit begins an event. One whose time nobody knows does so only as the first.
    fn is_event(&mut self, signature: usize, at: Option<LogTime>) -> bool {
        let Some(began) = self.began.get_mut(&signature) else {
            self.began.insert(signature, at);
            return true;
        };
        let Some(now) = at else { return false };
        let is_event = began.is_some_and(|before| {
            now.milliseconds_since(before).is_none_or(|since| since >= EVENT_MILLISECONDS)
        });
        if is_event || began.is_none() {
            *began = at;
        }
        is_event
    }
}

impl Finding {
    fn add(&mut self, count: u64, events: u64, lines: &[u64], at: Option<LogTime>) {
        self.count += count;
        self.events += events;
        let room = LINES_TOLD.saturating_sub(self.lines.len());
        self.lines.extend(lines.iter().take(room));
        self.last_at = at.or(self.last_at);
    }
}

fn begin(
    hit: &Hit<'_>,
    file: &str,
    lines: &Lines<impl Read>,
    prefix: &Prefix<'_>,
    events: u64,
) -> Finding {
    let fields = hit.regex.captures(prefix.text).map(|found| {
        let groups = hit.regex.capture_names().flatten();
        let found = groups.filter_map(|name| Some((name, found.name(name)?)));
        found.map(|(name, part)| (name.to_owned(), shown(part.as_bytes(), CONTEXT_BYTES))).collect()
    });
    Finding {
        signature: hit.signature.id.clone(),
        severity: hit.severity,
        file: file.to_owned(),
        line: lines.number(),
        text: shown(lines.line(), TEXT_BYTES),
        count: 1,
        events,
        lines: vec![lines.number()],
        first_at: prefix.at,
        last_at: prefix.at,
        fingerprint: String::new(),
        functions: Vec::new(),
        module: None,
        fields: fields.unwrap_or_default(),
        before: lines.before().map(|line| shown(line, CONTEXT_BYTES)).collect(),
        after: Vec::new(),
    }
}

/// Whether a line only repeats what somebody wrote: the kernel its command line, and our own programs what they found
/// in other logs.
fn is_echo(prefix: &Prefix<'_>) -> bool {
    let holds = |part: &[u8]| prefix.text.windows(part.len()).any(|window| window == part);
    prefix.program.is_some_and(|program| program.starts_with(b"domfleet"))
        || prefix.text.starts_with(b"Command line: ")
        || prefix.text.starts_with(b"Kernel command line: ")
        || prefix.text.starts_with(b"(XEN) Command line: ")
        || holds(b"domfleet_agent::")
        || holds(b"domfleet_server::")
}
