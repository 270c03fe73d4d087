//! What changes, as it changes.

use axum::body::BodyDataStream;
use axum::http::Method;
use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tokio::time::{Duration, timeout};

use crate::client::{Api, User, request};
use crate::database::{TestDatabase, on_both};
use crate::fleet;

on_both! {
    a_change_is_told_with_the_row_as_it_is_now
    a_stream_goes_on_where_it_was_cut
    who_asks_for_too_long_ago_is_told_to_begin_again
    one_is_told_of_what_is_below_one_s_organisation_and_nothing_else
    a_stream_ends_with_the_server
}

struct Stream {
    body: BodyDataStream,
    text: String,
}

#[derive(Debug)]
struct Message {
    event: String,
    id: u64,
    data: Value,
}

impl Stream {
    async fn open(user: &User<'_>, query: &str, last: Option<u64>) -> Self {
        let path = format!("/api/v1/events?{query}");
        let mut asked = request(Method::GET, &path, Some(&user.token), None);
        if let Some(last) = last {
            asked.headers_mut().insert("last-event-id", last.into());
        }
        let response = user.api.open(asked).await;
        assert!(response.status().is_success());
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The next message; nothing where the stream is over.
    async fn next(&mut self) -> Option<Message> {
        loop {
            if let Some((message, rest)) = self.text.split_once("\n\n") {
                let (message, rest) = (message.to_owned(), rest.to_owned());
                self.text = rest;
                let field = |name: &str| {
                    let line = message.lines().find_map(|line| line.strip_prefix(name));
                    line.unwrap_or_default().trim().to_owned()
                };
                if message.starts_with(':') {
                    continue;
                }
                return Some(Message {
                    event: field("event:"),
                    id: field("id:").parse().unwrap(),
                    data: serde_json::from_str(&field("data:")).unwrap(),
                });
            }
            let chunk = timeout(Duration::from_secs(20), self.body.next()).await;
            let chunk = chunk.expect("the stream says nothing")?.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }
}

async fn rename(admin: &User<'_>, appliance: uuid::Uuid, name: &str) {
    let path = format!("/api/v1/appliances/{appliance}");
    admin.patch(&path, &json!({ "name": name })).await.ok();
}

async fn start(db: TestDatabase) -> (Api, String) {
    let api = Api::start(db).await;
    let me = api.admin().await.get("/api/v1/me").await.ok();
    let organisation = me["organisation"]["id"].as_str().unwrap().to_owned();
    (api, organisation)
}

async fn a_change_is_told_with_the_row_as_it_is_now(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await.id;
    let mut stream = Stream::open(&admin, "topics=fleet", None).await;

    for n in 0..5 {
        rename(&admin, appliance, &format!("box {n}")).await;
    }
    let mut changes = Vec::new();
    while changes.last().is_none_or(|change: &Value| change["row"]["name"] != "box 4") {
        let message = stream.next().await.unwrap();
        assert_eq!(message.event, "changes");
        changes.extend(message.data["changes"].as_array().unwrap().clone());
    }

    assert!(changes.len() <= 5);
    let last = changes.last().unwrap();
    assert_eq!((&last["kind"], &last["id"]), (&json!("appliance"), &json!(appliance)));
    assert_eq!(last["topic"], format!("appliance:{appliance}"));
    assert_eq!((&last["version"], &last["row"]["version"]), (&json!(6), &json!(6)));
}

async fn a_stream_goes_on_where_it_was_cut(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await.id;
    let mut stream = Stream::open(&admin, "topics=fleet", None).await;
    rename(&admin, appliance, "first").await;
    let first = stream.next().await.unwrap();
    drop(stream);

    rename(&admin, appliance, "second").await;
    let topics = format!("topics=appliance:{appliance}");
    let second = Stream::open(&admin, &topics, Some(first.id)).await.next().await.unwrap();

    assert!(second.id > first.id);
    assert_eq!(second.data["changes"][0]["row"]["name"], "second");
}

async fn who_asks_for_too_long_ago_is_told_to_begin_again(db: TestDatabase) {
    let (api, organisation) = start(db).await;
    let admin = api.admin().await;
    let appliance = fleet::appliance(&api, &organisation, "box").await.id;
    for name in ["a", "b", "c"] {
        rename(&admin, appliance, name).await;
    }
    let later = api.app.clock.now() + Duration::from_hours(1);
    domfleet_server::db::events::remove_old(api.app.db.write(), Duration::from_mins(1), later)
        .await
        .unwrap();

    // What came after 1 is partly gone, and a million has not been yet.
    for (last, newest) in [(1, 3), (1_000_000, 5)] {
        let mut stream = Stream::open(&admin, "topics=fleet", Some(last)).await;
        let message = stream.next().await.unwrap();
        assert_eq!((message.event.as_str(), message.id), ("reset", newest));
        rename(&admin, appliance, "d").await;
        rename(&admin, appliance, "c").await;
        assert_eq!(stream.next().await.unwrap().event, "changes");
    }
}

async fn one_is_told_of_what_is_below_one_s_organisation_and_nothing_else(db: TestDatabase) {
    let (api, vendor) = start(db).await;
    let admin = api.admin().await;
    let own = admin.organisation(&vendor, "Reseller").await;
    let child = admin.organisation(&own, "Customer").await;
    let sibling = admin.organisation(&vendor, "Other").await;
    let reseller = api.user(&own, "viewer").await;
    let mut appliances = Vec::new();
    for organisation in [&vendor, &sibling, &own, &child] {
        appliances.push(fleet::appliance(&api, organisation, "box").await.id);
    }
    let topics = appliances.iter().map(|id| format!("appliance:{id}")).collect::<Vec<_>>();

    for query in ["topics=fleet".to_owned(), format!("topics={}", topics.join(","))] {
        let mut stream = Stream::open(&reseller, &query, None).await;
        for appliance in &appliances {
            rename(&admin, *appliance, "renamed").await;
        }
        let mut told = Vec::new();
        while told.len() < 2 {
            let message = stream.next().await.unwrap();
            for change in message.data["changes"].as_array().unwrap() {
                told.push(change["id"].clone());
            }
        }
        assert_eq!(told, [json!(appliances[2]), json!(appliances[3])], "{query}");
    }
}

async fn a_stream_ends_with_the_server(db: TestDatabase) {
    let (api, _) = start(db).await;
    let admin = api.admin().await;
    let mut stream = Stream::open(&admin, "topics=fleet", None).await;

    api.app.stop.cancel();

    assert!(stream.next().await.is_none());
    let ready = api.send(request(Method::GET, "/readyz", None, None)).await;
    assert_eq!(ready.status, 503);
}
