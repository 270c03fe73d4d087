//! Logging in, and requests that have no command of their own.

use serde_json::Value;

use crate::args::Login;
use crate::client::{Client, answer};
use crate::error::Error;
use crate::output::{self, Format};

/// Asks for the password on the terminal, or reads it from a file: never from the command line,
/// where every process of the machine could read it.
pub(super) async fn login(context: &str, login: Login) -> Result<(), Error> {
    let password =
        match &login.password_file {
            Some(path) => read(path)?.trim_end_matches(['\r', '\n']).to_owned(),
            None => rpassword::prompt_password(format!("Password of {}: ", login.email)).map_err(
                |e| Error::Usage(format!("no terminal to ask on ({e}): use --password-file")),
            )?,
        };
    let ca_pem = login.ca.as_ref().map(read).transpose()?;
    let answer = Client::login(context, &login.url, ca_pem, &login.email, &password).await?;
    let operator = &answer["operator"];
    output::say(&format!(
        "logged in as {} ({} in {})",
        operator["email"].as_str().unwrap_or(&login.email),
        operator["role"].as_str().unwrap_or("?"),
        operator["organisation"]["name"].as_str().unwrap_or("?"),
    ));
    Ok(())
}

/// Sends what was asked and prints what came.
pub(super) async fn api(
    client: &mut Client,
    format: Format,
    method: &str,
    path: &str,
    data: Option<&str>,
) -> Result<(), Error> {
    let method = method
        .to_ascii_uppercase()
        .parse()
        .map_err(|_| Error::Usage(format!("\"{method}\" is not a method of HTTP")))?;
    let body: Option<Value> = data
        .map(serde_json::from_str)
        .transpose()
        .map_err(|e| Error::Usage(format!("--data is not JSON: {e}")))?;
    let path = format!("/{}", path.trim_start_matches("/api/v1").trim_start_matches('/'));
    let value = answer(client.send(&method, &path, &[], body.as_ref()).await?).await?;
    output::one(super::json_or_table(format), &[], &value)
}

fn read(path: &std::path::PathBuf) -> Result<String, Error> {
    std::fs::read_to_string(path)
        .map_err(|e| Error::File { path: path.clone(), why: e.to_string() })
}
