//! `domfleet migrations show`: where it is, and who is to do what.

use serde_json::Value;

use crate::commands::text;
use crate::error::Error;
use crate::output::{self, Format};

/// In words for people; as it came for programs.
pub(super) fn show(format: Format, found: &Value) -> Result<(), Error> {
    match format {
        Format::Table => output::text(&words(found)),
        Format::Json => output::json(found)?,
        Format::Ndjson => output::text(&format!("{found}\n")),
        Format::Id => output::text(&format!("{}\n", text(found, "id"))),
    }
    Ok(())
}

/// A line at a time: names and reasons are whatever somebody has given.
fn words(found: &Value) -> String {
    let mut lines = vec![head(found)];
    lines.extend(now(found));
    lines.push(String::new());
    for step in rows(found, "line") {
        let mark = match text(step, "state") {
            "done" => "x",
            "current" => ">",
            "skipped" => "-",
            _ => " ",
        };
        let at = step["at"].as_str().unwrap_or("");
        lines.push(format!("[{mark}] {:<16} {at}", text(step, "phase")).trim_end().to_owned());
        if text(step, "phase") == "sealed" {
            lines.push("    ---- point of no return ----".into());
        }
    }
    lines.push(String::new());
    lines.extend(rows(found, "vms").map(vm));
    lines.extend(rows(found, "decisions").map(decision));
    let open = rows(found, "tasks").filter(|task| text(task, "state") != "done");
    let tasks: Vec<String> = open.map(task).collect();
    if !tasks.is_empty() {
        lines.push(String::new());
        lines.extend(tasks);
    }
    lines.iter().map(|line| output::visible(line) + "\n").collect()
}

fn rows<'v>(found: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> {
    found[name].as_array().map(Vec::as_slice).unwrap_or_default().iter()
}

fn head(found: &Value) -> String {
    let appliance = text(&found["appliance"], "name");
    format!("{appliance}: {} ({})", text(found, "phase"), text(found, "id"))
}

/// What is being done, or waited for, and what is wrong.
pub(super) fn now(found: &Value) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(what) = found["what"].as_str() {
        let part = found["done"].as_u64().zip(found["total"].as_u64().filter(|all| *all > 0));
        let part = part.map(|(done, total)| format!(" ({} %)", done.saturating_mul(100) / total));
        lines.push(format!("{what}{}", part.unwrap_or_default()));
    }
    if let Some(waits) = found["waits"].as_str() {
        lines.push(format!("waits for: {}", waits.replace('_', " ")));
    }
    if let Some(trouble) = found["trouble"].as_str() {
        lines.push(format!("trouble: {trouble}"));
    }
    if let Some(up) = found["given_up"].as_object() {
        let word = |key: &str| up.get(key).and_then(Value::as_str).unwrap_or("-");
        lines.push(format!("given up by {}: {}", word("by"), word("reason")));
    }
    if let Some(lost) = found["lost"].as_object() {
        let word = |key: &str| lost.get(key).and_then(Value::as_str).unwrap_or("-");
        lines.push(format!("not expected back, says {}: {}", word("by"), word("reason")));
    }
    lines
}

fn vm(vm: &Value) -> String {
    let progress = &vm["progress"];
    let why = progress["reason"].as_str().map(|why| format!(": {why}"));
    let by = progress["by"].as_str().map(|by| format!(" by {by}"));
    let more = why.or(by).unwrap_or_default();
    format!("{:<24} {}{more}", text(vm, "name"), text(progress, "state"))
}

fn decision(decided: &Value) -> String {
    let why = decided["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
    let what = text(decided, "decision").replace('_', " ");
    format!("decided by {}: {what}, {}{why}", text(decided, "by"), text(decided, "state"))
}

fn task(task: &Value) -> String {
    let mark = if text(task, "state") == "now" { ">" } else { " " };
    let who = text(task, "who").replace('_', " ");
    format!("{mark} {}. [{who}] {}", task["number"], text(task, "text"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_where_it_is_what_has_failed_and_whose_turn_it_is() {
        let found = json!({
            "id": "m1", "appliance": { "name": "pbx-12" }, "phase": "needs_hands",
            "waits": "hands", "what": "waits for a decision", "trouble": null,
            "line": [
                { "phase": "sealed", "state": "done", "at": "2026-11-30T07:00:00.000Z" },
                { "phase": "needs_hands", "state": "current", "at": null },
            ],
            "vms": [
                { "vm": "a", "name": "pbx", "progress": { "state": "healthy" } },
                { "vm": "b", "name": "fax\u{1b}[2J", "progress": { "state": "failed", "reason": "no tone" } },
            ],
            "decisions": [{ "by": "ada", "decision": "retry", "state": "refused", "why": "too late" }],
            "tasks": [
                { "number": 1, "text": "Plug it in.", "state": "done", "who": "on_site" },
                { "number": 2, "text": "Decide.", "state": "now", "who": "operator" },
            ],
        });

        let words = words(&found);

        assert!(words.starts_with("pbx-12: needs_hands (m1)\nwaits for a decision\n"), "{words}");
        let in_order =
            ["[x] sealed", "point of no return", "[>] needs_hands", "no tone", "> 2. [operator]"];
        let places: Vec<_> = in_order.iter().map(|part| words.find(part).unwrap()).collect();
        assert!(places.is_sorted(), "{words}");
        assert!(words.contains("decided by ada: retry, refused: too late"));
        assert!(!words.contains("Plug it in") && !words.contains('\u{1b}'));
    }
}
