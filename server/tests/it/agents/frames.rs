//! What a session bears, and what it does not.

use domfleet_shared::inventory::Digests;
use domfleet_shared::protocol::{MAX_FRAME_BYTES, ToAgent, ToServer, Version, Versions};
use tokio_tungstenite::tungstenite::Message;

use super::client::Agent;
use super::harness::Server;

fn heartbeat() -> ToServer {
    ToServer::Heartbeat { uptime_seconds: 5, digests: Digests::new() }
}

#[tokio::test]
async fn the_first_frame_must_be_a_hello_and_a_hello_must_be_the_first() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;

    let mut socket = agent.socket().await;
    socket.say(heartbeat()).await;
    assert_eq!(socket.refused().await, "protocol");

    let (mut socket, _) = agent.connect().await;
    socket.say(ToServer::Hello(Box::new(agent.hello()))).await;
    assert_eq!(socket.refused().await, "protocol");
}

#[tokio::test]
async fn whoever_says_nothing_is_sent_away() {
    let server = Server::start().await;
    let agent = Agent::joined(&server).await;

    let mut socket = agent.socket().await;

    assert_eq!(socket.refused().await, "protocol");
}

#[tokio::test]
async fn what_is_not_a_frame_ends_the_session() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let cases = [
        Message::text("hello"),
        Message::text("{}"),
        Message::text(r#"{"seq":"2","message":{"type":"heartbeat","uptime_seconds":1}}"#),
        Message::text(r#"{"seq":2,"message":{"type":"heartbeat"}}"#),
        Message::text("[".repeat(100_000)),
        Message::binary(vec![0, 1, 2]),
        Message::text("x".repeat(MAX_FRAME_BYTES + 1)),
    ];

    for message in cases {
        let (mut socket, _) = agent.connect().await;
        let what = format!("{message:.40?}");
        socket.send(message).await;
        assert_eq!(socket.refused().await, "protocol", "{what}");
        assert!(socket.hear().await.is_none(), "{what}");
    }
}

#[tokio::test]
async fn a_frame_beyond_all_limits_ends_the_connection() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;

    socket.send(Message::text("x".repeat(8 * MAX_FRAME_BYTES))).await;

    // The word may be lost, because we are cut off while we still send.
    assert!(!matches!(socket.hear().await, Some(ToAgent::Unsupported { .. })));
    assert!(socket.hear().await.is_none());
}

#[tokio::test]
async fn frames_must_be_numbered_one_after_the_other() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;

    for seq in [0, 1, 3, u64::MAX] {
        let (mut socket, _) = agent.connect().await;
        let text =
            format!(r#"{{"seq":{seq},"message":{{"type":"heartbeat","uptime_seconds":1}}}}"#);
        socket.say_text(&text).await;
        assert_eq!(socket.refused().await, "out_of_order", "{seq}");
    }
}

#[tokio::test]
async fn a_message_of_tomorrow_is_answered_and_the_session_goes_on() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;

    socket.settle().await;
    socket.say(ToServer::Unsupported { seq: 1 }).await;
    socket.say(heartbeat()).await;

    socket.settle().await;
}

#[tokio::test]
async fn whoever_sends_without_end_is_sent_away_for_a_while() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;

    for _ in 0..700 {
        socket.say(heartbeat()).await;
    }

    match socket.hear().await {
        Some(ToAgent::Refused { code, retry_after_seconds, .. }) => {
            assert_eq!(code, "too_many");
            assert!(retry_after_seconds.is_some());
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn versions_and_incarnations_that_do_not_fit_are_refused() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let mut hello = agent.hello();
    hello.versions = Versions { oldest: Version(7), newest: Version(9) };
    let mut socket = agent.socket().await;
    socket.say(ToServer::Hello(Box::new(hello))).await;
    assert_eq!(socket.refused().await, "version");

    agent.incarnation = 2;
    assert_eq!(agent.refused().await, "old_incarnation");

    agent.incarnation = 0;
    agent.enrolled.epoch = 9;
    assert_eq!(agent.refused().await, "protocol");
}

#[tokio::test]
async fn a_newer_session_of_the_same_process_takes_the_place_of_the_older() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut older, _) = agent.connect().await;

    let (mut newer, welcome) = agent.connect().await;

    assert_eq!(older.refused().await, "replaced");
    assert_eq!(welcome.read_only, None);
    newer.settle().await;
    assert_eq!(server.app.registry.count(), 1);
}

#[tokio::test]
async fn messages_of_all_lengths_that_come_at_once_in_pieces_and_among_pings_are_all_heard() {
    let server = Server::start().await;
    let mut agent = Agent::joined(&server).await;
    let (mut socket, _) = agent.connect().await;
    let lengths = [0, 1, 80, 200, 300, 1000, 125, 4000, 126, 65_500, 10, 65_536, 20, 300_000, 30];

    let mut said = Vec::new();
    for length in lengths {
        said.push(socket.say_in_pieces(length).await);
    }
    socket.flush().await;

    for seq in said {
        assert_eq!(socket.hear().await, Some(ToAgent::Unsupported { seq }));
    }
    socket.settle().await;
}
