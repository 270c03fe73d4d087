//! Findings on a terminal.

use std::cmp::Reverse;
use std::collections::HashSet;

use domfleet_shared::signatures::{Catalogue, Finding, Report};

use crate::output;

/// Of a log's line; the rest is in JSON.
const TEXT_CHARACTERS: usize = 160;

/// Prints what was found, the gravest first, and what to do about it.
pub(super) fn report(report: &Report, catalogue: &Catalogue) {
    let mut findings: Vec<&Finding> = report.findings.iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity));
    if findings.is_empty() {
        let (lines, files) = (report.lines, report.files);
        let logs = if files == 1 { "log" } else { "logs" };
        output::text(&format!("no sign of a known fault in {files} {logs} with {lines} lines\n"));
    } else {
        let titles = ["SEVERITY", "SIGNATURE", "WHERE", "COUNT", "TEXT"];
        output::cells(&titles, findings.iter().map(|finding| row(finding)));
        advise(&findings, catalogue);
    }
    if report.left_out > 0 {
        output::say(&format!(
            "{} more hits are of kinds of which many are told already",
            report.left_out
        ));
    }
    if let Some(first) = report.skipped.first() {
        let (many, file, why) = (report.skipped.len(), &first.file, &first.why);
        output::say(&output::visible(&format!("left alone: {many}, such as {file} ({why})")));
    }
}

/// Prints which signatures there are.
pub(super) fn catalogue(catalogue: &Catalogue) {
    let rows = catalogue
        .signatures()
        .iter()
        .map(|one| vec![one.severity.to_string(), one.id.clone(), output::visible(&one.meaning)]);
    output::cells(&["SEVERITY", "SIGNATURE", "MEANING"], rows);
}

fn row(finding: &Finding) -> Vec<String> {
    let text = output::visible(&finding.text);
    let mut shown: String = text.chars().take(TEXT_CHARACTERS).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    vec![
        finding.severity.to_string(),
        finding.signature.clone(),
        output::visible(&format!("{}:{}", finding.file, finding.line)),
        finding.count.to_string(),
        shown,
    ]
}

fn advise(findings: &[&Finding], catalogue: &Catalogue) {
    let mut said = HashSet::new();
    for finding in findings {
        if !said.insert(&finding.signature) {
            continue;
        }
        if let Some(signature) = catalogue.get(&finding.signature) {
            let (id, meaning, advice) = (&signature.id, &signature.meaning, &signature.advice);
            output::text(&format!(
                "\n{id}: {}\n",
                output::visible(&format!("{meaning}. {advice}")).trim_end()
            ));
        }
    }
}
