//! Printing: data to standard output, words to standard error.

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;
use serde_json::Value;

use crate::error::Error;

/// How rows are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// A JSON document a line.
    Ndjson,
    /// Ids only, one a line.
    Id,
}

/// A column: its title, and where in a row it is, as a JSON pointer.
pub(crate) type Column = (&'static str, &'static str);

/// Prints rows.
pub(crate) fn rows(format: Format, columns: &[Column], rows: &[Value]) -> Result<(), Error> {
    print(&render(format, columns, rows)?);
    Ok(())
}

/// Prints one thing: for people as `key value` lines.
pub(crate) fn one(format: Format, columns: &[Column], value: &Value) -> Result<(), Error> {
    let text = match format {
        Format::Table => {
            let lines: Vec<Value> = columns
                .iter()
                .map(|(title, at)| serde_json::json!({ "k": title, "v": cell(value, at) }))
                .collect();
            render(format, &[("", "/k"), ("", "/v")], &lines)?
        }
        Format::Json => pretty(value)?,
        Format::Ndjson | Format::Id => render(format, columns, std::slice::from_ref(value))?,
    };
    print(&text);
    Ok(())
}

fn render(format: Format, columns: &[Column], rows: &[Value]) -> Result<String, Error> {
    match format {
        Format::Table => Ok(table(columns, rows)),
        Format::Json => pretty(&Value::Array(rows.to_vec())),
        Format::Ndjson => Ok(lines(rows.iter().map(Value::to_string))),
        Format::Id => Ok(lines(rows.iter().map(|row| cell(row, "/id")))),
    }
}

fn table(columns: &[Column], rows: &[Value]) -> String {
    let titles: Vec<&str> = columns.iter().map(|(title, _)| *title).collect();
    let cells = |row: &Value| columns.iter().map(|(_, at)| cell(row, at)).collect();
    lay_out(&titles, rows.iter().map(cells))
}

fn lay_out(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if titles.iter().any(|title| !title.is_empty()) {
        table.set_header(titles);
    }
    for row in rows {
        table.add_row(row);
    }
    lines(table.lines().map(|line| line.trim_end().to_owned()))
}

/// Each with its newline.
fn lines(lines: impl Iterator<Item = String>) -> String {
    lines.fold(String::new(), |text, line| text + &line + "\n")
}

fn cell(row: &Value, at: &str) -> String {
    match row.pointer(at) {
        None | Some(Value::Null) => "-".into(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn pretty(value: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string_pretty(value)
        .map(|json| json + "\n")
        .map_err(|e| Error::Answer(e.to_string()))
}

#[expect(clippy::print_stdout, reason = "data is what standard output is for")]
fn print(text: &str) {
    print!("{text}");
}

/// A text of somebody else's, without what would move the cursor, colour the terminal or turn the direction.
pub(crate) fn visible(text: &str) -> String {
    let turns = |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\t' => visible.push(' '),
            c if c.is_control() || turns(c) => visible.extend(c.escape_unicode()),
            c => visible.push(c),
        }
    }
    visible
}

/// Prints cells in rows below titles.
pub(crate) fn cells(titles: &[&str], rows: impl Iterator<Item = Vec<String>>) {
    print(&lay_out(titles, rows));
}

/// Prints one JSON document.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Error> {
    print(&pretty(value)?);
    Ok(())
}

/// Prints a text as it is.
pub(crate) fn text(text: &str) {
    print(text);
}

/// Says something to the person, beside the data.
#[expect(clippy::print_stderr, reason = "words for people go to standard error")]
pub(crate) fn say(text: &str) {
    eprintln!("{text}");
}

/// Says why a command ended without doing what it was asked.
pub(crate) fn complain(error: &Error) {
    say(&format!("domfleet: {error}"));
    if let Error::Refused { problem, .. } = error
        && !problem.request_id.is_empty()
    {
        say(&format!("          code {}, request {}", problem.code, problem.request_id));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fleet() -> Vec<Value> {
        vec![
            json!({ "id": "a1", "name": "pbx-12", "site": null }),
            json!({ "id": "b2", "name": "pbx-7", "site": { "name": "Berlin" } }),
        ]
    }

    const COLUMNS: [Column; 2] = [("NAME", "/name"), ("SITE", "/site/name")];

    #[test]
    fn a_table_has_a_dash_where_nothing_is_known() {
        let text = render(Format::Table, &COLUMNS, &fleet()).unwrap();

        let lines: Vec<Vec<&str>> = text.lines().map(|l| l.split_whitespace().collect()).collect();
        assert_eq!(lines, [vec!["NAME", "SITE"], vec!["pbx-12", "-"], vec!["pbx-7", "Berlin"]]);
    }

    #[test]
    fn what_a_log_would_do_to_a_terminal_is_seen_and_not_done() {
        assert_eq!(
            visible("a\u{1b}[2Jb\r\u{9b}31m\u{202e}ü\tc"),
            "a\\u{1b}[2Jb\\u{d}\\u{9b}31m\\u{202e}ü c"
        );
    }

    #[test]
    fn programs_get_whole_rows_and_shells_get_ids() {
        let ndjson = render(Format::Ndjson, &COLUMNS, &fleet()).unwrap();
        let ids = render(Format::Id, &COLUMNS, &fleet()).unwrap();

        let first: Value = serde_json::from_str(ndjson.lines().next().unwrap()).unwrap();
        assert_eq!(first, fleet()[0]);
        assert_eq!(ids, "a1\nb2\n");
    }
}
