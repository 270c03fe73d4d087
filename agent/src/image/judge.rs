//! From what was found to a verdict: plain facts in, sentences out.

use domfleet_shared::image::{Format, Judgement, Verdict};

use super::chain::{Chain, Content, Layer};
use super::qcow2::{Findings, Header, HeaderError};

/// What is counted on a disk, and the size of one is a multiple of.
const SECTOR: u64 = 512;

/// Judges the whole of it: an image is as good as the worst of what it is based on.
/// `findings` are those of its layers, in their order.
pub(super) fn judge(chain: &Chain, findings: &[Option<Findings>]) -> Judgement {
    let findings = findings.iter().map(Option::as_ref).chain(std::iter::repeat(None));
    let mut layers =
        chain.layers().zip(findings).map(|(layer, found)| (layer, of_layer(layer, found)));
    let mut verdict = layers.next().map_or_else(|| Reached::new(Verdict::Unknown), |(_, top)| top);
    if let Some(missing) = &chain.missing {
        verdict.also(Verdict::MissingBacking, missing.clone());
    }
    for (layer, below) in layers {
        // That a raw file cannot be checked says nothing against what is based on it.
        if below.convertible() && below.verdict != Verdict::Leaks {
            continue;
        }
        for reason in below.reasons {
            let path = layer.path.display();
            verdict.also(below.verdict, format!("it is based on {path}: {reason}"));
        }
    }
    Judgement {
        format: chain.top.format,
        virtual_bytes: virtual_bytes(&chain.top),
        verdict: verdict.verdict,
        convertible: verdict.convertible(),
        reasons: verdict.reasons,
    }
}

/// A verdict that is being reached.
struct Reached {
    verdict: Verdict,
    /// Nothing could be checked, and that is all that is to be said.
    is_plain: bool,
    reasons: Vec<String>,
}

impl Reached {
    fn new(verdict: Verdict) -> Self {
        Self { verdict, is_plain: true, reasons: Vec::new() }
    }

    /// The worse of the two verdicts stands; every reason is told.
    fn also(&mut self, verdict: Verdict, reason: impl Into<String>) {
        if weight(verdict) > weight(self.verdict) {
            self.verdict = verdict;
        }
        self.is_plain &= verdict != Verdict::Uncheckable;
        self.reasons.push(reason.into());
    }

    fn note(&mut self, reason: impl Into<String>) {
        self.reasons.push(reason.into());
    }

    fn convertible(&self) -> bool {
        match self.verdict {
            Verdict::Ok | Verdict::Leaks => true,
            Verdict::Uncheckable => self.is_plain,
            _ => false,
        }
    }
}

/// Which of two verdicts is told: the one after which the other no longer matters.
fn weight(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Ok => 0,
        Verdict::Leaks => 1,
        Verdict::Uncheckable => 2,
        Verdict::Unclean => 3,
        Verdict::MissingBacking => 4,
        Verdict::Corrupt => 5,
        Verdict::Encrypted => 6,
        Verdict::Unknown => 7,
    }
}

/// The size of the disk as the guest sees it, as far as its image says so.
pub(super) fn virtual_bytes(layer: &Layer) -> u64 {
    match &layer.content {
        Content::Raw => {
            let bytes = layer.opened.bytes;
            bytes.checked_next_multiple_of(SECTOR).unwrap_or(bytes)
        }
        Content::Qcow(header) => header.virtual_bytes,
        Content::Qcow2 { header, .. } => header.virtual_bytes,
        Content::Foreign | Content::NoHeader(_) => 0,
    }
}

fn of_layer(layer: &Layer, findings: Option<&Findings>) -> Reached {
    match &layer.content {
        Content::Raw => raw(layer.opened.bytes),
        Content::Qcow(header) => {
            let mut reached = Reached::new(Verdict::Uncheckable);
            if header.is_encrypted {
                reached.also(Verdict::Encrypted, ENCRYPTED);
            }
            reached.note(
                "qcow counts nothing that could be checked: what comes out of a conversion is read \
                 a second time and compared",
            );
            for damage in findings.map(|found| found.damage.as_slice()).unwrap_or_default() {
                reached.also(Verdict::Corrupt, damage.clone());
            }
            reached
        }
        // Where its data is missing, that is said, and nothing was looked at.
        Content::Qcow2 { header, .. } => qcow2(header, findings.unwrap_or(&Findings::default())),
        Content::Foreign if layer.format == Format::Luks => {
            let mut reached = Reached::new(Verdict::Encrypted);
            reached.note(ENCRYPTED);
            reached
        }
        Content::Foreign => {
            let mut reached = Reached::new(Verdict::Uncheckable);
            let format = layer.format;
            reached.also(
                Verdict::Uncheckable,
                format!("{format} is none of the formats that are known here: raw, qcow, qcow2"),
            );
            reached
        }
        Content::NoHeader(error) => {
            let mut reached = Reached::new(Verdict::Ok);
            let verdict = match error {
                HeaderError::NotUnderstood(_) => Verdict::Uncheckable,
                HeaderError::Damaged(_) | HeaderError::Io(_) => Verdict::Corrupt,
            };
            reached.also(verdict, error.to_string());
            reached
        }
    }
}

const ENCRYPTED: &str = "it is encrypted: decrypt it with its key first, into another image";

fn raw(bytes: u64) -> Reached {
    let mut reached = Reached::new(Verdict::Uncheckable);
    if bytes == 0 {
        reached.also(Verdict::Uncheckable, "it is empty: there is no disk in it");
    } else {
        reached.note("a raw image holds nothing that could be checked: it is what it is");
    }
    if !bytes.is_multiple_of(SECTOR) {
        reached.note(format!(
            "its {bytes} bytes are no whole number of sectors of 512: the last one is filled with \
             zeros"
        ));
    }
    reached
}

fn qcow2(header: &Header, findings: &Findings) -> Reached {
    let mut reached = Reached::new(Verdict::Ok);
    if header.is_encrypted() {
        reached.also(Verdict::Encrypted, ENCRYPTED);
    }
    if findings.is_too_large {
        reached.also(
            Verdict::Uncheckable,
            "it has more clusters than can be accounted for here (67,108,864)",
        );
    }
    if header.is_marked_corrupt() {
        reached.also(
            Verdict::Corrupt,
            "it is marked as corrupt: QEMU found damage in it while a VM was running",
        );
    }
    if findings.damaged > 0 {
        let places = findings.damaged;
        reached.also(
            Verdict::Corrupt,
            format!("{places} places in it do not lead to what the VM wrote; see the next lines"),
        );
        findings.damage.iter().for_each(|damage| reached.note(damage.clone()));
    }
    if header.is_dirty() {
        reached.also(
            Verdict::Unclean,
            "whoever wrote to it last did not close it: shut its VM down, and if it is, repair a copy \
             and compare that with the original",
        );
    } else if findings.undercounted > 0 {
        let clusters = findings.undercounted;
        reached.also(
            Verdict::Corrupt,
            format!(
                "{clusters} clusters are in use, and not counted as such: what was written last may \
                 have overwritten something"
            ),
        );
    }
    if findings.leaked > 0 && !header.is_dirty() {
        let (clusters, bytes) = (findings.leaked, findings.leaked * findings.cluster);
        reached.also(
            Verdict::Leaks,
            format!("{clusters} clusters are allocated and unused: they waste {bytes} bytes, and no more"),
        );
    }
    if header.snapshots > 0 {
        let snapshots = header.snapshots;
        reached.note(format!(
            "it holds snapshots of its own ({snapshots}): only the disk as it is now is converted"
        ));
    }
    reached
}
