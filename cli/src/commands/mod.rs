//! What each command does: a file a noun.

mod alarms;
mod appliances;
mod backups;
mod boots;
mod bundles;
mod images;
mod migrations;
mod mitigations;
mod operations;
mod reliability;
mod schedules;
mod session;
mod signatures;
mod stress;
mod tokens;
mod usb;
mod vms;
mod volumes;

use serde_json::Value;

use crate::args::{Alone, Args, Asking, Command, Selection};
use crate::client::Client;
use crate::error::Error;
use crate::output::Format;

/// Does what the command line says.
pub(crate) async fn run(args: Args) -> Result<(), Error> {
    let (context, format) = (args.global.context.as_str(), args.global.output);
    match args.command {
        Command::Login(login) => session::login(context, login).await,
        Command::Alone(Alone::Reliability(asked)) => reliability::run(format, &asked),
        Command::Alone(Alone::Signatures(asked)) => signatures::run(format, asked),
        Command::Asking(asking) => ask(Client::saved(context)?, format, asking).await,
    }
}

async fn ask(mut client: Client, format: Format, asking: Asking) -> Result<(), Error> {
    match asking {
        Asking::Logout => client.logout().await,
        Asking::Appliances(command) => appliances::run(&mut client, format, command).await,
        Asking::Vms(command) => vms::run(&mut client, format, command).await,
        Asking::Volumes(command) => volumes::run(&mut client, format, command).await,
        Asking::Images(command) => images::run(&mut client, format, command).await,
        Asking::Usb(command) => usb::run(&mut client, format, command).await,
        Asking::Backups(command) => backups::run(&mut client, format, command).await,
        Asking::Schedules(command) => schedules::run(&mut client, format, command).await,
        Asking::Mitigations(command) => mitigations::run(&mut client, format, command).await,
        Asking::Migrations(command) => migrations::run(&mut client, format, command).await,
        Asking::Operations(command) => operations::run(&mut client, format, command).await,
        Asking::Bundles(command) => bundles::run(&mut client, format, command).await,
        Asking::Boots(command) => boots::run(&mut client, format, command).await,
        Asking::Alarms { selection, all } => alarms::run(&mut client, format, selection, all).await,
        Asking::Tokens(command) => tokens::run(&mut client, format, command).await,
        Asking::Api { method, path, data } => {
            session::api(&mut client, format, &method, &path, data.as_deref()).await
        }
    }
}

/// All rows of a collection, page by page, up to the limit of the selection.
async fn all(
    client: &mut Client,
    path: &str,
    name: &str,
    selection: &Selection,
) -> Result<Vec<Value>, Error> {
    let mut rows: Vec<Value> = Vec::new();
    loop {
        let limit = (selection.limit - rows.len()).min(500).to_string();
        let offset = rows.len().to_string();
        let mut query = vec![("limit", limit.as_str()), ("offset", offset.as_str())];
        if !selection.filter.is_empty() {
            query.push(("q", &selection.filter));
        }
        if let Some(sort) = &selection.sort {
            query.push(("sort", sort));
        }
        let mut page = client.get(path, &query).await?;
        let total = page["total"].as_u64().unwrap_or(0);
        let Value::Array(more) = page[name].take() else {
            return Err(Error::Answer(format!("a page without \"{name}\"")));
        };
        let none = more.is_empty();
        rows.extend(more);
        if none || rows.len() >= selection.limit || rows.len() as u64 >= total {
            return Ok(rows);
        }
    }
}

/// The one row whose name or id is `wanted`, or whose id begins so.
fn pick<'rows>(
    rows: &'rows [Value],
    what: &'static str,
    id: &str,
    wanted: &str,
) -> Result<&'rows Value, Error> {
    let exact = |row: &&Value| row[id] == wanted || row["name"] == wanted;
    let begins = |row: &&Value| row[id].as_str().is_some_and(|text| text.starts_with(wanted));
    let name = || wanted.to_owned();
    let mut found: Vec<&Value> = rows.iter().filter(exact).collect();
    if found.is_empty() {
        found = rows.iter().filter(begins).collect();
    }
    match found.as_slice() {
        [] => Err(Error::NotFound { what, name: name() }),
        [one] => Ok(one),
        _ => Err(Error::Ambiguous { what, name: name() }),
    }
}

/// The appliance that is called so.
async fn appliance(client: &mut Client, wanted: &str) -> Result<Value, Error> {
    if is_uuid(wanted) {
        return client.get(&format!("/appliances/{wanted}"), &[]).await;
    }
    // A name first, as the filter does it; an id's beginning needs all of them.
    let named = Selection { filter: format!("name={}", quoted(wanted)), sort: None, limit: 2 };
    let mut rows = all(client, "/appliances", "appliances", &named).await?;
    if rows.is_empty() {
        let every = Selection { filter: String::new(), sort: None, limit: 100_000 };
        rows = all(client, "/appliances", "appliances", &every).await?;
    }
    pick(&rows, "appliance", "id", wanted).cloned()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && text.bytes().all(|b| b.is_ascii_hexdigit() || b == b'-')
}

/// As a value of the filter language.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The text at `key`, or nothing.
fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// For commands whose answer is small and has no columns of its own.
fn json_or_table(format: Format) -> Format {
    if format == Format::Table { Format::Json } else { format }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn rows() -> Vec<Value> {
        vec![
            json!({ "id": "0190aa", "name": "pbx-1" }),
            json!({ "id": "0190ab", "name": "pbx-2" }),
            json!({ "id": "0191ff", "name": "0190a" }),
        ]
    }

    #[test]
    fn a_name_wins_over_the_beginning_of_an_id() {
        let rows = rows();

        assert_eq!(pick(&rows, "appliance", "id", "0190a").unwrap()["id"], "0191ff");
        assert_eq!(pick(&rows, "appliance", "id", "0190aa").unwrap()["name"], "pbx-1");
    }

    #[test]
    fn what_could_be_two_things_is_asked_for_again() {
        let rows = rows();

        assert!(matches!(pick(&rows, "appliance", "id", "0190"), Err(Error::Ambiguous { .. })));
        assert!(matches!(pick(&rows, "appliance", "id", "7"), Err(Error::NotFound { .. })));
    }

    #[test]
    fn a_name_with_quotes_stays_one_value() {
        assert_eq!(quoted(r#"a "b" \c"#), r#""a \"b\" \\c""#);
    }
}
