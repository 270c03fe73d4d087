//! The API, as one operator.

use std::time::Duration;

use reqwest::header::{COOKIE, SET_COOKIE};
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};

use crate::error::{Error, Problem};
use crate::profile::{Profile, Profiles};

/// A connection to a server.
pub(crate) struct Client {
    http: reqwest::Client,
    profile: Profile,
    context: String,
    profiles: Profiles,
}

impl Client {
    /// As the saved login of `context`.
    pub(crate) fn saved(context: &str) -> Result<Self, Error> {
        let profiles = Profiles::standard()?;
        let profile = profiles.load(context)?.ok_or(Error::NotLoggedIn)?;
        let http = http(profile.ca_pem.as_deref())?;
        Ok(Self { http, profile, context: context.to_owned(), profiles })
    }

    /// Logs in and keeps the login as `context`.
    pub(crate) async fn login(
        context: &str,
        url: &str,
        ca_pem: Option<String>,
        email: &str,
        password: &str,
    ) -> Result<Value, Error> {
        let http = http(ca_pem.as_deref())?;
        let url = url.trim_end_matches('/').to_owned();
        let response = http
            .post(format!("{url}/api/v1/login"))
            .json(&json!({ "email": email, "password": password }))
            .send()
            .await
            .map_err(unreachable)?;
        let cookies = set_cookies(&response);
        let body = answer(response).await?;
        let mut profile = Profile { url, ca_pem, ..Profile::default() };
        profile.take(&body, &cookies);
        Profiles::standard()?.store(context, Some(profile))?;
        Ok(body)
    }

    /// Ends the session at the server, and forgets it here whatever the server says.
    pub(crate) async fn logout(mut self) -> Result<(), Error> {
        let said = self.session("logout").await;
        self.profiles.store(&self.context, None)?;
        said.map(|_| ())
    }

    pub(crate) async fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Result<Value, Error> {
        answer(self.send(&Method::GET, path, query, None).await?).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: &Value) -> Result<Value, Error> {
        answer(self.send(&Method::POST, path, &[], Some(body)).await?).await
    }

    pub(crate) async fn patch(&mut self, path: &str, body: &Value) -> Result<Value, Error> {
        answer(self.send(&Method::PATCH, path, &[], Some(body)).await?).await
    }

    pub(crate) async fn delete(&mut self, path: &str) -> Result<(), Error> {
        answer(self.send(&Method::DELETE, path, &[], None).await?).await.map(|_| ())
    }

    /// Any request with a body of JSON, or none.
    pub(crate) async fn send(
        &mut self,
        method: &Method,
        path: &str,
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Response, Error> {
        self.shaped(method, path, |request| {
            let request = request.query(query);
            if let Some(body) = body { request.json(body) } else { request }
        })
        .await
    }

    /// Any request, to which `shape` gives headers and a body; renews the access token once if it has run
    /// out.
    pub(crate) async fn shaped(
        &mut self,
        method: &Method,
        path: &str,
        shape: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let response = self.attempt(method, path, &shape).await?;
        if response.status() != StatusCode::UNAUTHORIZED || !self.refresh().await? {
            return Ok(response);
        }
        self.attempt(method, path, &shape).await
    }

    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        shape: &impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Response, Error> {
        let url = format!("{}/api/v1{path}", self.profile.url);
        let request = self.http.request(method.clone(), url);
        let request = shape(request.bearer_auth(&self.profile.access_token));
        request.send().await.map_err(unreachable)
    }

    /// Whether there is a new access token.
    async fn refresh(&mut self) -> Result<bool, Error> {
        let response = self.session("refresh").await?;
        if !response.status().is_success() {
            return Ok(false);
        }
        let cookies = set_cookies(&response);
        let body = answer(response).await?;
        self.profile.take(&body, &cookies);
        self.profiles.store(&self.context, Some(self.profile.clone()))?;
        Ok(true)
    }

    async fn session(&mut self, what: &str) -> Result<Response, Error> {
        self.http
            .post(format!("{}/api/v1/session/{what}", self.profile.url))
            .header(COOKIE, &self.profile.refresh_cookies)
            .header("x-csrf-token", &self.profile.csrf)
            .send()
            .await
            .map_err(unreachable)
    }
}

impl Profile {
    /// Takes over what a login or a renewal gave.
    fn take(&mut self, body: &Value, cookies: &[(String, String)]) {
        if let Some(token) = body["access_token"].as_str() {
            token.clone_into(&mut self.access_token);
        }
        let named = |name: &str| {
            cookies.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
        };
        if let (Some(refresh), Some(csrf)) = (named("domfleet_refresh"), named("domfleet_csrf")) {
            self.refresh_cookies = format!("domfleet_refresh={refresh}; domfleet_csrf={csrf}");
            self.csrf = csrf;
        }
    }
}

/// The body of a success, or the error that the answer is.
pub(crate) async fn answer(response: Response) -> Result<Value, Error> {
    let status = response.status();
    let text = response.text().await.map_err(unreachable)?;
    if status.is_success() {
        if text.is_empty() {
            return Ok(Value::Null);
        }
        return serde_json::from_str(&text).map_err(|e| Error::Answer(e.to_string()));
    }
    let problem = serde_json::from_str(&text).unwrap_or_else(|_| Problem {
        title: format!("the server answered {status}"),
        what_to_do: "see its log".into(),
        ..Problem::default()
    });
    Err(Error::Refused { status: status.as_u16(), problem })
}

fn set_cookies(response: &Response) -> Vec<(String, String)> {
    response
        .headers()
        .get_all(SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split(';').next()?.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}

/// Trusts the system's CAs, or the one private CA that the login was made with and no other.
fn http(ca_pem: Option<&str>) -> Result<reqwest::Client, Error> {
    // A second call finds the first one's provider in place, which is the same.
    let _already = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("domfleet/", env!("CARGO_PKG_VERSION")))
        .https_only(true)
        .connect_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none());
    if let Some(pem) = ca_pem {
        let certificates = reqwest::Certificate::from_pem_bundle(pem.as_bytes())
            .map_err(|e| Error::Usage(format!("the CA file holds no certificate: {e}")))?;
        builder = builder.tls_certs_only(certificates);
    }
    builder.build().map_err(|e| Error::Usage(e.to_string()))
}

/// The innermost cause is what a person can act on: "connection refused", "unknown issuer".
#[expect(clippy::needless_pass_by_value, reason = "it is handed to map_err")]
fn unreachable(error: reqwest::Error) -> Error {
    let mut cause: &dyn std::error::Error = &error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Error::Unreachable(cause.to_string())
}
